"""The REST API's requests."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import Metric

from octobot_node.api.meter import BUCKETS_S, Meter
from octobot_plugins.metrics.families import histogram

__all__ = ["metrics"]


def metrics(meter: Meter) -> Iterator[Metric]:
    """Return how long requests took, by route; a reader of live events is one request until it leaves."""
    yield histogram(
        "octobot_api_request_seconds",
        "How long requests to the REST API took.",
        ("method", "route", "status"),
        [
            ((method, route, str(status)), BUCKETS_S, series.counts, series.seconds)
            for (method, route, status), series in meter.all().items()
        ],
    )
