"""PostgreSQL storage: one database that any number of nodes share."""

from __future__ import annotations

from collections.abc import Callable

from octobot_node import hookimpl
from octobot_node.contracts.context import PluginContext
from octobot_node.contracts.health import Health, HealthCheck
from octobot_node.contracts.storage import Storage
from octobot_node.settings import Settings

_SCHEMES = ("postgres", "postgresql")


@hookimpl
def open_storage(settings: Settings) -> Storage | None:
    """Open ``postgresql://USER:PASSWORD@HOST:PORT/DATABASE``."""
    if not _is_ours(settings):
        return None
    from octobot_plugins.postgres.storage import PostgresStorage

    return PostgresStorage(settings)


@hookimpl
def register_health_checks(register: Callable[[HealthCheck], None]) -> None:
    """Offer ``postgres``, ``announcements`` and ``horizon``."""
    from octobot_plugins.postgres.health import check_announcements, check_horizon, check_postgres

    register(HealthCheck("postgres", _where_in_use(check_postgres), needed=True, every=2))
    register(HealthCheck("announcements", _where_in_use(check_announcements), every=2))
    register(HealthCheck("horizon", _where_in_use(check_horizon), every=10))


def _where_in_use(check: Callable[[PluginContext], Health]) -> Callable[[PluginContext], Health | None]:
    return lambda context: check(context) if _is_ours(context.settings) else None


def _is_ours(settings: Settings) -> bool:
    return settings.url().partition(":")[0].partition("+")[0] in _SCHEMES
