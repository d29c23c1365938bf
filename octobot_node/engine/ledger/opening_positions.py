"""What a budget in base assets is worth to its automation: a position, opened at its first tick's price."""

from __future__ import annotations

from collections.abc import Iterable

from octobot_node.engine.ledger.book import Book, Owner, exact
from octobot_node.market import Market

__all__ = ["open_base_positions"]


def open_base_positions(owner: Owner, symbols: Iterable[str], market: Market, book: Book) -> bool:
    """Give a budget in base its cost basis, at the first tick's price: from here on it is a position like a bought one.

    Each base is opened on one symbol: on two it would count twice. Returns whether one was opened.
    """
    before = len(book.held)
    opened = {symbol.partition("/")[0] for automation, symbol in book.held if automation == owner.automation_id}
    for symbol in sorted(symbols):
        rules, ticker = market.all_rules.get(symbol), market.tickers.get(symbol)
        if rules is None or ticker is None or rules.base in opened:
            continue
        amount = book.free(owner.automation_id, rules.base)
        if not amount:
            continue
        opened.add(rules.base)
        position = book.position(owner, symbol)
        with exact():
            position.amount, position.cost = amount, amount * ticker.last
            position.opening_cost = position.cost
    return len(book.held) > before
