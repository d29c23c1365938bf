"""Statements on ``schedule``: claiming, waking, finishing a tick."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from octobot_node.shadow_ids import is_shadow, shadow_of
from octobot_node.store.automations import ANY_SHADOWS
from octobot_node.store.rows.automation import ClaimedScheduleRow, LockedScheduleRow
from octobot_node.store.sql.bulk_statements import insert_many, run_many
from octobot_node.store.tables import automations, changed_levels, schedule

__all__ = [
    "Due",
    "any_levels_noted",
    "claim",
    "due",
    "expired_claims",
    "extend_claims",
    "finish",
    "levels",
    "lock",
    "lock_claimed",
    "move",
    "next_due_at",
    "note_levels",
    "release",
    "renew",
    "set_all_runnable",
    "set_runnable",
    "shadows_riding",
    "shorten_claim",
    "suspects_claimed",
    "take_levels",
    "wake",
]

_c = schedule.c
#: Ids in one statement at most; databases limit the number of parameters.
_IDS_MAX = 5_000


@dataclass(frozen=True, slots=True)
class Due:
    """A row that is due: which snapshot and which evaluating process it goes with."""

    automation_id: str
    source: str
    suspect: bool
    #: Whether there are shadows at all, of whatever automation.
    shadows: bool = False


def _due(*columns: sa.ColumnElement[Any]) -> sa.Select[*tuple[Any, ...]]:
    wanted = sa.select(_c.automation_id, _c.source, _c.suspect, *columns)
    found = wanted.where(_c.claim.is_(None), _c.next_run_at <= sa.bindparam("now")).order_by(_c.next_run_at)
    return found.limit(sa.bindparam("count")).with_for_update(skip_locked=True)


# Asked along: a statement of its own would cost more at each look.
_DUE = _due(ANY_SHADOWS.label("shadows"))
_DUE_HEALTHY = _DUE.where(sa.not_(_c.suspect))
_DUE_IN_A_REPLAY = _due()


def due(connection: sa.Connection, now: int, count: int, *, suspects: bool = True, shadows: bool = True) -> list[Due]:
    """Return up to ``count`` unclaimed rows due at ``now``, longest waiting first, locked. Rides ix_schedule_due.

    Without ``suspects`` those that are evaluated apart are left out; without ``shadows`` nobody asks for any.
    """
    statement = _DUE if suspects else _DUE_HEALTHY
    rows = connection.execute(statement if shadows else _DUE_IN_A_REPLAY, {"now": now, "count": count})
    return [Due(*row) for row in rows]


_RUNNING = sa.select(_c.automation_id).where(_c.automation_id.in_(sa.bindparam("ids", expanding=True)), _c.runnable)
_FREE = _RUNNING.where(_c.claim.is_(None)).with_for_update(skip_locked=True)


def shadows_riding(connection: sa.Connection, ids: Sequence[str]) -> tuple[set[str], set[str]]:
    """Return the shadows that tick with these automations: those that are free, locked, and those that are busy.

    Rides the key.
    """
    wanted = [shadow_of(id_) for id_ in ids if not is_shadow(id_)]
    if not wanted:
        return set(), set()
    running = set(connection.scalars(_RUNNING, {"ids": wanted}))
    free = set(connection.scalars(_FREE, {"ids": sorted(running)})) if running else set()
    return free, running - free


_SUSPECTS_CLAIMED = sa.select(_c.automation_id).where(sa.text("schedule.claim IS NOT NULL"), _c.suspect).limit(1)


def suspects_claimed(connection: sa.Connection) -> bool:
    """Whether a batch of suspects is handed out. Rides ix_schedule_claim."""
    return connection.execute(_SUSPECTS_CLAIMED).first() is not None


# One statement for all: an executemany lets other threads in between any two rows, and waits for its turn again.
_CLAIM = (
    schedule.update()
    .where(_c.automation_id.in_(sa.bindparam("ids", expanding=True)))
    .values(claim=sa.bindparam("batch"), claim_until=sa.bindparam("until"), claim_tries=_c.claim_tries + 1)
)


def claim(connection: sa.Connection, batch: str, ids: Iterable[str], until: int) -> None:
    """Give the rows to ``batch`` until ``until`` (ms UTC)."""
    connection.execute(_CLAIM, {"ids": list(ids), "batch": batch, "until": until})


_NEXT_DUE = sa.select(sa.func.min(_c.next_run_at)).where(_c.claim.is_(None), _c.next_run_at.is_not(None))


def next_due_at(connection: sa.Connection) -> int | None:
    """Return when the next unclaimed row is due, or None. Rides ix_schedule_due."""
    found: int | None = connection.scalar(_NEXT_DUE)
    return found


_EXPIRED = sa.select(_c.claim, _c.automation_id, _c.claim_tries).where(
    _c.claim.is_not(None), _c.claim_until < sa.bindparam("now")
)


def expired_claims(connection: sa.Connection, now: int) -> dict[str, list[tuple[str, int]]]:
    """Return batch -> [(automation, tries)] of claims that ran out."""
    found: dict[str, list[tuple[str, int]]] = {}
    for batch, automation_id, tries in connection.execute(_EXPIRED, {"now": now}):
        found.setdefault(batch, []).append((automation_id, tries))
    return found


def shorten_claim(connection: sa.Connection, batch: str, until: int) -> None:
    """Let a batch's claim run out at ``until`` (ms UTC): its work broke down and must be taken again."""
    lock_claimed(connection, batch)
    connection.execute(schedule.update().where(_c.claim == batch).values(claim_until=until))


