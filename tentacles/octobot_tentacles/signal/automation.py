"""Deciding: what becomes of each signal, one after the other."""

from __future__ import annotations

from octobot_node import (
    Automation,
    CancelOrder,
    Decision,
    IntentStatus,
    Needs,
    Notify,
    OrderResult,
    Signal,
    Tick,
)
from octobot_tentacles.signal.config import SignalConfig
from octobot_tentacles.signal.desk import Desk, Ignored, NotTraded
from octobot_tentacles.signal.instruction import Instruction, Unreadable
from octobot_tentacles.signal.reading import read
from octobot_tentacles.signal.state import SignalState

__all__ = ["SignalTrader"]

#: What one tick tells at most: a flood of bad signals must not become a flood of messages.
_NOTICES_MAX = 5
#: Statuses in which an order ended without doing what it was to do.

SignalTick = Tick[SignalConfig, SignalState]


class SignalTrader(Automation[SignalConfig, SignalState]):
    """Buy and sell as signals from outside say."""

    name, version = "signal", 1
    Config = SignalConfig
    State = SignalState
    #: What signals ordered stays; only orders in symbols that are no longer allowed are cancelled, below.
    live_edit = True

    def needs(self, config: SignalConfig, state: SignalState | None) -> Needs:
        """Return the ticker of everything that a signal may name."""
        del state
        return Needs(tickers=config.all_symbols)

    def evaluate(self, tick: SignalTick) -> Decision:
        """Follow each new signal, then go on selling out what is to be sold out."""
        state = tick.state or SignalState()
        desk = Desk(tick, state)
        counts = {"traded": state.traded, "ignored": state.ignored, "refused": state.refused}
        notices = [_failure(result) for result in tick.results if result.status is IntentStatus.REFUSED]
        notices += _given_up(tick, desk)
        for signal in tick.signals:
            try:
                _follow(tick, desk, signal)
                counts["traded"] += 1
            except Ignored:
                counts["ignored"] += 1
            except (Unreadable, NotTraded) as reason:
                counts["refused"] += 1
                notices.append(f"a signal was not traded: {reason}")
        desk.sell_out()
        desk.cancel_foreign(edited=tick.previous_config is not None)
        return Decision(
            state=SignalState(
                **counts,
                bought_at=desk.bought_at,
                closing=tuple(sorted(desk.closing)),
                cancelling=_still_cancelling(tick, state, desk),
            ),
            orders=desk.orders,
            actions=[Notify(message, level="warning") for message in _some(notices)],
            # One signal's order that is refused says nothing about the next one's.
            independent=True,
            figures={f"signals {name}": count for name, count in counts.items()},
        )


def _follow(tick: SignalTick, desk: Desk, signal: Signal) -> None:
    """Order what ``signal`` says; raise Unreadable, NotTraded or Ignored."""
    config, age = tick.config, tick.now - signal.at
    if config.max_age is not None and age > config.max_age:
        raise NotTraded(f"it is {age.total_seconds():.0f} s old, {config.max_age.total_seconds():.0f} s are allowed")
    found: Instruction = read(signal.payload, config)
    if found.side == "buy":
        desk.buy(found)
    elif config.one_position:
        desk.close(found)
    else:
        desk.sell(found)


def _given_up(tick: SignalTick, desk: Desk) -> list[str]:
    """Stop selling out what could not be sold: only the next signal, or a person, should try again."""
    failed = [result for result in tick.results if result.side == "sell" and result.status.failed]
    lost = sorted({result.symbol for result in failed} & desk.closing)
    desk.closing.difference_update(lost)
    return [f"{symbol} could not be sold out and is still held: send the signal again, or sell it" for symbol in lost]


def _failure(result: OrderResult) -> str:
    return f"the order to {result.side} {result.symbol} was refused: {result.reason}"


def _some(notices: list[str]) -> list[str]:
    if len(notices) <= _NOTICES_MAX:
        return notices
    return [*notices[: _NOTICES_MAX - 1], f"and {len(notices) - _NOTICES_MAX + 1} more like these"]


def _still_cancelling(tick: SignalTick, state: SignalState, desk: Desk) -> tuple[str, ...]:
    asked = {order.id for order in desk.orders if isinstance(order, CancelOrder)}
    return tuple(sorted({order.id for order in tick.open_orders} & {*state.cancelling, *asked}))
