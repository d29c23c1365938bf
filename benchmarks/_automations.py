"""The automations that the benchmarks run, as a plugin of their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from octobot_node import Automation, Decision, LimitOrder, MarketOrder, Tick, Wake, hookimpl
from octobot_node.market import to_ms
from octobot_node.orders import Side

#: Longer than any benchmark runs: what is due again is made due by the benchmark.
_NEVER_AGAIN = timedelta(hours=12)


class AverageState(BaseModel):
    """What a DCA remembers: how often it looked, the average of what it saw, and what it would hold."""

    ticks: int = 0
    total: Decimal = Decimal(0)
    bought: Decimal = Decimal(0)


class Averager(Automation["Averager.Config", AverageState]):
    """Decides like a DCA at every tick, writes a new state, and holds its order back below its price."""

    name = "bench_averager"
    State = AverageState

    class Config(BaseModel):
        """One market, an amount a tick, and a price that is never seen."""

        symbol: str = "BTC/USD"
        amount: Decimal = Decimal(100)
        below: Decimal = Decimal(1)

    def evaluate(self, tick: Tick[Averager.Config, AverageState]) -> Decision:
        """Average in; order only below the price."""
        config, state = tick.config, tick.state or AverageState()
        price = tick.market.ticker(config.symbol).last
        changed = AverageState(
            ticks=state.ticks + 1,
            total=state.total + price,
            bought=state.bought + tick.market.rules(config.symbol).round_amount(config.amount / price),
        )
        orders = [MarketOrder(config.symbol, "buy", spend=config.amount)] if price < config.below else []
        return Decision(state=changed, orders=orders, wake=Wake(every=_NEVER_AGAIN, anchor=tick.now))


class BuyerState(BaseModel):
    """How often it bought, and what it was told of it."""

    bought: int = 0
    fills: int = 0


class Buyer(Automation["Buyer.Config", BuyerState]):
    """Buys a fixed amount at market at every planned tick but the first; a tick that a fill causes only counts it."""

    name = "bench_buyer"
    State = BuyerState

    class Config(BaseModel):
        """One market and an amount in base."""

        symbol: str = "BTC/USD"
        amount: Decimal = Decimal("0.001")

    def evaluate(self, tick: Tick[Buyer.Config, BuyerState]) -> Decision:
        """Order at scheduled ticks, count fills."""
        state = tick.state or BuyerState()
        orders = []
        if tick.number and tick.scheduled_at is not None:
            orders = [MarketOrder(tick.config.symbol, "buy", amount=tick.config.amount)]
        changed = BuyerState(bought=state.bought + len(orders), fills=state.fills + len(tick.fills))
        return Decision(state=changed, orders=orders, wake=Wake(every=_NEVER_AGAIN, anchor=tick.now))


class Steady(Automation["Steady.Config", BuyerState]):
    """Ticks at an interval, writes a new state, and where it orders, tags each order with when it was due (ms UTC)."""

    name = "bench_steady"
    State = BuyerState

    class Config(BaseModel):
        """One market, the seconds between two ticks, and an amount in base to buy at each; 0 orders nothing."""

        symbol: str = "BTC/USD"
        every: float
        amount: Decimal = Decimal(0)
        #: All at the same moments, not spread over the interval.
        align: bool = False

    def evaluate(self, tick: Tick[Steady.Config, BuyerState]) -> Decision:
        """Order at scheduled ticks, count fills."""
        config, state = tick.config, tick.state or BuyerState()
        tick.market.ticker(config.symbol)
        orders = []
        if config.amount and tick.number and tick.scheduled_at is not None:
            orders = [MarketOrder(config.symbol, "buy", amount=config.amount, tag=str(to_ms(tick.scheduled_at)))]
        changed = BuyerState(bought=state.bought + 1, fills=state.fills + len(tick.fills))
        return Decision(
            state=changed, orders=orders, wake=Wake(every=timedelta(seconds=config.every), align=config.align)
        )


class Sleeper(Automation["Sleeper.Config", None]):
    """Waits for a price, or for a time far ahead."""

    name = "bench_sleeper"

    class Config(BaseModel):
        """One market and the price to wait for, if any."""

        symbol: str = "BTC/USD"
        above: Decimal | None = None

    def evaluate(self, tick: Tick[Sleeper.Config, None]) -> Decision:
        """Wait."""
        levels = {} if tick.config.above is None else {tick.config.symbol: tick.config.above}
        return Decision(wake=Wake(every=_NEVER_AGAIN, anchor=tick.now, above=levels))


class Ladder(Automation["Ladder.Config", None]):
    """Buys at every rung below the first price it sees; what a rung bought is sold a rung higher, and bought again."""

    name = "bench_ladder"

    class Config(BaseModel):
        """One market, the lowest rung, how far rungs are apart, how many they are, and an amount in base for each."""

        symbol: str = "BTC/USD"
        lowest: Decimal
        step: Decimal
        rungs: int
        amount: Decimal

    def evaluate(self, tick: Tick[Ladder.Config, None]) -> Decision:
        """Fill the ladder once, then answer each fill with the opposite order."""
        config = tick.config
        if not tick.number:
            last = tick.market.ticker(config.symbol).last
            rungs = [number for number in range(config.rungs) if config.lowest + config.step * number < last]
            return Decision(orders=[self._order(config, "buy", rung) for rung in rungs], independent=True)
        opposite: dict[Side, Side] = {"buy": "sell", "sell": "buy"}
        orders = [self._order(config, opposite[fill.side], int(fill.tag)) for fill in tick.fills]
        return Decision(orders=orders, independent=True)

    @staticmethod
    def _order(config: Ladder.Config, side: Side, rung: int) -> LimitOrder:
        price = config.lowest + config.step * (rung + (side == "sell"))
        return LimitOrder(config.symbol, side, config.amount, price, tag=str(rung))


class Stepper(Automation["Stepper.Config", None]):
    """Waits for the next close a step up or down, and orders nothing."""

    name = "bench_stepper"

    class Config(BaseModel):
        """One market, and a step in quote."""

        symbol: str = "BTC/USD"
        step: Decimal

    def evaluate(self, tick: Tick[Stepper.Config, None]) -> Decision:
        """Wait for a step from here."""
        symbol, step = tick.config.symbol, tick.config.step
        last = tick.market.ticker(symbol).last
        return Decision(wake=Wake(above={symbol: last + step}, below={symbol: last - step}, at_closes=True))


@hookimpl
def register_automations(register: Callable[[type[Automation[Any, Any]]], None]) -> None:
    """Offer them."""
    for automation in (Averager, Buyer, Steady, Sleeper, Ladder, Stepper):
        register(automation)
