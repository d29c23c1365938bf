"""Read a file of candles, say what was understood, and refuse it with its line and cure when something is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from octobot_node.market import FloatColumn, TimeColumn, from_ms
from octobot_plugins.replay.files.content import Content, content_of
from octobot_plugins.replay.files.grid import OffGrid, length_text, order_of, step_of
from octobot_plugins.replay.files.layout import SEPARATORS, Layout
from octobot_plugins.replay.files.names import PRICES
from octobot_plugins.replay.files.numbers import parsed
from octobot_plugins.replay.files.refusals import Mask, Numbers, first, others, printable, shown, wrong
from octobot_plugins.replay.files.tables import Table, table_of
from octobot_plugins.replay.files.times import Times, texts_of, times_of
from octobot_plugins.replay.series import Series

__all__ = ["CandleFile", "HowToRead", "TimeUnit", "Understood", "read_candles", "read_series"]

Bytes = npt.NDArray[np.bytes_]
TimeUnit = Literal["auto", "s", "ms", "us", "ns"]
_COLUMNS = (*PRICES, "volume")
_UNIT_NAMES = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds", "date": "dates"}
_NO_VOLUME = b"0"


@dataclass(frozen=True, slots=True)
class HowToRead:
    """What a person says about a file beyond what is in it."""

    time_unit: TimeUnit = "auto"
    zone: str = "UTC"
    off_grid: OffGrid = "error"


@dataclass(frozen=True, slots=True)
class Understood:
    """How a file was read. ``zone`` is "" where the times need none; ``columns`` is role -> the file's own name.

    ``said`` is what a person should know: what was assumed, put in order or left out.
    """

    path: Path
    format: str
    container: str
    separator: str
    encoding: str
    columns: Mapping[str, str]
    unit: str
    zone: str
    symbol: str
    said: tuple[str, ...] = ()

    @property
    def is_plain(self) -> bool:
        """Whether the file is as messages recommend it: there is nothing to tell then."""
        return self.format == "CSV" and self.separator == "commas" and self.unit == "milliseconds" and not self.said

    def in_words(self, series: Series) -> str:
        """Return one line for a person about what was read."""
        sep = f", separated by {self.separator}" if self.separator not in ("", "commas") else ""
        packed = f" in {self.container}" if self.container else ""
        times = f"times are dates, {self.zone}" if self.unit == "dates" else f"times in {self.unit}"
        length = length_text(series.step)
        return f"{len(series):,} candles of {length} from {self.path.name} ({self.format}{packed}{sep}; {times})"


@dataclass(frozen=True, slots=True)
class CandleFile:
    """A file's candles, how they were read, and which line each is on."""

    series: Series
    understood: Understood
    unit: str
    _line_of: Callable[[int], int]

    @property
    def time_column(self) -> str:
        """What the file calls the column of its times."""
        return self.understood.columns["time"]

    def line_of(self, index: int) -> int:
        """Return which line (or item of a list, or row of a table) the candle at ``index`` is on."""
        return self._line_of(index)


def read_series(symbol: str, path: Path) -> Series:
    """Read the candles of ``symbol`` from a file. Raises InvalidMarketData for whatever is wrong with it."""
    return read_candles(symbol, path).series


def read_candles(symbol: str, path: Path, how: HowToRead = HowToRead()) -> CandleFile:
    """Read the candles of ``symbol`` ("" where it is not known) and say how they were understood.

    Raises InvalidMarketData, in one sentence with the file, line, column and cure, for whatever is wrong with it.
    """
    content = content_of(path)
    try:
        return _candles(symbol, content, table_of(content, symbol, counted=False), how)
    except _LinesNeeded:
        # What was read at once has no line numbers: what is wrong with it is said by reading it line by line.
        return _candles(symbol, content, table_of(content, symbol, counted=True), how)


class _LinesNeeded(Exception):
    """Something is wrong, or not plain, in a table that was read without line numbers."""


def _lines_of(table: Table) -> Callable[[], Numbers]:
    def lines() -> Numbers:
        if table.numbers is None:
            raise _LinesNeeded
        return table.numbers

    return lines


