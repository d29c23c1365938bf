"""Every rule that ``check_automation`` holds a type to is broken here once, and named."""

from __future__ import annotations

import random
import time
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from octobot_node import Automation, CancelOrder, Decision, LimitOrder, MarketOrder, Needs, Tick, Wake
from octobot_node.orders import IntentStatus
from octobot_node.testing import check_automation
from octobot_node.testing.checking.drive import drive
from octobot_node.testing.checking.violation import Violation

pytestmark = pytest.mark.process

D = Decimal
EVERY = Wake(every=timedelta(hours=1))


CONFIG = {"symbol": "BTC/USD"}


class Sound(Automation["Sound.Config", Any]):
    """Buy once, and rest."""

    name = "sound"

    class Config(BaseModel):
        model_config = ConfigDict(frozen=True, extra="forbid")

        symbol: str = Field(description="What to trade.", examples=["BTC/USD"])

    def evaluate(self, tick: Tick[Config, Any]) -> Decision:
        return Decision(wake=EVERY, orders=self.orders(tick), state=self.memory(tick))

    def orders(self, tick: Tick[Config, Any]) -> list[Any]:
        """Buy at the first tick."""
        return [] if tick.state else [MarketOrder(tick.config.symbol, "buy", spend=D(10))]

    def memory(self, tick: Tick[Config, Any]) -> Any:
        """Remember that there was a first tick."""
        return {"bought": True}


Config = Sound.Config


def wrong(automation_type: type[Automation[Any, Any]], config: Any = None, **options: Any) -> str:
    """Return what is said of a type."""
    with pytest.raises(AssertionError) as found:
        check_automation(automation_type, config or CONFIG, **{"examples": 25, **options})
    return str(found.value)


def test_a_sound_type_passes() -> None:
    check_automation(Sound, CONFIG, {"symbol": "ETH/USD"}, examples=30)


def test_it_says_the_same_every_time() -> None:
    assert wrong(Crashing) == wrong(Crashing)


# -- purity


class AsksTheClock(Sound):
    """Decide by the machine's time."""

    def memory(self, tick: Tick[Config, Any]) -> Any:
        return {"at": int(time.time())}


class AsksTheCalendar(Sound):
    """Decide by the machine's day."""

    def orders(self, tick: Tick[Config, Any]) -> list[Any]:
        datetime.now()  # noqa: DTZ005
        return []


class ThrowsDice(Sound):
    """Decide by a generator that everybody shares."""

    def orders(self, tick: Tick[Config, Any]) -> list[Any]:
        random.choice([1, 2])
        return []


class ReadsAFile(Sound):
    """Decide by a file."""

    def orders(self, tick: Tick[Config, Any]) -> list[Any]:
        Path(__file__).read_text()
        return []


class Prints(Sound):
    """Talk."""

    def orders(self, tick: Tick[Config, Any]) -> list[Any]:
        print("x")  # noqa: T201
        return []


@pytest.mark.parametrize(
    ("type_", "what", "cure"),
    [
        (AsksTheClock, "evaluate() asks the machine's clock: time() in", "use tick.now"),
        (AsksTheCalendar, "evaluate() asks the machine's clock: now() in", "use tick.now"),
        (ThrowsDice, "draws from a random generator that is not its own: getrandbits() in", "use tick.random"),
        (ReadsAFile, "evaluate() reaches out of the program: open() in", "let needs() ask for market data"),
        (Prints, "evaluate() reaches out of the program: print() in", "no input or output"),
    ],
)
def test_what_is_no_function_of_the_tick_is_named_with_its_line(
    type_: type[Automation[Any, Any]], what: str, cure: str
) -> None:
    said = wrong(type_)
    assert f"{type_.__name__}: " in said
    assert what in said
    assert f"{Path(__file__).name}, line " in said
    assert cure in said


class Counts(Sound):
    """Keep a count beside the state."""

    seen: ClassVar[list[int]] = []

    def memory(self, tick: Tick[Config, Any]) -> Any:
        self.seen.append(tick.number)
        return {"seen": len(self.seen)}


class Keeps(Sound):
    """Keep something on the instance."""

    def memory(self, tick: Tick[Config, Any]) -> Any:
        self.last = tick.number
        return {"bought": True}


