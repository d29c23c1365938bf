"""HTTP to the hostile exchange: one session, no retries, and an honest reading of what went wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import aiohttp
from yarl import URL

from octobot_node.egress import DirectEgress, open_session
from octobot_node.errors import EgressDown, EgressRefused, NotSent, Unresolved

__all__ = ["Answer", "HostileClient", "OpenSession", "open_directly"]

#: Opens a session with these options: ``ConnectorContext.session``.
OpenSession = Callable[..., aiohttp.ClientSession]

#: One encoder for all requests: json.dumps builds one a call when told its separators.
_encode = json.JSONEncoder(separators=(",", ":")).encode


def open_directly(*, private: bool = True, **options: Any) -> aiohttp.ClientSession:
    """Open a session that goes straight to the exchange, for a test that has no node."""
    return open_session(DirectEgress(allow_private=private), **options)


class Answer(NamedTuple):
    """A definite answer: ``error`` is the exchange's code, empty where it did as asked."""

    error: str
    body: Any


class HostileClient:
    """Posts JSON; one instance per connector, used on one event loop, by the account's way out or none."""

    def __init__(self, url: str, open_session: OpenSession, *, timeout: float, connections: int = 64) -> None:
        self._base = URL(url)
        self._paths: dict[str, URL] = {}
        # Waiting for a free connection is cut short: a time-out before writing is definite, one after it is not.
        self._timeout = aiohttp.ClientTimeout(total=timeout, connect=timeout / 2)
        self._connections = connections
        self._open_session = open_session
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def post(self, path: str, body: dict[str, Any]) -> Answer:
        """Send one request, once.

        Raises NotSent if it had no effect (no connection, 429) and Unresolved if that cannot be told: a time-out, a
        lost connection, a 5xx, an answer that makes no sense.
        """
        data, session = _encode(body).encode(), self._opened()
        try:
            # POST is never repeated by aiohttp on a reused connection that turns out dead, unlike GET or DELETE.
            async with session.post(self._url(path), data=data, allow_redirects=False) as response:
                raw = await response.read()
        except (EgressDown, EgressRefused):
            raise
        except NotSent as error:
            raise NotSent(f"no connection to {self._base}: {error}") from error
        except TimeoutError as error:
            raise Unresolved(f"{self._base} did not answer in {self._timeout.total} s") from error
        except aiohttp.ClientError as error:
            raise Unresolved(f"the connection to {self._base} was lost: {error!r}") from error
        return _read(response, raw)

    async def close(self) -> None:
        """Close every connection; later requests are NotSent."""
        self._closed = True
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._closed:
            raise NotSent(f"the connector to {self._base} is closed")
        if self._session is None:
            # Where it listens is said by whoever tests, mostly on this machine.
            self._session = self._open_session(
                private=True,
                limit=self._connections,
                timeout=self._timeout,
                headers={"Content-Type": "application/json"},
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding"),
            )
        return self._session

    def _url(self, path: str) -> URL:
        if path not in self._paths:
            self._paths[path] = self._base.with_path(path)
        return self._paths[path]


def _read(response: aiohttp.ClientResponse, raw: bytes) -> Answer:
    if response.status == 429:
        raise NotSent("rate limited", _seconds(response.headers.get("Retry-After")))
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise Unresolved(f"HTTP {response.status} with a body that is not JSON") from error
    if response.status == 200:
        return Answer("", body)
    if not 400 <= response.status < 500 or not isinstance(body, dict) or not isinstance(body.get("error"), str):
        raise Unresolved(f"HTTP {response.status}: {raw[:200]!r}")
    return Answer(body["error"], body)


def _seconds(retry_after: str | None) -> float | None:
    try:
        return None if retry_after is None else float(retry_after)
    except ValueError:
        return None  # an HTTP date: the engine's own back-off serves as well
