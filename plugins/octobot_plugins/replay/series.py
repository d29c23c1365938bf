"""One symbol's candles in memory: float columns to search and compute with, the file's text for what is money."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Context, Decimal
from functools import cached_property

import numpy as np
import numpy.typing as npt

from octobot_node.market import Candles, FloatColumn, TimeColumn

__all__ = ["COARSEST", "Series"]

#: A search looks at this many candles first, then at ever more: the next fill is usually near.
_FIRST_LOOK, _LONGEST_LOOK = 256, 16_384
_CENT, _FINEST = 2, 12
#: A float's printing adds what is beyond so many digits: 0.09946999000000001 is 0.09946999.
_FLOAT_DIGITS = Context(prec=15)
#: No step is coarser than this part of a price: a target that is a few percent away would be rounded beyond it.
COARSEST = Decimal("0.01")


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
        texts: Mapping[str, npt.NDArray[np.bytes_]],
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
        return Decimal(bytes(self._texts[column][index]).decode())

    def exact_closes(self) -> list[Decimal]:
        """Return every close exactly as the file has it."""
        return list(map(Decimal, self._texts["close"].astype(np.str_).tolist()))

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

    def find_volume(self, start: int, *, base: Decimal | None, quote: Decimal | None) -> int | None:
        """Return the first index from ``start`` on where at least so much base, or worth so much quote, was traded."""
        look = _FIRST_LOOK
        while start < len(self):
            volume = self.floats["volume"][start : start + look]
            enough = volume > 0
            if base is not None:
                enough &= volume >= float(base)
            if quote is not None:
                enough &= volume * self.floats["open"][start : start + look] >= float(quote)
            if enough.any():
                return start + int(enough.argmax())
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
    def lowest(self) -> Decimal:
        """The lowest price of all, exactly."""
        return self.exact("low", int(self.floats["low"].argmin()))

    @cached_property
    def price_step(self) -> Decimal:
        """The step that prices seem to have: a cent, or as fine as the closes are written, without what a float's
        printing added. Finer, five digits of the lowest price, where that would be more than 1 % of it.
        """
        needed = max(_CENT, *map(_decimals, set(self._texts["close"].astype(np.str_).tolist())))
        digits = self.lowest.adjusted()
        step = Decimal(1).scaleb(-min(needed, max(_FINEST, 7 - digits)))
        return step if step <= self.lowest * COARSEST else Decimal(1).scaleb(digits - 4)

    @cached_property
    def longest_gap(self) -> tuple[int, int]:
        """How many candles are missing in the longest hole, and the index of the candle before it."""
        if len(self) < 2:
            return 0, 0
        wide = np.diff(self.time)
        index = int(wide.argmax())
        return int(wide[index]) // self.step - 1, index

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


def _decimals(text: str) -> int:
    """Return how many decimals a price has, without what a float's printing added."""
    if len(text) <= _FLOAT_DIGITS.prec and text.replace(".", "", 1).isdigit():
        return len(text.partition(".")[2].rstrip("0"))
    return -int(_FLOAT_DIGITS.create_decimal(text).normalize().as_tuple().exponent)
