"""What an automation will ask of its exchange, beside what the exchange allows, as it is shown."""

from __future__ import annotations

from collections.abc import Sequence

from octobot_node.engine.deciding.request_forecast import Forecast
from octobot_node.operations.automations.models.plans import RequestBudgetRow

__all__ = ["budget_rows"]


def budget_rows(forecasts: Sequence[Forecast]) -> list[RequestBudgetRow]:
    """Return them as they are shown."""
    return [
        RequestBudgetRow(
            exchange=each.exchange,
            per=each.limit.per,
            egress=each.egress,
            adds_requests=round(each.adds_requests, 2),
            adds_percent=round(100 * each.adds_share, 2),
            used_percent=round(100 * each.share_before, 2),
        )
        for each in forecasts
    ]
