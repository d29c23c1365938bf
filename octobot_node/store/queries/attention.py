"""Statements of what needs somebody: each reads an index that holds only such rows, or little more."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from octobot_node.automation import AutomationStatus
from octobot_node.orders import IntentStatus
from octobot_node.store.rows.attention import LacksRow, LateRow, ReasonRow, ShortRow, SilentRow, UnknownRow
from octobot_node.store.sql.conditions import is_anybodys_own, is_live
from octobot_node.store.tables import accounts, automations, intents, schedule

__all__ = ["lacking", "late", "reasons", "short", "silent", "unknown"]

_a, _i, _s, _c = automations.c, intents.c, schedule.c, accounts.c
_REASONS = (
    sa.select(
        _a.status,
        _a.type,
        _a.reason,
        sa.func.count().label("many"),
        sa.func.min(_a.status_since).label("oldest"),
        sa.func.min(_a.name).label("name"),
    )
    .where(is_anybodys_own(_a.id))
    .group_by(_a.status, _a.type, _a.reason)
    .order_by(sa.func.count().desc(), _a.status, _a.type, _a.reason)
)
_UNKNOWN = (
    sa.select(
        _i.account_id,
        sa.func.coalesce(sa.func.min(_c.name), "").label("account"),
        sa.func.count().label("many"),
        sa.func.min(_i.updated_at).label("oldest"),
    )
    .select_from(intents.outerjoin(accounts, _i.account_id == _c.id))
    .where(is_live, _i.status == IntentStatus.UNKNOWN, _i.kind == "order", is_anybodys_own(_i.account_id))
    .group_by(_i.account_id)
    .order_by(_i.account_id)
)
_LATE = sa.select(sa.func.count().label("many"), sa.func.min(_s.next_run_at).label("oldest")).where(
    _s.claim.is_(None),
    _s.next_run_at.is_not(None),
    _s.next_run_at < sa.bindparam("before", type_=sa.BigInteger),
    is_anybodys_own(_s.automation_id),
)
_LACKING = (
    sa.select(
        _i.account_id,
        sa.func.coalesce(sa.func.min(_c.name), "").label("account"),
        sa.func.count(_i.automation_id.distinct()).label("many"),
        sa.func.min(_i.automation_id).label("automation_id"),
        sa.func.coalesce(sa.func.min(_a.name), "").label("automation"),
        sa.func.min(_i.updated_at).label("oldest"),
        sa.func.max(_i.reason).label("reason"),
    )
    .select_from(intents.outerjoin(accounts, _i.account_id == _c.id).outerjoin(automations, _i.automation_id == _a.id))
    # In the words of the index.
    .where(
        sa.text("intents.lacking"),
        _i.updated_at >= sa.bindparam("since", type_=sa.BigInteger),
        is_anybodys_own(_i.account_id),
    )
    .group_by(_i.account_id)
    .order_by(_i.account_id)
)
_SHORT = sa.select(_c.id, _c.name, _c.lacks).order_by(_c.name)
_SILENT = (
    sa.select(
        _c.id,
        _c.name,
        _c.unanswered,
        _c.unanswered_since,
        _c.executions_unread,
        _c.executions_unread_since,
    )
    .where(sa.or_(_c.unanswered != "", _c.executions_unread != ""))
    .order_by(_c.name)
)


def reasons(connection: sa.Connection, status: AutomationStatus, owner: str | None, count: int) -> Sequence[ReasonRow]:
    """Return the reasons of those in a status, the most frequent first. Rides ix_automations_status."""
    statement = _REASONS.where(_a.status == status)
    return connection.execute(statement.where(_owned(_a.owner, owner)).limit(count)).all()


def unknown(connection: sa.Connection, owner: str | None) -> Sequence[UnknownRow]:
    """Return how many orders of unknown outcome each account has. Rides ix_intents_live."""
    return connection.execute(_UNKNOWN.where(_owned(_i.owner, owner))).all()


def short(connection: sa.Connection, owner: str | None) -> Sequence[ShortRow]:
    """Return the accounts whose exchange has less than their automations reckon with, by name."""
    # Looked through in Python: how JSON compares is another matter on each database, and accounts are few.
    return [row for row in connection.execute(_SHORT.where(_owned(_c.owner, owner))) if row.lacks]


def silent(connection: sa.Connection, owner: str | None) -> Sequence[SilentRow]:
    """Return the accounts whose exchange does not answer, or not what was executed, by name."""
    return connection.execute(_SILENT.where(_owned(_c.owner, owner))).all()


def late(connection: sa.Connection, before: int, owner: str | None) -> LateRow:
    """Return how many automations were due before a moment, and are in no batch. Rides ix_schedule_due."""
    return connection.execute(_LATE.where(_owned(_s.owner, owner)), {"before": before}).one()


def lacking(connection: sa.Connection, since: int, owner: str | None) -> Sequence[LacksRow]:
    """Return how many automations on each account lacked funds since a moment. Rides ix_intents_lacking."""
    return connection.execute(_LACKING.where(_owned(_i.owner, owner)), {"since": since}).all()


def _owned(column: sa.ColumnElement[str], owner: str | None) -> sa.ColumnElement[bool]:
    # No index has it: one of owners is not to be taken instead of that of what is looked for.
    return sa.true() if owner is None else column.concat("") == owner
