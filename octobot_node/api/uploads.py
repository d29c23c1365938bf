"""Routes that take a file: it goes to disk as it comes, and nobody holds it in memory.

from octobot_node.api.uploads import receive_file, takes_file

@router.post("/films")
@takes_file(lambda context: context.plugin_settings(Films).most_bytes)
async def add_film(request: Request, api: Annotated[Api, allow("films:write")]) -> Film:
    await receive_file(request, path)
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import TypeAlias, TypeVar

import anyio.to_thread
from fastapi import Request
from fastapi.routing import APIRoute

from octobot_node.contracts.context import PluginContext

__all__ = ["FileLimits", "Most", "is_of_file", "note_limits", "receive_file", "takes_file"]

F = TypeVar("F", bound=Callable[..., object])
Most: TypeAlias = Callable[[PluginContext], int]
#: (method, path) -> bytes of the file that is taken there at most
FileLimits: TypeAlias = MutableMapping[tuple[str, str], int]
#: Written at once: a thread for each packet would take longer than the disk.
_PIECE = 1_048_576


def takes_file(most: Most) -> Callable[[F], F]:
    """Let a route, a coroutine function that reads it itself, take a file of ``most(context)`` bytes as its body."""

    def mark(endpoint: F) -> F:
        endpoint.takes_file = most  # type: ignore[attr-defined]  # a function takes attributes
        return endpoint

    return mark


def is_of_file(route: APIRoute) -> bool:
    """Whether a route takes a file."""
    return hasattr(route.endpoint, "takes_file")


def note_limits(route: APIRoute, prefix: str, context: PluginContext, limits: FileLimits) -> None:
    """Note how much a route takes, if it takes a file."""
    most: Most | None = getattr(route.endpoint, "takes_file", None)
    if most is not None:
        limits.update(
            dict.fromkeys(((method, f"{prefix}{route.path}") for method in route.methods or ()), most(context))
        )


async def receive_file(request: Request, path: Path) -> int:
    """Write the body to a new file as it comes; return its bytes."""
    size, held = 0, bytearray()
    with path.open("xb") as file:
        async for piece in request.stream():
            held += piece
            size += len(piece)
            if len(held) >= _PIECE:
                await anyio.to_thread.run_sync(file.write, bytes(held))
                held.clear()
        await anyio.to_thread.run_sync(file.write, bytes(held))
    return size
