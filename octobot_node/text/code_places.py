"""Where in somebody's code an error arose, as its author looks for it."""

from __future__ import annotations

import sysconfig
import traceback
from pathlib import Path

__all__ = ["place_of"]

_NODE = Path(__file__).parents[1]
_PLUGINS = "octobot_plugins"
_PYTHON = Path(sysconfig.get_paths()["stdlib"])
#: Folders of packages that are installed; below Python's own, at times.
_INSTALLED = frozenset({"site-packages", "dist-packages"})
_LIBRARIES = frozenset(
    {
        *("alembic", "anyio", "fastapi", "httpcore", "httpx", "mako", "numpy", "pluggy", "pydantic"),
        *("pydantic_settings", "sqlalchemy", "starlette", "structlog", "typer"),
    }
)


def place_of(error: BaseException) -> str:
    """Return ``pairs/automation.py, line 12, in evaluate``: the innermost place outside the node and Python, or "".

    Where an error was raised without any such code, it has no place that an author can look at.
    """
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not _is_ours(frame.filename)]
    if not frames:
        return ""
    path = Path(frames[-1].filename)
    # The file's name alone is the same in every package.
    shown = f"{path.parent.name}/{path.name}" if (path.parent / "__init__.py").exists() else path.name
    function = frames[-1].name
    return f"{shown}, line {frames[-1].lineno}" + ("" if function.startswith("<") else f", in {function}")


def _is_ours(filename: str) -> bool:
    path = Path(filename)
    # What the node's own plugins raise is a sentence: nobody looks for its line.
    if filename.startswith("<") or path.is_relative_to(_NODE) or _PLUGINS in path.parts:
        return True
    if not _INSTALLED.intersection(path.parts):
        return path.is_relative_to(_PYTHON)
    # What a plugin calls of a library's is called from the plugin.
    return not _LIBRARIES.isdisjoint(path.parts)
