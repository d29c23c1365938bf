"""What a budget in base assets is worth to its automation: a position, opened at its first tick's price."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from octobot_node.engine.ledger.book import ZERO, Book, Owner, exact
from octobot_node.market import Market
from octobot_node.quote_assets import base_of, paid_from, quote_of

__all__ = ["open_base_positions"]


def open_base_positions(owner: Owner, symbols: Collection[str], market: Market, book: Book) -> bool:
    """Give a budget in base its cost basis, at the first tick's price: from here on it is a position like a bought one.

    Each base is opened on one symbol: on two it would count twice. A quote that is another symbol's base gets a
    position too, an empty one if need be: what is sold for it goes there. Returns whether one was opened.
    """
    before = len(book.held)
    opened = {base_of(symbol) for automation, symbol in book.held if automation == owner.automation_id}
    payers = {paid_from(symbol, symbols) for symbol in symbols}
    # Those that others are paid from come first: they say what the others' quote is worth.
    for symbol in sorted(symbols, key=lambda each: (each not in payers, paid_from(each, symbols) is not None, each)):
        rules, ticker = market.all_rules.get(symbol), market.tickers.get(symbol)
        payer = paid_from(symbol, symbols)
        rate = market.tickers.get(payer) if payer is not None else None
        if rules is None or ticker is None or rules.base in opened or (payer is not None and rate is None):
            continue
        funds = book.funds.get((owner.automation_id, rules.base))
        with exact():
            amount = funds.free + funds.reserved if funds is not None else ZERO
            if not amount and symbol not in payers:
                continue
            opened.add(rules.base)
            position = book.position(owner, symbol)
            if amount:
                position.amount, position.cost = amount, amount * ticker.last
            position.opening_cost = position.cost
            if rate is not None:
                position.carried = position.opening_carried = position.cost * rate.last
        if symbol in payers:
            _carry(owner, symbol, ticker.last, book)
    return len(book.held) > before


def _carry(owner: Owner, payer: str, price: Decimal, book: Book) -> None:
    """Count what is held already of symbols that ``payer`` pays for in its quote, from now on: it came with an edit."""
    symbols = [symbol for automation, symbol in book.held if automation == owner.automation_id]
    for symbol in symbols:
        if quote_of(symbol) == base_of(payer) and not book.held[owner.automation_id, symbol].carried:
            position = book.position(owner, symbol)
            with exact():
                position.carried = position.opening_carried = position.cost * price
