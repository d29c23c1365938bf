"""One account on one exchange, by our own thin layer: ccxt signs and reads, what leaves and what it means is ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

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
from octobot_plugins.ccxt.account.answers import Answers
from octobot_plugins.ccxt.account.attention import Attention
from octobot_plugins.ccxt.account.executions import Executions
from octobot_plugins.ccxt.account.lookups import OrderLookUps
from octobot_plugins.ccxt.account_fees import AccountFees
from octobot_plugins.ccxt.exchanges.record import Meaning, NotOffered, Placing
from octobot_plugins.ccxt.reading import amount_of
from octobot_plugins.ccxt.remote import Remote, urgently
from octobot_plugins.ccxt.settings import CcxtTradingSettings
from octobot_plugins.ccxt.streams.order_news import OrderListener
from octobot_plugins.ccxt.verdicts import error_of

__all__ = ["CcxtTrading", "open_trading"]

_ZERO = Decimal(0)
#: As ``octobot_node.ids`` makes them.
_OURS = re.compile(r"o[0-9a-f]+")
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
        self._known: dict[str, str] = (
            {"user": settings.api_key.get_secret_value()} if settings.exchange == "hyperliquid" else {}
        )
        self._fees = AccountFees(self.remote, context.clock)
        lag = self.capabilities.visibility_lag_ms / 1_000
        self.news = OrderListener(self.remote, context.clock, lag) if settings.listens else None
        #: What was filled of each open order at the last look.
        self._standing: dict[str, Decimal] = {}
        self.attention = Attention(context.clock, self._record, self.capabilities.visibility_lag_ms)
        self._answers = Answers(self.remote, context.clock, self._known)
        self._look_ups = OrderLookUps(self.remote, self._answers, self.attention)
        self._executions = Executions(self.remote, context.clock, self._answers, self.attention)

    # Sending ----------------------------------------------------------------------------------------------------------

    async def create_order(self, request: OrderRequest) -> ExchangeOrder:
        """Send one order, once; if its client id is taken, return the order that has it."""
        _exchange, market = await self.remote.ready_for(request.symbol)
        await self._know_before_orders()
        self.attention.warm(request.symbol, self._context.clock.now())
        self.attention.stir()
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
        return _accepted(request, self._answers.outward(order_id, market), now)

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
        _exchange, market = await self.remote.ready_for(symbol)
        if self._record.cancel is None:
            from octobot_plugins.ccxt.unvouched import cancel

            await cancel(self.remote, symbol, order_id)
            return
        asked = self._answers.about(market=self._record.market(market), order_id=self._answers.inward(order_id, market))
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
        return await self._look_ups.by_client_id(symbol, client_order_id, since)

    @property
    def looks_up_many(self) -> bool:
        """Whether the exchange answers about many orders at once."""
        return bool(self._record.find_many)

    async def look_up(self, asked: Sequence[LookUp]) -> Mapping[LookUp, ExchangeOrder | None]:
        """Return what became of many orders, in few requests."""
        return await self._look_ups.many(asked)

    async def order(self, symbol: str, order_id: str) -> ExchangeOrder | None:
        """Return the order with the exchange's own id."""
        return await self._look_ups.by_id(symbol, order_id)

    async def open_orders(self) -> Sequence[ExchangeOrder]:
        """Return the open orders.

        Where those of all markets cost much, those of the few that orders were seen on are asked for, and all of them
        once a minute.
        """
        exchange = await self.remote.ready()
        await self._know_before_orders()
        await self._fees.refresh(exchange.markets)
        found: list[ExchangeOrder] = []
        for symbol in self.attention.for_open_orders():
            rows = await self._open_of(exchange, symbol)
            # Whatever a stranger's is called that is told among the open ones, it does not hide all others.
            known = (row for row in rows if row["symbol"] in exchange.markets)
            found += [self._answers.order(row, otherwise="open") for row in known]
        for order in found:
            if self._is_ours(order):
                self.attention.learn(order)
        standing = {order.id: order.filled for order in found}
        if self.news is not None:
            self.news.asked(changed=standing != self._standing)
        if standing != self._standing:
            self._standing = standing
            self.attention.stir()
        return [order for order in found if order.status == "open"]

    def _is_ours(self, order: ExchangeOrder) -> bool:
        # By its looks: strangers' markets would be asked about for nothing. One that is ours and looks otherwise is
        # known from when it is made, found or asked for.
        name = order.client_order_id or ""
        return len(name) == self.capabilities.client_id_length and _OURS.fullmatch(name) is not None

    async def _open_of(self, exchange: Any, symbol: str | None) -> Sequence[Mapping[str, Any]]:
        question = self._record.open_orders
        if question is None:
            rows: Sequence[Mapping[str, Any]] = await self.remote.read(exchange.fetch_open_orders, symbol)
            return rows
        about = self._answers.about(market=None if symbol is None else self._record.market(self.remote.market(symbol)))
        rows = await self._answers.rows(question, about)
        return [self._answers.read(partial(exchange.parse_order, row, None)) for row in rows]

    async def trades(self, since: int) -> Sequence[ExchangeTrade]:
        """Return the account's executions at or after ``since``, oldest first.

        Where the exchange tells of one market at a time: of those that had an order within ten minutes, from the first
        order on that was seen there. While nothing happens to any order it is asked twice a minute only.
        """
        return await self._executions.since(since)

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
        asked = self._answers.about(market=None if self._record.open_costs == 1 else "any")
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
            self.attention.stir()
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

    async def _know_before_orders(self) -> None:
        """Ask what an exchange wants in each order: before the first one, never while one is being sent."""
        for name, (wire, value) in self._record.before_orders.items():
            if name not in self._known:
                found = value(await self.remote.ask(wire))
                if not found:
                    raise NotSent(f"{self._record.title} does not tell the account's {name}, which every order needs")
                self._known[name] = found


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
