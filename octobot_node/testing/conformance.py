"""Hold a connector against what the engine relies on: ``check_market_data`` and ``check_trading``."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeVar

import numpy as np

from octobot_node.contracts.exchanges import (
    Capabilities,
    ConnectorContext,
    ExchangeOrder,
    MarketData,
    MarketDataFactory,
    OrderRequest,
    SymbolList,
    Trading,
    TradingFactory,
)
from octobot_node.errors import DataUnavailable, ExchangeError, OrderRefused, RequestExpired
from octobot_node.ids import new_id
from octobot_node.market import Candles, MarketRules, Ticker, from_ms, timeframe_ms
from octobot_node.testing.candles import money
from octobot_node.testing.markets import Price

__all__ = ["check_market_data", "check_trading"]

T = TypeVar("T")
#: A pair that no market lists.
_NOWHERE = "NOSUCHBASE/NOSUCHQUOTE"
_AHEAD = timedelta(seconds=60)
_COLUMNS = ("open", "high", "low", "close", "volume")
#: An answer that does not come by then does not come.
_PATIENCE_S = 30.0


class _Findings:
    """What was found wrong, each in a sentence with what the engine would make of it."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._found: list[str] = []

    def expect(self, right: bool, sentence: str) -> bool:
        """Note the sentence where something is not right; return whether it is."""
        if not right:
            self._found.append(sentence)
        return right

    async def answer(self, call: str, asked: Awaitable[T]) -> T | None:
        """Return what a call answers; note an error that it raises."""
        try:
            return await asyncio.wait_for(asked, _PATIENCE_S)
        except Exception as error:  # noqa: BLE001 - whatever a connector raises is what is wrong with it
            self._found.append(f"{call} raised {type(error).__name__}: {error}")
            return None

    async def raises(self, call: str, wanted: type[Exception], asked: Awaitable[Any], why: str) -> None:
        """Note where a call raises something else than ``wanted``, or nothing."""
        try:
            found = await asyncio.wait_for(asked, _PATIENCE_S)
        except wanted:
            return
        except Exception as error:  # noqa: BLE001 - as above
            self._found.append(f"{call} raised {type(error).__name__} instead of {wanted.__name__}: {why}")
        else:
            self._found.append(f"{call} returned {found!r:.80} instead of raising {wanted.__name__}: {why}")

    def tell(self) -> None:
        """Raise AssertionError with everything that was found, if anything was."""
        if self._found:
            raise AssertionError("\n".join([f"{self._what}:", *(f"- {each}" for each in self._found)]))


# Market data ----------------------------------------------------------------------------------------------------------


def check_market_data(
    factory: MarketDataFactory,
    context: ConnectorContext,
    *symbols: str,
    settings: Mapping[str, Any] | None = None,
    timeframe: str = "1m",
    unlisted: str | None = _NOWHERE,
) -> None:
    """Ask market data for ``symbols``, which it must list, and hold every answer against ``MarketData``.

    Tickers, rules and candles have to be complete, exact and of the right types; candles closed, in order and on their
    timeframe's boundaries; what is not listed (``unlisted``; None for a market that makes up whatever it is asked for)
    is left out or raises DataUnavailable. Raises AssertionError with all
    that is wrong. It asks a real market where the factory opens one.
    """
    findings = _Findings(f"market data {factory.name!r}")

    async def check() -> None:
        source: MarketData = factory.open(factory.Settings.model_validate(dict(settings or {})), context)
        try:
            await _check_tickers(findings, source, symbols, unlisted, context.clock.now())
            await _check_rules(findings, source, symbols, unlisted)
            for symbol in symbols:
                await _check_candles(findings, source, symbol, timeframe, context.clock.now())
            if unlisted is not None:
                why = "whoever needs them waits; anything else is taken for a broken connector"
                asked = source.candles(unlisted, timeframe, 5)
                await findings.raises(f"candles({unlisted!r}, …)", DataUnavailable, asked, why)
            await _check_listing(findings, source, symbols)
        finally:
            await findings.answer("close()", source.close())

    asyncio.run(check())
    findings.tell()


async def _check_tickers(
    findings: _Findings, source: MarketData, symbols: Sequence[str], unlisted: str | None, now: int
) -> None:
    found = await findings.answer("tickers()", source.tickers([*symbols, *_also(unlisted)]))
    if found is None:
        return
    findings.expect(
        unlisted not in found, f"tickers() has {unlisted}, which no market lists: leave out what is not known"
    )
    for symbol in symbols:
        ticker = found.get(symbol)
        if findings.expect(isinstance(ticker, Ticker), f"tickers() has no Ticker of {symbol}: its automations wait"):
            assert ticker is not None
            _check_ticker(findings, symbol, ticker, now)
    none = await findings.answer("tickers([])", source.tickers([]))
    findings.expect(none is None or len(none) == 0, "tickers([]) has tickers: return those that are asked for")


