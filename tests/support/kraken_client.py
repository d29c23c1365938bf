"""A client of Kraken's documentation: what its own examples sign and send, and nothing else."""

from __future__ import annotations

import base64
import hashlib
import hmac
from itertools import count
from typing import Any
from urllib.parse import urlencode

import aiohttp

__all__ = ["KrakenClient", "kraken_signature"]


def kraken_signature(path: str, nonce: str, body: str, secret: str) -> str:
    """Return API-Sign as the documentation makes it."""
    message = path.encode() + hashlib.sha256((nonce + body).encode()).digest()
    return base64.b64encode(hmac.new(base64.b64decode(secret), message, hashlib.sha512).digest()).decode()


class KrakenClient:
    """Signs by hand, with nonces that count; parameters that are None are left out."""

    def __init__(self, url: str, key: str, secret: str, session: aiohttp.ClientSession) -> None:
        self.url, self.key, self.secret, self.session = url, key, secret, session
        self._nonces = count(1_000)

    async def ask(self, method: str, **params: Any) -> Any:
        """Ask something public; return the result, or the first error's text."""
        async with self.session.get(f"{self.url}/0/public/{method}", params=params) as response:
            return _of(await response.json())

    async def do(self, method: str, **params: Any) -> Any:
        """Ask or do something with the account; return the result, or the first error's text."""
        path, given = f"/0/private/{method}", {"nonce": next(self._nonces), **params}
        body = urlencode({name: value for name, value in given.items() if value is not None})
        sign = kraken_signature(path, str(given["nonce"]), body, self.secret)
        headers = {"API-Key": self.key, "API-Sign": sign, "Content-Type": "application/x-www-form-urlencoded"}
        async with self.session.post(self.url + path, data=body, headers=headers) as response:
            assert response.status == 200
            return _of(await response.json())

    async def order(self, **params: Any) -> Any:
        """Place an order; a limit order of XBTUSD, if nothing else is said."""
        return await self.do("AddOrder", **{"pair": "XBTUSD", "type": "buy", "ordertype": "limit", **params})


def _of(answer: Any) -> Any:
    return answer["error"][0] if answer["error"] else answer["result"]
