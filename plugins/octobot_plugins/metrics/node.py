"""The node: what it is, what it may do, and the room that it has."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator

from prometheus_client.core import InfoMetricFamily, Metric

import octobot_node
from octobot_node.engine.core import Core
from octobot_node.plugin_system.plugin_set import plugin_set
from octobot_plugins.metrics.families import by_one, counters, gauge

__all__ = ["metrics"]


def metrics(core: Core) -> Iterator[Metric]:
    """Return what this process says of itself."""
    coordinator = core.coordinator
    about = {
        "version": octobot_node.__version__,
        "role": coordinator.role,
        "node_id": core.context.node_id,
        "plugins": plugin_set(core.registry),
    }
    yield InfoMetricFamily(
        "octobot_node", "What this node is; nodes whose plugins differ do not work together.", value=about
    )
    yield gauge("octobot_node_leads", "Whether it hands out work.", coordinator.may_dispatch())
    yield gauge("octobot_node_works", "Whether it takes batches and sends.", coordinator.may_work())
    yield gauge("octobot_node_draining", "Whether it finishes what it has begun, and ends.", core.draining.is_set())
    yield gauge("octobot_engine_still_seconds", "For how long the engine has not gone round.", max(core.still_for(), 0))
    yield gauge("octobot_disk_free_bytes", "Free on the data folder's disk.", _free(core))
    yield gauge(
        "octobot_disk_reserve_bytes", "With less than this no order is sent.", core.settings.disk_reserve_mb * 1_048_576
    )
    plugin_failures: Counter[str] = Counter()
    for trouble in core.plugin_failures.all():
        plugin_failures[trouble.plugin] += trouble.count
    yield counters("octobot_plugin_troubles", "What plugins' code raised.", ("plugin",), by_one(plugin_failures))


def _free(core: Core) -> int:
    return shutil.disk_usage(core.settings.data_dir).free