def _also(unlisted: str | None) -> tuple[str, ...]:
    return () if unlisted is None else (unlisted,)


def _check_ticker(findings: _Findings, symbol: str, ticker: Any, now: int) -> None:
    findings.expect(ticker.symbol == symbol, f"the ticker of {symbol} says that it is of {ticker.symbol!r}")
    prices = (ticker.last, ticker.bid, ticker.ask)
    exact = all(isinstance(price, Decimal) and price.is_finite() and price > 0 for price in prices)
    if findings.expect(exact, f"the ticker of {symbol} has prices that are no positive Decimals: {prices}"):
        findings.expect(ticker.bid <= ticker.ask, f"the ticker of {symbol} has a bid ({ticker.bid}) above its ask")
    aware = getattr(ticker.at, "tzinfo", None) is not None
    if findings.expect(aware, f"the ticker of {symbol} has a time without a zone: use from_ms()"):
        findings.expect(ticker.at <= from_ms(now) + _AHEAD, f"the ticker of {symbol} is of the future: {ticker.at}")


async def _check_rules(findings: _Findings, source: MarketData, symbols: Sequence[str], unlisted: str | None) -> None:
    found = await findings.answer("rules()", source.rules([*symbols, *_also(unlisted)]))
    if found is None:
        return
    findings.expect(unlisted not in found, f"rules() has {unlisted}: leave out what is not listed, or it is traded")
    for symbol in symbols:
        rules: Any = found.get(symbol)
        if not findings.expect(isinstance(rules, MarketRules), f"rules() has no MarketRules of {symbol}"):
            continue
        findings.expect(
            rules.symbol == symbol and f"{rules.base}/{rules.quote}" == symbol,
            f"the rules of {symbol} are of {rules.symbol!r}, {rules.base!r} and {rules.quote!r}: the ledger books so",
        )
        steps = (rules.price_step, rules.amount_step)
        findings.expect(all(_is_positive(step) for step in steps), f"the rules of {symbol} have steps {steps}")
        least = (rules.min_amount, rules.min_notional)
        findings.expect(
            all(isinstance(each, Decimal) and each.is_finite() and each >= 0 for each in least),
            f"the rules of {symbol} have minima {least}",
        )
        fees = (rules.taker_fee, rules.maker_fee)
        findings.expect(
            all(isinstance(fee, Decimal) and Decimal("-0.05") < fee < Decimal("0.2") for fee in fees),
            f"the rules of {symbol} have fees {fees}: they are ratios, 0.001 is 0.1 %",
        )


async def _check_candles(findings: _Findings, source: MarketData, symbol: str, timeframe: str, now: int) -> None:
    step, call = timeframe_ms(timeframe), f"candles({symbol!r}, {timeframe!r}, 5)"
    found = await findings.answer(call, source.candles(symbol, timeframe, 5))
    if found is not None and findings.expect(isinstance(found, Candles), f"{call} returned {type(found).__name__}"):
        _check_series(findings, call, found, step, now)
        one = await findings.answer(f"{call[:-2]}1)", source.candles(symbol, timeframe, 1))
        if one is not None and len(one) and len(found):
            newest = int(one.time[-1]) >= int(found.time[-1])
            findings.expect(len(one) == 1 and newest, f"of one candle asked for, {len(one)} came, or not the newest")


def _check_series(findings: _Findings, call: str, found: Candles, step: int, now: int) -> None:
    columns = {name: np.asarray(getattr(found, name)) for name in _COLUMNS}
    lengths = {len(found.time), *map(len, columns.values())}
    if not findings.expect(len(lengths) == 1 and 0 < len(found) <= 5, f"{call} has columns of lengths {lengths}"):
        return
    time = np.asarray(found.time)
    findings.expect(time.dtype == np.int64, f"{call} has times of {time.dtype}: they are int64 milliseconds UTC")
    findings.expect(
        all(column.dtype == np.float64 for column in columns.values()), f"{call} has prices that are not float64"
    )
    findings.expect(bool((np.diff(time) > 0).all()), f"{call} is not in order: the oldest comes first, each once")
    findings.expect(bool((time % step == 0).all()), f"{call} has times that are no multiples of its timeframe")
    findings.expect(
        int(time[-1]) + step <= now, f"{call} has a candle that is not closed: its figures would change under decisions"
    )
    high, low = columns["high"], columns["low"]
    inside = all(((low <= columns[name]) & (columns[name] <= high)).all() for name in ("open", "close"))
    findings.expect(bool(inside), f"{call} has an open or close outside low and high")
    finite = all(np.isfinite(column).all() for column in columns.values())
    findings.expect(bool(finite) and bool((low > 0).all()), f"{call} has prices that are not positive numbers")
    findings.expect(bool((columns["volume"] >= 0).all()), f"{call} has a negative volume: it is in base")


