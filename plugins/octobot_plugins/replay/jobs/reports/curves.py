"""Curves: of many points those that show the same, and how far each is below the highest before."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, localcontext
from typing import Protocol, TypeVar

__all__ = ["drawdowns", "spread", "thinned"]

_DIGITS = Decimal("1e-8")


class _Valued(Protocol):
    @property
    def equity(self) -> Decimal: ...


PointT = TypeVar("PointT", bound=_Valued)


def thinned(points: Sequence[PointT], most: int) -> Sequence[PointT]:
    """Return at most ``most`` points, 2 or more: the first, the last, and of each stretch its lowest and highest."""
    if len(points) <= most:
        return points
    inner = points[1:-1]
    stretches = (most - 2) // 2
    found = [points[0]]
    for index in range(stretches):
        first, after = index * len(inner) // stretches, (index + 1) * len(inner) // stretches
        stretch = range(first, after)
        low = min(stretch, key=lambda at: inner[at].equity)
        high = max(stretch, key=lambda at: inner[at].equity)
        found += [inner[at] for at in sorted({low, high})]
    return [*found, points[-1]]


def drawdowns(start: Decimal, equity: Sequence[Decimal]) -> list[Decimal]:
    """Return how far each is below the highest before, ``start`` among them, as a ratio of that."""
    found, peak = [], start
    with localcontext(prec=40):
        for worth in equity:
            peak = max(peak, worth)
            found.append(((peak - worth) / peak).quantize(_DIGITS) if peak > 0 else Decimal(0))
    return found


def spread(first: int, last: int, count: int) -> list[int]:
    """Return ``count`` times from first to last, evenly."""
    return sorted({first + (last - first) * index // (count - 1) for index in range(count)})
