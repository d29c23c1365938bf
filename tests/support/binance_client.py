"""A client of Binance's documentation: what its own examples sign and send, and nothing else."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlencode

import aiohttp

__all__ = ["BinanceClient", "Said"]


class Said(NamedTuple):
    """An answer: ``code`` is the exchange's, 0 where it did as asked."""

    status: int
    code: int
    body: Any
    headers: dict[str, str]


class BinanceClient:
    """Signs by hand; parameters that are None are left out."""

    def __init__(
        self,
        url: str,
        key: str,
        secret: str,
        session: aiohttp.ClientSession,
        clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self.url, self.key, self.secret, self.session, self.clock = url, key, secret, session, clock

    def but(self, key: str, secret: str) -> BinanceClient:
        """Return the same client with another key."""
        return BinanceClient(self.url, key, secret, self.session, self.clock)

    def sign(self, text: str) -> str:
        """Return the signature of a payload."""
        return hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).hexdigest()

    async def ask(self, path: str, **params: Any) -> Said:
        """Ask something public."""
        return await self.send("GET", f"{path}?{urlencode(params)}")

    async def get(self, path: str, **params: Any) -> Said:
        """Ask something of the account."""
        return await self._signed("GET", path, params)

    async def delete(self, path: str, **params: Any) -> Said:
        """Cancel something."""
        return await self._signed("DELETE", path, params)

    async def order(self, **params: Any) -> Said:
        """Place an order; a limit order of BTCUSDT, if nothing else is said."""
        given = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", **params}
        if given["type"] == "LIMIT":
            given = {"timeInForce": "GTC", **given}
        return await self._signed("POST", "/api/v3/order", given)

    async def send(self, method: str, target: str, body: str | None = None, **headers: str) -> Said:
        """Send a request as it is."""
        async with self.session.request(
            method, f"{self.url}{target}", data=body, headers=headers, allow_redirects=False
        ) as response:
            found = await response.json(content_type=None) if response.content_type == "application/json" else None
            code = found.get("code", 0) if isinstance(found, dict) else 0
            return Said(response.status, code, found, dict(response.headers))

    async def _signed(self, method: str, path: str, params: dict[str, Any]) -> Said:
        given = {"timestamp": self.clock(), **params}
        text = urlencode({name: value for name, value in given.items() if value is not None})
        return await self.send(method, f"{path}?{text}&signature={self.sign(text)}", **{"X-MBX-APIKEY": self.key})
