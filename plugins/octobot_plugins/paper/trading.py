"""Paper trading as a trading connector: takes requests as an exchange would, and fills them when anyone asks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cached_property

from octobot_node.contracts.exchanges import (
    ConnectorContext,
    ExchangeOrder,
    ExchangeTrade,
    Fees,
    MarketData,
    OrderRequest,
)
from octobot_node.contracts.replays import PastMarket, PastTouches, PastVolumes
from octobot_node.errors import DataUnavailable, NotSent, OrderRefused, RequestExpired
from octobot_node.market import Candles, Ticker, from_ms
from octobot_plugins.paper import fills
from octobot_plugins.paper.book import Book, Ended
from octobot_plugins.paper.capabilities import CAPABILITIES
from octobot_plugins.paper.orders import ZERO, Ending, PaperOrder, Terms, draft, end, exact, terms_of
from octobot_plugins.paper.settings import PaperSettings

__all__ = ["PaperTrading"]

_MINUTE = 60_000
_TOO_THIN = "too little was traded for it to be filled at once"
#: How far back candles are asked for after a restart; what went on before shows only if the price is still past.
_MOST_CANDLES = 1_000

Endings = Iterable[tuple[PaperOrder, Ending]]


class PaperTrading:
    """One account's paper exchange.

    On a ``PastMarket`` an order's end is known when it is placed and told when its time comes. On a live market it is
    what the observed tickers, and the closed one-minute candles between observations, allow. Fills are whole and
    written once.
    """

    capabilities = CAPABILITIES

    def __init__(self, settings: PaperSettings, account_id: str, context: ConnectorContext) -> None:
        self._settings = settings
        self._context = context
        self._clock = context.clock
        self._book = Book(context.storage, account_id)
        self._terms: dict[str, Terms] = {}
        #: How each open order will end on a past market; None: never.
        self._endings: dict[int, Ending | None] = {}
        #: From where on a live market's candles were not looked at yet, by order.
        self._unseen: dict[int, int] = {}

    @cached_property
    def _market(self) -> MarketData:
        return self._context.market_data(self._settings.market)

    @cached_property
    def _past(self) -> PastMarket | None:
        return self._market if isinstance(self._market, PastMarket) else None

    @cached_property
    def _touches(self) -> PastTouches | None:
        return self._market if isinstance(self._market, PastTouches) else None

    # Trading --------------------------------------------------------------------------------------------------------

    async def create_order(self, request: OrderRequest) -> ExchangeOrder:
        """Take an order, and fill it at once where the market allows; a client id seen before returns its first order.

        Raises RequestExpired, OrderRefused, or NotSent when there is no price to fill at.
        """
        self._refuse_expired(request)
        if self._past is None:
            # Before asking for a price: to say "not sent" of an order that is in the book would be a lie.
            known = self._book.by_client_id(request.client_order_id)
            if known is not None:
                return known.told()
        terms = await self._terms_of(request.symbol)
        order, ending = await self._arrive(request)
        is_over = ending is not None and ending.at <= order.created_at
        ended, execution = end(order, ending, terms) if ending is not None and is_over else (order, None)
        placed, is_new = self._book.place(ended, execution)
        if self._past is not None and is_new and not is_over:
            self._endings[placed.number] = ending
        if is_new and placed.status == "refused":
            raise OrderRefused(placed.reason)
        return placed.told()

    async def _arrive(self, request: OrderRequest) -> tuple[PaperOrder, Ending | None]:
        """Return the order as it is placed now, and how it ends: at once, on a past market perhaps later."""
        slippage = self._settings.slippage
        if self._past is not None:
            order = draft(request, self._clock.now())
            return order, self._on_past(self._past, order)
        if request.seen is not None:
            now = self._clock.now()
            seen = Ticker(request.symbol, request.seen, request.seen, request.seen, from_ms(now))
            order = draft(request, now)
            return order, fills.on_arrival(order, seen, now, slippage)
        ticker = await self._ticker(request.symbol)
        self._refuse_expired(request)  # asking for the price took time
        now = self._clock.now()
        order = draft(request, now)
        return order, fills.on_arrival(order, ticker, now, slippage)

    def _refuse_expired(self, request: OrderRequest) -> None:
        now = self._clock.now()
        if request.expires_at < now:
            raise RequestExpired(f"the request arrived {now - request.expires_at} ms after it expired")

    async def cancel_order(self, symbol: str, order_id: str) -> None:
        """Cancel an order that is open; one that has ended, or that there never was, is left alone."""
        del symbol
        order = (await self._sync()).get(_number(order_id))
        if order is not None:
            self._book.end([(replace(order, status="cancelled", ended_at=self._clock.now()), None)])

    async def find_order(self, symbol: str, client_order_id: str, since: int) -> ExchangeOrder | None:
        """Return the order with this client id, however old."""
        del since
        await self._sync()
        order = self._book.by_client_id(client_order_id)
        return None if order is None or order.symbol != symbol else order.told()

    async def order(self, symbol: str, order_id: str) -> ExchangeOrder | None:
        """Return the order with this id, open or ended."""
        await self._sync()
        order = self._book.by_number(_number(order_id))
        return None if order is None or order.symbol != symbol else order.told()

    async def open_orders(self) -> Sequence[ExchangeOrder]:
        """Return every open order, oldest first."""
        return [order.told() for order in (await self._sync()).values()]

    async def trades(self, since: int) -> Sequence[ExchangeTrade]:
        """Return executions at or after ``since`` (ms UTC), oldest first."""
        await self._sync()
        return self._book.trades(since)

    async def balances(self) -> Mapping[str, Decimal]:
        """Return what the account began with and its trades left, by asset."""
        await self._sync()
        held = dict(self._settings.balances)
        with exact():
            for asset, change in self._book.changes().items():
                held[asset] = held.get(asset, ZERO) + change
        return held

    async def close(self) -> None:
        """Do nothing: the storage is the node's."""

    def fees(self, symbol: str) -> Fees:
        """Return the fees that its settings put in the place of the market's."""
        del symbol
        return Fees(self._settings.fee, self._settings.fee, self._settings.fee_in)

    def assumptions(self) -> list[str]:
        """Return what the fills of a replay rest on."""
        return fills.assumptions(self._settings.slippage, self._settings.volume_share)

    def next_fill_at(self, after: int) -> int | None:
        """Return the first time later than ``after`` (ms UTC) at which an open order ends by itself on a past market.

        None when none will, and on a live market, whose future nobody knows.
        """
        if self._past is None:
            return None
        endings = self._foreseen(self._past, self._book.open_orders())
        return min((ending.at for _, ending in endings if ending.at > after), default=None)

    async def pass_orders(self, symbol: str, price: Decimal, client_order_ids: Collection[str]) -> None:
        """Fill now, at their prices, those of the given orders that ``price``, shown inside a candle, has passed.

        They would be filled by this candle's close.
        """
        now = self._clock.now()
        shown = None if self._touches is None else self._touches.shown(symbol, now)
        if self._past is None or shown is None:
            return
        await self._sync()
        passed = [
            (order, replace(ending, at=now))
            for order, ending in self._foreseen(self._past, self._book.open_orders())
            if order.symbol == symbol
            and order.client_order_id in client_order_ids
            and ending.at <= shown.closes_at
            and fills.passed(order, price)
        ]
        if passed:
            self._write([end(order, ending, await self._terms_of(symbol)) for order, ending in passed])

    # Fills ----------------------------------------------------------------------------------------------------------

    async def _sync(self) -> Mapping[int, PaperOrder]:
        """Write what has ended by now; return the orders still open."""
        resting = self._book.open_orders()
        if not resting:
            return resting
        endings = await self._observed(resting) if self._past is None else self._due(self._past, resting)
        ended = [end(order, ending, await self._terms_of(order.symbol)) for order, ending in endings]
        if not ended:
            return resting
        self._write(ended)
        return self._book.open_orders()

    def _write(self, ended: list[Ended]) -> None:
        self._book.end(ended)
        for order, _ in ended:
            self._endings.pop(order.number, None)
            self._unseen.pop(order.number, None)

    def _due(self, market: PastMarket, resting: Mapping[int, PaperOrder]) -> Endings:
        now = self._clock.now()
        due = [(order, ending) for order, ending in self._foreseen(market, resting) if ending.at <= now]
        return sorted(due, key=lambda item: (item[1].at, item[0].number))

    def _foreseen(self, market: PastMarket, resting: Mapping[int, PaperOrder]) -> Endings:
        for number, order in resting.items():
            if number not in self._endings:
                self._endings[number] = self._on_past(market, order)
            ending = self._endings[number]
            if ending is not None:
                yield order, ending

    def _on_past(self, market: PastMarket, order: PaperOrder) -> Ending | None:
        """Return how an order ends on past candles, or on those of them that were thick enough for it."""
        share, slippage = self._settings.volume_share, self._settings.slippage
        arrival = _arrival(self._touches, market, order)
        if share is None:
            return fills.on_past(market, order, slippage, arrival)
        thick = _thick(market, order, share)
        shown = None if self._touches is None else self._touches.shown(order.symbol, order.created_at)
        if shown is not None and not _is_first(market, thick, order.symbol, shown.opens_at):
            arrival = replace(arrival, shown=None)  # the candle in which it shows is too thin
        if order.type == "limit" and order.tif != "gtc" and not _is_first(market, thick, order.symbol, arrival.since):
            # What must be filled at once is not when its candle is too thin.
            opened = market.opening(order.symbol, arrival.since)
            return None if opened is None else Ending(max(opened[0], order.created_at), "expired", reason=_TOO_THIN)
        return fills.on_past(thick, order, slippage, arrival)

    async def _observed(self, resting: Mapping[int, PaperOrder]) -> Endings:
        now = self._clock.now()
        by_symbol: dict[str, list[PaperOrder]] = {}
        for order in resting.values():
            by_symbol.setdefault(order.symbol, []).append(order)
        tickers = await _tickers(self._market, by_symbol)
        found: list[tuple[PaperOrder, Ending]] = []
        for symbol, orders in by_symbol.items():
            candles = await self._new_candles(symbol, orders, now)
            for order in orders:
                ending = self._end_by(order, candles, tickers.get(symbol), now)
                if ending is not None:
                    found.append((order, ending))
        return found

    async def _new_candles(self, symbol: str, orders: Sequence[PaperOrder], now: int) -> Candles | None:
        """Return closed candles that not all of ``orders`` have been held against, or None if there are none."""
        since = min(self._unseen.setdefault(order.number, _next_minute(order.created_at)) for order in orders)
        if now < since + _MINUTE:
            return None
        try:
            candles = await self._market.candles(symbol, "1m", min((now - since) // _MINUTE + 1, _MOST_CANDLES))
        except DataUnavailable:
            return None
        return candles if len(candles) else None

    def _end_by(self, order: PaperOrder, candles: Candles | None, ticker: Ticker | None, now: int) -> Ending | None:
        slippage, ending = self._settings.slippage, None
        if candles is not None:
            since = self._unseen.get(order.number, _next_minute(order.created_at))
            ending = fills.on_candles(order, candles, since, now, slippage)
            if ending is None:
                self._unseen[order.number] = max(since, int(candles.time[-1]) + _MINUTE)
        if ending is None and ticker is not None:
            ending = fills.on_ticker(order, ticker, now, slippage)
        return ending

    # The market -----------------------------------------------------------------------------------------------------

    async def _ticker(self, symbol: str) -> Ticker:
        tickers = await _tickers(self._market, {symbol})
        if symbol not in tickers:
            raise NotSent(f"there is no price of {symbol} to fill at yet")
        return tickers[symbol]

    async def _terms_of(self, symbol: str) -> Terms:
        if symbol not in self._terms:
            try:
                rules = await self._market.rules([symbol])
            except DataUnavailable as error:
                raise NotSent(f"the rules of {symbol} are not known yet: {error}") from None
            if symbol not in rules:
                raise OrderRefused(f"the market does not list {symbol}")
            self._terms[symbol] = terms_of(rules[symbol], self._settings)
        return self._terms[symbol]


def _thick(market: PastMarket, order: PaperOrder, share: Decimal) -> PastMarket:
    if not isinstance(market, PastVolumes):
        raise NotSent("volume_share needs candles whose volume is known: leave it out, or use another market data")
    with exact():
        if order.amount is not None:
            return market.with_volume(base=order.amount / share)
        assert order.spend is not None
        return market.with_volume(quote=order.spend / share)


def _is_first(market: PastMarket, thick: PastMarket, symbol: str, since: int) -> bool:
    return market.opening(symbol, since) == thick.opening(symbol, since)


def _arrival(touches: PastTouches | None, market: PastMarket, order: PaperOrder) -> fills.Arrival:
    symbol, at = order.symbol, order.created_at
    if touches is None:
        return fills.Arrival(at)
    since, shown = touches.arrival(symbol, at), touches.shown(symbol, at)
    if shown is not None:
        return fills.Arrival(at, shown=shown.price)
    opened = market.opening(symbol, since)
    is_met = opened is not None and opened[0] <= at
    return fills.Arrival(since, known=None if is_met else touches.price(symbol, at))


def _next_minute(moment: int) -> int:
    # Rounded up: a candle that began before the order says nothing about it.
    return -(-moment // _MINUTE) * _MINUTE


async def _tickers(market: MarketData, symbols: Collection[str]) -> Mapping[str, Ticker]:
    try:
        return await market.tickers(symbols)
    except DataUnavailable:
        return {}


def _number(order_id: str) -> int:
    # An id that is not ours names no order, as on any exchange.
    digits = order_id.removeprefix("o")
    return int(digits) if digits.isascii() and digits.isdigit() else 0
