"""Candles in order of time, on the grid of their timeframe, each once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from octobot_node.market import TimeColumn, from_ms
from octobot_plugins.replay.files.refusals import Mask, Numbers, first, wrong

__all__ = ["OffGrid", "Order", "length_text", "order_of", "step_of"]

Order = npt.NDArray[np.int64]
OffGrid = Literal["error", "drop"]
_SECOND, _DAY = 1_000, 86_400_000
_UNITS = ((604_800_000, "w"), (_DAY, "d"), (3_600_000, "h"), (60_000, "m"), (_SECOND, "s"))
#: Candles at other distances than most are strays while they are fewer than this part of all; else the file is one of
#: shorter candles with many holes.
_STRAYS = 0.05


def length_text(milliseconds: int) -> str:
    """Return a length as a timeframe is written: 60,000 is 1m."""
    for length, unit in _UNITS:
        if milliseconds >= length and milliseconds % length == 0:
            return f"{milliseconds // length}{unit}"
    return f"{milliseconds} ms"


def order_of(ms: TimeColumn, unit: str) -> tuple[Order | None, tuple[str, ...]]:
    """Return the order that sorts the times, None where they are sorted, and what is to be told about it."""
    steps = np.diff(ms)
    if not (steps < 0).any():
        return None, ()
    if (steps <= 0).all():
        return np.arange(len(ms) - 1, -1, -1), ("the newest candle comes first: sorted by time",)
    count = int((steps < 0).sum())
    what = f"{count:,} {unit}s are" if count > 1 else f"one {unit} is"
    return np.argsort(ms, kind="stable"), (f"{what} earlier than the one before: sorted by time",)


@dataclass(frozen=True, slots=True)
class Grid:
    """The length of the candles in ms, and which of them are not on its multiples."""

    step: int
    off: Mask


def step_of(
    path: Path,
    ms: TimeColumn,
    ragged: Mask,
    lines: Callable[[], Numbers],
    *,
    name: str,
    line_unit: str,
    off_grid: OffGrid,
) -> Grid:
    """Return the grid of sorted times, each there once; refuse those off it unless they are to be dropped."""
    grid = _grid(ms)
    off = grid.off | ragged
    index = first(off)
    if index is None:
        return grid
    count = int(off.sum())
    if off_grid == "drop" and count * 2 < len(ms):
        return Grid(grid.step, off)
    length = length_text(grid.step)
    problem = f"{_moment(int(ms[index]))} is not on a multiple of the {length} between candles"
    if count == len(ms):
        late = length_text(int(ms[0]) % min(grid.step, _DAY))
        problem = f"{problem}: all {count:,} open {late} after one"
        cure = f"give candles that open on multiples of {length} since midnight UTC, or finer ones"
    else:
        if count > 1:
            problem = f"{problem}, and so are {count:,} of {len(ms):,} {line_unit}s, of which this is the first"
        cure = "remove them, or set off_grid to drop, which leaves them out and counts them as missing"
        if count * 2 >= len(ms):
            cure = "give all candles one timeframe that starts on its own multiples"
    raise wrong(path, problem, cure, line=int(lines()[index]), unit=line_unit, column=name)


def _grid(ms: TimeColumn) -> Grid:
    lengths, counts = np.unique(np.diff(ms), return_counts=True)
    usual, shortest = int(lengths[counts.argmax()]), int(lengths[0])
    grid = _on(ms, usual)
    if shortest != usual and grid.off.sum() > _STRAYS * len(ms):
        finer = _on(ms, shortest)
        return grid if finer.off.any() else finer
    return grid


def _on(ms: TimeColumn, step: int) -> Grid:
    if step < _SECOND or step % _SECOND:
        return Grid(step, np.ones(len(ms), dtype=np.bool_))
    # Weeks begin on a Monday and the epoch on a Thursday, so beyond a day only the distance has to fit.
    phase = 0
    if step > _DAY:
        phases, counts = np.unique(ms % step, return_counts=True)
        phase = int(phases[counts.argmax()])
    off = ms % step != phase
    if step > _DAY and phase % _DAY:
        off = np.ones(len(ms), dtype=np.bool_)
    return Grid(step, off)


def _moment(ms: int) -> str:
    moment = from_ms(ms)
    return f"{moment:%Y-%m-%d %H:%M:%S}" + (f".{ms % 1000:03}" if ms % 1000 else "") + " UTC"
