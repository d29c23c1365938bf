"""Price levels that other nodes' ticks set, for the one that watches prices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octobot_node.store import schedules

if TYPE_CHECKING:
    from octobot_node.engine.core import Core

__all__ = ["take_levels"]


def take_levels(core: Core) -> None:
    """Watch what ticks wait for now, wherever they were committed; killed in between, a start loads all levels."""
    with core.storage.read() as connection:
        if not schedules.any_levels_noted(connection):
            return
    with core.storage.write() as connection:
        taken = schedules.take_levels(connection)
    for automation_id, source, levels in taken:
        core.hub.set_levels(automation_id, source, levels)