def extend_claims(connection: sa.Connection, until: int) -> None:
    """Give every claim until ``until``: at a node's start, its old claims have work of their own to resume."""
    connection.execute(schedule.update().where(_c.claim.is_not(None)).values(claim_until=until))


_LOCK_CLAIMED = (
    sa.select(_c.automation_id, _c.tick, _c.revision, _c.wakes)
    .where(_c.claim == sa.bindparam("batch"))
    .order_by(_c.automation_id)
    .with_for_update()
)


def lock_claimed(connection: sa.Connection, batch: str) -> Sequence[ClaimedScheduleRow]:
    """Return (automation_id, tick, revision, wakes) of the rows a batch still holds, locked in id order."""
    return connection.execute(_LOCK_CLAIMED, {"batch": batch}).all()


_FINISH = (
    schedule.update()
    .where(_c.automation_id == sa.bindparam("id"))
    .values(
        tick=sa.bindparam("tick"),
        ticked_at=sa.bindparam("ticked_at"),
        next_run_at=sa.bindparam("next_run_at"),
        due_at=sa.bindparam("due_at"),
        runnable=sa.bindparam("runnable"),
        failures=sa.bindparam("failures"),
        suspect=sa.bindparam("suspect"),
        levels=sa.bindparam("levels"),
        claim=None,
        claim_until=None,
        claim_tries=0,
    )
)


