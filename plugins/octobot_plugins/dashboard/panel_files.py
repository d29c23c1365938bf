"""Files of panels, served for a frame that may do nothing else."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from octobot_node.contracts.panels import Panel

__all__ = ["PANELS", "PanelFiles"]

#: Where they are; a name, and a path in its folder.
PANELS = "/panels/"
_LARGEST = 5_000_000


class PanelFiles:
    """Files of panels, as they are asked for: they are a package's own, and known to whoever has that package."""

    def __init__(self, panels: Mapping[str, Panel]) -> None:
        self._folders = {name: panel.folder.resolve() for name, panel in panels.items()}

    def __call__(self, request: Request) -> Response | None:
        """Return the file that is asked for, or None."""
        name, _, path = request.url.path.removeprefix(PANELS).partition("/")
        folder = self._folders.get(name)
        file = None if folder is None else _inside(folder, path or "index.html")
        if file is None:
            return None
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        return Response(file.read_bytes(), media_type=kind, headers=_headers(request, name))


def _inside(folder: Path, path: str) -> Path | None:
    """Return the file in ``folder`` that ``path`` names; None for one that is not there, elsewhere or very large."""
    try:
        file = folder.joinpath(path).resolve(strict=True)
        if not file.is_relative_to(folder) or not file.is_file() or file.stat().st_size > _LARGEST:
            return None
    except (OSError, ValueError):
        return None
    return file


def _headers(request: Request, name: str) -> dict[str, str]:
    # Of a sandboxed page 'self' is nobody: its own files are named. The sandbox holds where somebody opens the address
    # itself, too: a panel is never of the node's origin, which has the session.
    own = f"{request.url.netloc}{PANELS}{name}/"
    policy = (
        f"default-src 'none'; script-src {own}; style-src {own}; font-src {own}; img-src {own} data:;"
        " connect-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'; sandbox allow-scripts"
    )
    return {
        "content-security-policy": policy,
        "cross-origin-resource-policy": "cross-origin",
        "access-control-allow-origin": "*",
        "x-frame-options": "SAMEORIGIN",
        "cache-control": "no-cache",
    }