class ChangesItsState(Sound):
    """Write into what it was given."""

    def evaluate(self, tick: Tick[Config, Any]) -> Decision:
        if tick.state is None:
            return Decision(state={"n": 0}, wake=EVERY)
        tick.state["n"] += 1
        return Decision(wake=EVERY)


class GoesBySets(Sound):
    """Let the order of a set decide."""

    def memory(self, tick: Tick[Config, Any]) -> Any:
        return {"order": list({"alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"})}


@pytest.mark.parametrize(
    ("type_", "what"),
    [
        (Counts, "the same tick, evaluated twice, decides differently: state '{"),
        (Keeps, "evaluate() keeps last on the instance"),
        (ChangesItsState, "evaluate() changes tick.state in place"),
        (GoesBySets, "another process decides the same tick differently"),
    ],
)
def test_what_depends_on_more_than_the_tick_is_found(type_: type[Automation[Any, Any]], what: str) -> None:
    assert what in wrong(type_)


# -- decisions


class Crashing(Sound):
    """Not expect that a price may be missing of a signal."""

    def orders(self, tick: Tick[Config, Any]) -> list[Any]:
        for signal in tick.signals:
            signal.payload["action"]
        return []


class Floats(Sound):
    """Compute money in floats."""

    def orders(self, tick: Tick[Config, Any]) -> list[Any]:
        return [MarketOrder(tick.config.symbol, "buy", amount=0.1)]  # type: ignore[arg-type]


class OrdersElsewhere(Sound):
    """Order what it does not ask for."""

    def orders(self, tick: Tick[Config, Any]) -> list[Any]:
        return [MarketOrder("DOGE/USD", "buy", spend=D(10))]


class CancelsOthers(Sound):
    """Cancel what is not its own."""

    def orders(self, tick: Tick[Config, Any]) -> list[Any]:
        return [CancelOrder("x1")]


class Rambles(Sound):
    """Remember every price."""

    def memory(self, tick: Tick[Config, Any]) -> Any:
        return {"prices": [*(tick.state or {"prices": []})["prices"], str(tick.market.ticker(tick.config.symbol).last)]}

    def orders(self, tick: Tick[Config, Any]) -> list[Any]:
        return []


@pytest.mark.parametrize(
    ("type_", "what", "cure"),
    [
        (Crashing, "a tick fails: ", "let evaluate() handle"),
        (Floats, "amount must be a positive Decimal, not 0.1", "compute money with Decimal alone"),
        (OrdersElsewhere, "an order for 'DOGE/USD', which needs() does not ask for", "every symbol that it may order"),
        (CancelsOthers, "CancelOrder('x1') names no open order", "cancel only what is in tick.open_orders"),
        (Rambles, "the state grows by about ", "keep only what the next decision needs"),
    ],
)
def test_a_decision_that_the_engine_refuses_is_found(type_: type[Automation[Any, Any]], what: str, cure: str) -> None:
    said = wrong(type_, examples=60)
    assert what in said
    assert cure in said
    assert "How to see it:" in said


# -- rest


class BuysAtEveryTick(Sound):
    """Not look why it was woken."""

    def orders(self, tick: Tick[Config, Any]) -> list[Any]:
        return [MarketOrder(tick.config.symbol, "buy", spend=D(10))]


class LaysOrderUponOrder(Sound):
    """Not look at what rests."""

    def orders(self, tick: Tick[Config, Any]) -> list[Any]:
        price = tick.market.rules(tick.config.symbol).round_price(
            tick.market.ticker(tick.config.symbol).last / 100, "buy"
        )
        return [LimitOrder(tick.config.symbol, "buy", 1 / price, price)] if price else []


class MeansWell(Sound):
    """Wake itself every second to send what was refused."""

    def evaluate(self, tick: Tick[Config, Any]) -> Decision:
        orders = [MarketOrder(tick.config.symbol, "buy", spend=D(10))] if tick.scheduled_at else []
        return Decision(wake=Wake(every=timedelta(seconds=1)), orders=orders)


class Doubles(Sound):
    """Replace an order whose outcome is unknown."""

    def orders(self, tick: Tick[Config, Any]) -> list[Any]:
        if tick.state and not any(result.status == "unknown" for result in tick.results):
            return []
        rules = tick.market.rules(tick.config.symbol)
        price = rules.price_step * 10
        return [LimitOrder(tick.config.symbol, "buy", 20 / price, price, tag="rest")]