def finish(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """End a tick for rows locked by ``lock_claimed``: new tick number, next run, claim let go."""
    if rows:
        run_many(connection, _FINISH, rows)


_RELEASE = (
    schedule.update()
    .where(_c.automation_id == sa.bindparam("id"))
    .values(
        next_run_at=sa.bindparam("next_run_at"),
        suspect=sa.bindparam("suspect"),
        claim=None,
        claim_until=None,
        claim_tries=0,
    )
)


def release(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Let rows go without a tick: they wait for data, or move to the suspects' process."""
    if rows:
        run_many(connection, _RELEASE, rows)


#: A tick that is said to come yet was at another clock than this: whoever is woken does not wait for it.
_JUST_TICKED = (_c.ticked_at <= sa.bindparam("now")) & (_c.ticked_at + 1_000 > sa.bindparam("now"))
_WAKE_AT = sa.case((_JUST_TICKED, _c.ticked_at + 1_000), else_=sa.bindparam("now"))
_IN_ORDER = (
    sa.select(_c.automation_id)
    .where(_c.automation_id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(_c.automation_id)
    .with_for_update()
)
_WAKE = (
    schedule.update()
    .where(_c.automation_id.in_(_IN_ORDER))
    .values(
        wakes=_c.wakes + 1,
        next_run_at=sa.case(
            (sa.not_(_c.runnable), _c.next_run_at),
            (_c.next_run_at.is_not(None) & (_c.next_run_at < _WAKE_AT), _c.next_run_at),
            else_=_WAKE_AT,
        ),
    )
)


def wake(connection: sa.Connection, ids: Iterable[str], now: int) -> None:
    """Wake automations: run now, or one second after the last tick; never later than planned.

    Ids are locked in order, so that two wakers lock them the same way round.
    """
    wanted = sorted(set(ids))
    for start in range(0, len(wanted), _IDS_MAX):
        connection.execute(_WAKE, {"ids": wanted[start : start + _IDS_MAX], "now": now})


_LOCK = (
    sa.select(_c.automation_id, _c.runnable, _c.due_at, _c.revision)
    .where(_c.automation_id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(_c.automation_id)
    .with_for_update()
)


def lock(connection: sa.Connection, ids: Iterable[str]) -> dict[str, LockedScheduleRow]:
    """Lock rows in id order, before anything else of their automations.

    Returns id -> (automation_id, runnable, due_at, revision).
    """
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    return {row.automation_id: row for row in connection.execute(_LOCK, {"ids": wanted}).all()}


def set_runnable(
    connection: sa.Connection, automation_id: str, *, runnable: bool, next_run_at: int | None, due_at: int | None
) -> None:
    """Change whether an automation is evaluated; bumps its revision, so that an evaluation under way is dropped."""
    connection.execute(
        schedule.update()
        .where(_c.automation_id == automation_id)
        .values(
            runnable=runnable,
            next_run_at=next_run_at,
            due_at=due_at,
            revision=_c.revision + 1,
            claim=None,
            claim_until=None,
            claim_tries=0,
        )
    )


def set_all_runnable(
    connection: sa.Connection,
    ids: Sequence[str],
    *,
    runnable: bool,
    next_run_at: int | None,
    planned: bool = True,
    forgive: bool = False,
) -> None:
    """Change, as ``set_runnable``, whether automations are evaluated.

    Their own plan stays unless not ``planned``; ``forgive`` forgets their failures.
    """
    values: dict[str, Any] = {
        "runnable": runnable,
        "next_run_at": next_run_at,
        "revision": _c.revision + 1,
        "claim": None,
        "claim_until": None,
        "claim_tries": 0,
    }
    values |= {} if planned else {"due_at": None}
    values |= {"failures": 0} if forgive else {}
    if ids:
        connection.execute(schedule.update().where(_c.automation_id.in_(ids)).values(**values))


def renew(connection: sa.Connection, automation_id: str) -> None:
    """Bump an automation's revision: an evaluation under way is dropped, and done again if it was due."""
    connection.execute(
        schedule.update()
        .where(_c.automation_id == automation_id)
        .values(revision=_c.revision + 1, claim=None, claim_until=None, claim_tries=0)
    )


def levels(connection: sa.Connection) -> list[tuple[str, str, str]]:
    """Return (automation_id, source, levels) of every row that a price wakes. Rides ix_schedule_levels."""
    statement = sa.select(_c.automation_id, _c.source, _c.levels).where(_c.levels.is_not(None), _c.runnable)
    return [(row.automation_id, row.source, row.levels) for row in connection.execute(statement)]


def move(connection: sa.Connection, account_id: str, source: str) -> None:
    """Let an account's automations look at another source of market data from now on. Rides ix_automations_account."""
    ids = list(connection.scalars(sa.select(automations.c.id).where(automations.c.account_id == account_id)))
    for start in range(0, len(ids), _IDS_MAX):
        some = ids[start : start + _IDS_MAX]
        connection.execute(schedule.update().where(_c.automation_id.in_(some)).values(source=source))
        note_levels(connection, some)


def note_levels(connection: sa.Connection, automation_ids: Sequence[str]) -> None:
    """Note whose levels changed, for the node that watches prices."""
    insert_many(connection, changed_levels, [{"automation_id": automation_id} for automation_id in automation_ids])


_ANY_NOTED = sa.select(changed_levels.c.id).limit(1)


def any_levels_noted(connection: sa.Connection) -> bool:
    """Whether there is anything to take."""
    return connection.execute(_ANY_NOTED).first() is not None


def take_levels(connection: sa.Connection) -> list[tuple[str, str, str | None]]:
    """Take what was noted; return (automation_id, source, levels) as they are now, None where there are none."""
    taken = set(connection.scalars(changed_levels.delete().returning(changed_levels.c.automation_id)))
    found: list[tuple[str, str, str | None]] = []
    wanted = sorted(taken)
    for start in range(0, len(wanted), _IDS_MAX):
        ids = wanted[start : start + _IDS_MAX]
        statement = sa.select(_c.automation_id, _c.source, _c.levels, _c.runnable).where(_c.automation_id.in_(ids))
        rows = {row.automation_id: row for row in connection.execute(statement)}
        for automation_id in ids:
            row = rows.get(automation_id)
            found.append(
                (automation_id, row.source, row.levels if row.runnable else None)
                if row is not None
                else (automation_id, "", None)
            )
    return found
