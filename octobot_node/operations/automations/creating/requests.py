"""What an automation will ask of its exchange, beside what the exchange allows: shown, and refused where it is more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from octobot_node.automation import Finding
from octobot_node.engine.deciding.request_forecast import Forecast, Newcomer, forecast, rhythm_of
from octobot_node.engine.deciding.tick_batch import Rehearsal
from octobot_node.engine.market.metered_connectors import states_costs
from octobot_node.operations.automations.models.plans import RequestBudgetRow
from octobot_node.operations.context import OperationContext
from octobot_node.orders import IntentStatus

__all__ = ["budget_rows", "foreseen", "is_counted", "request_findings", "request_text"]

#: From here on it is said that not much is left.
_NEAR = 0.8
#: What adds less than this is none of the cause.
_NOTHING = 0.0005
#: Orders that stay at the exchange.
_RESTING = ("limit", "stop")


def is_counted(context: OperationContext, account_id: str) -> bool:
    """Whether an account's connectors say what they ask of an exchange."""
    try:
        account = context.core.accounts.get(account_id)
        source = context.core.accounts.source(account.source)
    except Exception:  # noqa: BLE001 - whatever a connector raises: its automations will wait and say why
        return False
    return states_costs(source) or states_costs(account.trading)


def foreseen(context: OperationContext, rehearsal: Rehearsal | None, instead_of: str = "") -> list[Forecast]:
    """Return what an automation will ask, whose next tick was rehearsed; nothing where that could not decide."""
    if rehearsal is None or rehearsal.evaluated.outcome.problem is not None:
        return []
    row, wide = rehearsal.loaded.row, _changed(rehearsal)
    (ended,) = rehearsal.changes.finished or rehearsal.changes.released
    orders = [each for each in rehearsal.changes.intents if each["status"] == IntentStatus.PLANNED]
    newcomer = Newcomer(
        rhythm_of(wide.get("wake", row.wake), wide.get("needs", row.needs), ended.get("levels", row.levels)),
        orders=len(orders),
        rests=any(each["kind"] == "order" and each["type"] in _RESTING for each in orders),
        instead_of=instead_of,
    )
    return forecast(context.core, row.account_id, newcomer)


def _changed(rehearsal: Rehearsal) -> Mapping[str, Any]:
    wide: dict[str, Any] = {}
    for change in rehearsal.changes.wide:
        wide |= change
    return wide


def request_findings(forecasts: Sequence[Forecast]) -> list[Finding]:
    """Return what is to be said of them: an error where an exchange would be asked for more than it allows.

    Of what others ask already it is not the cause, nor of prices that are fetched for others anyway.
    """
    found = []
    for each in forecasts:
        if each.adds / each.allowed < _NOTHING or each.share < _NEAR:
            continue
        told = request_text(each)
        if each.share <= 1:
            found.append(Finding("", f"{told}: little is left for more, and for orders"))
        else:
            found.append(Finding("", f"{told}: {_cure(each)}", "error"))
    return found


def request_text(found: Forecast) -> str:
    """Return how much an exchange will be asked, as the beginning of a sentence."""
    return (
        f"with it {found.exchange} is asked {found.share:.0%} of what it lets this {found.limit.per} ask in a minute"
        f" ({found.share_before:.0%} without it)"
    )


def _cure(found: Forecast) -> str:
    if found.fitting is not None:
        return f"let it act every {_interval(found.fitting)} at most"
    other = "with a key of its own" if found.limit.per == "key" else "that leaves by another address"
    return f"let it act less often, stop others there first, or take an account {other}"


def _interval(milliseconds: int) -> str:
    unit, size = next(each for each in (("h", 3_600_000), ("m", 60_000), ("s", 1_000)) if milliseconds % each[1] == 0)
    return f"{milliseconds // size}{unit}"


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
