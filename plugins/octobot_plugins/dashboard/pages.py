"""Serve the built dashboard: a page, and files whose names change with what is in them."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import structlog
from starlette.requests import Request
from starlette.responses import Response

from octobot_node.api import ApiRouter
from octobot_node.contracts.context import PluginContext
from octobot_node.contracts.panels import Panel
from octobot_plugins.dashboard.panel_files import PANELS, PanelFiles
from octobot_plugins.dashboard.settings import DashboardSettings

__all__ = ["BUILT", "Pages", "no_routes", "open_pages", "port"]

log = structlog.get_logger(__name__)
BUILT = Path(__file__).parent / "static"
_INDEX = "/index.html"
#: The API's document, to read and to try.
_DOCS = "/docs/index.html"
#: Vite puts the hash of what is in a file into the file's name.
_HASHED = "/assets/"
#: Addresses that programs ask: what is not there is a problem for them, never a page.
_OF_PROGRAMS = ("/api/", "/health/", "/hooks/", "/metrics", PANELS, _HASHED)
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; frame-src 'self';"
    " frame-ancestors 'none'; base-uri 'none'"
)
#: Smaller files grow when they are packed.
_PACKED_FROM = 1_000


@dataclass(frozen=True)
class _File:
    content: bytes
    #: Whether packing pays.
    packs: bool
    headers: Mapping[str, str]

    @cached_property
    def packed(self) -> bytes:
        """The content in gzip, made for the first who asks: all files at once were a tenth of a node's start."""
        return gzip.compress(self.content, mtime=0)


class Pages:
    """The files of a built dashboard, read once: some hundred kilobytes."""

    def __init__(self, folder: Path, panels: Mapping[str, Panel] | None = None) -> None:
        self._files = dict(_read(folder))
        self._panels = PanelFiles(panels or {})

    def __call__(self, request: Request) -> Response | None:
        """Return the file that is asked for, the page for an address of the application's own, or None."""
        if request.method not in {"GET", "HEAD"}:
            return None
        path = request.url.path
        if path.startswith(PANELS):
            return self._panels(request)
        found = self._files.get(_DOCS if path in ("/docs", "/docs/") else path)
        if found is None and _is_a_page(request):
            found = self._files[_INDEX]
        return None if found is None else _answer(request, found)


def no_routes() -> ApiRouter:
    """Return no route: what the dashboard asks for is the API's."""
    return ApiRouter()


def open_pages(context: PluginContext) -> Pages | None:
    """Return the dashboard's pages; None where it is switched off, or not built."""
    if not context.plugin_settings(DashboardSettings).enabled:
        return None
    if not (BUILT / "index.html").exists():
        log.warning(
            "dashboard_not_built",
            cure="in a clone run `make ui`, then start again; OCTOBOT_DASHBOARD_ENABLED=false does without",
        )
        return None
    return Pages(BUILT, context.offered(Panel))


def port(context: PluginContext) -> int:
    """Return the port that browsers find the pages on; any that is free where the API takes any, too."""
    settings = context.plugin_settings(DashboardSettings)
    anywhere = context.settings.api_port == 0 and "port" not in settings.model_fields_set
    return 0 if anywhere else settings.port


def _is_a_page(request: Request) -> bool:
    path = request.url.path
    return not path.startswith(_OF_PROGRAMS) and "text/html" in request.headers.get("accept", "")


def _read(folder: Path) -> Iterator[tuple[str, _File]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = f"/{path.relative_to(folder).as_posix()}"
            content = path.read_bytes()
            kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            packs = len(content) >= _PACKED_FROM and (
                kind.startswith("text/") or kind.endswith(("script", "json", "+xml"))
            )
            yield name, _File(content, packs, _headers(name, kind, content))


def _headers(name: str, kind: str, content: bytes) -> dict[str, str]:
    kept = "public, max-age=31536000, immutable" if name.startswith(_HASHED) else "no-cache"
    return {
        "content-type": f"{kind}; charset=utf-8" if kind.startswith("text/") else kind,
        "cache-control": kept,
        "content-security-policy": _POLICY,
        "cross-origin-opener-policy": "same-origin",
        "etag": f'"{hashlib.sha256(content).hexdigest()[:24]}"',
        "vary": "accept-encoding",
    }


def _answer(request: Request, found: _File) -> Response:
    if found.headers["etag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=dict(found.headers))
    if found.packs and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.packed, headers={**found.headers, "content-encoding": "gzip"})
    return Response(found.content, headers=dict(found.headers))
