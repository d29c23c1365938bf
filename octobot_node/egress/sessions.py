"""Sessions of aiohttp on a way out."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from octobot_node.egress.ways import CONNECTIONS, Egress
from octobot_node.errors import EgressRefused

if TYPE_CHECKING:
    from aiohttp import ClientSession

__all__ = ["SessionHolder", "open_session"]


def open_session(egress: Egress, *, limit: int = CONNECTIONS, **options: Any) -> ClientSession:
    """Return an aiohttp session on the running loop, whose every connection goes this way; whoever opens it closes it.

    It takes nothing from the environment, keeps no cookie, repeats no request by itself and follows no redirect, which
    raises EgressRefused. ``options`` are further ones of ``aiohttp.ClientSession``, such as ``timeout``. Where a
    connection cannot be made its requests raise EgressDown, EgressRefused or NotSent: nothing left then.
    """
    from aiohttp import ClientSession, DummyCookieJar, TraceConfig

    for mine in ("connector", "proxy", "proxy_auth", "trust_env", "trace_configs"):
        if mine in options:
            raise EgressRefused(f"{mine} is not a session's to choose: its way out is given")
    traced = TraceConfig()
    traced.on_request_redirect.append(_refuse_redirect)
    session = ClientSession(
        connector=egress.connector(limit=limit),
        trust_env=False,
        trace_configs=[traced],
        **{"cookie_jar": DummyCookieJar(), **options},
    )
    # Otherwise GET, PUT and DELETE are sent again where a kept connection breaks: once is what was asked for.
    session._retry_connection = False  # noqa: SLF001 - there is no public way, see tests/integration/plugins/proxies
    return session


async def _refuse_redirect(_session: Any, _context: Any, told: Any) -> None:
    told.response.close()
    raise EgressRefused("it redirects elsewhere, which is not followed")


class SessionHolder:
    """Whoever has one session on a way out, opened at its first use, on the loop on which that is.

    Close it there, or use it with ``async with``.
    """

    def __init__(self, egress: Egress) -> None:
        self._egress = egress
        self._session: ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _opened(self) -> ClientSession:
        if self._session is None:
            self._session = open_session(self._egress)
        return self._session
