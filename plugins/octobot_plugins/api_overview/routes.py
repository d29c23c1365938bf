"""All automations at a glance over HTTP."""

from __future__ import annotations

from octobot_node.api import ApiRouter
from octobot_node.contracts.operation import Route
from octobot_node.operations.overview.catalogue import (
    CHANGE_PREFERENCES,
    SHOW_ATTENTION,
    SHOW_LAG,
    SHOW_PREFERENCES,
    SHOW_RESULTS,
    SHOW_TOTALS,
)
from octobot_node.operations.trading.catalogue import SHOW_SPARKLINES, SHOW_TOTAL_COURSE

__all__ = ["router"]

router = ApiRouter(tags=["overview"])
router.add_operation(SHOW_TOTALS, Route("GET", "/totals", "automations:read", "Sums", name="read_totals"))
router.add_operation(
    SHOW_ATTENTION, Route("GET", "/attention", "automations:read", "What needs somebody", name="read_attention")
)
router.add_operation(
    SHOW_RESULTS, Route("GET", "/results/today", "automations:read", "How the day went", name="read_results_of_day")
)
router.add_operation(
    SHOW_TOTAL_COURSE,
    Route("GET", "/equity", "automations:read", "What automations were worth", name="read_total_course"),
)
router.add_operation(
    SHOW_SPARKLINES,
    Route("POST", "/equity/sparklines", "automations:read", "Small courses of a page", name="read_sparklines"),
)
router.add_operation(SHOW_LAG, Route("GET", "/lag", "node:read", "How late ticks were", name="read_lag"))
router.add_operation(
    SHOW_PREFERENCES, Route("GET", "/preferences", "self:read", "One's preferences", name="read_preferences")
)
router.add_operation(
    CHANGE_PREFERENCES,
    Route("POST", "/preferences", "self:write", "Choose one's preferences", name="change_preferences"),
)
