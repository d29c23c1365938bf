"""When and at what price an order fills: pure functions of an order and the market."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import assert_never

from octobot_node.contracts.replays import PastMarket
from octobot_node.market import Candles, Ticker, to_ms
from octobot_node.orders import Side
from octobot_plugins.paper.orders import Ending, PaperOrder, exact

__all__ = ["Arrival", "assumptions", "on_arrival", "on_candles", "on_past", "on_ticker", "passed"]

_WOULD_TAKE = "post-only: it would have taken liquidity"
_NOT_AT_ONCE = "it could not be filled at once"
#: Finer than any price is written, so that "at or through a price" is "strictly through" one this much before it.
_HAIR = Decimal("1e-40")


@dataclass(frozen=True, slots=True)
class Arrival:
    """What an order meets that arrives on candles whose future is known."""

    #: It meets candles that start at or after this time (ms UTC).
    since: int
    #: The price that the market shows at that moment inside a candle, if it does.
    shown: Decimal | None = None
    #: The newest price known when it arrives well after a candle's start; None where the first it meets is an open.
    known: Decimal | None = None


def on_past(market: PastMarket, order: PaperOrder, slippage: Decimal, arrival: Arrival | None = None) -> Ending | None:
    """Return how an order ends on candles whose future is known, or None if it never does.

    A market order fills at the open of the first candle that it meets, or at the price that is shown. So does a limit
    order whose price that meets; otherwise it rests until a candle trades strictly through its price. One that arrives
    well inside a candle takes nothing but what the price known then allows: neither the candle's extremes, which may be
    over, nor a better price than its own at the next open. A stop fills when a candle reaches it.
    """
    arrival = arrival or Arrival(order.created_at)
    if arrival.shown is not None and order.type != "stop":
        return _at_shown(market, order, slippage, arrival, arrival.shown)
    first = market.opening(order.symbol, arrival.since)
    if first is None:
        return _late(market, order, arrival) if order.type == "limit" and arrival.known is not None else None
    # A candle that has just begun is met by what arrives now.
    at, price = max(first[0], order.created_at), first[1]
    if order.type == "market":
        return Ending(at, "filled", worsened(price, order.side, slippage))
    if order.type == "stop":
        return _past_stop(market, order, slippage)
    if order.type != "limit":
        assert_never(order.type)
    assert order.price is not None
    is_marketable = arrival.known is None or _is_met(order.side, order.price, arrival.known)
    if is_marketable and _is_met(order.side, order.price, price):
        return _taken(order, at, price)
    if order.tif != "gtc":
        return Ending(at, "expired", reason=_NOT_AT_ONCE)
    return _late(market, order, Arrival(arrival.since) if is_marketable else arrival)


def _at_shown(
    market: PastMarket, order: PaperOrder, slippage: Decimal, arrival: Arrival, shown: Decimal
) -> Ending | None:
    now = order.created_at
    if order.type == "market":
        return Ending(now, "filled", worsened(shown, order.side, slippage))
    assert order.price is not None
    if _is_met(order.side, order.price, shown):
        return _taken(order, now, shown)
    return _late(market, order, arrival) if order.tif == "gtc" else Ending(now, "expired", reason=_NOT_AT_ONCE)


def _late(market: PastMarket, order: PaperOrder, arrival: Arrival) -> Ending | None:
    """Return how an order that rests ends: by what candles trade, and by the close of the one that it came into."""
    assert order.price is not None
    times = [market.traded_through(order.symbol, order.side, order.price, arrival.since)]
    if arrival.known is not None or arrival.shown is not None:
        with exact():
            past = order.price - _HAIR if order.side == "buy" else order.price + _HAIR
        above, below = (None, past) if order.side == "buy" else (past, None)
        times.append(market.reached(order.symbol, since=order.created_at, above=above, below=below))
    through = min((time for time in times if time is not None), default=None)
    return None if through is None else Ending(through, "filled", order.price, "maker")


def passed(order: PaperOrder, price: Decimal) -> bool:
    """Whether a price strictly through a resting limit order was seen."""
    return order.type == "limit" and _is_through(order, price)


def _past_stop(market: PastMarket, order: PaperOrder, slippage: Decimal) -> Ending | None:
    assert order.stop is not None
    # A sell stop lies below the market, where a resting buy would: it is reached by candles that trade down.
    side: Side = "sell" if order.side == "buy" else "buy"
    with exact():
        before = order.stop - _HAIR if order.side == "buy" else order.stop + _HAIR
    closing = market.traded_through(order.symbol, side, before, order.created_at)
    if closing is None:
        return None
    # That candle is the last start from which the search still ends at this closing time.
    start, after = order.created_at, closing
    while after - start > 1:
        middle = (start + after) // 2
        found = market.traded_through(order.symbol, side, before, middle)
        start, after = (middle, after) if found == closing else (start, middle)
    opened = market.opening(order.symbol, start)
    assert opened is not None
    return _stopped(order, opened[0], opened[1], closing, slippage)


def _stopped(order: PaperOrder, start: int, opened: Decimal, closing: int, slippage: Decimal) -> Ending:
    assert order.stop is not None
    if _is_reached(order.side, order.stop, opened):
        return Ending(start, "filled", worsened(opened, order.side, slippage))
    return Ending(closing, "filled", worsened(order.stop, order.side, slippage))


def on_arrival(order: PaperOrder, ticker: Ticker, now: int, slippage: Decimal) -> Ending | None:
    """Return how an order ends the moment it arrives at a live market, or None if it rests."""
    offered = ticker.ask if order.side == "buy" else ticker.bid
    if order.type == "market":
        return Ending(now, "filled", worsened(offered, order.side, slippage))
    if order.type == "stop":
        return on_ticker(order, ticker, now, slippage)
    if order.type != "limit":
        assert_never(order.type)
    assert order.price is not None
    if _is_met(order.side, order.price, offered):
        return _taken(order, now, offered)
    return None if order.tif == "gtc" else Ending(now, "expired", reason=_NOT_AT_ONCE)


def on_ticker(order: PaperOrder, ticker: Ticker, now: int, slippage: Decimal) -> Ending | None:
    """Return how a resting order ends at an observed ticker of a live market, or None if it rests on."""
    if order.type == "stop":
        assert order.stop is not None
        if not _is_reached(order.side, order.stop, ticker.last):
            return None
        return Ending(now, "filled", worsened(ticker.ask if order.side == "buy" else ticker.bid, order.side, slippage))
    if order.type == "market":
        return None  # it does not rest
    if order.type != "limit":
        assert_never(order.type)
    # The price was observed when the order already rested, or it says nothing about the order.
    if order.price is None or to_ms(ticker.at) < order.created_at or not _is_through(order, ticker.last):
        return None
    return Ending(now, "filled", order.price, "maker")


def on_candles(order: PaperOrder, candles: Candles, since: int, now: int, slippage: Decimal) -> Ending | None:
    """Return how a resting order ends by closed candles that start at or after ``since`` (ms UTC), or None.

    It ends ``now``, when that became known, so that whoever asks for trades since then is told.
    """
    for index in range(int(candles.time.searchsorted(since, "left")), len(candles)):
        candle = _Candle.of(candles, index)
        extreme = candle.low if (order.side == "buy") == (order.type == "limit") else candle.high
        if order.type == "stop":
            if order.stop is not None and _is_reached(order.side, order.stop, extreme):
                return _stopped(order, now, candle.open, now, slippage)
        elif order.type == "limit":
            if order.price is not None and _is_through(order, extreme):
                return Ending(now, "filled", order.price, "maker")
        elif order.type != "market":
            assert_never(order.type)
    return None


@dataclass(frozen=True, slots=True)
class _Candle:
    open: Decimal
    high: Decimal
    low: Decimal

    @classmethod
    def of(cls, candles: Candles, index: int) -> _Candle:
        # The shortest text of a float is the price it was read from.
        columns = (candles.open, candles.high, candles.low)
        return cls(*(Decimal(repr(float(column[index]))) for column in columns))


def _taken(order: PaperOrder, at: int, price: Decimal) -> Ending:
    return Ending(at, "refused", reason=_WOULD_TAKE) if order.post_only else Ending(at, "filled", price)


def worsened(price: Decimal, side: Side, slippage: Decimal) -> Decimal:
    """Return ``price`` after slippage: a buy pays more, a sell gets less."""
    with exact():
        return price * (1 + slippage if side == "buy" else 1 - slippage)


def _is_met(side: Side, limit: Decimal, offered: Decimal) -> bool:
    return offered <= limit if side == "buy" else offered >= limit


def _is_through(order: PaperOrder, price: Decimal) -> bool:
    assert order.price is not None
    return price < order.price if order.side == "buy" else price > order.price


def _is_reached(side: Side, stop: Decimal, price: Decimal) -> bool:
    return price >= stop if side == "buy" else price <= stop


def assumptions(slippage: Decimal, volume_share: Decimal | None) -> list[str]:
    """Return what fills on past candles rest on, a sentence each."""
    worse = f"{slippage * 100:f}".rstrip("0").rstrip(".") if slippage else ""
    share = "" if volume_share is None else f"{volume_share * 100:f}".rstrip("0").rstrip(".")
    filled = (
        "Orders fill whole: a market order at the open of the first candle that it meets or at a price shown in one, a"
        " limit order at its price once a candle trades strictly through it, a stop once a candle reaches it."
    )
    return [
        filled,
        f"Slippage: market and stop orders fill {worse} % worse than that."
        if worse
        else "Slippage: none, market and stop orders fill at just these prices.",
        f"Volume: an order fills only in a candle of whose volume it is at most {share} %, each held against the whole."
        if share
        else "Volume: ignored, orders fill however little was traded, and move no price.",
    ]
