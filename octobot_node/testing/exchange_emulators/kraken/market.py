"""Public questions: rules, prices, time and status."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from octobot_node.testing.exchange_emulators.core.book import Book
from octobot_node.testing.exchange_emulators.core.exchange import Exchange
from octobot_node.testing.exchange_emulators.kraken.errors import KrakenError, invalid
from octobot_node.testing.exchange_emulators.kraken.names import asset_id, asset_name, decimals_of, find_book, pair_of
from octobot_node.testing.exchange_emulators.kraken.shapes import Shape, asset_pair, ticker_shape
from octobot_node.testing.exchange_emulators.web.faults import Maintenance

__all__ = ["MarketQuestions"]

_INTERVALS = (1, 5, 15, 30, 60, 240, 1_440, 10_080, 21_600)
_ROWS = 720

Arguments = Mapping[str, str]


@dataclass(slots=True)
class MarketQuestions:
    """Answers about markets, to anybody."""

    exchange: Exchange
    maintenance: Callable[[], Maintenance]

    def time(self, _arguments: Arguments) -> Shape:
        """Answer the exchange's time."""
        moment = datetime.fromtimestamp(self.exchange.now() / 1_000, UTC)
        return {"unixtime": self.exchange.now() // 1_000, "rfc1123": format_datetime(moment, usegmt=True)}

    def status(self, _arguments: Arguments) -> Shape:
        """Answer whether there is maintenance."""
        status = {"none": "online", "down": "maintenance"}.get(self.maintenance(), self.maintenance())
        moment = datetime.fromtimestamp(self.exchange.now() / 1_000, UTC)
        return {"status": status, "timestamp": f"{moment:%Y-%m-%dT%H:%M:%SZ}"}

    def assets(self, _arguments: Arguments) -> Shape:
        """Answer which assets there are."""
        names = {asset for book in self.exchange.books.values() for asset in (book.listing.base, book.listing.quote)}
        return {
            asset_id(name): {
                "aclass": "currency",
                "altname": asset_name(name),
                "decimals": 10,
                "display_decimals": 5,
                "status": "enabled",
            }
            for name in sorted(names)
        }

    def pairs(self, arguments: Arguments) -> Shape:
        """Answer the rules of markets."""
        return {pair_of(book.listing.symbol).id: asset_pair(book) for book in self._asked(arguments)}

    def ticker(self, arguments: Arguments) -> Shape:
        """Answer the last day of markets."""
        now = self.exchange.now()
        return {pair_of(book.listing.symbol).id: ticker_shape(book, now) for book in self._asked(arguments)}

    def candles(self, arguments: Arguments) -> Shape:
        """Answer the newest candles, the one that is still open among them; never more than 720."""
        [book] = self._asked({"pair": arguments.get("pair", "none")})
        text = arguments.get("interval", "1")
        if not text.isdigit() or int(text) not in _INTERVALS:
            raise invalid("interval")
        length, now = int(text) * 60_000, self.exchange.now()
        newest = now // length * length
        oldest = newest - (_ROWS - 1) * length
        since = arguments.get("since")
        if since is not None:
            oldest = max(oldest, (int(float(since)) * 1_000 // length + 1) * length)
        digits = decimals_of(book.listing.tick)
        rows = []
        for opens_at in range(oldest, newest + 1, length):
            candle = book.line.candle(opens_at, length, now)
            prices = [f"{price:.{digits}f}" for price in (candle.open, candle.high, candle.low, candle.close)]
            rows.append([opens_at // 1_000, *prices, prices[-1], f"{candle.volume:.8f}", 1])
        return {pair_of(book.listing.symbol).id: rows, "last": (newest - length) // 1_000}

    def depth(self, arguments: Arguments) -> Shape:
        """Answer the order book."""
        [book] = self._asked({"pair": arguments.get("pair", "none")})
        stamp, tick, digits = self.exchange.now() // 1_000, book.listing.tick, decimals_of(book.listing.tick)
        bids = [[f"{book.bid - step * tick:.{digits}f}", "100.000", stamp] for step in range(10)]
        asks = [[f"{book.ask + step * tick:.{digits}f}", "100.000", stamp] for step in range(10)]
        return {pair_of(book.listing.symbol).id: {"asks": asks, "bids": bids}}

    def _asked(self, arguments: Arguments) -> list[Book]:
        names = arguments.get("pair")
        if not names:
            return [*self.exchange.books.values()]
        found = [find_book(self.exchange.books.values(), name) for name in names.split(",")]
        books = [book for book in found if book is not None]
        if len(books) < len(found):
            raise KrakenError("EQuery:Unknown asset pair")
        return books
