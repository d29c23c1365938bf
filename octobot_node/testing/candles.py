"""Candles as a test gives them: closes, rows, numpy arrays or a file, read into one shape."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from octobot_node.market import Candles, timeframe_ms

__all__ = ["COLUMNS", "Given", "Row", "money", "read_rows", "to_candles", "write_csv"]

COLUMNS = ("timestamp", "open", "high", "low", "close", "volume")
#: Closes, rows of (open, high, low, close, volume) or (time in ms, open, …), a numpy array of either, or a CSV file.
Given = Sequence[Any] | Any


@dataclass(frozen=True, slots=True)
class Row:
    """One candle, its figures as the text they were given in; ``time`` is the opening in ms UTC."""

    time: int
    open: str
    high: str
    low: str
    close: str
    volume: str


def money(value: Any, what: str) -> Decimal:
    """Return an exact amount of money given as Decimal, int or text; raise TypeError or ValueError with the cure."""
    if isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        cure = f'write "{value}" or Decimal("{value}")' if isinstance(value, float) else "write a Decimal, int or text"
        raise TypeError(f"{what} is money, and {value!r} is a {type(value).__name__}, which is not exact: {cure}")
    try:
        amount = Decimal(value)
    except InvalidOperation:
        raise ValueError(f'{what} is {value!r}, which is not a number: write one such as "100.5"') from None
    if not amount.is_finite():
        raise ValueError(f"{what} must be finite, not {value!r}")
    return amount


def read_rows(given: Given, timeframe: str, *, start: int | None = None, end: int | None = None) -> list[Row]:
    """Return candles in order. Those without a time begin at ``start``, or end with one that closes at ``end``
    (ms UTC), a timeframe apart.

    Raises ValueError naming what is wrong with them.
    """
    step = timeframe_ms(timeframe)
    if isinstance(given, str | Path):
        return list(_from_file(Path(given)))
    lines = [_line(index, item) for index, item in enumerate(given)]
    if not lines:
        raise ValueError("there is no candle: give at least one close")
    if len({len(line) for line in lines}) != 1:
        raise ValueError("the candles are of several shapes: give closes only, or rows of the same length")
    if len(lines[0]) == 6:
        return [Row(int(float(time)), *rest) for time, *rest in lines]
    if start is None:
        assert end is not None
        start = end // step * step - len(lines) * step
    times = [start + step * index for index in range(len(lines))]
    if len(lines[0]) == 5:
        return [Row(time, *line) for time, line in zip(times, lines, strict=True)]
    return list(_of_closes(times, [close for (close,) in lines]))


def _line(index: int, item: Any) -> tuple[str, ...]:
    values = [item] if isinstance(item, str) or not isinstance(item, Iterable) else list(item)
    if len(values) not in (1, 5, 6):
        raise ValueError(
            f"candle {index} has {len(values)} values: give a close, (open, high, low, close, volume),"
            " or (time in ms, open, high, low, close, volume)"
        )
    return tuple(_text(index, value) for value in values)


def _text(index: int, value: Any) -> str:
    text = str(value)
    try:
        finite = Decimal(text).is_finite()
    except InvalidOperation:
        finite = False
    if not finite:
        raise ValueError(f"candle {index} has {value!r}, which is not a finite number")
    return format(Decimal(text), "f")


def _of_closes(times: Sequence[int], closes: Sequence[str]) -> Iterator[Row]:
    """Each opens where the one before it closed, and does not leave the way between."""
    before = closes[0]
    for time, close in zip(times, closes, strict=True):
        low, high = sorted((before, close), key=Decimal)
        yield Row(time, before, high, low, close, "1")
        before = close


def _from_file(path: Path) -> Iterator[Row]:
    with gzip.open(path, "rt", newline="") if path.suffix == ".gz" else path.open(newline="") as lines:
        reader = csv.DictReader(lines)
        if missing := [name for name in COLUMNS if name not in (reader.fieldnames or ())]:
            raise ValueError(f"{path} has no column {missing[0]!r}: make its header {','.join(COLUMNS)}")
        for line in reader:
            yield Row(int(line["timestamp"]), *(line[name] for name in COLUMNS[1:]))


def to_candles(symbol: str, timeframe: str, rows: Sequence[Row], *, stale: bool = False) -> Candles:
    """Return rows as the columns that an automation sees."""
    import numpy as np

    columns = {name: np.array([float(getattr(row, name)) for row in rows]) for name in COLUMNS[1:]}
    time = np.array([row.time for row in rows], dtype=np.int64)
    for column in (time, *columns.values()):
        # A market is shared by many automations: one that writes into it is told so.
        column.flags.writeable = False
    return Candles(symbol, timeframe, time, **columns, stale=stale)


def write_csv(path: Path, rows: Sequence[Row]) -> Path:
    """Write candles as a replay reads them."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows((row.time, row.open, row.high, row.low, row.close, row.volume) for row in rows)
    return path