async def _check_listing(findings: _Findings, source: MarketData, symbols: Sequence[str]) -> None:
    if isinstance(source, SymbolList):
        listed = await findings.answer("symbols()", source.symbols())
        missing = [] if listed is None or not source.lists_all else [each for each in symbols if each not in listed]
        findings.expect(not missing, f"symbols() lacks {', '.join(missing)}, though lists_all says that it lists all")


# Trading --------------------------------------------------------------------------------------------------------------


def check_trading(
    factory: TradingFactory,
    context: ConnectorContext,
    symbol: str,
    *,
    price: Price,
    amount: Price,
    settings: Mapping[str, Any] | None = None,
    account: str = "conformance",
) -> None:
    """Place, find, repeat and cancel a limit buy, and hold every answer against ``Trading`` and its capabilities.

    ``price`` has to be so far below the market that the order rests, and the account must be able to pay for it.
    Against a real exchange it is placed there for some seconds: use its test network. Each promise that
    ``capabilities`` makes is tried: dedupe, look-ups, request expiry. Raises AssertionError with all that is wrong.
    """
    findings = _Findings(f"trading connector {factory.name!r}")

    async def check() -> None:
        trading: Trading = factory.open(factory.Settings.model_validate(dict(settings or {})), account, context)
        try:
            if findings.expect(
                isinstance(trading.capabilities, Capabilities),
                "capabilities is no Capabilities: the engine decides by it",
            ):
                checked = _Checked(findings, trading, context, symbol, money(price, "price"), money(amount, "amount"))
                await checked.all()
        finally:
            await findings.answer("close()", trading.close())

    asyncio.run(check())
    findings.tell()


