"""What went wrong in a run, for its report: failed ticks, refused orders, and what types found in configs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Literal

import sqlalchemy as sa

from octobot_node.contracts.storage import Storage
from octobot_node.market import from_ms
from octobot_node.orders import IntentStatus
from octobot_node.reports.models import AutomationReport, ConfigFinding, Problem
from octobot_node.store.tables import events, intents

__all__ = ["with_problems"]

#: The newest this many different ones are told.
_SHOWN = 5
_SEVERITIES: dict[str, Literal["warning", "error"]] = {"warning": "warning", "error": "error"}
#: So many of the newest failed ticks are looked at.
_LOOKED_AT = 1_000


def with_problems(storage: Storage, reports: Sequence[AutomationReport]) -> list[AutomationReport]:
    """Return the reports with findings and the newest reasons of failed ticks and refused orders, newest first."""
    with storage.read() as connection:
        return [_with_problems(connection, report) for report in reports]


def _with_problems(connection: sa.Connection, report: AutomationReport) -> AutomationReport:
    found: list[Problem] = []
    if report.failed_ticks:
        found += _failed_ticks(connection, report.id)
    if report.orders_by_status.get(IntentStatus.REFUSED):
        found += _refused_orders(connection, report.id)
    newest = sorted(found, key=lambda problem: problem.last, reverse=True)[:_SHOWN]
    return report.model_copy(update={"problems": newest, "findings": _findings(connection, report.id)})


def _findings(connection: sa.Connection, automation_id: str) -> list[ConfigFinding]:
    """Return what the type found in the config of now.

    It is read from the events, since another market, or what was bought meanwhile, would make it another answer.
    """
    columns = events.c
    told = sa.and_(columns.kind == "notice.told", columns.data.contains('"field":'))
    newest = (
        sa.select(columns.kind, columns.data)
        .where(columns.automation_id == automation_id, told | (columns.kind == "automation.edited"))
        .order_by(columns.id.desc())
        .limit(_LOOKED_AT)
    )
    found: list[ConfigFinding] = []
    for kind, text in connection.execute(newest):
        data = json.loads(text)
        if kind == "automation.edited":
            if "config" in data:
                # What is before it is about another one.
                break
        elif "field" in data:
            said = data["message"].removeprefix(f"{data['field']}: ")
            found.append(
                ConfigFinding(field=data["field"], severity=_SEVERITIES.get(data["level"], "warning"), text=said)
            )
    return found[::-1]


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
