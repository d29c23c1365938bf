"""Metrics of one value, and of values by label."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

__all__ = ["by_one", "counters", "gauge", "gauges"]

Labelled = Iterable[tuple[Sequence[str], float]]


def gauge(name: str, text: str, value: float) -> Metric:
    """Return what is now."""
    return GaugeMetricFamily(name, text, value=value)


def gauges(name: str, text: str, labels: Sequence[str], found: Labelled) -> Metric:
    """Return what is now, by label."""
    family = GaugeMetricFamily(name, text, labels=labels)
    for values, number in found:
        family.add_metric(values, number)
    return family


def counters(name: str, text: str, labels: Sequence[str], found: Labelled) -> Metric:
    """Return what only grows, by label."""
    family = CounterMetricFamily(name, text, labels=labels)
    for values, number in found:
        family.add_metric(values, number)
    return family


def by_one(found: Mapping[str, float]) -> Labelled:
    """Return numbers by one label."""
    return [((value,), number) for value, number in found.items()]