@pytest.mark.parametrize(
    ("type_", "what"),
    [
        (BuysAtEveryTick, "a storm without an end"),
        (LaysOrderUponOrder, "ticks in which nothing changed order or cancel every time"),
        (MeansWell, "it sends orders that are refused 12 times within 0:00:12"),
        (Doubles, "again while the first one's outcome is unknown: both may execute"),
    ],
)
def test_what_never_rests_is_found(type_: type[Automation[Any, Any]], what: str) -> None:
    assert what in wrong(type_, examples=60)


# -- one order at a time


class BuysWhatItDoesNotHold(Sound):
    """Buy every hour while nothing is held, whatever is open."""

    def orders(self, tick: Tick[Config, Any]) -> list[Any]:
        held = tick.position(tick.config.symbol).amount
        planned = tick.state is None or tick.scheduled_at is not None
        return [MarketOrder(tick.config.symbol, "buy", spend=D(100), tag="in")] if planned and not held else []


class Waits(BuysWhatItDoesNotHold):
    """Do the same, but look at what is open."""

    def orders(self, tick: Tick[Config, Any]) -> list[Any]:
        return [] if tick.open_orders else super().orders(tick)


class WaitsForTheKnown(BuysWhatItDoesNotHold):
    """Look at what is open, and forget what may be."""

    def orders(self, tick: Tick[Config, Any]) -> list[Any]:
        rests = any(order.status is not IntentStatus.UNKNOWN for order in tick.open_orders)
        return [] if rests else super().orders(tick)


class SellsTwice(Waits):
    """Look at its buys alone: its second sale takes what the first one may have sold."""

    def orders(self, tick: Tick[Config, Any]) -> list[Any]:
        symbol = tick.config.symbol
        held = tick.market.rules(symbol).round_amount(tick.position(symbol).amount)
        if held and tick.scheduled_at is not None:
            return [MarketOrder(symbol, "sell", amount=held, tag="out")]
        return super().orders(tick)


class BuysInHalves(Waits):
    """Order the same twice in one decision."""

    def orders(self, tick: Tick[Config, Any]) -> list[Any]:
        return super().orders(tick) * 2


class CancelsAndOrders(Sound):
    """Replace what rests in one decision, though its cancel may come too late."""

    def orders(self, tick: Tick[Config, Any]) -> list[Any]:
        if tick.state and tick.scheduled_at is None:
            return []
        rules = tick.market.rules(tick.config.symbol)
        price = rules.round_price(tick.market.ticker(tick.config.symbol).last / 2, "buy")
        known = [order.id for order in tick.open_orders if order.status is not IntentStatus.UNKNOWN]
        if len(known) < len(tick.open_orders) or not price:
            return []
        return [*map(CancelOrder, known), LimitOrder(tick.config.symbol, "buy", 20 / price, price, tag="rest")]


class CrossesItsMean(Sound):
    """Trade when a candle closes on the other side of the mean; no order of its own is looked at."""

    def needs(self, config: Config, state: Any) -> Needs:
        return Needs(tickers=(config.symbol,), candles={(config.symbol, "4h"): 10})

    def evaluate(self, tick: Tick[Config, Any]) -> Decision:
        symbol, wake = tick.config.symbol, Wake(every=timedelta(minutes=30), align=True)
        candles = tick.market.candles(symbol, "4h")
        newest, above = int(candles.time[-1]), bool(candles.close[-1] > candles.close.mean())
        before = tick.state or {"candle": newest, "above": True}
        if before["candle"] == newest:
            return Decision(state=before, wake=wake)
        crossed = above and not before["above"] and not tick.position(symbol).amount
        orders = [MarketOrder(symbol, "buy", spend=D(100), tag="in")] if crossed else []
        return Decision(state={"candle": newest, "above": above}, orders=orders, wake=wake)


