"""Hours that make a type want to trade, again and again, while its orders are under way or their outcome is unknown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import product
from typing import Any

from pydantic import BaseModel

from octobot_node.automation import Automation
from octobot_node.orders import IntentStatus, OpenOrder
from octobot_node.testing.automation_test import AutomationTest
from octobot_node.testing.checking.course import Course
from octobot_node.testing.checking.words import order_text
from octobot_node.testing.checking.world import World

__all__ = ["drive"]

D = Decimal
#: What happens to an order after the tick that decided it; returns what to say, nothing if nothing happens.
Fate = Callable[[AutomationTest, OpenOrder], str]

_HOURS = 36


def drive(
    automation_type: type[Automation[Any, Any]], configs: Sequence[BaseModel], budget: dict[str, Decimal] | None
) -> None:
    """Raise a Violation when a type orders something while one of the same symbol, side and tag is not over."""
    worlds = (World(), World(with_base=True))
    for world, config, fates, path in product(worlds, configs, _FATES, _PATHS):
        course = Course(automation_type, [config], world, budget, watch=False, one_at_a_time=True)
        _follow(course, path, *fates)


def _follow(course: Course, path: Sequence[Decimal], bought: Fate, sold: Fate) -> None:
    met: set[str] = set()
    course.begin()
    for hour, factor in enumerate(path):
        _meet(course, bought, sold, met)
        if not course.is_running:
            return
        course.trade_on(factor, whole_candle=hour % 2 == 1)


def _meet(course: Course, bought: Fate, sold: Fate, met: set[str]) -> None:
    """Let every new order meet its fate, and every cancel of a known one be confirmed."""
    trade = course.trade
    for order in trade.open_orders:
        if order.id in trade.cancelling and order.status is not IntentStatus.UNKNOWN:
            trade.cancelled(order)
        elif order.id not in met:
            met.add(order.id)
            said = (bought if order.side == "buy" else sold)(trade, order)
            if said:
                course.say(said)
    course.hear()


def _rests(_trade: AutomationTest, _order: OpenOrder) -> str:
    return ""


def _is_unknown(trade: AutomationTest, order: OpenOrder) -> str:
    trade.unknown(order)
    return f"{order_text(order)}: its outcome is unknown"


def _fills(trade: AutomationTest, order: OpenOrder) -> str:
    if not trade.buys_something(order):
        trade.refuse(order, "too small")
        return f"{order_text(order)}: is refused, too small"
    trade.fill(order)
    return f"{order_text(order)}: fills"


def _fills_in_part(trade: AutomationTest, order: OpenOrder) -> str:
    part = trade.market.rules_of(order.symbol).round_amount((order.remaining or D(0)) / 2)
    if not part:
        return ""
    trade.fill(order, amount=part)
    return f"{order_text(order)}: half of it fills"


#: What becomes of a buy, and of a sale.
_FATES: tuple[tuple[Fate, Fate], ...] = (
    (_rests, _rests),
    (_is_unknown, _is_unknown),
    (_fills, _is_unknown),
    (_fills, _rests),
    (_fills_in_part, _fills_in_part),
)


def _waves(length: int, step: Decimal) -> list[Decimal]:
    """Return prices that rise for ``length`` hours and then fall for as many, by ``step`` each hour."""
    return [1 + step * (length - abs(hour % (2 * length) - length)) for hour in range(1, _HOURS + 1)]


#: Prices as multiples of the first one, an hour each.
_PATHS: tuple[Sequence[Decimal], ...] = (
    [D("1.01") ** hour for hour in range(1, _HOURS + 1)],
    [D("0.98") ** hour for hour in range(1, _HOURS + 1)],
    [D("1.1"), D("0.9")] * (_HOURS // 2),
    _waves(6, D("0.03")),
    [2 - factor for factor in _waves(9, D("0.08"))],
)
