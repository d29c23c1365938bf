"""What it decides: pure functions of a tick. No clock, no input or output; the same tick, the same decision."""

from __future__ import annotations

from decimal import Context, Decimal

from octobot_node import Automation, Decision, LimitOrder, MarketOrder, Notify, Tick, Wake

from octobot_tentacle_hello.config import HelloConfig
from octobot_tentacle_hello.state import HelloState

__all__ = ["Hello"]

HelloTick = Tick[HelloConfig, HelloState]
Orders = list[MarketOrder | LimitOrder]


class Hello(Automation[HelloConfig, HelloState]):
    """Buy, sell a little higher, say hello, begin again."""

    name, version = "hello", 1
    Config = HelloConfig
    State = HelloState

    def evaluate(self, tick: HelloTick) -> Decision:
        """See whether a round has ended, then order what the round needs next."""
        config, before = tick.config, tick.state or HelloState()
        holding = _sellable(tick) > 0
        ended = before.holding and not holding and not tick.open_orders
        state = HelloState(rounds=before.rounds + ended, holding=holding or (before.holding and not ended))
        over = config.rounds is not None and state.rounds >= config.rounds
        return Decision(
            state=state,
            orders=[] if over else _orders(tick),
            actions=[_greeting(tick, state.rounds)] if ended else [],
            wake=Wake(every=config.interval, align=True),
            done=over and not tick.open_orders,
            figures={"rounds": state.rounds},
        )


def _orders(tick: HelloTick) -> Orders:
    if tick.open_orders:
        return []  # one of ours rests, is under way, or its outcome is not known: it may have executed
    planned = tick.state is None or tick.scheduled_at is not None
    amount = _sellable(tick)
    if amount:
        # As soon as something is bought, else by the plan: what was refused is not sent again at once.
        return [_sale(tick, amount)] if tick.fills or planned else []
    return [MarketOrder(tick.config.symbol, "buy", spend=tick.config.spend, tag="buy")] if planned else []


def _sale(tick: HelloTick, amount: Decimal) -> LimitOrder:
    symbol = tick.config.symbol
    average = tick.position(symbol).average or Decimal(0)
    # Twenty digits are more than any price has; more of them could push it up by a whole step.
    target = Context(prec=20).plus(average * (1 + tick.config.profit / 100))
    return LimitOrder(symbol, "sell", amount, tick.market.rules(symbol).round_price(target, "sell"), tag="sell")


def _sellable(tick: HelloTick) -> Decimal:
    """Return what of the position the exchange lets us sell: 0 for a rest that is below its smallest order."""
    symbol = tick.config.symbol
    position, rules = tick.position(symbol), tick.market.rules(symbol)
    amount = rules.round_amount(position.amount)
    if amount <= 0 or amount < rules.min_amount or amount * (position.average or 0) < rules.min_notional:
        return Decimal(0)
    return amount


def _greeting(tick: HelloTick, rounds: int) -> Notify:
    position = tick.position(tick.config.symbol)
    quote = tick.config.symbol.partition("/")[2]
    return Notify(f"hello: round {rounds} is sold; realised so far: {position.realised:.2f} {quote}")
