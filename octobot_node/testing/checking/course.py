"""One automation through a sequence of events, every rule checked at every tick."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from octobot_node.automation import Automation, AutomationStatus, Position, WatchedAutomation
from octobot_node.engine.evaluating.config_checks import check_config
from octobot_node.engine.evaluating.decision_checks import STATE_LIMIT
from octobot_node.engine.evaluating.evaluation import Outcome, evaluate
from octobot_node.engine.evaluating.schedule import FLOOR_MS
from octobot_node.market import Market, from_ms, timeframe_ms, to_ms
from octobot_node.orders import IntentStatus, OpenOrder
from octobot_node.testing.automation_test import AutomationTest
from octobot_node.testing.checking.again import Recorded, digest
from octobot_node.testing.checking.doubling import doubled
from octobot_node.testing.checking.purity import watched
from octobot_node.testing.checking.violation import Violation
from octobot_node.testing.checking.words import market_text, order_text, what_of
from octobot_node.testing.checking.world import FACTORS, PAYLOADS, World, furnish

__all__ = ["Course", "Step"]

#: What happens, and two numbers that say how.
Step = tuple[str, int, int]
#: So many ticks, each woken by what became of the last one's orders, are a storm.
_STORM = 25
#: An automation may try again now and then; so many ticks in which nothing changed and that all order are churn.
_CHURN = 5
#: The statuses that a watched automation takes in turn.
_WATCHED = (
    *(AutomationStatus.ACTIVE, AutomationStatus.PAUSED, AutomationStatus.FAILED),
    *(AutomationStatus.STOPPED, AutomationStatus.COMPLETED),
)
_SECOND = timedelta(milliseconds=FLOOR_MS)
D = Decimal


class Course:
    """Plays steps to an automation; raises a Violation with the steps that led to it."""

    def __init__(
        self,
        automation_type: type[Automation[Any, Any]],
        configs: Sequence[BaseModel],
        world: World,
        budget: dict[str, Decimal] | None,
        *,
        watch: bool = True,
        one_at_a_time: bool = False,
    ) -> None:
        self.recorded: list[Recorded] = []
        self.seen: list[str] = []
        self._watch = watch
        self._one_at_a_time = one_at_a_time
        self._found: list[Violation] = []
        self._configs = configs
        self._world = world
        self._plain = automation_type()
        type_ = watched(automation_type, self._found) if watch else automation_type
        symbols = self._plain.needs(configs[0], None).symbols
        self.trade = AutomationTest(type_, configs[0], budget=budget or world.budget(symbols))
        self._gone: set[str] = set()
        self.say(f"config {configs[0].model_dump_json(exclude_defaults=True)}")
        furnish(self.trade, world)
        self.say(f"{market_text(self.trade)}")
        self._check_configs(configs, budget or world.budget(symbols))

    def _check_configs(self, configs: Sequence[BaseModel], budget: dict[str, Decimal]) -> None:
        market = self.trade.market.build()
        for config in configs:
            try:
                found = check_config(self._plain, config, market, budget)
                again = check_config(self._plain, config, market, budget)
            except Exception as error:
                raise Violation(
                    f"check() fails for {config.model_dump_json(exclude_defaults=True)}: {error}",
                    "return a Finding for what people are to know, and nothing else",
                    tuple(self.seen),
                ) from error
            if found != again:
                raise Violation(
                    "check() finds something else the second time", "make it pure: no clock, no chance, no state"
                )

    def play(self, steps: Sequence[Step]) -> None:
        """Let it all happen, then see whether the automation comes to rest."""
        self.begin()
        for kind, one, two in steps:
            if not self.is_running:
                return
            self._happenings()[kind](one, two)
        self._come_to_rest()

    def begin(self) -> None:
        """Let the first tick be."""
        self._tick("first tick")

    def live(self, factor: Decimal) -> None:
        """Let an ordinary hour pass: the price moves, the exchange fills what it meets, then the planned tick."""
        for symbol in sorted(self.trade.needs.symbols):
            rules = self.trade.market.rules_of(symbol)
            price = rules.round_price(self._world.price * factor, "buy")
            self.trade.price(symbol, price)
            for key in self.trade.needs.candles:
                if key[0] == symbol:
                    self.trade.market.add_candle(*key, price)
        self.trade.match()
        self._plan(59, 0)

    def trade_on(self, factor: Decimal, *, whole_candle: bool = False) -> None:
        """Go on to the next planned time, at prices of ``factor`` times the first ones, and tick.

        Every series has a new candle where one of it has closed by then; with ``whole_candle`` each of them has.
        """
        self.trade.market.at(self._next_time(whole_candle=whole_candle))
        known = self.trade.market.build().all_candles
        for symbol in sorted(self.trade.needs.symbols & self.trade.market.build().all_rules.keys()):
            rules = self.trade.market.rules_of(symbol)
            price = max(rules.round_price(self._world.price * factor, "buy"), rules.price_step)
            self.trade.price(symbol, price)
            for key in self.trade.needs.candles:
                if key[0] == symbol and key in known and known[key].time[-1] < _last_opening(key[1], self.trade.now):
                    self.trade.market.add_candle(*key, price)
            self.say(f"the price of {symbol} is {price:f}")
        self._tick("planned")

    def hear(self) -> None:
        """Tick if there is news, as the engine would."""
        if self.trade.has_news:
            self.trade.advance(seconds=1)
            self._tick("told so")

    def _next_time(self, *, whole_candle: bool) -> datetime:
        planned = self.trade.next_run or self.trade.now + timedelta(hours=1)
        steps = [timeframe_ms(timeframe) for _, timeframe in self.trade.needs.candles] if whole_candle else []
        closes = [from_ms((to_ms(self.trade.now) // step + 1) * step) for step in steps]
        return max(planned, self.trade.now + _SECOND, *closes)

    @property
    def is_running(self) -> bool:
        """Whether it still decides."""
        return self.trade.status.runs

    @property
    def _is_planned(self) -> bool:
        return self.trade.next_run is not None and self.trade.next_run <= self.trade.now

    def say(self, text: str) -> None:
        """Note what happens, for whoever reads how to see it."""
        self.seen.append(text)

    def _fail(self, what: str, cure: str) -> None:
        raise Violation(what, cure, tuple(self.seen))

    # -- a tick and its rules

    def _tick(self, why: str) -> bool:
        """Tick and check; return whether it decided any order or cancel."""
        if not self.is_running:
            return False
        furnish(self.trade, self._world)
        for symbol in self._gone:
            self.trade.market.no_price(symbol)
        market, before = self.trade.market.build(), self.trade.open_orders
        outcome = self.trade.try_tick()
        self.say(f"{self.trade.now:%m-%d %H:%M:%S} {why}: {self._summary(outcome)}")
        if self._found:
            raise self._found[0].after(self.seen)
        if outcome.problem == "failed":
            self._fail(f"a tick fails: {outcome.reason}", _cure_of(outcome.reason))
        if outcome.decision is None:
            return False
        self._same_again(market, outcome)
        self._check_state()
        self._check_words()
        self._check_unknown(before, outcome)
        self._check_doubling(before, outcome)
        return bool(outcome.decision.orders)

    def _summary(self, outcome: Outcome) -> str:
        if outcome.decision is None:
            return f"{outcome.problem}, {outcome.reason}"
        orders = ", ".join(order_text(order) for order in outcome.decision.orders)
        refused = [result.reason for result in self.trade.results[-len(outcome.decision.orders) :] if result.reason]
        ending = f" ({refused[-1]})" if orders and refused and self.trade.has_news else ""
        return f"decides {orders or 'nothing'}{ending}{', done' if outcome.decision.done else ''}"

    def _same_again(self, market: Market, outcome: Outcome) -> None:
        if not self._watch:
            return
        given = self.trade.last_input
        assert given is not None
        again = evaluate({given.type: type(self._plain)()}, given, market, None)
        if repr(again) != repr(outcome):
            self._fail(
                f"the same tick, evaluated twice, decides differently: {_difference(outcome, again)}",
                "decide by the tick alone: no clock, no global random generator, nothing kept on instance or module",
            )
        self.recorded.append((given, market, digest(outcome)))

    def _check_state(self) -> None:
        size = len(self.trade.state_json)
        if size > STATE_LIMIT // 2:
            self._fail(
                f"the state takes {size:,} characters of JSON after {self.trade.number} ticks; at most"
                f" {STATE_LIMIT:,} are possible",
                "keep what the next decision needs; the engine keeps orders, fills and positions for you",
            )

    def _check_words(self) -> None:
        try:
            self.trade.next_step  # noqa: B018 - it raises
        except Exception as error:  # noqa: BLE001 - whatever an author's code raises
            self._fail(
                f"describe() fails after {self.trade.number} ticks: {type(error).__name__}: {error}",
                "return a text of one sentence for every config and state that it may meet",
            )

    def _check_unknown(self, before: Sequence[OpenOrder], outcome: Outcome) -> None:
        assert outcome.decision is not None
        dark = [order for order in before if order.status is IntentStatus.UNKNOWN and order.type != "market"]
        kept = {what_of(order) for order in dark}
        for order in outcome.decision.orders:
            if hasattr(order, "symbol") and what_of(order) in kept:
                self._fail(
                    f"it orders {order_text(order)} again while the first one's outcome is unknown: both may execute",
                    "leave an order of status UNKNOWN in place until its fill or its end is told, as diff_orders does",
                )

    def _check_doubling(self, before: Sequence[OpenOrder], outcome: Outcome) -> None:
        assert outcome.decision is not None
        what = doubled(before, outcome.decision.orders) if self._one_at_a_time else None
        if what is not None:
            self._fail(
                what,
                "order nothing while tick.open_orders has one of the same symbol, side and tag, whatever its status and"
                " even if it is being cancelled; or leave one_at_a_time out, if several at once are meant",
            )

    # -- coming to rest

    def _come_to_rest(self) -> None:
        self._gone.clear()
        self._settle_unknown()
        self._quiet_down()
        if self._world.refusing:
            # Whoever is ticked for no reason may try again what was refused: nothing rests that says otherwise.
            self._refuse_planned()
        else:
            self._stay_quiet()

    def _stay_quiet(self) -> None:
        churned = 0
        for _ in range(_CHURN):
            self.trade.advance(seconds=1)
            if self._is_planned:
                continue
            if not self._tick("nothing changed"):
                break
            churned += 1
            self._quiet_down()
        if churned == _CHURN:
            self._fail(
                "ticks in which nothing changed order or cancel every time",
                "compare with tick.open_orders before ordering, as diff_orders does, and order by a schedule only when"
                " tick.scheduled_at is set",
            )

    def _settle_unknown(self) -> None:
        for order in self.trade.open_orders:
            if order.status is IntentStatus.UNKNOWN:
                self.trade.cancelled(order)

    def _quiet_down(self) -> None:
        """Tick until nothing wakes it, while the exchange refuses all or fills what it can."""
        woken = 0
        while woken < _STORM:
            self._answer()
            if not self.trade.has_news or not self.is_running:
                return
            self.trade.advance(seconds=1)
            if self._is_planned:
                # Its own plan would have brought this tick, too: that is told by ``_refuse_planned``.
                self._tick("planned")
                return
            self._tick("woken by that")
            if self.trade.status == "waiting":
                return
            woken += 1
        how = "refused" if self._world.refusing else "answered"
        self._fail(
            f"{_STORM} ticks in a row order again, each because the last one's order was {how}: a storm without an end",
            "let a result or a fill not be the reason to send the same order again: wait for the next planned time or"
            " for a change of the market",
        )

    def _answer(self) -> None:
        if not self._world.refusing:
            self.trade.match()
            return
        for order in self.trade.open_orders:
            if order.id in self.trade.cancelling:
                self.trade.cancelled(order)
            elif not order.filled:
                self.trade.refuse(order, "insufficient funds at the exchange")

    def _refuse_planned(self) -> None:
        """Follow its plan while every order is refused: it may try again, but not every few seconds for ever."""
        began, stormy = self.trade.now, 0
        for _ in range(12):
            if self.trade.next_run is None or not self.is_running:
                return
            self.trade.market.at(max(self.trade.next_run, self.trade.now + _SECOND))
            stormy += self._tick("planned")
            self._answer()
        if stormy == 12 and self.trade.now - began < timedelta(minutes=2):
            self._fail(
                f"it sends orders that are refused 12 times within {self.trade.now - began}",
                "wait longer after a refusal, or tell the owner and stop trying",
            )

    # -- what may happen

    def _price(self, one: int, two: int) -> None:
        symbols = sorted(self.trade.needs.symbols)
        if not symbols:
            return
        symbol = symbols[one % len(symbols)]
        ticker = self.trade.market.ticker_of(symbol)
        self._gone.discard(symbol)
        before = self._world.price if ticker is None else ticker.last
        rules = self.trade.market.rules_of(symbol)
        price = max(rules.round_price(before * FACTORS[two % len(FACTORS)], "buy"), rules.price_step)
        if price.adjusted() > 12:
            price = self._world.price
        self.trade.advance(minutes=7)
        self.trade.price(symbol, price)
        for key in self.trade.needs.candles:
            if key[0] == symbol and key in self.trade.market.build().all_candles:
                self.trade.market.add_candle(*key, price)
        self.say(f"the price of {symbol} is {price:f}")
        if self.trade.has_news:
            self._tick("a level is crossed")

    def _spread(self, one: int, _two: int) -> None:
        for symbol in sorted(self.trade.needs.symbols):
            ticker = self.trade.market.ticker_of(symbol)
            if ticker is not None:
                wide = D(one % 5) / 10
                self.trade.price(symbol, ticker.last, bid=ticker.last * (1 - wide), ask=ticker.last * (1 + wide))
                self.say(f"{symbol} has a spread of {wide * 200:f} %")

    def _no_price(self, one: int, _two: int) -> None:
        symbols = sorted(self.trade.needs.symbols)
        self._gone = {symbols[one % len(symbols)]} if symbols else set()
        self.say(f"no price of {', '.join(self._gone)}")
        self._tick("without a price")
        self._gone.clear()
        for symbol in symbols:
            if self.trade.market.ticker_of(symbol) is None:
                self.trade.price(symbol, self._world.price)

    def _stale(self, _one: int, _two: int) -> None:
        self.trade.market.age(timedelta(minutes=10))
        self.say("prices are 10 minutes old, candles are stale")
        self._tick("on old prices")

    def _plan(self, one: int, _two: int) -> None:
        planned = self.trade.next_run
        if planned is None:
            self.trade.advance(minutes=1 + one)
        else:
            self.trade.market.at(max(planned, self.trade.now + _SECOND))
        self._tick("planned")

    def _late(self, one: int, _two: int) -> None:
        self.trade.market.at(max(self.trade.next_run or self.trade.now, self.trade.now))
        self.trade.advance(days=1 + one)
        self._tick("after the node was down")

    def _early(self, _one: int, _two: int) -> None:
        self.trade.advance(seconds=1)
        self._tick("early")

    def _order(self, one: int, does: Callable[[OpenOrder], Any], what: str) -> None:
        orders = self.trade.open_orders
        if not orders:
            return
        order = orders[one % len(orders)]
        does(order)
        self.say(f"{order_text(order)}: {what}")
        self.trade.advance(seconds=1)
        self._tick("told so")

    def _fill(self, one: int, _two: int) -> None:
        self._order(one, self._fill_whole, "fills")

    def _fill_whole(self, order: OpenOrder) -> None:
        if self.trade.buys_something(order):
            self.trade.fill(order)
        else:
            self.trade.refuse(order, "too small")

    def _partial(self, one: int, two: int) -> None:
        def some(order: OpenOrder) -> None:
            if order.remaining is None:
                self._fill_whole(order)
                return
            rules = self.trade.market.rules_of(order.symbol)
            part = rules.round_amount(order.remaining * D(two % 9 + 1) / 10)
            if part:
                self.trade.fill(order, amount=part)

        self._order(one, some, "fills in part")

    def _refuse(self, one: int, _two: int) -> None:
        self._order(one, self.trade.refuse, "is refused")

    def _cancel(self, one: int, _two: int) -> None:
        self._order(one, self.trade.cancelled, "is cancelled")

    def _unknown(self, one: int, _two: int) -> None:
        self._order(one, self.trade.unknown, "its outcome is unknown")

    def _match(self, _one: int, _two: int) -> None:
        fills = self.trade.match()
        self.say(f"the exchange fills {len(fills)} orders")
        if self.trade.has_news:
            self.trade.advance(seconds=1)
            self._tick("told so")

    def _hour(self, one: int, two: int) -> None:
        self.trade_on(FACTORS[two % len(FACTORS)], whole_candle=one % 2 == 0)

    def _signal(self, one: int, two: int) -> None:
        payload = PAYLOADS[(one * 10 + two) % len(PAYLOADS)]
        self.trade.signal(payload)
        self.say(f"a signal arrives: {json.dumps(payload)[:80]}")
        self.trade.advance(seconds=1)
        self._tick("told so")

    def _edit(self, one: int, _two: int) -> None:
        config = self._configs[one % len(self._configs)]
        self.trade.edit(config)
        self.say(f"the config becomes {config.model_dump_json(exclude_defaults=True)}")
        self.trade.advance(seconds=1)
        self._tick("told so")

    def _other(self, one: int, two: int) -> None:
        for name in self.trade.needs.automations:
            held = Position("BTC/USD", D(one), D(one) * 100, D(0))
            status = _WATCHED[two % 5]
            self.trade.others[name] = WatchedAutomation(name, "octobot_tentacles.dca", status, {held.symbol: held})
            self.say(f"{name} is {status} and holds {one} BTC")
            self.trade.advance(seconds=1)
            self._tick("told so")

    def _happenings(self) -> dict[str, Callable[[int, int], None]]:
        """What can happen, by the name of its step."""
        return {
            "tick": self._early,
            "plan": self._plan,
            "hour": self._hour,
            "late": self._late,
            "price": self._price,
            "spread": self._spread,
            "no price": self._no_price,
            "stale": self._stale,
            "match": self._match,
            "fill": self._fill,
            "partial": self._partial,
            "refuse": self._refuse,
            "cancel": self._cancel,
            "unknown": self._unknown,
            "signal": self._signal,
            "edit": self._edit,
            "other": self._other,
        }


def _last_opening(timeframe: str, now: datetime) -> int:
    """Return when the last candle that has closed by ``now`` opened, in ms."""
    step = timeframe_ms(timeframe)
    return (to_ms(now) // step - 1) * step


def _difference(one: Outcome, two: Outcome) -> str:
    if one.decision is None or two.decision is None:
        return f"{one.reason or 'a decision'} against {two.reason or 'a decision'}"
    for name in one.decision.__dataclass_fields__:
        first, second = getattr(one.decision, name), getattr(two.decision, name)
        if repr(first) != repr(second):
            return f"{name} {first!r:.150} against {second!r:.150}"
    return "nothing that shows"


def _cure_of(reason: str) -> str:
    if "needs() does not ask for" in reason:
        return "return every symbol that it may order in needs()"
    if "must be a positive Decimal" in reason:
        return 'compute money with Decimal alone, such as Decimal("0.01"), and check that it is above 0 once rounded'
    if "names no open order" in reason:
        return "cancel only what is in tick.open_orders, by its id"
    if "state" in reason:
        return "keep the state JSON, or a pydantic model that reads back what it writes"
    return "let evaluate() handle this market, or raise DataUnavailable if it cannot decide yet"
