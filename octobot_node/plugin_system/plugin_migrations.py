"""Bring the database up to date for the plugins that there are, without those whose own tables cannot be."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

from octobot_node.contracts.plugins import PluginInfo
from octobot_node.errors import DatabaseInUse, DatabaseTooNew, NodeError
from octobot_node.plugin_system.registry import Registry
from octobot_node.store.migrate import migrate

if TYPE_CHECKING:
    from octobot_node.contracts.storage import Storage

__all__ = ["migrate_with_plugins"]

log = structlog.get_logger(__name__)


def migrate_with_plugins(
    storage: Storage, registry: Registry, asked_to_end: Callable[[], bool] = lambda: False
) -> Registry:
    """Run the migrations of the core and of plugins; return the registry without the third parties whose fail.

    ``asked_to_end`` is asked while others are waited for; StartInterrupted says that somebody wanted that.

    What is wrong with the tables of the core or of a built-in plugin raises, and so does what only other nodes' ending
    cures (DatabaseInUse).
    """
    while True:
        try:
            migrate(storage, registry.tables, asked_to_end)
        except DatabaseInUse:
            raise
        except NodeError as error:
            owner = registry.owner("register_tables", error.tables) if error.tables else None
            if owner is None or owner.built_in:
                raise
            reason = _reason(owner, error)
            log.exception("plugin_broken", plugin=owner.name, error=reason)
            registry = registry.without(owner.name, reason)
        else:
            return registry


def _reason(owner: PluginInfo, error: NodeError) -> str:
    release = owner.origin.removeprefix("installed by ") if owner.origin.startswith("installed by ") else owner.name
    if isinstance(error, DatabaseTooNew):
        which = str(error).partition("(")[2].partition(")")[0]
        return f"its tables were written by a newer release of it ({which}): install that release of {release} again"
    return f"{error}: its tables are as they were; install a release of {release} that can, or tell its author"