def _candles(symbol: str, content: Content, table: Table, how: HowToRead) -> CandleFile:
    path, layout, lines = content.path, table.layout, _lines_of(table)
    count = len(table.columns["time"])
    if count < 2:
        raise wrong(path, f"has {count} candles", "give at least two, whose distance is the timeframe")
    times = times_of(
        path,
        _time_texts(table),
        lines,
        name=layout.name("time"),
        unit=how.time_unit,
        zone=how.zone,
        line_unit=table.unit,
    )
    columns = {role: table.columns[role] for role in _COLUMNS if role in table.columns}
    names = {role: layout.name(role) for role in _COLUMNS}
    (texts, floats), told = parsed(path, columns, lines, names=names, line_unit=table.unit)
    checks = _Checks(path, texts, floats, lines, names, table.unit)
    checks.numbers()
    _refuse_order(path, layout, checks)
    checks.prices()
    rows = _Rows(times.ms, times.ragged, dict(texts), dict(floats), lines)
    rows, sorted_ = _sorted(path, rows, layout, table.unit)
    grid = step_of(
        path,
        rows.ms,
        rows.ragged,
        rows.lines,
        name=layout.name("time"),
        line_unit=table.unit,
        off_grid=how.off_grid,
    )
    dropped: tuple[str, ...] = ()
    if grid.off.any():
        off = int(grid.off.sum())
        first_off = from_ms(int(rows.ms[int(grid.off.argmax())]))
        dropped = (f"{off:,} candles off the grid are left out, the first of {first_off:%Y-%m-%d %H:%M:%S} UTC",)
        rows = rows.only(~grid.off)
    rows, unclosed = _closed(content, rows, grid.step)
    if len(rows.ms) < 2:
        raise wrong(path, f"has {len(rows.ms)} closed candles", "give at least two, whose distance is the timeframe")
    series = Series(symbol, grid.step, rows.ms, _with_volume(rows), {name: rows.texts[name] for name in PRICES})
    said = (*layout.notes, *table.notes, *_zone_note(times), *times.notes, *told, *sorted_, *dropped, *unclosed)
    understood = _understood(content, layout, times, _symbol_in(path, table), (*said, *_volume_note(rows)))
    return CandleFile(series, understood, table.unit, _finder(symbol, content, table, rows, how))


def _finder(symbol: str, content: Content, table: Table, rows: _Rows, how: HowToRead) -> Callable[[int], int]:
    if table.numbers is not None:
        numbers = rows.lines()
        return lambda index: int(numbers[index])

    def find(index: int) -> int:
        return _candles(symbol, content, table_of(content, symbol, counted=True), how).line_of(index)

    return find


def _time_texts(table: Table) -> Bytes:
    clock = table.columns.get("clock")
    if clock is None:
        return table.columns["time"]
    days, clocks = texts_of(table.columns["time"]), texts_of(clock)
    return np.array([f"{day} {moment}".encode() for day, moment in zip(days, clocks, strict=True)])


# Rows ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Rows:
    ms: TimeColumn
    ragged: Mask
    texts: dict[str, Bytes]
    floats: dict[str, FloatColumn]
    lines: Callable[[], Numbers]

    def only(self, chosen: Mask | npt.NDArray[np.int64]) -> _Rows:
        """Return the chosen rows, or all in another order."""
        lines = self.lines
        return _Rows(
            self.ms[chosen],
            self.ragged[chosen],
            {name: column[chosen] for name, column in self.texts.items()},
            {name: column[chosen] for name, column in self.floats.items()},
            lambda: lines()[chosen],
        )


def _sorted(path: Path, rows: _Rows, layout: Layout, unit: str) -> tuple[_Rows, tuple[str, ...]]:
    order, notes = order_of(rows.ms, unit)
    if order is not None:
        rows = rows.only(order)
    again = np.diff(rows.ms) == 0
    if not again.any():
        return rows, notes
    repeats = np.concatenate(([False], again))
    for index in np.flatnonzero(repeats):
        if any(column[index] != column[index - 1] for column in rows.floats.values()):
            moment, lines = from_ms(int(rows.ms[index])), rows.lines()
            one, other = sorted((int(lines[index - 1]), int(lines[index])))
            problem = f"{moment:%Y-%m-%d %H:%M:%S} UTC is there twice, with other figures on {unit} {one}"
            cure = "keep each time once"
            raise wrong(path, problem, cure, line=other, unit=unit, column=layout.name("time"))
    count = int(repeats.sum())
    said = f"{count:,} candles are" if count > 1 else "one candle is"
    return rows.only(~repeats), (*notes, f"{said} there twice, with the same figures: kept once")


def _closed(content: Content, rows: _Rows, step: int) -> tuple[_Rows, tuple[str, ...]]:
    """Leave out the last candle if the file was written before its end: it is half a candle."""
    if not len(rows.ms):
        return rows, ()
    opened = int(rows.ms[-1])
    if not opened <= content.written_at < opened + step:
        return rows, ()
    note = (
        f"the last candle, of {from_ms(opened):%Y-%m-%d %H:%M:%S} UTC, is left out: it was not closed when the file was"
        f" written, at {from_ms(content.written_at):%Y-%m-%d %H:%M:%S} UTC"
    )
    return rows.only(np.arange(len(rows.ms)) < len(rows.ms) - 1), (note,)


