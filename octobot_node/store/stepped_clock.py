"""Statements for a clock that was set: what is planned too far ahead, and what was done at a time to come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from octobot_node.store.rows.automation import AheadRow
from octobot_node.store.sql.bulk_statements import run_many
from octobot_node.store.sql.conditions import is_live, is_planned
from octobot_node.store.tables import accounts, automations, cursors, events, intents, schedule

__all__ = ["ahead", "newest_moment", "retry_soon", "shorten_claims", "write_anew"]

_s, _i = schedule.c, intents.c
#: The newest moments that the node itself wrote; indexed, or a table of few rows.
_PAST = sa.select(
    sa.select(events.c.at).order_by(events.c.id.desc()).limit(1).scalar_subquery(),
    sa.select(sa.func.max(_s.ticked_at)).scalar_subquery(),
    sa.select(_i.created_at).order_by(_i.id.desc()).limit(1).scalar_subquery(),
    sa.select(sa.func.max(accounts.c.created_at)).scalar_subquery(),
    sa.select(sa.func.max(cursors.c.updated_at)).scalar_subquery(),
)


def newest_moment(connection: sa.Connection) -> int:
    """Return the newest moment (ms UTC) that the database has seen, 0 where it has seen none."""
    return max((moment for moment in connection.execute(_PAST).one() if moment is not None), default=0)


_AHEAD = (
    sa.select(_s.automation_id, _s.ticked_at, _s.next_run_at, _s.due_at, _s.failures, automations.c.wake)
    .join_from(schedule, automations, _s.automation_id == automations.c.id)
    .where(
        _s.claim.is_(None),
        _s.automation_id > sa.bindparam("after"),
        sa.or_(_s.next_run_at > sa.bindparam("now"), _s.ticked_at > sa.bindparam("now")),
    )
    .order_by(_s.automation_id)
    .limit(sa.bindparam("count"))
)


def ahead(connection: sa.Connection, now: int, after: str, count: int) -> Sequence[AheadRow]:
    """Return up to ``count`` unclaimed rows after an id that are planned for, or ticked in, a time to come, by id."""
    return connection.execute(_AHEAD, {"now": now, "after": after, "count": count}).all()


_WRITE_ANEW = (
    schedule.update()
    .where(
        _s.automation_id == sa.bindparam("id"),
        _s.claim.is_(None),
        # Not of one that was woken, or ticked, meanwhile.
        _s.next_run_at.is_not_distinct_from(sa.bindparam("was_planned")),
        _s.ticked_at.is_not_distinct_from(sa.bindparam("was_ticked")),
    )
    .values(
        next_run_at=sa.bindparam("next_run_at"),
        due_at=sa.bindparam("due_at"),
        ticked_at=sa.bindparam("ticked_at"),
    )
)


def write_anew(connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Write when rows run next, and ticked last, but for those that moved since they were read; in order of ids."""
    if rows:
        run_many(connection, _WRITE_ANEW, rows)


def shorten_claims(connection: sa.Connection, until: int) -> None:
    """Let no claim run beyond ``until`` (ms UTC)."""
    ids = sa.select(_s.automation_id).where(_s.claim.is_not(None), _s.claim_until > until)
    locked = ids.order_by(_s.automation_id).with_for_update()
    connection.execute(schedule.update().where(_s.automation_id.in_(locked)).values(claim_until=until))


def retry_soon(connection: sa.Connection, now: int, latest: int) -> None:
    """Let planned intents that wait for later than ``latest`` (ms UTC) be sent from ``now`` on."""
    late = sa.select(_i.id).where(is_live, is_planned, _i.retry_at > latest).order_by(_i.id).with_for_update()
    connection.execute(intents.update().where(_i.id.in_(late)).values(retry_at=now))
