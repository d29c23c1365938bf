"""What went wrong in a run, for its report: failed ticks and refused orders, with their reasons."""

from __future__ import annotations

import json
from collections.abc import Sequence

import sqlalchemy as sa

from octobot_node.contracts.storage import Storage
from octobot_node.market import from_ms
from octobot_node.orders import IntentStatus
from octobot_node.reports.models import AutomationReport, Problem
from octobot_node.store.tables import events, intents

__all__ = ["with_problems"]

#: The newest this many different ones are told.
_SHOWN = 5
#: So many of the newest failed ticks are looked at.
_LOOKED_AT = 1_000


def with_problems(storage: Storage, reports: Sequence[AutomationReport]) -> list[AutomationReport]:
    """Return the reports with the newest reasons of failed ticks and of refused orders, newest first."""
    with storage.read() as connection:
        return [_with_problems(connection, report) for report in reports]


def _with_problems(connection: sa.Connection, report: AutomationReport) -> AutomationReport:
    found: list[Problem] = []
    if report.failed_ticks:
        found += _failed_ticks(connection, report.id)
    if report.orders_by_status.get(IntentStatus.REFUSED):
        found += _refused_orders(connection, report.id)
    newest = sorted(found, key=lambda problem: problem.last, reverse=True)[:_SHOWN]
    return report.model_copy(update={"problems": newest})


def _failed_ticks(connection: sa.Connection, automation_id: str) -> list[Problem]:
    columns = events.c
    newest = (
        sa.select(columns.data, columns.at)
        .where(columns.automation_id == automation_id, columns.kind == "tick.failed")
        .order_by(columns.id.desc())
        .limit(_LOOKED_AT)
    )
    found: dict[str, tuple[int, int]] = {}
    for data, at in connection.execute(newest):
        reason = json.loads(data)["reason"]
        times, last = found.get(reason, (0, at))
        found[reason] = times + 1, last
    return [
        Problem(what="tick failed", reason=reason, times=times, last=from_ms(last))
        for reason, (times, last) in found.items()
    ]


def _refused_orders(connection: sa.Connection, automation_id: str) -> list[Problem]:
    columns = intents.c
    last = sa.func.max(columns.updated_at)
    grouped = (
        sa.select(columns.reason, sa.func.count(), last)
        .where(columns.automation_id == automation_id, columns.kind == "order", columns.status == IntentStatus.REFUSED)
        .group_by(columns.reason)
        .order_by(last.desc())
        .limit(_SHOWN)
    )
    return [
        Problem(what="order refused", reason=reason, times=times, last=from_ms(at))
        for reason, times, at in connection.execute(grouped)
    ]
