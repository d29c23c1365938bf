"""One symbol's candles in memory: float columns to search and compute with, the file's text for what is money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cached_property

import numpy as np

from octobot_node.market import Candles, FloatColumn, TimeColumn

__all__ = ["Series"]

#: A search looks at this many candles first, then at ever more: the next fill is usually near.
_FIRST_LOOK, _LONGEST_LOOK = 256, 16_384
_CENT, _FINEST = 2, 8


class Series:
    """Candles of one symbol and timeframe, ``step`` ms long, oldest first and possibly with gaps.

    Columns are read-only. Reading a decimal as the nearest float keeps the order of any two, so a float comparison is
    final unless the floats are equal; only then are the exact texts compared.
    """

    def __init__(
        self,
        symbol: str,
        step: int,
        time: TimeColumn,
        floats: Mapping[str, FloatColumn],
        texts: Mapping[str, Sequence[str]],
    ) -> None:
        self.symbol, self.step, self.time, self.floats, self._texts = symbol, step, time, dict(floats), texts
        for column in (time, *self.floats.values()):
            column.flags.writeable = False
        self._resampled: dict[int, Candles] = {}

    def __len__(self) -> int:
        return len(self.time)

    def between(self, start: int | None, end: int | None) -> Series:
        """Return the candles that open at or after ``start`` and close by ``end`` (ms UTC)."""
        first = 0 if start is None else self.first_from(start)
        kept = slice(first, max(first, len(self) if end is None else self.closed(end)))
        floats = {name: column[kept] for name, column in self.floats.items()}
        texts = {name: column[kept] for name, column in self._texts.items()}
        return Series(self.symbol, self.step, self.time[kept], floats, texts)

    def exact(self, column: str, index: int) -> Decimal:
        """Return a price exactly as the file has it."""
        return Decimal(self._texts[column][index])

    def exact_closes(self) -> list[Decimal]:
        """Return every close exactly as the file has it."""
        return list(map(Decimal, self._texts["close"]))

    def opens_at(self, index: int) -> int:
        """Return when the candle opens, in ms UTC."""
        return int(self.time[index])

    def closes_at(self, index: int) -> int:
        """Return when the candle closes, in ms UTC."""
        return int(self.time[index]) + self.step

    def first_from(self, since: int) -> int:
        """Return the index of the first candle that opens at or after ``since`` (ms UTC); ``len`` past the end."""
        return int(self.time.searchsorted(since, "left"))

    def closed(self, now: int) -> int:
        """Return how many candles are closed at ``now`` (ms UTC)."""
        return int(self.time.searchsorted(now - self.step, "right"))

    def find(self, column: str, start: int, level: Decimal, *, below: bool, strictly: bool) -> int | None:
        """Return the first index from ``start`` on whose price is past ``level``, or, unless ``strictly``, at it."""
        values, near, look = self.floats[column], float(level), _FIRST_LOOK
        while start < len(values):
            part = values[start : start + look]
            for hit in np.flatnonzero(part <= near if below else part >= near):
                index = start + int(hit)
                if values[index] != near or self._is_past(column, index, level, below=below, strictly=strictly):
                    return index
            start, look = start + look, min(2 * look, _LONGEST_LOOK)
        return None

    def _is_past(self, column: str, index: int, level: Decimal, *, below: bool, strictly: bool) -> bool:
        price = self.exact(column, index)
        if price == level:
            return not strictly
        return (price < level) == below

    @cached_property
    def missing(self) -> tuple[int, int | None]:
        """How many candles are missing inside the series, and when the first missing one would have opened."""
        wide = np.flatnonzero(np.diff(self.time) != self.step)
        if not len(wide):
            return 0, None
        expected = (int(self.time[-1]) - int(self.time[0])) // self.step + 1
        return expected - len(self), self.closes_at(int(wide[0]))

    @cached_property
    def decimals(self) -> int:
        """How many decimals the closes have: at least 2, at most 8, beyond which lies what a float's printing added."""
        needed = _CENT
        for text in set(self._texts["close"]):
            exponent = Decimal(text).normalize().as_tuple().exponent
            needed = max(needed, -int(exponent))
        return min(needed, _FINEST)

    def resampled(self, timeframe: str, length: int) -> Candles:
        """Return all complete candles of ``length`` ms, a multiple of ``step``, that the series adds up to.

        They start on multiples of ``length`` since 1970 UTC (a series of weeks keeps its own weekday). One that lacks a
        candle is left out.
        """
        if length not in self._resampled:
            self._resampled[length] = self._resample(timeframe, length)
        return self._resampled[length]

    def _resample(self, timeframe: str, length: int) -> Candles:
        anchor = int(self.time[0]) % self.step
        bucket = (self.time - anchor) // length
        first = np.concatenate(([0], np.flatnonzero(np.diff(bucket)) + 1))
        after = np.append(first[1:], len(bucket))
        whole = after - first == length // self.step
        columns = {
            "open": self.floats["open"][first],
            "high": np.maximum.reduceat(self.floats["high"], first),
            "low": np.minimum.reduceat(self.floats["low"], first),
            "close": self.floats["close"][after - 1],
            "volume": np.add.reduceat(self.floats["volume"], first),
        }
        kept = {name: column[whole] for name, column in columns.items()}
        time = bucket[first][whole] * length + anchor
        for column in (time, *kept.values()):
            column.flags.writeable = False
        return Candles(self.symbol, timeframe, time, **kept)
