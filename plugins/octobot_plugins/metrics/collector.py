"""Everything that there is to tell, gathered when it is asked for."""

from __future__ import annotations

import time
from collections.abc import Iterator

import structlog
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from octobot_node.engine.core import Core
from octobot_node.errors import StorageUnavailable
from octobot_plugins.metrics import database, engine, node
from octobot_plugins.metrics.families import gauge

__all__ = ["NodeCollector"]

log = structlog.get_logger(__name__)


class NodeCollector(Collector):
    """Reads how the process is and, where this node leads, the database's counts.

    What all nodes would read alike is told by one, so that a sum over nodes is right.
    """

    def __init__(self, core: Core) -> None:
        self._core = core

    def collect(self) -> Iterator[Metric]:
        """Return every metric."""
        began, core = time.perf_counter(), self._core
        found: list[Metric] = [*node.metrics(core), *engine.metrics(core)]
        up = not core.storage.lost()
        if up and core.coordinator.may_dispatch():
            try:
                found += database.metrics(core)
            except StorageUnavailable as error:
                log.warning("metrics_without_database", why=str(error))
                up = False
        found.append(gauge("octobot_database_up", "Whether the database answers.", up))
        found.append(
            gauge("octobot_scrape_seconds", "How long it took to gather these metrics.", time.perf_counter() - began)
        )
        yield from found
