"""SQLite storage: one file, nothing to install."""

from __future__ import annotations

from collections.abc import Callable

from octobot_node import hookimpl
from octobot_node.contracts.context import PluginContext
from octobot_node.contracts.health import Health, HealthCheck
from octobot_node.contracts.storage import Storage
from octobot_node.settings import Settings


@hookimpl
def open_storage(settings: Settings) -> Storage | None:
    """Open ``sqlite:///PATH``."""
    if not _is_ours(settings):
        return None
    from octobot_plugins.sqlite.storage import SqliteStorage

    return SqliteStorage(settings)


@hookimpl
def register_health_checks(register: Callable[[HealthCheck], None]) -> None:
    """Offer ``sqlite``, whether it answers, and ``database``, whether it is whole."""
    from octobot_plugins.sqlite.health import check_database, check_sqlite

    register(HealthCheck("sqlite", _where_in_use(check_sqlite), needed=True, every=2))
    register(HealthCheck("database", _where_in_use(check_database), needed=True, every=None))


def _where_in_use(check: Callable[[PluginContext], Health]) -> Callable[[PluginContext], Health | None]:
    return lambda context: check(context) if _is_ours(context.settings) else None


def _is_ours(settings: Settings) -> bool:
    return settings.url().startswith("sqlite:")
