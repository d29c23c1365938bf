"""Public questions: instruments, prices, time and status."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from octobot_node.testing.exchange_emulators.core.book import Book
from octobot_node.testing.exchange_emulators.core.exchange import Exchange
from octobot_node.testing.exchange_emulators.okx.errors import OkxError, empty, wrong
from octobot_node.testing.exchange_emulators.okx.shapes import Shape, inst_id, instrument_shape, text, ticker_shape
from octobot_node.testing.exchange_emulators.web.faults import Maintenance

__all__ = ["MarketQuestions"]

_MINUTE, _HOUR, _DAY = 60_000, 3_600_000, 86_400_000
_BARS = {
    **{f"{count}m": count * _MINUTE for count in (1, 3, 5, 15, 30)},
    **{f"{count}H": count * _HOUR for count in (1, 2, 4, 6, 12)},
    **{f"{count}D": count * _DAY for count in (1, 2, 3)},
    "1W": 7 * _DAY,
}
_MONDAY = 4 * _DAY

Arguments = Mapping[str, Any]


@dataclass(slots=True)
class MarketQuestions:
    """Answers about markets, to anybody."""

    exchange: Exchange
    maintenance: Callable[[], Maintenance]

    def time(self, _asked: Arguments) -> list[Shape]:
        """Answer the exchange's time."""
        return [{"ts": str(self.exchange.now())}]

    def status(self, _asked: Arguments) -> list[Shape]:
        """Answer which maintenance there is."""
        if self.maintenance() == "none":
            return []
        now = self.exchange.now()
        return [
            {
                "title": "Maintenance",
                "state": "ongoing",
                "begin": str(now),
                "end": str(now + _HOUR),
                "system": "unified",
            }
        ]

    def instruments(self, asked: Arguments) -> list[Shape]:
        """Answer the rules of markets; of other kinds there are none here."""
        if not asked.get("instType"):
            raise empty("instType")
        if asked["instType"] != "SPOT":
            return []
        return [instrument_shape(book) for book in self._asked(asked)]

    def tickers(self, asked: Arguments) -> list[Shape]:
        """Answer the last day of all markets."""
        if not asked.get("instType"):
            raise empty("instType")
        now = self.exchange.now()
        books = self.exchange.books.values() if asked["instType"] == "SPOT" else ()
        return [ticker_shape(book, now) for book in books]

    def ticker(self, asked: Arguments) -> list[Shape]:
        """Answer the last day of one market."""
        return [ticker_shape(self._one(asked), self.exchange.now())]

    def candles(self, asked: Arguments) -> list[list[str]]:
        """Answer candles, the newest first, the one that is still open among them."""
        book, bar = self._one(asked), str(asked.get("bar") or "1m")
        length = _BARS.get(bar.removesuffix("utc"))
        if length is None:
            raise wrong("bar")
        now, limit = self.exchange.now(), min(int(asked.get("limit") or 100), 300)
        # Long bars open by the clock of Hong Kong, unless they say utc.
        offset = -8 * _HOUR if length >= 6 * _HOUR and not bar.endswith("utc") else 0
        offset += _MONDAY if bar.startswith("1W") else 0
        newest = min(now, int(asked.get("after") or now + 1) - 1)
        opens_at = (newest - offset) // length * length + offset
        rows: list[list[str]] = []
        while len(rows) < limit and opens_at > int(asked.get("before") or 0):
            candle = book.line.candle(opens_at, length, now)
            prices = [text(price) for price in (candle.open, candle.high, candle.low, candle.close)]
            worth = text(candle.volume * candle.close)
            done = "1" if opens_at + length <= now else "0"
            rows.append([str(opens_at), *prices, text(candle.volume), worth, worth, done])
            opens_at -= length
        return rows

    def books(self, asked: Arguments) -> list[Shape]:
        """Answer the order book."""
        book, count = self._one(asked), min(int(asked.get("sz") or 1), 400)
        tick = book.listing.tick
        return [
            {
                "asks": [[text(book.ask + step * tick), "100", "0", "1"] for step in range(count)],
                "bids": [[text(book.bid - step * tick), "100", "0", "1"] for step in range(count)],
                "ts": str(self.exchange.now()),
            }
        ]

    def _one(self, asked: Arguments) -> Book:
        if not asked.get("instId"):
            raise empty("instId")
        return self._asked(asked)[0]

    def _asked(self, asked: Arguments) -> list[Book]:
        name = asked.get("instId")
        found = [book for symbol, book in self.exchange.books.items() if name in (None, inst_id(symbol))]
        if not found:
            raise OkxError("51001", "Instrument ID or Spread ID doesn't exist.")
        return found