class _Checked:
    """One order's life, and what is asked about it."""

    def __init__(
        self,
        findings: _Findings,
        trading: Trading,
        context: ConnectorContext,
        symbol: str,
        price: Decimal,
        amount: Decimal,
    ) -> None:
        self._findings = findings
        self._trading = trading
        self._clock = context.clock
        self._symbol = symbol
        self._price = price
        self._amount = amount
        self._promised = trading.capabilities
        self._began = context.clock.now()

    async def all(self) -> None:
        """Ask everything; whatever is open in the end is cancelled."""
        findings, trading = self._findings, self._trading
        length = self._promised.client_id_length
        findings.expect(
            8 <= length <= 64, f"client_id_length is {length}: an id of so many characters tells nothing apart"
        )
        await self._check_nothing()
        request = self._request()
        placed = await findings.answer("create_order()", trading.create_order(request))
        if placed is None:
            return
        try:
            self._check_order("create_order()", placed, request, ("open",))
            await self._settle()
            await self._check_found(request, placed, "open")
            await self._check_again(request, placed)
        finally:
            await findings.answer("cancel_order()", trading.cancel_order(self._symbol, placed.id))
        await self._settle()
        await findings.answer("cancel_order() of what is cancelled", trading.cancel_order(self._symbol, placed.id))
        await self._check_cancelled(request, placed)
        await self._check_expired()

    def _request(self, *, expires_in: int = 10_000) -> OrderRequest:
        id_ = new_id().replace("-", "")
        return OrderRequest(
            intent_id=id_,
            client_order_id=id_[-self._promised.client_id_length :],
            symbol=self._symbol,
            side="buy",
            type="limit",
            amount=self._amount,
            spend=None,
            price=self._price,
            stop=None,
            tif="gtc",
            post_only=False,
            expires_at=self._clock.now() + expires_in,
        )

    async def _settle(self) -> None:
        # What the exchange says of itself: only then must an order be seen.
        if not self._clock.virtual:
            await asyncio.sleep(self._promised.visibility_lag_ms / 1000)

    async def _check_nothing(self) -> None:
        """Ask about what is not there: the engine reads None as "it never arrived", and an error as "not known"."""
        findings, trading = self._findings, self._trading
        if self._promised.lookup.reach != "none":
            found = await findings.answer(
                "find_order() of nothing", trading.find_order(self._symbol, "nosuchorder0", self._began - 1_000)
            )
            findings.expect(found is None, "find_order() found an order with an id that was never sent")
        unknown = await findings.answer("order() of nothing", trading.order(self._symbol, "0"))
        findings.expect(unknown is None, "order() returned an order that there is not: return None")
        later = await findings.answer("trades() of the future", trading.trades(self._clock.now() + 86_400_000))
        findings.expect(not later, "trades() has executions of before `since`")
        balances: Any = await findings.answer("balances()", trading.balances())
        exact = all(isinstance(each, Decimal) and each.is_finite() for each in (balances or {}).values())
        findings.expect(exact, "balances() has amounts that are no Decimals")
        trades = await findings.answer("trades()", trading.trades(0)) or ()
        times = [trade.at for trade in trades]
        findings.expect(times == sorted(times), "trades() is not in order: the oldest comes first")
        findings.expect(len({(trade.symbol, trade.id) for trade in trades}) == len(trades), "trades() has one id twice")

    def _check_order(self, call: str, order: Any, request: OrderRequest, statuses: Sequence[str]) -> None:
        expect = self._findings.expect
        if not expect(
            isinstance(order, ExchangeOrder), f"{call} returned {type(order).__name__}, not an ExchangeOrder"
        ):
            return
        expect(bool(order.id) and isinstance(order.id, str), f"{call} has no id of the exchange: {order.id!r}")
        expect(
            order.client_order_id in (None, request.client_order_id),
            f"{call} has another client id ({order.client_order_id!r}) than was sent",
        )
        told = (order.symbol, order.side, order.price, order.amount)
        sent = (request.symbol, request.side, request.price, request.amount)
        expect(told == sent, f"{call} says {told}, but {sent} was sent")
        expect(order.status in statuses, f"{call} says {order.status!r}, not {' or '.join(statuses)}")
        expect(order.filled == 0 and isinstance(order.filled, Decimal), f"{call} says that {order.filled!r} is filled")

    async def _check_found(self, request: OrderRequest, placed: ExchangeOrder, status: str) -> None:
        findings, trading = self._findings, self._trading
        found = await findings.answer("order()", trading.order(self._symbol, placed.id))
        if findings.expect(found is not None, "order() does not know an order that was just placed"):
            assert found is not None
            self._check_order("order()", found, request, (status,))
        resting = await findings.answer("open_orders()", trading.open_orders()) or ()
        there = sum(order.id == placed.id for order in resting)
        findings.expect(there == 1, f"open_orders() has the order {there} times")
        if self._promised.lookup.reach != "none":
            named = await findings.answer(
                "find_order()", trading.find_order(self._symbol, request.client_order_id, self._began - 1_000)
            )
            seen = named is not None and named.id == placed.id
            findings.expect(seen, "find_order() does not find an open order: the engine would send it once more")

    async def _check_again(self, request: OrderRequest, placed: ExchangeOrder) -> None:
        """Send the same once more, as after a crash: what ``dedupe`` promises must hold."""
        if self._promised.dedupe == "none":
            return
        again: ExchangeOrder | None = None
        with suppress(OrderRefused):
            again = await self._trading.create_order(request)
        await self._settle()
        resting = [order for order in await self._trading.open_orders() if order.symbol == self._symbol]
        twice = again is not None and again.id != placed.id
        self._findings.expect(
            not twice, f"dedupe is {self._promised.dedupe!r}, but the same client id was accepted twice: say 'none'"
        )
        if twice and again is not None and again.id in {order.id for order in resting}:
            await self._trading.cancel_order(self._symbol, again.id)

    async def _check_cancelled(self, request: OrderRequest, placed: ExchangeOrder) -> None:
        findings, trading = self._findings, self._trading
        resting = await findings.answer("open_orders()", trading.open_orders()) or ()
        findings.expect(placed.id not in {order.id for order in resting}, "open_orders() has a cancelled order")
        found = await findings.answer("order()", trading.order(self._symbol, placed.id))
        if found is not None:
            self._check_order("order() of what was cancelled", found, request, ("cancelled",))
        if self._promised.lookup.reach in ("recent", "all"):
            named = await findings.answer(
                "find_order()", trading.find_order(self._symbol, request.client_order_id, self._began - 1_000)
            )
            reach = self._promised.lookup.reach
            findings.expect(named is not None, f"lookup is {reach!r}, but a cancelled order is not found: say 'open'")

    async def _check_expired(self) -> None:
        if not self._promised.request_expiry:
            return
        request = self._request(expires_in=-60_000)
        try:
            placed = await self._trading.create_order(request)
        except RequestExpired:
            return
        except ExchangeError as error:
            kind = type(error).__name__
            self._findings.expect(
                False, f"an expired request raised {kind}: RequestExpired says that it may be sent again"
            )
            return
        self._findings.expect(False, "request_expiry is promised, but an expired request was accepted: an order twice")
        await self._trading.cancel_order(self._symbol, placed.id)


def _is_positive(value: Any) -> bool:
    return isinstance(value, Decimal) and value.is_finite() and value > 0
