"""Which asset a position's money is counted in, where one symbol's base is another one's quote.

With BTC/USD and ETH/BTC in one automation the bitcoin that pays for ether was bought with dollars: ETH/BTC is *paid*
from BTC/USD, and the asset that both are counted in is USD.
"""

from __future__ import annotations

from collections.abc import Collection

__all__ = ["base_of", "counted_in", "paid_from", "quote_of", "untold_money"]


def base_of(symbol: str) -> str:
    """Return the asset that a symbol trades."""
    return symbol.partition("/")[0]


def quote_of(symbol: str) -> str:
    """Return the asset that a symbol is priced in."""
    return symbol.partition("/")[2]


def paid_from(symbol: str, symbols: Collection[str]) -> str | None:
    """Return which of ``symbols`` has the quote of ``symbol`` as its base, or None: it is money in itself."""
    quote = quote_of(symbol)
    return min((other for other in symbols if base_of(other) == quote and other != symbol), default=None)


def counted_in(symbol: str, symbols: Collection[str]) -> str:
    """Return the asset in which a position of ``symbol`` is counted beside positions of ``symbols``."""
    payer = paid_from(symbol, symbols)
    return quote_of(symbol if payer is None else payer)


def untold_money(symbols: Collection[str]) -> str | None:
    """Return why one automation cannot trade all of ``symbols``, or None: of each position it must be told what of
    which money it cost.
    """
    bases = {base_of(symbol) for symbol in symbols}
    for symbol in sorted(symbol for symbol in symbols if quote_of(symbol) in bases):
        payers = sorted(other for other in symbols if base_of(other) == quote_of(symbol))
        if len(payers) > 1:
            return (
                f"{quote_of(symbol)}, which pays for {symbol}, is bought in {' and in '.join(payers)}, so it cannot be "
                "told whose money was spent: give each of them an automation of its own"
            )
        if quote_of(payers[0]) in bases:
            return (
                f"{symbol} is paid with what {payers[0]} buys, and that with what another pair buys: that is one step "
                "too many for one automation's books: split them into two automations"
            )
    return None