@pytest.mark.parametrize(
    ("type_", "what"),
    [
        (BuysWhatItDoesNotHold, "it orders market buy 100 quote BTC/USD [in] while market buy BTC/USD [in] of 01-01 "),
        (WaitsForTheKnown, " is of unknown outcome: both may execute"),
        (SellsTwice, "while market sell "),
        (BuysInHalves, "while market buy 100 quote BTC/USD [in] of the same decision is planned: both may execute"),
        (CancelsAndOrders, "is open: both may execute"),
        (CrossesItsMean, "it orders market buy 100 quote BTC/USD [in] while market buy BTC/USD [in] of 01-"),
    ],
)
def test_what_orders_beside_its_own_order_is_found_where_one_at_a_time_is_meant(
    type_: type[Automation[Any, Any]], what: str
) -> None:
    check_automation(type_, CONFIG, examples=15)
    said = wrong(type_, examples=60, one_at_a_time=True)
    assert what in said
    assert "Cure: order nothing while tick.open_orders has one of the same symbol, side and tag" in said


@pytest.mark.parametrize(
    "type_", [BuysWhatItDoesNotHold, WaitsForTheKnown, SellsTwice, BuysInHalves, CancelsAndOrders, CrossesItsMean]
)
def test_the_hours_of_trading_alone_find_it(type_: type[Automation[Any, Any]]) -> None:
    with pytest.raises(Violation, match="both may execute"):
        drive(type_, [Config(**CONFIG)], None)


def test_what_waits_for_its_own_order_may_order_one_at_a_time() -> None:
    check_automation(Waits, CONFIG, {"symbol": "ETH/USD"}, examples=60, one_at_a_time=True)


# -- form


def of_config(config: type[BaseModel], **members: Any) -> type[Automation[Any, Any]]:
    return type("Formed", (Sound,), {"__doc__": "Be formed.", "Config": config, **members})


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")

    symbol: str = Field(default="BTC/USD", description="What to trade.")


class Undescribed(Strict):
    amount: Decimal = D(1)


class Loose(BaseModel):
    symbol: str = Field(description="What to trade.")


class BadDefault(Strict):
    amount: Decimal = Field(default=D(0), gt=0, description="How much.")


class FloatDefault(Strict):
    amount: Decimal = Field(default=0.1, description="How much.")  # type: ignore[assignment]


class BadExample(Strict):
    amount: Decimal = Field(default=D(1), gt=0, description="How much.", examples=["-1"])


class Naive(Strict):
    until: datetime | None = Field(default=None, description="When to end.")


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")

    size: int = 1


class Nested(Strict):
    part: Part | None = Field(default=None, description="A part.")


@pytest.mark.parametrize(
    ("type_", "what"),
    [
        (of_config(Undescribed), "the field 'amount' of Config has no description"),
        (of_config(Loose), "Config accepts fields that it does not have"),
        (of_config(BadDefault), "BadDefault.amount refuses its own default Decimal('0')"),
        (of_config(FloatDefault), "the default 0.1 of FloatDefault.amount is a float"),
        (of_config(BadExample), "BadExample.amount refuses its own example '-1'"),
        (of_config(Naive), "Naive.until accepts a time without a zone"),
        (of_config(Nested), "the field 'size' of Part has no description"),
        (of_config(Strict, name="My Type"), "its name is 'My Type'"),
        (of_config(Strict, version=0), "its version is 0"),
        (of_config(Strict, __doc__=None), "it has no docstring"),
        (of_config(Strict, State=dict), "its State is <class 'dict'>"),
        (of_config(Strict, needs=lambda self, config, state: state.symbol), "needs(config, None) fails for {}: "),
        (of_config(Strict, needs=lambda self, config, state: None), "needs() returned NoneType, not Needs"),
    ],
)
def test_what_is_wrong_with_the_form_is_found(type_: type[Automation[Any, Any]], what: str) -> None:
    assert what in wrong(type_, examples=1)


def test_an_aware_time_is_accepted() -> None:
    class Aware(Strict):
        until: AwareDatetime | None = Field(default=None, description="When to end.")

    check_automation(of_config(Aware), {"symbol": "BTC/USD"}, examples=1)


class Needy(Sound):
    """Look at two symbols' candles."""

    def needs(self, config: Config, state: Any) -> Needs:
        return Needs(tickers=("ETH/USD",), candles={(config.symbol, "1h"): 20, ("ETH/USD", "15m"): 5})

    def orders(self, tick: Tick[Config, Any]) -> list[Any]:
        assert len(tick.market.candles(tick.config.symbol, "1h")) == 20
        assert len(tick.market.candles("ETH/USD", "15m")) == 5
        return []


def test_every_candle_that_is_asked_for_is_there_or_there_is_no_tick() -> None:
    check_automation(Needy, CONFIG, examples=30)
