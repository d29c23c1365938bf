"""A client of OKX's documentation: what its own examples sign and send, and nothing else."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import aiohttp

__all__ = ["OkxClient"]


class OkxClient:
    """Signs by hand. Answers are (HTTP status, code of the first order or of the request, data)."""

    def __init__(
        self, url: str, key: str, secret: str, passphrase: str, session: aiohttp.ClientSession, clock: Callable[[], int]
    ) -> None:
        self.url, self.key, self.secret, self.passphrase = url, key, secret, passphrase
        self.session, self.clock = session, clock
        #: Sent with each request, over what is signed.
        self.headers: dict[str, str] = {}

    async def get(self, path: str, **params: Any) -> tuple[int, str, Any]:
        """Ask something."""
        query = f"?{urlencode(params)}" if params else ""
        return await self._send("GET", f"/api/v5/{path}{query}", "")

    async def post(self, path: str, body: Any) -> tuple[int, str, Any]:
        """Do something."""
        return await self._send("POST", f"/api/v5/{path}", json.dumps(body))

    async def order(self, **params: Any) -> tuple[int, str, Any]:
        """Place an order; a limit order of BTC-USDT, if nothing else is said; parameters that are None are left out."""
        given = {"instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit", **params}
        return await self.post("trade/order", {name: value for name, value in given.items() if value is not None})

    async def _send(self, method: str, target: str, body: str) -> tuple[int, str, Any]:
        stamp = datetime.fromtimestamp(self.clock() / 1_000, UTC).isoformat(timespec="milliseconds")
        stamp = stamp.replace("+00:00", "Z")
        made = hmac.new(self.secret.encode(), f"{stamp}{method}{target}{body}".encode(), hashlib.sha256).digest()
        headers = {
            "OK-ACCESS-KEY": self.key,
            "OK-ACCESS-SIGN": base64.b64encode(made).decode(),
            "OK-ACCESS-TIMESTAMP": stamp,
            "OK-ACCESS-PASSPHRASE": self.passphrase,
            "Content-Type": "application/json",
            **self.headers,
        }
        async with self.session.request(method, self.url + target, data=body or None, headers=headers) as response:
            if response.content_type != "application/json":
                return response.status, "", None
            answer = await response.json()
        code = answer["code"]
        if answer["data"] and isinstance(answer["data"][0], dict):
            code = answer["data"][0].get("sCode", code)
        return response.status, code, answer["data"]
