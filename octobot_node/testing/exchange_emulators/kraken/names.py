"""Kraken's own names of assets, markets, orders and trades."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from octobot_node.testing.exchange_emulators.core.book import Book
from octobot_node.testing.exchange_emulators.core.orders import Order, Trade

__all__ = ["Pair", "asset_id", "asset_name", "decimals_of", "pair_of", "seconds", "trade_txid", "txid"]

#: Assets that have a letter in front, from the time when there were few, and their alternative names.
_OLD = {
    "BTC": ("XXBT", "XBT"),
    "ETH": ("XETH", "ETH"),
    "LTC": ("XLTC", "LTC"),
    "XRP": ("XXRP", "XRP"),
    "USD": ("ZUSD", "USD"),
    "EUR": ("ZEUR", "EUR"),
    "GBP": ("ZGBP", "GBP"),
}


@dataclass(frozen=True, slots=True)
class Pair:
    """The names of one market: of XXBTZUSD the alternative is XBTUSD, and websockets say XBT/USD."""

    id: str
    altname: str
    wsname: str


def asset_id(asset: str) -> str:
    """Return XXBT of BTC; USDT of USDT."""
    return _OLD[asset][0] if asset in _OLD else asset


def asset_name(asset: str) -> str:
    """Return XBT of BTC."""
    return _OLD[asset][1] if asset in _OLD else asset


def pair_of(symbol: str) -> Pair:
    """Return the names of a market."""
    base, _, quote = symbol.partition("/")
    altname = asset_name(base) + asset_name(quote)
    old = base in _OLD and quote in _OLD
    return Pair(
        asset_id(base) + asset_id(quote) if old else altname, altname, f"{asset_name(base)}/{asset_name(quote)}"
    )


def find_book(books: Iterable[Book], name: str) -> Book | None:
    """Return the market with any of its names."""
    for book in books:
        pair = pair_of(book.listing.symbol)
        if name in (pair.id, pair.altname, pair.wsname):
            return book
    return None


def txid(order: Order) -> str:
    """Return an order's id, such as OQCLML-BW3P3-BUCMWZ; the same for the same order in every life."""
    return _made("O", order.serial)


def trade_txid(trade: Trade) -> str:
    """Return a trade's id."""
    return _made("T", trade.serial)


def decimals_of(step: Decimal) -> int:
    """Return how many digits after the point a step has."""
    exponent = step.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return max(-exponent, 0)


def seconds(milliseconds: int) -> float:
    """Return a time as Kraken gives it."""
    return milliseconds / 1_000


@lru_cache(maxsize=200_000)
def _made(letter: str, number: int) -> str:
    text = base64.b32encode(hashlib.sha256(f"{letter}{number}".encode()).digest()).decode()
    return f"{letter}{text[:5]}-{text[5:10]}-{text[10:16]}"
