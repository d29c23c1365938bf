"""What orders lock, and what trades move."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from octobot_node.testing.exchange_emulators.core.accounts import Account
from octobot_node.testing.exchange_emulators.core.book import Book
from octobot_node.testing.exchange_emulators.core.listing import Listing
from octobot_node.testing.exchange_emulators.core.orders import Liquidity, Order, Trade

__all__ = ["fee_of", "needed", "pay"]

#: What exchanges book: eight digits.
_BOOKED = Decimal("0.00000001")


def needed(book: Book, order: Order) -> tuple[str, Decimal]:
    """Return (asset, amount) that an order needs for what is left of it, its fee included where that comes on top."""
    new, listing = order.new, book.listing
    on_top = 1 + (max(listing.maker_fee, listing.taker_fee) if _paid_on_top(order) else 0)
    if new.side == "sell":
        amount = book.whole((new.spend - order.cost) / book.bid) if new.spend is not None else order.remaining
        return listing.base, amount * on_top
    if new.spend is not None:
        return listing.quote, (new.spend - order.cost) * on_top
    # A market order may have to pay what a resting one asks beyond the world's price: it pays no more than the world's.
    price = new.price or (book.ask if order.resting else max(book.ask, new.stop or book.ask))
    return listing.quote, order.remaining * price * on_top


def fee_of(
    books: Mapping[str, Book], account: Account, order: Order, amount: Decimal, price: Decimal, liquidity: Liquidity
) -> tuple[Decimal, str]:
    """Return (fee, asset) of a trade; ``books``, by symbol, have the price of a token that fees are paid in."""
    listing = books[order.new.symbol].listing
    rate = listing.maker_fee if liquidity == "maker" else listing.taker_fee
    cost = amount * price
    if account.fee_token:
        market = books.get(f"{account.fee_token}/{listing.quote}")
        fee = _booked(cost * rate / market.last) if market is not None else None
        if fee is not None and account.free[account.fee_token] >= fee:
            return fee, account.fee_token
    asset = _fee_asset(listing, order)
    return _booked((amount if asset == listing.base else cost) * rate), asset


def pay(book: Book, account: Account, order: Order, trade: Trade) -> None:
    """Move what a trade moves, and lock no more than what is left of the order needs."""
    listing = book.listing
    gives, takes = (listing.quote, listing.base) if order.new.side == "buy" else (listing.base, listing.quote)
    given, taken = (trade.cost, trade.amount) if order.new.side == "buy" else (trade.amount, trade.cost)
    account.locked[gives] -= given
    order.locked -= given
    account.free[takes] += taken
    if trade.fee_asset == gives:
        account.locked[gives] -= trade.fee
        order.locked -= trade.fee
    else:
        account.free[trade.fee_asset] -= trade.fee
    asset, left = needed(book, order)
    surplus = order.locked - left
    if surplus > 0 and order.open:
        account.unlock(asset, surplus)
        order.locked = left


def _paid_on_top(order: Order) -> bool:
    gives = "quote" if order.new.side == "buy" else "base"
    return order.new.fee_in == gives


def _fee_asset(listing: Listing, order: Order) -> str:
    if order.new.fee_in == "received":
        return listing.base if order.new.side == "buy" else listing.quote
    return listing.quote if order.new.fee_in == "quote" else listing.base


def _booked(fee: Decimal) -> Decimal:
    return fee.quantize(_BOOKED, ROUND_HALF_UP)