def _with_volume(rows: _Rows) -> dict[str, FloatColumn]:
    return {"volume": np.zeros(len(rows.ms)), **rows.floats}


def _volume_note(rows: _Rows) -> tuple[str, ...]:
    if "volume" not in rows.floats:
        return ()
    empty = int((rows.floats["volume"] == 0).sum())
    return (f"{empty:,} of {len(rows.ms):,} candles have no volume",) if empty else ()


def _zone_note(times: Times) -> tuple[str, ...]:
    if not times.assumed_zone:
        return ()
    how = "is assumed" if times.assumed_zone.upper() == "UTC" else "is taken, as the settings say"
    return (f"the dates name no zone: {times.assumed_zone} {how}",)


def _symbol_in(path: Path, table: Table) -> str:
    column = table.columns.get("symbol")
    if column is None:
        return ""
    found = sorted(set(texts_of(np.unique(column))))
    if len(found) > 1:
        names = ", ".join(map(printable, found[:5]))
        problem = f"has candles of several symbols: {names}{', …' if len(found) > 5 else ''}"
        raise wrong(path, problem, "give each symbol a file of its own", column=table.layout.name("symbol"))
    return printable(found[0])


def _understood(content: Content, layout: Layout, times: Times, symbol: str, said: tuple[str, ...]) -> Understood:
    zone = times.assumed_zone or ("with their zone" if times.unit == "date" else "")
    return Understood(
        path=content.path,
        format=layout.kind,
        container=f"{content.container} ({content.member})" if content.member else content.container,
        separator=SEPARATORS.get(layout.separator, ""),
        encoding=content.encoding.removesuffix("-sig"),
        columns={
            role: layout.name(role) if layout.header is not None else f"column {index + 1}"
            for role, index in layout.indices.items()
        },
        unit=_UNIT_NAMES[times.unit],
        zone=zone,
        symbol=symbol,
        said=said,
    )


# Checks -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Checks:
    path: Path
    texts: Mapping[str, Bytes]
    floats: Mapping[str, FloatColumn]
    lines: Callable[[], Numbers]
    names: Mapping[str, str]
    unit: str

    def numbers(self) -> None:
        """Refuse what is a number and no price, or no volume."""
        for name, values in self.floats.items():
            self._refuse(name, ~np.isfinite(values), "is not finite", "remove the candle or find its real value")
            if name == "volume":
                self._refuse(name, values < 0, "is negative", "write a volume of 0 or more")
            else:
                self._refuse(name, values <= 0, "is not a price", "write a price above 0, or remove the candle")

    def prices(self) -> None:
        """Refuse candles whose prices contradict each other."""
        high, low = self.floats["high"], self.floats["low"]
        cure = "find the candle's real prices, or remove the candle"
        self._refuse("high", high < low, lambda i: f"is below the low {self._text('low', i)}", cure)
        for name in ("open", "close"):
            outside = (self.floats[name] < low) | (self.floats[name] > high)
            self._refuse(
                name,
                outside,
                lambda i: f"is outside low to high, {self._text('low', i)} to {self._text('high', i)}",
                cure,
            )

    def contradict(self, order: tuple[str, str, str, str]) -> bool:
        """Whether prices contradict each other when the columns are read as ``order`` says."""
        opened, high, low, close = (self.floats[name] for name in order)
        return bool(((opened < low) | (opened > high) | (close < low) | (close > high)).any())

    def _text(self, name: str, index: int) -> str:
        return bytes(self.texts[name][index]).decode("utf-8", "replace").strip()

    def _refuse(self, name: str, bad: Mask, problem: str | Callable[[int], str], cure: str) -> None:
        index = first(bad)
        if index is None:
            return
        said = problem if isinstance(problem, str) else problem(index)
        text = f"{shown(self._text(name, index))} {said}{others(int(bad.sum()), self.unit)}"
        line = int(self.lines()[index])
        raise wrong(self.path, text, cure, line=line, unit=self.unit, column=self.names[name])


def _refuse_order(path: Path, layout: Layout, checks: _Checks) -> None:
    """Refuse a file without a header whose columns are in another order than the usual one."""
    if layout.header is not None or not checks.contradict(PRICES):
        return
    # (what stands where open, high, low and close are looked for) -> whose order it is.
    known = {("open", "close", "high", "low"): "Bitfinex and KuCoin", ("low", "high", "open", "close"): "Coinbase"}
    for order, whose in known.items():
        where = dict(zip(order, PRICES, strict=True))
        if not checks.contradict((where["open"], where["high"], where["low"], where["close"])):
            names = ",".join(("time", *order, "volume"))
            problem = f"has no header, and its columns are in the order of {whose} ({', '.join(order)})"
            raise wrong(path, problem, f"write the header {names} above them", line=layout.first)
