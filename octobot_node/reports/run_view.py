"""What a run shows while it goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

__all__ = ["LiveRow", "RunView"]


@dataclass(frozen=True, slots=True)
class LiveRow:
    """One automation as it stands now; ``pnl`` is realised and unrealised, in ``asset``.

    ``equity`` is text, ready to be shown, and None like ``pnl`` where no price is known. ``unknown`` counts its orders
    whose outcome is not known.
    """

    name: str
    type: str
    status: str
    reason: str
    next_run: datetime | None
    ticks: int
    open_orders: int
    fills: int
    equity: str | None
    pnl: Decimal | None
    asset: str
    unknown: int


class RunView(Protocol):
    """Where a run shows how it goes; every call returns at once and never raises."""

    def progress(self, done: int, total: int, now: datetime) -> None:
        """Show how far a replay is, in candles; ``now`` is the virtual time."""
        ...

    def table(self, rows: Sequence[LiveRow], now: datetime) -> None:
        """Show every automation of a live run, as of ``now``."""
        ...

    def message(self, text: str) -> None:
        """Show one line that a person should see."""
        ...
