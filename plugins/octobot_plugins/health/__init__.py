"""Health: whether the data folder, the disk, the clock, the plugins and the tables are as they have to be."""

from __future__ import annotations

from collections.abc import Callable

from octobot_node import hookimpl
from octobot_node.contracts.health import HealthCheck


@hookimpl
def register_health_checks(register: Callable[[HealthCheck], None]) -> None:
    """Offer the checks that hold for every node."""
    from octobot_plugins.health import audit, clock, folder, plugins, providers, reconciliation, tables

    register(HealthCheck("folder", folder.check_folder, needed=True))
    register(HealthCheck("disk", folder.check_disk, needed=True, every=2))
    register(HealthCheck("clock", clock.check_clock, every=60))
    register(HealthCheck("plugins", plugins.check_plugins))
    register(HealthCheck("providers", providers.check_providers))
    register(HealthCheck("reconciliation", reconciliation.check_reconciliation))
    # It reads thousands of entries.
    register(HealthCheck("audit", audit.check_audit, every=None))
    # The node makes them when it starts, and looking at each takes a while.
    register(HealthCheck("tables", tables.check_tables, every=None))
