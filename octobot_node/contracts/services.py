"""Long-running services of plugins, supervised by the node."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from octobot_node.contracts.context import PluginContext

__all__ = ["Service"]


@dataclass(frozen=True, slots=True)
class Service:
    """Something that runs as long as the node does.

    ``run(context)`` is a coroutine function, run on an event loop and a thread of its own, so that one which blocks
    holds up nobody. It is cancelled when the node stops. When it raises or returns it is started again, later every
    time. ``per`` says whether every node runs it, or one node of all that share a database.
    """

    name: str
    run: Callable[[PluginContext], Coroutine[Any, Any, None]]
    per: Literal["node", "cluster"] = "node"
