"""What can be asked about all automations at once."""

from __future__ import annotations

from typing import Any

from octobot_node.contracts.operation import Operation
from octobot_node.operations.models import EmptyRequest
from octobot_node.operations.node.models.preferences import ChangePreferences, Preferences
from octobot_node.operations.overview.models.attention import Attention, ShowAttention
from octobot_node.operations.overview.models.results import LagNow, ResultsOfDay, ShowResults
from octobot_node.operations.overview.models.totals import ShowTotals, Totals

__all__ = [
    "CHANGE_PREFERENCES",
    "OPERATIONS",
    "SHOW_ATTENTION",
    "SHOW_LAG",
    "SHOW_PREFERENCES",
    "SHOW_RESULTS",
    "SHOW_TOTALS",
]

_HERE = "octobot_node.operations.overview"

# Their names are a protocol between versions: never change one, add another.
SHOW_TOTALS = Operation(
    "totals.show",
    ShowTotals,
    Totals,
    f"{_HERE}.totals:totals",
    description="Tell what automations come to: equity, results, fees, by asset and by whatever is asked for.",
)
SHOW_ATTENTION = Operation(
    "attention.show",
    ShowAttention,
    Attention,
    f"{_HERE}.attention:attention",
    description="Tell what needs somebody, by cause, with how many, since when, and what helps; and what mends itself.",
)
SHOW_RESULTS = Operation(
    "results.show",
    ShowResults,
    ResultsOfDay,
    f"{_HERE}.results:results",
    description="Tell how automations did today: how many by how much, the best and the worst.",
)
SHOW_LAG = Operation(
    "lag.show",
    EmptyRequest,
    LagNow,
    f"{_HERE}.results:lag",
    description="Tell how late this node's ticks were in the last hour: median, and what 95 % were not later than.",
)
SHOW_PREFERENCES = Operation(
    "preferences.show",
    EmptyRequest,
    Preferences,
    "octobot_node.operations.node.preferences:show",
    description="Tell what the caller chose: currency, theme, time zone, hidden amounts, saved views.",
)
CHANGE_PREFERENCES = Operation(
    "preferences.change",
    ChangePreferences,
    Preferences,
    "octobot_node.operations.node.preferences:change",
    writes=True,
    subject="octobot_node.operations.audit_subjects:preferences",
    # What they look at is nobody else's business, and long.
    hidden=frozenset({"views"}),
    description="Choose currency, theme, time zone, hidden amounts, saved views; what is left out stays.",
)

OPERATIONS: tuple[Operation[Any, Any], ...] = (
    SHOW_TOTALS,
    SHOW_ATTENTION,
    SHOW_RESULTS,
    SHOW_LAG,
    SHOW_PREFERENCES,
    CHANGE_PREFERENCES,
)
