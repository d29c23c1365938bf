"""One account on one exchange, by our own thin layer: ccxt signs and reads, what leaves and what it means is ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from typing import Any

from octobot_node.clock import steady_ms
from octobot_node.contracts.exchanges import (
    AskedFor,
    ConnectorContext,
    ExchangeOrder,
    ExchangeTrade,
    Fees,
    KeyFinding,
    LookUp,
    OrderRequest,
    RequestBudget,
    RequestCost,
)
from octobot_node.contracts.streams import StreamState
from octobot_node.errors import NotSent, OrderRefused, RequestExpired, Unresolved
from octobot_plugins.ccxt.account_fees import AccountFees
from octobot_plugins.ccxt.exchanges.record import Asked, Meaning, NotOffered, Placing, Question, Raw
from octobot_plugins.ccxt.reading import amount_of, order_of, trade_of
from octobot_plugins.ccxt.remote import Missing, Remote, urgently
from octobot_plugins.ccxt.settings import CcxtTradingSettings
from octobot_plugins.ccxt.streams.order_news import OrderListener
from octobot_plugins.ccxt.verdicts import error_of

__all__ = ["CcxtTrading", "open_trading"]

_ZERO = Decimal(0)
#: No answer has more pages than this: one that goes on for ever is broken.
_PAGES = 200
#: A market without an order for so long is asked about no more.
_WARM_MS = 600_000
_ALL_MS = 60_000
#: A second that is too full for one answer is not split any more.
_SPLIT_MS = 2_000
_STIRRED_MS = 10_000
_QUIET_MS = 30_000
#: As ``octobot_node.ids`` makes them.
_OURS = re.compile(r"o[0-9a-f]+")
_MONTH = 30 * 86_400_000
#: Their clock may be ahead of ours.
_AHEAD_MS = 60_000


#: For what an order costs: what is in it changes nothing of that.
_ANY_ORDER = Placing(
    market="any",
    side="buy",
    type="limit",
    amount="1",
    spend=None,
    price="1",
    stop=None,
    tif="gtc",
    post_only=False,
    client_id="any",
    at=0,
    window=0,
    expires_at=0,
    known={"user": "", "account": ""},
)


@dataclass(slots=True)
class _Seen:
    """A market: from when (ms UTC) its executions are to be asked for, and until when it is asked about."""

    since: int
    until: int = 0


@dataclass(slots=True)
class _Begun:
    """The pages that were read, and where the next one begins."""

    rows: list[Raw] = field(default_factory=list)
    page: str = ""


def open_trading(settings: CcxtTradingSettings, account: str, context: ConnectorContext) -> CcxtTrading:
    """Open an account; the exchange is not asked for anything yet."""
    del account
    return CcxtTrading(settings, context)


class CcxtTrading:
    """One account; see ``Trading`` for what each method promises."""

    def __init__(self, settings: CcxtTradingSettings, context: ConnectorContext) -> None:
        self.remote = Remote(settings, context)
        self.settings = settings
        self._record = self.remote.record
        self._context = context
        self.capabilities = self._record.capabilities
        if settings.visibility_lag is not None:
            self.capabilities = replace(self.capabilities, visibility_lag_ms=int(settings.visibility_lag * 1000))
        #: Markets that orders were seen on, for exchanges that tell of one market at a time.
        self._seen: dict[str, _Seen] = {}
        #: When the open orders of all markets were asked for last (steady ms).
        self._all_at: int | None = None
        self._known = {"user": settings.api_key.get_secret_value()} if settings.exchange == "hyperliquid" else {}
        self._fees = AccountFees(self.remote, context.clock)
        lag = self.capabilities.visibility_lag_ms / 1_000
        self.news = OrderListener(self.remote, context.clock, lag) if settings.listens else None
        #: What was filled of each open order at the last look, and until when (steady ms) executions may come of what
        #: happened since; the last question about them, as (since, when).
        self._standing: dict[str, Decimal] = {}
        self._stirred_until = 0
        self._asked = (0, -_QUIET_MS)
        #: Executions of which not all pages could be asked for yet, by market and from when on.
        self._begun: dict[tuple[str | None, int], _Begun] = {}

    # Sending ----------------------------------------------------------------------------------------------------------

    async def create_order(self, request: OrderRequest) -> ExchangeOrder:
        """Send one order, once; if its client id is taken, return the order that has it."""
        _exchange, market = await self._ready_for(request.symbol)
        await self._know_before_orders()
        self._warm(request.symbol, self._context.clock.now())
        self._stir()
        now = self._context.clock.now()
        if now >= request.expires_at and not self.capabilities.request_expiry:
            raise NotSent("its time to be sent ran out")
        # Never later than the fence allows, however long this process stood still since: a late request is a dead one.
        at = min(now, request.expires_at - self._record.window)
        if self._record.place is None:
            from octobot_plugins.ccxt.unvouched import create

            return await create(self.remote, request)
        placing = self._placing(request, market, at)
        try:
            wire = self._record.place(placing)
        except NotOffered as error:
            raise OrderRefused(f"{self._record.title} {error}") from None
        verdict, body = await self.remote.write(
            wire, placing.at, until=None if self.capabilities.request_expiry else request.expires_at
        )
        if verdict.meaning is Meaning.DUPLICATE:
            return await self._already_there(request)
        if verdict.meaning is not None:
            raise error_of(self._record, verdict)
        order_id = self._record.placed(body)
        if not order_id:
            raise Unresolved(f"{self._record.title} took the order without telling its id")
        return _accepted(request, self._outward(order_id, market), now)

    def _placing(self, request: OrderRequest, market: Mapping[str, Any], at: int) -> Placing:
        ahead = self.remote.clock.ahead
        return Placing(
            market=self._record.market(market),
            side=request.side,
            type=request.type,
            amount=_text(request.amount),
            spend=_text(request.spend),
            price=_text(request.price),
            stop=_text(request.stop),
            tif=request.tif,
            post_only=request.post_only,
            client_id=self._record.client_id(request.client_order_id),
            at=at + ahead,
            window=self._record.window,
            expires_at=request.expires_at + ahead,
            known=self._known,
        )

    async def _already_there(self, request: OrderRequest) -> ExchangeOrder:
        try:
            found = await self.find_order(request.symbol, request.client_order_id, 0)
        except Exception as error:
            raise Unresolved(f"an order with its client id is there, which could not be looked at: {error}") from error
        if found is None:
            raise Unresolved("an order with its client id is there, and is not shown yet")
        return found

    async def cancel_order(self, symbol: str, order_id: str) -> None:
        """Ask to cancel, once; an order that has ended, or that is not there, is left alone."""
        _exchange, market = await self._ready_for(symbol)
        if self._record.cancel is None:
            from octobot_plugins.ccxt.unvouched import cancel

            await cancel(self.remote, symbol, order_id)
            return
        asked = Asked(market=self._record.market(market), order_id=self._inward(order_id, market), known=self._known)
        with urgently():
            verdict, _body = await self.remote.write(self._record.cancel(asked), None)
        if verdict.meaning in (None, Meaning.MISSING):
            return
        error = error_of(self._record, verdict)
        # A cancel may be repeated: what was thrown away for its time simply goes again.
        raise NotSent(str(error)) if isinstance(error, RequestExpired) else error

    # Asking -----------------------------------------------------------------------------------------------------------

    async def find_order(self, symbol: str, client_order_id: str, since: int) -> ExchangeOrder | None:
        """Find by client id; raise Unresolved where the exchange has no such look-up."""
        if not self._record.find:
            raise Unresolved(f"{self._record.title} finds no order by client id")
        name = self._record.client_id(client_order_id)
        begin = since + self.remote.clock.ahead if since else 0
        # Money is held until its outcome is known: it goes before what is only polled.
        with urgently():
            found = await self._first(self._record.find, symbol, client_id=name, since=begin)
        return None if found is None or found.client_order_id not in (None, client_order_id) else found

    @property
    def looks_up_many(self) -> bool:
        """Whether the exchange answers about many orders at once."""
        return bool(self._record.find_many)

    async def look_up(self, asked: Sequence[LookUp]) -> Mapping[LookUp, ExchangeOrder | None]:
        """Return what became of many orders, in few requests."""
        exchange = await self.remote.ready()
        named = [each for each in asked if each.order_id is not None]
        nameless = [each for each in asked if each.order_id is None]
        return {**await self._of_ids(exchange, named), **await self._of_client_ids(exchange, nameless)}

    async def _of_client_ids(self, exchange: Any, asked: Sequence[LookUp]) -> dict[LookUp, ExchangeOrder | None]:
        found: dict[LookUp, ExchangeOrder | None] = dict.fromkeys(asked)
        wanted = {each.client_order_id: each for each in asked}
        ahead = self.remote.clock.ahead
        begin = min((each.since for each in asked), default=0)
        about = Asked(since=begin + ahead if begin else 0, now=self._context.clock.now() + ahead, known=self._known)
        for question in self._record.find_many if asked else ():
            with urgently():
                rows = await self._rows(question, about)
            for order in self._orders_in(exchange, rows):
                each = wanted.get(order.client_order_id or "")
                # A client id may be an old order's, too: the first that is told is the newest.
                if each is not None and order.symbol == each.symbol and found[each] is None:
                    found[each] = order
            if all(found.values()):
                break
        return self._learnt(found)

    async def _of_ids(self, exchange: Any, asked: Sequence[LookUp]) -> dict[LookUp, ExchangeOrder | None]:
        question, most = self._record.order_many, self._record.order_many_most
        found: dict[LookUp, ExchangeOrder | None] = dict.fromkeys(asked)
        wanted = {each.order_id: each for each in asked}
        assert question is not None or not asked
        for start in range(0, len(asked), most or 1):
            assert question is not None
            ids = ",".join(str(each.order_id) for each in asked[start : start + most])
            rows = await self._rows(question, Asked(order_id=ids, known=self._known))
            found |= {wanted[each.id]: each for each in self._orders_in(exchange, rows) if each.id in wanted}
        return self._learnt(found)

    def _orders_in(self, exchange: Any, rows: Sequence[Raw]) -> list[ExchangeOrder]:
        raw = [self._read(partial(exchange.parse_order, row, None)) for row in rows]
        return [self._order(each) for each in raw if each["symbol"] in exchange.markets]

    def _learnt(self, found: dict[LookUp, ExchangeOrder | None]) -> dict[LookUp, ExchangeOrder | None]:
        for order in found.values():
            if order is not None:
                self._stir()
                self._learn(order)
        return found

    async def order(self, symbol: str, order_id: str) -> ExchangeOrder | None:
        """Return the order with the exchange's own id."""
        if self._record.order:
            _exchange, market = await self._ready_for(symbol)
            return await self._first(self._record.order, symbol, order_id=self._inward(order_id, market))
        exchange, _market = await self._ready_for(symbol)
        try:
            found = await self.remote.read(exchange.fetch_order, order_id, symbol)
        except Missing:
            return None
        self._stir()
        return self._learn(self._order(found))

    async def _first(self, questions: Sequence[Question], symbol: str, **asked: Any) -> ExchangeOrder | None:
        """Return the order that the first of several questions knows."""
        exchange, market = await self._ready_for(symbol)
        ahead = self.remote.clock.ahead
        about = Asked(
            market=self._record.market(market), now=self._context.clock.now() + ahead, known=self._known, **asked
        )
        for question in questions:
            for row in await self._rows(question, about):
                raw = self._read(partial(exchange.parse_order, row, market))
                named = about.client_id == "" or raw.get("clientOrderId") in (None, about.client_id)
                order = self._order(raw)
                if named and about.order_id in ("", raw.get("id")):
                    self._stir()
                    return self._learn(order)
        return None

    async def _rows(self, question: Question, asked: Asked, begun: _Begun | None = None) -> list[Raw]:
        """Return the rows of all pages of an answer; none where the exchange says that there is no such order.

        Where that is broken off ``begun`` has what was read, and is gone on from: else where much happened while little
        may be asked the last page would never be reached.
        """
        begun = _Begun() if begun is None else begun
        for _ in range(_PAGES):
            asked = replace(asked, page=begun.page)
            try:
                body = await self.remote.ask(question.wire(asked))
            except Missing:
                return begun.rows
            rows = self._read(partial(question.rows, body))
            begun.rows.extend(rows)
            begun.page = question.next_page(rows, asked) if rows else ""
            if not begun.page:
                return begun.rows
        raise Unresolved(f"{self._record.title} tells more than {_PAGES} pages")

    async def open_orders(self) -> Sequence[ExchangeOrder]:
        """Return the open orders.

        Where those of all markets cost much, those of the few that orders were seen on are asked for, and all of them
        once a minute.
        """
        exchange = await self.remote.ready()
        await self._know_before_orders()
        await self._fees.refresh(exchange.markets)
        found: list[ExchangeOrder] = []
        for symbol in self._to_ask_for_open():
            rows = await self._open_of(exchange, symbol)
            found += [self._order(row) for row in rows if row["symbol"] in exchange.markets]
        for order in found:
            if self._is_ours(order):
                self._learn(order)
        standing = {order.id: order.filled for order in found}
        if self.news is not None:
            self.news.asked(changed=standing != self._standing)
        if standing != self._standing:
            self._standing = standing
            self._stir()
        return [order for order in found if order.status == "open"]

    def _is_ours(self, order: ExchangeOrder) -> bool:
        # By its looks: strangers' markets would be asked about for nothing. One that is ours and looks otherwise is
        # known from when it is made, found or asked for.
        name = order.client_order_id or ""
        return len(name) == self.capabilities.client_id_length and _OURS.fullmatch(name) is not None

    def _to_ask_for_open(self) -> Sequence[str | None]:
        now, steady = self._context.clock.now(), steady_ms(self._context.clock)
        warm = [symbol for symbol, seen in self._seen.items() if seen.until > now]
        if self._record.open_by_market:
            return warm
        if self._all_at is None or steady - self._all_at >= _ALL_MS or not 0 < len(warm) < self._record.open_costs:
            self._all_at = steady
            return [None]
        return warm

    async def _open_of(self, exchange: Any, symbol: str | None) -> Sequence[Mapping[str, Any]]:
        question = self._record.open_orders
        if question is None:
            rows: Sequence[Mapping[str, Any]] = await self.remote.read(exchange.fetch_open_orders, symbol)
            return rows
        about = Asked(
            market=None if symbol is None else self._record.market(self.remote.market(symbol)), known=self._known
        )
        return [self._read(partial(exchange.parse_order, row, None)) for row in await self._rows(question, about)]

    async def trades(self, since: int) -> Sequence[ExchangeTrade]:
        """Return the account's executions at or after ``since``, oldest first.

        Where the exchange tells of one market at a time: of those that had an order within ten minutes, from the first
        order on that was seen there. While nothing happens to any order it is asked twice a minute only.
        """
        exchange = await self.remote.ready()
        now, steady = self._context.clock.now(), steady_ms(self._context.clock)
        if self._is_quiet(since, steady):
            return []
        found: dict[tuple[str, str], ExchangeTrade] = {}
        for symbol, begin in self._to_ask_for_trades(since, now):
            for trade in await self._trades_of(exchange, symbol, begin):
                if trade.at >= begin:
                    found[trade.symbol, trade.id] = trade
            if symbol is not None:
                # From now on the engine's own cursor is enough.
                self._seen[symbol].since = now
        self._asked = since, steady
        return sorted(found.values(), key=lambda trade: (trade.at, trade.id))

    def _is_quiet(self, since: int, steady: int) -> bool:
        asked_since, asked_at = self._asked
        return steady > self._stirred_until and since >= asked_since and steady - asked_at < _QUIET_MS

    def _stir(self) -> None:
        # Executions may be shown later than what they did to their order.
        lag = self.capabilities.visibility_lag_ms
        self._stirred_until = steady_ms(self._context.clock) + lag + _STIRRED_MS

    def _to_ask_for_trades(self, since: int, now: int) -> Sequence[tuple[str | None, int]]:
        if not self._record.trades_by_market:
            return [(None, since)]
        # Of the future there is nothing, and of what was learnt just now all of it.
        return [
            (symbol, min(since, seen.since) if since <= now else since)
            for symbol, seen in self._seen.items()
            if seen.until > now
        ]

    async def _trades_of(self, exchange: Any, symbol: str | None, since: int) -> list[ExchangeTrade]:
        question = self._record.trades
        market = None if symbol is None else self.remote.market(symbol)
        # By its clock from here on.
        ahead, market_id = self.remote.clock.ahead, None if market is None else self._record.market(market)
        now = self._context.clock.now() + ahead
        raw: list[Any] = []
        for begin, until in _spans(since + ahead if since else 0, now, self._record.trades_span):
            if question is None:
                raw += await self.remote.read(exchange.fetch_my_trades, symbol, begin)
                continue
            about = Asked(market=market_id, since=begin, until=until, now=now, known=self._known)
            for row in await self._executions(question, about):
                raw.append(self._read(partial(exchange.parse_trade, row, market)))
        spot = [each for each in raw if each["symbol"] in exchange.markets]
        return [self._trade(each, exchange.markets[each["symbol"]]) for each in spot]

    async def _executions(self, question: Question, about: Asked) -> list[Raw]:
        if self._record.trades_page or self._record.trades_span:
            return await self._rows_in_time(question, about)
        key = about.market, about.since
        # What was begun from another moment on is not gone on with.
        self._begun = {each: begun for each, begun in self._begun.items() if each == key or each[0] != about.market}
        begun = self._begun.setdefault(key, _Begun())
        rows = await self._rows(question, about, begun)
        del self._begun[key]
        return rows

    async def _rows_in_time(self, question: Question, asked: Asked) -> list[Raw]:
        """Return the rows of a piece of time, in halves where one answer is full and has no next page."""
        rows = await self._rows(question, asked)
        full, length = self._record.trades_page, asked.until - asked.since
        if not full or len(rows) < full or length < _SPLIT_MS:
            return rows
        middle = asked.since + length // 2
        # What is on the edge is told twice, and counted once.
        halves = replace(asked, until=middle), replace(asked, since=middle)
        return [row for half in halves for row in await self._rows_in_time(question, half)]

    async def balances(self) -> Mapping[str, Decimal]:
        """Return asset -> total."""
        exchange = await self.remote.ready()
        # Rarely, and mostly because a person looks.
        with urgently():
            told = await self.remote.read(exchange.fetch_balance)
        await self._fees.refresh(exchange.markets)
        totals = {asset: amount_of(total) for asset, total in (told.get("total") or {}).items()}
        return {asset: total for asset, total in totals.items() if total}

    async def check_keys(self) -> Sequence[KeyFinding]:
        """Return what the key may, and how far the clocks are apart."""
        from octobot_plugins.ccxt.keys import check_keys

        return await check_keys(self.remote, self.settings)

    def fees(self, symbol: str) -> Fees:
        """Return what the account pays, as far as the exchange said so."""
        return self._fees.of(symbol)

    async def request_cost(self, what: AskedFor, symbols: int = 1) -> RequestCost | None:
        """Return what an order, or a look at the account's orders, takes of the limit.

        While nothing happens to any order executions are not asked for each time.
        """
        del symbols
        await self.remote.made()
        if what == "orders":
            # A cancel costs what an order does, or less.
            return self.remote.cost_of(1, self._place_weight())
        if what != "polling":
            return None
        question = self._record.open_orders
        asked = Asked(market=None if self._record.open_costs == 1 else "any", known=self._known)
        return self.remote.cost_of(1, 1.0 if question is None else self.remote.weight_of(question.wire(asked)))

    def _place_weight(self) -> float:
        if self._record.place is None:
            return 1.0
        return self.remote.weight_of(self._record.place(_ANY_ORDER))

    def request_budgets(self) -> Sequence[RequestBudget]:
        """Return the budgets that the exchange states with its answers."""
        return self._record.budgets(self.remote.headers)

    async def hear_orders(self, heard: Callable[[], None]) -> None:
        """Listen to what the exchange says of the account's orders, where it is listened to."""
        if self.news is not None:
            await self.news.hear(self._heard_by(heard))

    def _heard_by(self, heard: Callable[[], None]) -> Callable[[], None]:
        def told() -> None:
            # Executions are asked for, too, at the next look.
            self._stir()
            heard()

        return told

    def streams(self) -> Sequence[StreamState]:
        """Return the stream of orders, if it is in use."""
        return () if self.news is None else self.news.states()

    async def close(self) -> None:
        """Let go of connections."""
        if self.news is not None:
            await self.news.close()
        await self.remote.close()

    # Parts ------------------------------------------------------------------------------------------------------------

    async def _ready_for(self, symbol: str) -> tuple[Any, Any]:
        exchange = await self.remote.ready()
        return exchange, self.remote.market(symbol)

    async def _know_before_orders(self) -> None:
        """Ask what an exchange wants in each order: before the first one, never while one is being sent."""
        for name, (wire, value) in self._record.before_orders.items():
            if name not in self._known:
                found = value(await self.remote.ask(wire))
                if not found:
                    raise NotSent(f"{self._record.title} does not tell the account's {name}, which every order needs")
                self._known[name] = found

    def _learn(self, order: ExchangeOrder) -> ExchangeOrder:
        # An order of before this connector was opened: its executions are asked for from its beginning, once.
        self._warm(order.symbol, order.created_at)
        return order

    def _warm(self, symbol: str, created_at: int) -> None:
        now = self._context.clock.now()
        seen = self._seen.get(symbol)
        if seen is None or seen.until <= now:
            seen = self._seen[symbol] = _Seen(since=max(created_at - 1_000, 0))
        seen.until = now + _WARM_MS

    def _order(self, order: Mapping[str, Any]) -> ExchangeOrder:
        found: ExchangeOrder = self._read(partial(order_of, self._record, order, self.remote.clock.ahead))
        return replace(found, id=self._outward(found.id, self.remote.market(found.symbol)))

    def _outward(self, order_id: str, market: Mapping[str, Any]) -> str:
        """Return an order's id as the engine knows it: no other order of the account has it."""
        return f"{self._record.market(market)}-{order_id}" if self._record.ids_by_market else order_id

    def _inward(self, order_id: str, market: Mapping[str, Any]) -> str:
        """Return an order's id as the exchange knows it."""
        return order_id.removeprefix(f"{self._record.market(market)}-") if self._record.ids_by_market else order_id

    def _trade(self, trade: Mapping[str, Any], market: Mapping[str, Any]) -> ExchangeTrade:
        found: ExchangeTrade = self._read(partial(trade_of, self._record, trade, market, self.remote.clock.ahead))
        return replace(found, order_id=self._outward(found.order_id, market))

    def _read(self, read: Callable[[], Any]) -> Any:
        try:
            return read()
        except Exception as error:
            raise Unresolved(f"the answer of {self._record.title} makes no sense: {error!r}") from error


def _spans(since: int, now: int, span: int) -> Sequence[tuple[int, int]]:
    """Return the pieces of time to ask about, oldest first: a month of them at most where they are short."""
    end = now + _AHEAD_MS
    if not span:
        return [(since, end)]
    begin = max(since, end - max(span, _MONTH))
    return [(each, min(each + span, end)) for each in range(begin, max(end, begin + 1), span)]


def _accepted(request: OrderRequest, order_id: str, now: int) -> ExchangeOrder:
    # How far it went is asked for: not every exchange tells it here, and the poller needs the executions anyway.
    return ExchangeOrder(
        id=order_id,
        client_order_id=request.client_order_id,
        symbol=request.symbol,
        side=request.side,
        status="open",
        amount=request.amount,
        price=request.price,
        filled=_ZERO,
        created_at=now,
    )


def _text(number: Decimal | None) -> str | None:
    return None if number is None else format(number.normalize(), "f")
