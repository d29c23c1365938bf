"""Drive one automation tick by tick, in memory: the engine's own guard, planner and ledger, no database, no waiting."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, assert_never

from pydantic import BaseModel

from octobot_node.automation import (
    Automation,
    AutomationRequest,
    AutomationStatus,
    Decision,
    Needs,
    Notify,
    Perform,
    Position,
    Signal,
    Tick,
    WatchedAutomation,
)
from octobot_node.contracts.exchanges import Capabilities
from octobot_node.engine.deciding.tick_batch import lacking
from octobot_node.engine.evaluating.decision_checks import NEXT_STEP_LIMIT, PlainDecision, load_needs
from octobot_node.engine.evaluating.evaluation import Outcome, TickInput, evaluate, needs_after_edit, read_state
from octobot_node.engine.evaluating.schedule import FLOOR_MS, next_run, runs_between
from octobot_node.errors import DataUnavailable
from octobot_node.limits import Limits
from octobot_node.market import from_ms, to_ms
from octobot_node.orders import Fill, IntentStatus, OpenOrder, OrderResult, OrderType
from octobot_node.testing.candles import money
from octobot_node.testing.ledger import EVERYTHING, Ledger
from octobot_node.testing.markets import START, MarketBuilder, Price

__all__ = ["AutomationTest"]

_TYPE = "under_test"
#: Ticks at one instant: more than this is no coming to rest.
_RESTLESS = 1_000


class AutomationTest:
    """One automation under test.

    ``trade = AutomationTest(Momentum, {"symbol": "BTC/USD"}, budget={"USD": 1000})``: give prices, ``tick()``, look at
    the decision, say what became of the orders, tick again. Every tick goes through the engine's own guard, with config
    and state read from JSON; orders through its planner; fills through its ledger. Orders that pass the planner are
    open until the test says otherwise. Time stands still unless ``advance`` moves it.

    ``budget`` maps asset to an exact amount; ``limits`` are risk limits, as an account has them; ``now`` is aware.
    ``state`` is what an earlier release of the type left, written by its ``state_version``: JSON values, or a model.
    Raises pydantic's ValidationError for a config that the type refuses.
    """

    def __init__(
        self,
        automation_type: type[Automation[Any, Any]],
        config: Mapping[str, Any] | BaseModel,
        *,
        budget: Mapping[str, Price] | None = None,
        now: datetime = START,
        limits: Limits | None = None,
        capabilities: Capabilities = EVERYTHING,
        automation_id: str = "automation",
        state: Any = None,
        state_version: int | None = None,
    ) -> None:
        self.market = MarketBuilder(now)
        self._spied = _Spied(automation_type())
        self._id = automation_id
        self._config = self._read(config)
        self._previous: str | None = None
        self._state = None if state is None else _as_stored(state)
        self._version = self._spied.version if state_version is None else state_version
        self._needs = needs_after_edit(self._spied, self._model(), self._state, self._version)
        funds = {asset: money(amount, f"the budget of {asset}") for asset, amount in (budget or {}).items()}
        self._ledger = Ledger(self._id, funds, limits or Limits(), capabilities, to_ms(now))
        self._fills_told, self._results_told = 0, 0
        self._signals: list[Signal] = []
        self._plan: Any = None
        self._levels: Mapping[str, Mapping[str, str]] = {}
        self._due: int | None = None
        self._ticked_at: int | None = None
        self._woken = True
        self._number = 0
        self._began = False
        self._figures: dict[str, str] = {}
        #: Active, waiting for data, completing while its last orders settle, or completed.
        self.status = AutomationStatus.ACTIVE
        #: Why it waits, or what was wrong with its last tick.
        self.reason = ""
        #: Everything it decided so far, oldest first.
        self.decisions: list[Decision] = []
        #: What it told its owner.
        self.notices: list[Notify] = []
        #: What it asked for other automations.
        self.requests: list[AutomationRequest] = []
        #: What it asked plugins to do.
        self.performed: list[Perform] = []
        #: Ids of the open orders that it asked to cancel; ``cancelled`` says that they are.
        self.cancelling: list[str] = []
        #: The other automations that it watches, by name, as its next tick sees them.
        self.others: dict[str, WatchedAutomation] = {}
        #: The (level, text) of each line that ticks noted with ``tick.log``.
        self.logged: list[tuple[str, str]] = []
        #: The input of the last tick, as the engine hands it to a worker process.
        self.last_input: TickInput | None = None

    # -- the world

    def price(self, symbol: str, last: Price, *, bid: Price | None = None, ask: Price | None = None) -> AutomationTest:
        """Set a symbol's price; one at or past a level of the last ``Wake`` makes the next tick due."""
        self.market.price(symbol, last, bid=bid, ask=ask)
        self._woken = self._woken or self._crosses(symbol, money(last, "price"))
        return self

    def candles(self, symbol: str, timeframe: str, data: Any = None, **options: Any) -> AutomationTest:
        """Set closed candles, as ``MarketBuilder.candles`` takes them."""
        self.market.candles(symbol, timeframe, data, **options)
        return self

    def rules(self, symbol: str, **changes: Any) -> AutomationTest:
        """Change the rules of a symbol's market, as ``MarketBuilder.rules`` takes them."""
        self.market.rules(symbol, **changes)
        return self

    def advance(self, **span: float) -> AutomationTest:
        """Let time pass: ``advance(hours=1)``, with any argument of ``timedelta``. Nothing ticks by itself."""
        passed = timedelta(**span)
        if passed < timedelta(0):
            raise ValueError(f"time goes forward only, not by {passed}")
        self.market.at(self.now + passed)
        return self

    @property
    def now(self) -> datetime:
        """The time."""
        return self.market.now

    # -- ticking

    def tick(self) -> Decision:
        """Evaluate now, whether it is due or not, and carry out the decision; return what ``evaluate`` returned.

        Raises DataUnavailable when what it needs is not in the market, AssertionError when it raises, or decides what
        the engine refuses.
        """
        outcome = self.try_tick()
        if outcome.problem == "waiting":
            raise DataUnavailable(outcome.reason)
        if outcome.problem is not None:
            raise AssertionError(f"tick {self._number - 1} failed: {outcome.reason}") from self._spied.raised
        return self.decisions[-1]

    def try_tick(self) -> Outcome:
        """Evaluate now and carry out the decision if there is one; return what became of it, raising nothing."""
        if self.status.ending or self.status.over:
            raise AssertionError(f"it is {self.status}: it decides no more, since a decision of it was done=True")
        market = self.market.build()
        missing = lacking(load_needs(self._needs), market)
        if missing:
            self.status, self.reason = AutomationStatus.WAITING, missing
            return Outcome(self._id, problem="waiting", reason=missing)
        given = self.last_input = self._input()
        self._ticked_at, self._woken = given.now, False
        outcome = evaluate({_TYPE: self._spied}, given, market, None)
        self.logged += outcome.logged
        if outcome.decision is None:
            self.status = AutomationStatus.WAITING if outcome.problem == "waiting" else self.status
            self.reason = outcome.reason
            self._number += outcome.problem != "waiting"
            return outcome
        self.status, self.reason = AutomationStatus.ACTIVE, ""
        self._carry_out(outcome.decision, given, market)
        return outcome

    def run_until_idle(
        self,
        prices: Mapping[str, Sequence[Price]] | None = None,
        *,
        every: timedelta = timedelta(hours=1),
        until: datetime | None = None,
        matching: bool = False,
    ) -> list[Decision]:
        """Tick whenever the engine would, until nothing is due any more; return the decisions.

        At once for fills, results, signals, edits and crossed levels; with ``until`` (an aware time) also at the times
        that it planned, up to then. ``prices`` are followed one step each ``every``, planned times in between included.
        With ``matching`` the prices execute its orders, as ``match`` does. Raises AssertionError where ``tick`` does,
        and when it does not come to rest.
        """
        before = len(self.decisions)
        self._settle(matching=matching)
        steps = max((len(series) for series in (prices or {}).values()), default=0)
        for step in range(steps):
            target = self.now + every
            self._follow(target, matching=matching)
            for symbol, series in (prices or {}).items():
                if step < len(series):
                    self.price(symbol, series[step])
            self._settle(matching=matching)
        if until is not None:
            self._follow(until, matching=matching)
        return self.decisions[before:]

    def _follow(self, target: datetime, *, matching: bool) -> None:
        end = to_ms(target)
        while self._runs and self._due is not None and self._due <= end:
            self.market.at(from_ms(max(self._due, to_ms(self.now))))
            self._settle(matching=matching)
        if end > to_ms(self.now):
            self.market.at(target)

    def _settle(self, *, matching: bool) -> None:
        for _ in range(_RESTLESS):
            if matching:
                self.match()
            if not (self._runs and self.is_due):
                return
            if self._ticked_at == to_ms(self.now):
                # The engine's floor: at most one tick a second.
                self.market.at(self.now + timedelta(milliseconds=FLOOR_MS))
            self.tick()
        raise AssertionError(
            f"it does not come to rest: {_RESTLESS:,} ticks, each waking the next. An order that was refused, or that"
            " filled, must not be the reason to send the same one again at once"
        )

    @property
    def _runs(self) -> bool:
        return self.status.runs

    @property
    def has_news(self) -> bool:
        """Whether something other than its plan wakes it: a fill, a result, a signal, an edit, a crossed level."""
        return self._runs and self._woken

    @property
    def needs(self) -> Needs:
        """The market data that its next tick wants."""
        return load_needs(self._needs)

    @property
    def is_due(self) -> bool:
        """Whether the engine would tick it now."""
        return self._runs and (self._woken or (self._due is not None and self._due <= to_ms(self.now)))

    # -- what becomes of its orders

    def fill(
        self,
        order: OpenOrder | str,
        *,
        price: Price | None = None,
        amount: Price | None = None,
        fee: Price | None = None,
        maker: bool | None = None,
    ) -> Fill:
        """Execute an open order, given by itself, its id or its tag: what is left of it unless ``amount`` (base) says
        how much.

        At its own price, or the market's ask or bid, unless ``price`` says another; the fee is the market's unless
        given, in the asset that it takes.
        """
        row, now = self._find(order), to_ms(self.now)
        rules = self.market.rules_of(row.symbol)
        at = self._price_of(row) if price is None else money(price, "price")
        whole = amount is None
        base = self._rest(row, at) if amount is None else money(amount, "amount")
        if base <= 0:
            raise ValueError(
                f"{base} {rules.base} of {row.symbol} is nothing that can be filled: say how much, or refuse it"
            )
        resting = row.type == "limit" if maker is None else maker
        in_quote = rules.fee_in == "quote" or row.side == "sell"
        rate = rules.maker_fee if resting else rules.taker_fee
        cost = money(fee, "fee") if fee is not None else (base * at if in_quote else base) * rate
        fill = self._ledger.fill(
            row, base, at, fee=cost, fee_asset=rules.quote if in_quote else rules.base, taker=not resting, now=now
        )
        if whole and row.amount is None and not IntentStatus(row.status).terminal:
            self._ledger.end(row, IntentStatus.FILLED, "", now)
        self._happened()
        return fill

    def cancelled(self, order: OpenOrder | str) -> None:
        """Say that an open order is cancelled, by whomever."""
        self._end(order, IntentStatus.CANCELLED, "")

    def refuse(self, order: OpenOrder | str, reason: str = "the exchange refused it") -> None:
        """Say that the exchange refuses an order."""
        self._end(order, IntentStatus.REFUSED, reason)

    def expire(self, order: OpenOrder | str, reason: str = "") -> None:
        """Say that an order expired."""
        self._end(order, IntentStatus.EXPIRED, reason)

    def unknown(self, order: OpenOrder | str, reason: str = "the exchange does not say whether it exists") -> None:
        """Make the outcome of an order unknown: it may have executed, and its funds stay reserved.

        ``fill``, ``cancelled`` or ``refuse`` say later what became of it.
        """
        self._ledger.doubt(self._find(order), reason)
        self._happened()

    def match(self) -> list[Fill]:
        """Execute what the prices of now would: market orders and reached stops at the ask or bid, limit orders that
        these prices meet; end what was to be cancelled, what expired, and what was to fill at once and cannot.
        Return the fills. Orders of unknown outcome stay so.
        """
        known = [row for row in self._ledger.live if row.status != IntentStatus.UNKNOWN]
        for row in [row for row in known if row.id in self.cancelling or self._has_expired(row)]:
            self.cancelled(row.id)
        before = len(self._ledger.fills)
        for row in [row for row in known if not IntentStatus(row.status).terminal]:
            met = self._met(row)
            if met is not None and not self.buys_something(row.id, price=met["price"]):
                self.refuse(row.id, "it buys less than the market's smallest step")
            elif met is not None:
                self.fill(row.id, **met)
            elif row.tif != "gtc":
                self.expire(row.id, "it could not be filled at once")
        return self._ledger.fills[before:]

    def buys_something(self, order: OpenOrder | str, *, price: Price | None = None) -> bool:
        """Whether what is left of an order is at least one step of its market's amounts, at its price or ``price``."""
        row = self._find(order)
        return self._rest(row, self._price_of(row) if price is None else money(price, "price")) > 0

    def _has_expired(self, row: Any) -> bool:
        return row.expires_at is not None and row.expires_at <= to_ms(self.now)

    def _met(self, row: Any) -> dict[str, Any] | None:
        ticker = self.market.ticker_of(row.symbol)
        if ticker is None:
            return None
        here = ticker.ask if row.side == "buy" else ticker.bid
        kind: OrderType = row.type
        if kind == "market":
            return {"price": here}
        if kind == "limit":
            met = here <= row.price if row.side == "buy" else here >= row.price
        elif kind == "stop":
            met = here >= row.stop if row.side == "buy" else here <= row.stop
        else:
            assert_never(kind)
        if not met:
            return None
        taken = kind == "stop" or row.created_at == to_ms(self.now)
        return {"price": here if taken else row.price, "maker": not taken}

    def _price_of(self, row: Any) -> Decimal:
        if row.price is not None:
            return Decimal(row.price)
        ticker = self.market.ticker_of(row.symbol)
        if ticker is None:
            raise ValueError(f"{row.symbol} has no price: say at which price= the order fills")
        return ticker.ask if row.side == "buy" else ticker.bid

    def _rest(self, row: Any, price: Decimal) -> Decimal:
        if row.amount is not None:
            return Decimal(row.amount - row.filled)
        rules = self.market.rules_of(row.symbol)
        return rules.round_amount((row.spend - row.cost) / price)

    def _end(self, order: OpenOrder | str, status: IntentStatus, reason: str) -> None:
        self._ledger.end(self._find(order), status, reason, to_ms(self.now))
        self._happened()

    def _happened(self) -> None:
        self._woken = True
        live = {row.id for row in self._ledger.live}
        self.cancelling = [id_ for id_ in self.cancelling if id_ in live]
        if self.status is AutomationStatus.COMPLETING and not live:
            self.status = AutomationStatus.COMPLETED

    def _find(self, order: OpenOrder | str) -> Any:
        name = order if isinstance(order, str) else order.id
        found = [row for row in self._ledger.live if row.id == name] or [r for r in self._ledger.live if r.tag == name]
        if len(found) == 1:
            return found[0]
        there = ", ".join(f"{row.tag or row.id} ({row.side} {row.symbol})" for row in self._ledger.live) or "none"
        problem = "several open orders have the tag" if found else "no open order has the id or tag"
        raise LookupError(f"{problem} {name!r}; open are: {there}")

    # -- what people do

    def signal(self, payload: Any, *, channel: str = "default") -> AutomationTest:
        """Put a message into its inbox; the next tick has it. ``payload`` is JSON; raises TypeError for what is not."""
        text = json.dumps(payload, allow_nan=False)
        self._signals.append(Signal(f"signal-{self._number}-{len(self._signals)}", channel, json.loads(text), self.now))
        self._woken = True
        return self

    def edit(self, config: Mapping[str, Any] | BaseModel) -> AutomationTest:
        """Replace its config, as a person does; its open orders are cancelled first unless it is ``live_edit``."""
        text = self._read(config)
        self._previous, self._config = self._previous or self._config, text
        self._needs = needs_after_edit(self._spied, self._model(), self._state, self._version)
        if not self._spied.live_edit:
            for row in self._ledger.live:
                if row.status != IntentStatus.UNKNOWN:
                    self.cancelled(row.id)
        self._woken = True
        return self

    # -- what there is

    @property
    def number(self) -> int:
        """How many ticks there were, which is the number of the next."""
        return self._number

    @property
    def open_orders(self) -> list[OpenOrder]:
        """Its orders that are not over, oldest first."""
        return self._ledger.open_orders

    @property
    def fills(self) -> list[Fill]:
        """Every execution so far."""
        return list(self._ledger.fills)

    @property
    def results(self) -> list[OrderResult]:
        """What became of its orders so far: filled, cancelled, refused, unknown."""
        return list(self._ledger.results)

    @property
    def balances(self) -> dict[str, Decimal]:
        """What is free to spend, by asset."""
        return self._ledger.free

    @property
    def reserved(self) -> dict[str, Decimal]:
        """What its open orders hold, by asset."""
        return self._ledger.reserved

    def position(self, symbol: str) -> Position:
        """Return its position in a symbol, by average cost."""
        return self._ledger.positions.get(symbol) or Position(symbol)

    @property
    def next_step(self) -> str:
        """What it says that it does next; raises what ``describe`` raises, AssertionError for what is no text."""
        text: Any = self._spied.describe(self._model(), self.state)
        assert isinstance(text, str), f"describe() returned {type(text).__name__}, not text"
        assert len(text) <= NEXT_STEP_LIMIT, (
            f"describe() returned {len(text)} characters; {NEXT_STEP_LIMIT} is the most"
        )
        return text

    @property
    def figures(self) -> dict[str, str]:
        """Its own figures for people, as they are shown."""
        return dict(self._figures)

    @property
    def state(self) -> Any:
        """Its state as the next tick reads it, or None before the first."""
        return read_state(self._spied, self._state, self._version)

    @property
    def state_json(self) -> str:
        """Its state as it is stored."""
        return self._state or "null"

    @property
    def next_run(self) -> datetime | None:
        """When it planned to tick next, None if only something else wakes it."""
        return None if self._due is None else from_ms(self._due)

    @property
    def levels(self) -> dict[str, dict[str, Decimal]]:
        """The prices that wake it: {"above": {symbol: price}, "below": {symbol: price}}."""
        ways = {way: self._levels[way] for way in ("above", "below") if way in self._levels}
        return {way: {s: Decimal(price) for s, price in levels.items()} for way, levels in ways.items()}

    # -- inside

    def _read(self, config: Mapping[str, Any] | BaseModel) -> str:
        given = config if isinstance(config, BaseModel) else self._spied.Config.model_validate(dict(config))
        return given.model_dump_json()

    def _model(self) -> BaseModel:
        return self._spied.Config.model_validate_json(self._config)

    def _input(self) -> TickInput:
        now = to_ms(self.now)
        due = self._due if self._due is not None and self._due <= now else None
        needs = load_needs(self._needs)
        return TickInput(
            automation_id=self._id,
            type=_TYPE,
            config=self._config,
            previous_config=self._previous,
            state=self._state,
            state_version=self._version,
            number=self._number,
            now=now,
            scheduled_at=due,
            missed=0 if due is None else runs_between(self._plan, due, now),
            needs=needs,
            positions=tuple(self._ledger.positions.values()),
            balances=tuple(self._ledger.free.items()),
            open_orders=tuple(self._ledger.open_orders),
            fills=tuple(self._ledger.fills[self._fills_told :]),
            results=tuple(self._news()),
            signals=tuple(self._signals),
            watched=tuple(self.others[name] for name in needs.automations if name in self.others),
            new_config=not self._began or self._previous is not None,
        )

    def _news(self) -> list[OrderResult]:
        """Return the latest result of each order that has one the automation was not told."""
        return list({result.order_id: result for result in self._ledger.results[self._results_told :]}.values())

    def _carry_out(self, decision: PlainDecision, given: TickInput, market: Any) -> None:
        if not self._began:
            self._ledger.open_positions(load_needs(self._needs).symbols, market)
            self._began = True
        self._fills_told = len(self._ledger.fills)
        self._results_told = len(self._ledger.results)
        self._signals, self._previous = [], None
        if decision.state is not None:
            self._state, self._version = decision.state, self._spied.version
        self._needs = decision.needs
        self._number += 1
        self.cancelling += [
            id_
            for id_ in self._ledger.plan(
                decision.orders, market, tick=given.number, now=given.now, independent=decision.independent
            )
            if id_ not in self.cancelling
        ]
        # What was refused at once is told in a next tick.
        self._woken = len(self._ledger.results) > self._results_told
        self._plan, self._due = decision.plan, next_run(decision.plan, given.now)
        self._levels = {} if decision.levels is None else json.loads(decision.levels)
        self.notices += decision.notices
        self.requests += decision.requests
        self.performed += [Perform(action, json.loads(payload)) for action, payload in decision.performs]
        if decision.figures is not None:
            self._figures = json.loads(decision.figures)
        assert self._spied.decision is not None
        self.decisions.append(self._spied.decision)
        if decision.done:
            self.status, self._due, self._levels = AutomationStatus.COMPLETING, None, {}
            self._woken = False
            if not self._ledger.live:
                self.status = AutomationStatus.COMPLETED

    def _crosses(self, symbol: str, price: Decimal) -> bool:
        levels = self.levels
        above, below = levels.get("above", {}).get(symbol), levels.get("below", {}).get(symbol)
        return (above is not None and price >= above) or (below is not None and price <= below)


def _as_stored(state: Any) -> str:
    return state.model_dump_json() if isinstance(state, BaseModel) else json.dumps(state)


class _Spied(Automation[Any, Any]):
    """The type under test, remembering what it returned or raised last."""

    def __init__(self, automation: Automation[Any, Any]) -> None:
        self.automation = automation
        # On the instance: there may be many of this class, one for each test.
        names = ("version", "Config", "State", "live_edit", "needs", "check", "upgrade", "describe")
        vars(self).update({name: getattr(automation, name) for name in names})
        self.decision: Decision | None = None
        self.raised: BaseException | None = None

    def evaluate(self, tick: Tick[Any, Any]) -> Decision:
        self.decision, self.raised = None, None
        try:
            self.decision = self.automation.evaluate(tick)
        except BaseException as error:
            self.raised = error
            raise
        return self.decision
