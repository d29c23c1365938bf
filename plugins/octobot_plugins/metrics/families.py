"""Metrics of one value, of values by label, and of spreads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.utils import floatToGoString

__all__ = ["by_one", "counter", "counters", "gauge", "gauges", "histogram"]

Labelled = Iterable[tuple[Sequence[str], float]]
#: Labels, upper bounds, how many fell into each bucket (the last is beyond all bounds), and the sum.
Spreads = Iterable[tuple[Sequence[str], Sequence[float], Sequence[int], float]]


def gauge(name: str, text: str, value: float) -> Metric:
    """Return what is now."""
    return GaugeMetricFamily(name, text, value=value)


def gauges(name: str, text: str, labels: Sequence[str], found: Labelled) -> Metric:
    """Return what is now, by label."""
    family = GaugeMetricFamily(name, text, labels=labels)
    for values, number in found:
        family.add_metric(values, number)
    return family


def counter(name: str, text: str, value: float) -> Metric:
    """Return what only grows."""
    return CounterMetricFamily(name, text, value=value)


def counters(name: str, text: str, labels: Sequence[str], found: Labelled) -> Metric:
    """Return what only grows, by label."""
    family = CounterMetricFamily(name, text, labels=labels)
    for values, number in found:
        family.add_metric(values, number)
    return family


def histogram(name: str, text: str, labels: Sequence[str], found: Spreads) -> Metric:
    """Return how values are spread."""
    family = HistogramMetricFamily(name, text, labels=labels)
    for values, bounds, counts, total in found:
        edges = [*map(floatToGoString, bounds), "+Inf"]
        family.add_metric(values, list(zip(edges, map(float, accumulate(counts)), strict=True)), sum_value=total)
    return family


def by_one(found: Mapping[str, float]) -> Labelled:
    """Return numbers by one label."""
    return [((value,), number) for value, number in found.items()]
