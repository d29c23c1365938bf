"""The metrics of one node, its plugins' among them."""

from __future__ import annotations

from collections.abc import Iterator

import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

__all__ = ["NodeMetrics"]

log = structlog.get_logger(__name__)


class NodeMetrics(CollectorRegistry):
    """A registry that belongs to a node (the library's own is one for the whole process) and outlives a bad metric."""

    def __init__(self) -> None:
        super().__init__()
        #: In the order in which they came.
        self._known: dict[Collector, None] = {}

    def register(self, collector: Collector) -> None:
        """Add a metric; the same one again, by a service that was started again, changes nothing.

        Raises ValueError where its name is another's.
        """
        if collector not in self._known:
            super().register(collector)
            self._known[collector] = None

    def unregister(self, collector: Collector) -> None:
        """Take a metric away."""
        super().unregister(collector)
        del self._known[collector]

    def collect(self) -> Iterator[Metric]:
        """Return every metric, but of those that cannot be read: they are logged, and hide no other."""
        for collector in tuple(self._known):
            try:
                found = list(collector.collect())
            except Exception as error:  # noqa: BLE001 - a plugin's may raise whatever it likes
                log.warning("metric_not_read", metric=str(collector), error=repr(error))
                continue
            for metric in found:
                # When each counter began would be a metric of its own: one switch of the library's, for the process.
                metric.samples = [sample for sample in metric.samples if sample.name != f"{metric.name}_created"]
                yield metric
