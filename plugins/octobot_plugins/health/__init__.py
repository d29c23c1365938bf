"""Health: whether the data folder, the disk, the clock, the plugins and the tables are as they have to be."""

from __future__ import annotations

from collections.abc import Callable

from octobot_node import hookimpl
from octobot_node.health import HealthCheck


@hookimpl
def register_health_checks(register: Callable[[HealthCheck], None]) -> None:
    """Offer the checks that hold for every node."""
    from octobot_plugins.health import clock, folder, plugins, tables

    register(HealthCheck("folder", folder.check_folder))
    register(HealthCheck("disk", folder.check_disk))
    register(HealthCheck("clock", clock.check_clock))
    register(HealthCheck("plugins", plugins.check_plugins))
    register(HealthCheck("tables", tables.check_tables))
