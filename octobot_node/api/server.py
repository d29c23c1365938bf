"""Serve the API beside the engine: uvicorn on an event loop and a thread of its own."""

from __future__ import annotations

import asyncio
import socket
import threading

import structlog
import uvicorn
from fastapi import FastAPI

from octobot_node.api.app import create_app
from octobot_node.api.sites import OpenSite, open_sites
from octobot_node.api.transport.connections import AcceptFailures, Bounds, connection_type
from octobot_node.errors import NodeError
from octobot_node.operations.context import OperationContext
from octobot_node.plugin_system.plugin_failures import said
from octobot_node.settings import Settings

__all__ = ["ApiServer", "is_loopback"]

log = structlog.get_logger(__name__)
#: asyncio tries to take so many at once, also where it cannot take any.
_BACKLOG = 256
#: Of request line and headers together.
_HEADERS_MAX = 32_768
#: Longer than proxies keep an idle connection (60 s mostly): who closes first must be the one that sends requests.
_KEEP_ALIVE_S = 75
_API_CURE = (
    "give another OCTOBOT_API_HOST or OCTOBOT_API_PORT (0: any free port), or switch it off with OCTOBOT_API=false"
)
#: Requests under way, and readers of events, have this long when the node stops.
_GRACE_S = 3


def is_loopback(host: str) -> bool:
    """Whether an address to listen on is reached from this machine alone."""
    return host in {"127.0.0.1", "::1", "localhost"} or host.startswith("127.")


class ApiServer:
    """Listens where the settings say; ``start`` raises NodeError where it cannot."""

    def __init__(self, context: OperationContext) -> None:
        self._context = context
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._socket: socket.socket | None = None
        self._more: list[socket.socket] = []
        #: Where browsers find the pages that plugins bring, by the site's name.
        self.sites: dict[str, str] = {}
        self.stopping = threading.Event()

    @property
    def port(self) -> int:
        """The port that it listens on."""
        assert self._socket is not None
        found: int = self._socket.getsockname()[1]
        return found

    def start(self) -> None:
        """Listen and begin to serve; raises NodeError, also what a plugin's ``prepare`` says against it."""
        settings = self._context.core.settings
        for routes in self._context.registry.api_routes:
            if routes.prepare is not None:
                routes.prepare(self._context.plugin_context)
        sites = open_sites(self._context.registry, self._context.plugin_context)
        app = create_app(self._context, sites, loopback=is_loopback(settings.api_host))
        app.state.stopping = self.stopping
        self._socket = _listen(settings.api_host, settings.api_port, "the API", _API_CURE)
        for site in sites:
            self._listen_for(site, settings.api_host)
        self._server = uvicorn.Server(_config(app, settings))
        self._thread = threading.Thread(target=self._run, name="octobot-api", daemon=True)
        self._thread.start()
        log.info("api_started", url=f"{_url(settings.api_host, self.port)}/api/v1")

    def stop(self) -> None:
        """Take no more requests, give those under way their time, and end."""
        self.stopping.set()
        if self._server is not None:
            self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(_GRACE_S + 5)
        for each in (self._socket, *self._more):
            if each is not None:
                each.close()

    def _listen_for(self, site: OpenSite, host: str) -> None:
        # Whatever takes a page's port, automations trade on, and the API says what is the matter.
        cure = f"give another OCTOBOT_{site.name.upper()}_PORT"
        try:
            listener = _listen(host, site.port, f"the {site.name}", cure)
        except NodeError as error:
            self._context.core.plugin_failures.record(site.owner.name, f"the {site.name}", said(error))
            log.error("site_not_served", site=site.name, error=str(error))  # noqa: TRY400 - no traceback helps here
            return
        self._more.append(listener)
        self.sites[site.name] = url = _url(host, listener.getsockname()[1])
        log.info("site_started", site=site.name, url=url)

    def _run(self) -> None:
        assert self._server is not None
        assert self._socket is not None
        try:
            asyncio.run(self._serve(self._server, self._socket))
        except Exception:
            log.exception("api_ended")

    async def _serve(self, server: uvicorn.Server, listener: socket.socket) -> None:
        asyncio.get_running_loop().set_exception_handler(AcceptFailures())
        await server.serve([listener, *self._more])


def _config(app: FastAPI, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        # Pure Python, and bounded: what it reads of a request's head has a limit of its own.
        http=connection_type(Bounds(settings.api_trusted_proxies)),
        h11_max_incomplete_event_size=_HEADERS_MAX,
        ws="none",
        lifespan="on",
        # Our own log has a line for each request, without what is secret in an address.
        access_log=False,
        log_config=None,
        server_header=False,
        # The application's own middleware does it, with addresses that are written in one way.
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
        backlog=_BACKLOG,
    )


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _listen(host: str, port: int, what: str, cure: str) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(_BACKLOG)
            listener.setblocking(False)
        except BaseException:
            listener.close()
            raise
    except OSError as error:
        raise NodeError(f"{what} cannot listen on {host}:{port} ({error.strerror or error}): {cure}") from None
    return listener
