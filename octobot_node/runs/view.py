"""What a run is told to do besides its run file, and what it shows while it goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal, Protocol

__all__ = ["Gaps", "LiveRow", "RunOptions", "RunView"]

#: What to do about missing candles: count them in the report, or refuse the data.
Gaps = Literal["count", "error"]


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run; what the command line says besides the run files.

    ``data`` maps symbol to a file of candles for a replay. ``duration`` ends a live run after so many seconds,
    None runs until it is stopped. ``data_dir`` is where state lives, None for the settings' own. ``fresh`` starts a
    replay over.
    """

    data: Mapping[str, Path] = field(default_factory=dict)
    duration: float | None = None
    data_dir: Path | None = None
    gaps: Gaps = "count"
    fresh: bool = False


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
