"""The HTTP client that plugins make their requests with."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from octobot_node.egress.meanings import meaning_of
from octobot_node.egress.sessions import SessionHolder
from octobot_node.errors import NotSent, Unresolved
from octobot_node.text.exact_json import decode, encode

__all__ = ["HttpClient", "HttpResponse"]

_PLAIN = ("http", "https")
_PIECE = 65_536


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What was answered: a status, headers by lower-case name, and the body as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether it was a success: 2xx."""
        return 200 <= self.status < 300

    def text(self) -> str:
        """Return the body as text; what is not UTF-8 is replaced."""
        return self.body.decode(errors="replace")

    def json(self) -> Any:
        """Return the body's JSON, numbers as they are written (``Decimal``); raise ValueError for what is not JSON."""
        return decode(self.body)


class HttpClient(SessionHolder):
    """Makes requests, on the loop on which it is entered; close it there, or use it with ``async with``.

    It follows no redirect, keeps no cookie, and takes nothing from the environment. No error of it has a part of the
    URL, which may hold a secret.
    """

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        body: bytes | None = None,
        within: float = 10.0,
        most: int = 1_000_000,
        encoded: bool = False,
    ) -> HttpResponse:
        """Make one request, once, and return its answer, whatever its status.

        ``json`` is written exactly, ``body`` goes as it is; ``within`` is in seconds for all of it, and ``most`` how
        many bytes an answer may have. An ``encoded`` URL goes out character by character as it is: a signature may be
        over it. Raises EgressRefused where it may not go, EgressDown where its way out is not
        there, NotSent where it surely did not arrive, Unresolved where it may have, ValueError for what is not an HTTP
        URL.
        """
        from aiohttp import ClientError, ClientTimeout
        from yarl import URL

        if url.partition("://")[0].lower() not in _PLAIN:
            raise ValueError("it is not an http:// or https:// URL")
        given = dict(headers or {})
        if json is not None:
            body = encode(json).encode()
            given.setdefault("Content-Type", "application/json")
        limits = ClientTimeout(total=within, sock_connect=within)
        target = URL(url, encoded=True) if encoded else url
        try:
            async with self._opened().request(
                method, target, headers=given, data=body, timeout=limits, allow_redirects=False
            ) as answer:
                read = await _read(answer.content, most)
                found = {name.lower(): value for name, value in answer.headers.items()}
                return HttpResponse(answer.status, found, read)
        except (NotSent, Unresolved):
            raise
        except TimeoutError as error:
            found_out = meaning_of(error)
            raise (
                found_out if isinstance(found_out, NotSent) else Unresolved(f"it did not answer within {within:g} s")
            ) from None
        except (ClientError, OSError, ssl.SSLError) as error:
            raise meaning_of(error) from None


async def _read(content: Any, most: int) -> bytes:
    found = bytearray()
    while piece := await content.read(_PIECE):
        found += piece
        if len(found) > most:
            raise Unresolved(f"its answer has more than {most:,} bytes")
    return bytes(found)
