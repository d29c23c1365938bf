"""Deciding: what becomes of each signal, one after the other."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from octobot_node import (
    Automation,
    CancelOrder,
    Decision,
    IntentStatus,
    LimitOrder,
    MarketOrder,
    Needs,
    Notify,
    OrderResult,
    Signal,
    SignalOutcome,
    Tick,
)
from octobot_tentacles.signal.about import ABOUT
from octobot_tentacles.signal.config import SignalConfig
from octobot_tentacles.signal.desk import Desk, Ignored, NotTraded
from octobot_tentacles.signal.instruction import Instruction, Unreadable
from octobot_tentacles.signal.reading import read
from octobot_tentacles.signal.state import SignalState

__all__ = ["SignalTrader"]

#: So many of a tick's notices are told one by one. A flood of bad signals must not become a flood of messages: more are
#: told together, equal ones once, so many in a message; what is beyond these messages is in the inbox.
_APART, _TOGETHER, _MESSAGES = 5, 50, 5

SignalTick = Tick[SignalConfig, SignalState]


class SignalTrader(Automation[SignalConfig, SignalState]):
    """Buy and sell as signals from outside say."""

    name, version = "signal", 1
    about = ABOUT
    Config = SignalConfig
    State = SignalState
    #: What signals ordered stays; only orders in symbols that are no longer allowed are cancelled, below.
    live_edit = True

    def needs(self, config: SignalConfig, state: SignalState | None) -> Needs:
        """Return the ticker of everything that a signal may name."""
        del state
        return Needs(tickers=config.all_symbols)

    def describe(self, config: SignalConfig, state: SignalState | None) -> str:
        """Say what it does next."""
        del state
        first, *more = config.all_symbols
        return f"trades what its signals say of {first}{f' and {len(more)} more' if more else ''}"

    def evaluate(self, tick: SignalTick) -> Decision:
        """Follow each new signal, then go on selling out what is to be sold out."""
        state = tick.state or SignalState()
        desk = Desk(tick, state)
        notices = [_failure(result) for result in tick.results if result.status is IntentStatus.REFUSED]
        notices += _given_up(tick, desk)
        followed = [_followed(tick, desk, signal) for signal in tick.signals]
        notices += [f"a signal was not traded: {each.reason}" for each in followed if each.outcome == "refused"]
        desk.sell_out()
        desk.cancel_foreign(edited=tick.previous_config is not None)
        counts = {
            name: getattr(state, name) + sum(each.outcome == name for each in followed)
            for name in ("traded", "ignored", "refused")
        }
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
            signals={each.signal.id: each.told(desk) for each in followed},
        )


@dataclass(frozen=True, slots=True)
class _Followed:
    """What became of a signal, as counted; ``closing`` is the symbol that it has sold out."""

    signal: Signal
    outcome: Literal["traded", "ignored", "refused"]
    reason: str = ""
    order: LimitOrder | MarketOrder | None = None
    closing: str = ""

    def told(self, desk: Desk) -> SignalOutcome:
        """Return what is kept with it, once all of the tick's signals were followed."""
        if self.closing:
            return SignalOutcome(self.outcome, f"{self.closing} is sold out", desk.closing_orders(self.closing))
        if self.order is None:
            return SignalOutcome(self.outcome, self.reason)
        if not any(order is self.order for order in desk.orders):
            return SignalOutcome("ignored", "one_position: a sell that came with it was followed instead")
        return SignalOutcome(self.outcome, self.reason, (self.order,))


def _followed(tick: SignalTick, desk: Desk, signal: Signal) -> _Followed:
    """Order what ``signal`` says, if it may be."""
    try:
        found = _instruction(tick, signal)
        if found.side == "sell" and tick.config.one_position:
            desk.close(found)
            return _Followed(signal, "traded", closing=found.symbol)
        return _Followed(signal, "traded", order=desk.buy(found) if found.side == "buy" else desk.sell(found))
    except Ignored as reason:
        return _Followed(signal, "ignored", str(reason))
    except (Unreadable, NotTraded) as reason:
        return _Followed(signal, "refused", str(reason))


def _instruction(tick: SignalTick, signal: Signal) -> Instruction:
    config, age = tick.config, tick.now - signal.at
    if config.max_age is not None and age > config.max_age:
        raise NotTraded(f"it is {age.total_seconds():.0f} s old, {config.max_age.total_seconds():.0f} s are allowed")
    return read(signal.payload, config)


def _given_up(tick: SignalTick, desk: Desk) -> list[str]:
    """Stop selling out what could not be sold: only the next signal, or a person, should try again."""
    failed = [result for result in tick.results if result.side == "sell" and result.status.failed]
    lost = sorted({result.symbol for result in failed} & desk.closing)
    desk.closing.difference_update(lost)
    return [f"{symbol} could not be sold out and is still held: send the signal again, or sell it" for symbol in lost]


def _failure(result: OrderResult) -> str:
    return f"the order to {result.side} {result.symbol} was refused: {result.reason}"


def _some(notices: list[str]) -> list[str]:
    if len(notices) <= _APART:
        return notices
    counted = Counter(notices)
    lines = [text if count == 1 else f"{text} ({count:,} times)" for text, count in counted.items()]
    most = _TOGETHER * _MESSAGES
    if len(lines) > most:
        left = len(notices) - sum(list(counted.values())[: most - 1])
        lines = [*lines[: most - 1], f"and {left:,} more: `octobot-node signals list` has each with its reason"]
    return ["\n".join(lines[start : start + _TOGETHER]) for start in range(0, len(lines), _TOGETHER)]


def _still_cancelling(tick: SignalTick, state: SignalState, desk: Desk) -> tuple[str, ...]:
    asked = {order.id for order in desk.orders if isinstance(order, CancelOrder)}
    return tuple(sorted({order.id for order in tick.open_orders} & {*state.cancelling, *asked}))
