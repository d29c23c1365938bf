"""A long life: whether a state that is small on the first day is small a year later."""

from __future__ import annotations

import math
from decimal import Decimal
from itertools import pairwise
from typing import Any

from pydantic import BaseModel

from octobot_node.automation import Automation
from octobot_node.engine.evaluating.decision_checks import STATE_LIMIT
from octobot_node.testing.checking.course import Course
from octobot_node.testing.checking.violation import Violation
from octobot_node.testing.checking.world import World

__all__ = ["check_growth"]

_TICKS = 600
_WINDOW = 100
#: Less than this in a hundred ticks is a number getting longer, not a list.
_STEP = 60


def check_growth(
    automation_type: type[Automation[Any, Any]], config: BaseModel, budget: dict[str, Decimal] | None
) -> None:
    """Raise a Violation when the state is still growing after some hundred ticks of ordinary trading."""
    course = Course(automation_type, [config], World(exponent=1, digits=10), budget, watch=False)
    trade, sizes = course.trade, []
    for index in range(_TICKS):
        if not trade.status.runs:
            return
        course.live(Decimal(1) + Decimal(round(math.sin(index / 5) * 30)) / 1000)
        sizes.append(len(trade.state_json))
    tops = [max(sizes[start : start + _WINDOW]) for start in range(0, _TICKS, _WINDOW)]
    if all(later - earlier >= _STEP for earlier, later in pairwise(tops)):
        rate = (tops[-1] - tops[0]) / (_TICKS - _WINDOW)
        left = round((STATE_LIMIT - tops[-1]) / rate)
        raise Violation(
            f"the state grows by about {rate:.0f} characters a tick, and would be refused after {left:,} more ticks",
            "keep only what the next decision needs, or the newest few of it",
            tuple(f"after {(number + 1) * _WINDOW} ticks: {top:,}" for number, top in enumerate(tops)),
        )
