"""Files of candles as exchanges, sites and programs write them, made of one walk of prices."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

__all__ = ["JANUARY", "Made", "binance", "csv", "made", "stamp"]

#: 2025-01-01 00:00 UTC.
JANUARY = 1_735_689_600_000
_BASE_IN_QUOTE = Decimal(93500)


class Made(NamedTuple):
    """A candle; ``time`` in ms UTC, figures as text."""

    time: int
    open: str
    high: str
    low: str
    close: str
    volume: str


def made(count: int = 48, step: int = 60_000, start: int = JANUARY) -> list[Made]:
    """Return candles of a random walk, the same at every call."""
    dice, price, found = random.Random(12), Decimal("93500.00"), []
    for index in range(count):
        close = price + Decimal(dice.randint(-5_000, 5_000)) / 100
        high, low = max(price, close) + Decimal("5.5"), min(price, close) - Decimal("4.25")
        volume = str(Decimal(dice.randint(1, 900_000)) / 100_000)
        found.append(Made(start + index * step, str(price), str(high), str(low), str(close), volume))
        price = close
    return found


def csv(rows: Sequence[Made], header: str = "timestamp,open,high,low,close,volume", sep: str = ",") -> str:
    """Return candles as our own CSV."""
    return "\n".join([header, *(sep.join(map(str, row)) for row in rows)]) + "\n"


def binance(rows: Sequence[Made], each: int = 1_000, step: int = 60_000) -> list[str]:
    """Return lines as Binance's dumps have them, twelve fields without a header; ``each`` is 1 for ms."""
    lines = []
    for row in rows:
        fields = [row.time * each, row.open, row.high, row.low, row.close, row.volume]
        lines.append(
            ",".join(map(str, [*fields, (row.time + step) * each - 1, "500470.88", 100, "2.6", "250235.4", 0]))
        )
    return lines


def stamp(row: Made, form: str = "%Y-%m-%d %H:%M:%S", hours: int = 0) -> str:
    """Return a candle's time as text, on a clock so many hours ahead of UTC."""
    return (datetime.fromtimestamp(row.time / 1000, UTC) + timedelta(hours=hours)).strftime(form)


Writer = Callable[[Sequence[Made]], bytes]
