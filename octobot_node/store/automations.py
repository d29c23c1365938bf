"""Statements on ``automations``, the wide half."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa

from octobot_node.errors import TooMany
from octobot_node.shadow_ids import is_shadow, original_of, shadow_of
from octobot_node.store import events
from octobot_node.store.events import Event
from octobot_node.store.rows.automation import (
    AutomationRow,
    BatchedAutomationRow,
    GivenSignalRow,
    OriginalRow,
    RequestRow,
    WatchedAutomationRow,
)
from octobot_node.store.rows.ledger import FreeBalanceRow, PositionRow
from octobot_node.store.rows.node import AccountRow
from octobot_node.store.sql.bulk_statements import insert_many, update_many
from octobot_node.store.sql.conditions import is_anybodys_own, request_waits, signal_waits
from octobot_node.store.standings.standing_changes import note_changed
from octobot_node.store.statuses import RequestStatus, SignalStatus
from octobot_node.store.tables import (
    accounts,
    automations,
    balances,
    inbox,
    notices,
    positions,
    requests,
    schedule,
    watchings,
)
from octobot_node.store.turns import in_turn

__all__ = [
    "ANY_SHADOWS",
    "Consumed",
    "account",
    "account_id_named",
    "add_account",
    "add_notices",
    "add_requests",
    "any_shadows",
    "balances_of_batch",
    "batch",
    "consume_signals",
    "count_on_account",
    "delete_account",
    "end_request",
    "fail_signals",
    "get",
    "get_all",
    "limits",
    "lock_account",
    "named",
    "originals_of",
    "owned",
    "positions_of_batch",
    "refuse_too_many",
    "refuse_too_many_accounts",
    "requests_by_id",
    "shadows_of",
    "signals_of_batch",
    "update",
    "update_account",
    "update_all",
    "waiting_request_ids",
    "watch",
    "watched_by_batch",
    "watchers_of",
    "watchers_of_names",
]

_UNBOUNDED = "local"
#: What lists are filtered and sorted by: whoever keeps those in memory is told.
_LISTED = frozenset({"name", "needs", "status", "tags"})
_a, _s = automations.c, schedule.c


class _OfAutomation(Protocol):
    automation_id: str


_R = TypeVar("_R", bound=_OfAutomation)
_OF_BATCH = sa.select(_s.automation_id).where(_s.claim == sa.bindparam("batch"))

_BATCH = (
    sa.select(
        _a.id,
        _a.name,
        _a.owner,
        _a.account_id,
        _a.shard,
        _a.type,
        _a.status,
        _a.reason,
        _a.config,
        _a.previous_config,
        _a.state,
        _a.state_version,
        _a.needs,
        _a.figures,
        _a.next_step,
        _a.wake,
        _a.limits,
        _s.source,
        _s.due_at,
        _s.tick,
        _s.revision,
        _s.wakes,
        _s.failures,
        _s.suspect,
        _s.levels,
        _s.next_run_at,
    )
    .join_from(schedule, automations, _s.automation_id == _a.id)
    .where(_s.claim == sa.bindparam("batch"))
    .order_by(_a.id)
)


def batch(connection: sa.Connection, batch_id: str) -> Sequence[BatchedAutomationRow]:
    """Return both halves of every automation that a batch holds."""
    return connection.execute(_BATCH, {"batch": batch_id}).all()


_RIDES = sa.func.coalesce(_s.claim == sa.bindparam("batch"), sa.false()).label("rides")
_ORIGINALS = (
    sa.select(_a.id, _a.name, _a.status, _a.wake, _s.tick, _s.due_at, _RIDES)
    .join_from(schedule, automations, _s.automation_id == _a.id)
    .where(_a.id.in_(sa.bindparam("ids", expanding=True)))
)


def originals_of(connection: sa.Connection, batch_id: str, shadows: Collection[str]) -> dict[str, OriginalRow]:
    """Return shadow -> its original, of those that there are; ``rides``: they are in the same batch."""
    if not shadows:
        return {}
    ids = {original_of(id_): id_ for id_ in shadows}
    found = connection.execute(_ORIGINALS, {"batch": batch_id, "ids": list(ids)}).all()
    return {ids[row.id]: row for row in found}


_BALANCES = sa.select(balances.c.automation_id, balances.c.asset, balances.c.free).where(
    balances.c.automation_id.in_(_OF_BATCH)
)


def balances_of_batch(connection: sa.Connection, batch_id: str) -> dict[str, list[FreeBalanceRow]]:
    """Return automation -> (automation_id, asset, free)."""
    return _grouped(connection.execute(_BALANCES, {"batch": batch_id}).all())


def owned(connection: sa.Connection, automation_id: str) -> dict[str, Decimal]:
    """Return all that an automation has by asset, what its orders reserve included."""
    columns = balances.c
    statement = sa.select(columns.asset, columns.free, columns.reserved).where(columns.automation_id == automation_id)
    return {asset: free + reserved for asset, free, reserved in connection.execute(statement)}


_POSITIONS = sa.select(
    positions.c.automation_id, positions.c.symbol, positions.c.amount, positions.c.cost, positions.c.realised
).where(positions.c.automation_id.in_(_OF_BATCH))


def positions_of_batch(connection: sa.Connection, batch_id: str) -> dict[str, list[PositionRow]]:
    """Return automation -> (automation_id, symbol, amount, cost, realised)."""
    return _grouped(connection.execute(_POSITIONS, {"batch": batch_id}).all())


_SIGNALS = (
    sa.select(inbox.c.automation_id, inbox.c.id, inbox.c.channel, inbox.c.payload, inbox.c.received_at)
    .where(
        inbox.c.automation_id.in_(_OF_BATCH),
        signal_waits,
        sa.or_(inbox.c.expires_at.is_(None), inbox.c.expires_at > sa.bindparam("now")),
    )
    .order_by(inbox.c.id)
)


def signals_of_batch(connection: sa.Connection, batch_id: str, now: int) -> dict[str, list[GivenSignalRow]]:
    """Return automation -> (automation_id, id, channel, payload, received_at) of signals not expired, in order of
    arrival.
    """
    return _grouped(connection.execute(_SIGNALS, {"batch": batch_id, "now": now}).all())


def _grouped(rows: Sequence[_R]) -> dict[str, list[_R]]:
    found: dict[str, list[_R]] = {}
    for row in rows:
        found.setdefault(row.automation_id, []).append(row)
    return found


@dataclass(frozen=True, slots=True)
class Consumed:
    """A signal that a tick was given and that is over, with what became of it; ``orders`` are intents."""

    id: str
    tick: int
    outcome: str = ""
    reason: str = ""
    orders: Sequence[str] = ()


def consume_signals(connection: sa.Connection, signals: Sequence[Consumed]) -> None:
    """Mark signals as consumed."""
    if signals:
        statement = (
            inbox.update()
            .where(inbox.c.id == sa.bindparam("b_id"))
            .values(
                status=SignalStatus.CONSUMED,
                consumed_tick=sa.bindparam("b_tick"),
                outcome=sa.bindparam("b_outcome"),
                reason=sa.bindparam("b_reason"),
                orders=sa.bindparam("b_orders"),
            )
        )
        rows = [
            {
                "b_id": signal.id,
                "b_tick": signal.tick,
                "b_outcome": signal.outcome,
                "b_reason": signal.reason,
                "b_orders": json.dumps(list(signal.orders)),
            }
            for signal in signals
        ]
        connection.execute(statement, rows)


#: A signal that was there in this many failed ticks is set aside, dead, so that it cannot fail the automation.
_SIGNAL_TRIES = 3


def fail_signals(connection: sa.Connection, failed: Sequence[tuple[str, str]]) -> None:
    """Count a failed tick, for a reason, against the signals that it was given; the third sets a signal aside."""
    if failed:
        dead = sa.case((inbox.c.tries + 1 >= _SIGNAL_TRIES, SignalStatus.DEAD), else_=inbox.c.status)
        statement = (
            inbox.update()
            .where(inbox.c.id == sa.bindparam("b_id"))
            .values(tries=inbox.c.tries + 1, status=dead, outcome="failed", reason=sa.bindparam("b_reason"))
        )
        connection.execute(statement, [{"b_id": id_, "b_reason": reason} for id_, reason in failed])


def update(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the given columns; each row has its ``id``."""
    update_many(connection, automations, ("id",), rows)
    note_changed(connection, (row["id"] for row in rows if not _LISTED.isdisjoint(row)))


def get(connection: sa.Connection, automation_id: str) -> AutomationRow | None:
    """Return an automation's wide half, or None."""
    return connection.execute(sa.select(automations).where(_a.id == automation_id)).first()


def get_all(connection: sa.Connection, ids: Collection[str]) -> Sequence[AutomationRow]:
    """Return the wide halves of these automations, in order of id."""
    return connection.execute(sa.select(automations).where(_a.id.in_(ids)).order_by(_a.id)).all()


def update_all(connection: sa.Connection, ids: Collection[str], values: Mapping[str, Any]) -> None:
    """Write the same ``values`` to all of these automations."""
    if ids:
        connection.execute(automations.update().where(_a.id.in_(ids)).values(dict(values)))
        if not _LISTED.isdisjoint(values):
            note_changed(connection, ids)


def named(connection: sa.Connection, owner: str, name: str) -> AutomationRow | None:
    """Return an owner's automation by name, or None."""
    return connection.execute(sa.select(automations).where(_a.owner == owner, _a.name == name)).first()


_ACCOUNT = sa.select(accounts).where(accounts.c.id == sa.bindparam("account"))


def refuse_too_many(connection: sa.Connection, owner: str, more: int, most: int) -> None:
    """Raise TooMany where ``more`` automations of an owner would be above ``most``. Rides ix_automations_owner.

    Nothing bounds ``local``: whoever has the data folder has the machine.
    """
    if owner == _UNBOUNDED:
        return
    there = connection.scalar(sa.select(sa.func.count()).where(_a.owner == owner, is_anybodys_own(_a.id))) or 0
    if there + more > most:
        raise TooMany(
            f"{owner!r} has {there:,} automations, and {most:,} are the most (OCTOBOT_USER_AUTOMATIONS): delete some"
            " that have ended, or make fewer"
        )


def refuse_too_many_accounts(connection: sa.Connection, owner: str, more: int, most: int) -> None:
    """Raise TooMany where ``more`` accounts of an owner would be above ``most``. Rides uq_accounts_owner_name."""
    if owner == _UNBOUNDED or not more:
        return
    theirs = sa.select(sa.func.count()).where(accounts.c.owner == owner, is_anybodys_own(accounts.c.id))
    there = connection.scalar(theirs) or 0
    if there + more > most:
        raise TooMany(
            f"{owner!r} has {there:,} accounts, and {most:,} are the most (OCTOBOT_USER_ACCOUNTS): delete some that"
            " nothing trades on, or make fewer"
        )


def account(connection: sa.Connection, account_id: str) -> AccountRow | None:
    """Return an account, or None."""
    return connection.execute(_ACCOUNT, {"account": account_id}).first()


_LIMITS = sa.select(accounts.c.id, accounts.c.limits).where(accounts.c.id.in_(sa.bindparam("ids", expanding=True)))


def limits(connection: sa.Connection, account_ids: Collection[str]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return (account id, its limits as JSON) of accounts."""
    if not account_ids:
        return []
    return [(row.id, row.limits) for row in connection.execute(_LIMITS, {"ids": sorted(account_ids)})]


def account_id_named(connection: sa.Connection, owner: str, name: str) -> str | None:
    """Return the id of an owner's account by name, or None."""
    statement = sa.select(accounts.c.id).where(accounts.c.owner == owner, accounts.c.name == name)
    return connection.scalar(statement)


def add_account(connection: sa.Connection, row: Mapping[str, Any]) -> None:
    """Insert an account."""
    connection.execute(accounts.insert(), [dict(row)])


def lock_account(connection: sa.Connection, account_id: str) -> AccountRow | None:
    """Return an account, locked, or None."""
    return connection.execute(sa.select(accounts).where(accounts.c.id == account_id).with_for_update()).first()


def update_account(connection: sa.Connection, account_id: str, values: Mapping[str, Any]) -> None:
    """Write the given columns of an account."""
    if values:
        connection.execute(accounts.update().where(accounts.c.id == account_id).values(dict(values)))


def count_on_account(connection: sa.Connection, account_id: str) -> int:
    """Return how many automations are on an account. Rides ix_automations_account."""
    return connection.scalar(sa.select(sa.func.count()).where(_a.account_id == account_id)) or 0


def shadows_of(connection: sa.Connection, ids: Collection[str]) -> dict[str, AutomationRow]:
    """Return original -> its shadow, of those that have one; one that was switched off is none. Rides the key."""
    wanted = {shadow_of(id_): id_ for id_ in ids if not is_shadow(id_)}
    if not wanted or not any_shadows(connection):
        return {}
    found: dict[str, AutomationRow] = {}
    for start in range(0, len(wanted), _IDS_MAX):
        some = list(wanted)[start : start + _IDS_MAX]
        rows = connection.execute(sa.select(automations).where(_a.id.in_(some), _a.name == _a.id).order_by(_a.id))
        found |= {wanted[row.id]: row for row in rows}
    return found


#: Whether there is an account of shadows; of accounts, which are few, the primary key is read alone.
ANY_SHADOWS = sa.select(accounts.c.id).where(sa.not_(is_anybodys_own(accounts.c.id))).exists()


def any_shadows(connection: sa.Connection) -> bool:
    """Whether there may be any shadow."""
    return bool(connection.scalar(sa.select(ANY_SHADOWS)))


def delete_account(connection: sa.Connection, account_id: str) -> None:
    """Delete an account."""
    connection.execute(accounts.delete().where(accounts.c.id == account_id))


def add_notices(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert notices for the notifiers, and say in the log of events what they tell.

    ``field`` of a row is that of a config in which a type found something; it is for the log alone.
    """
    # A shadow tells nobody anything: its original does.
    for at, told in groupby(rows, key=itemgetter("created_at")):
        some = [row for row in told if not (is_shadow(row["automation_id"]) or is_shadow(row["account_id"]))]
        if not some:
            continue
        insert_many(connection, notices, [{key: row[key] for key in row if key != "field"} for row in some])
        events.append(connection, [_notice_told(row) for row in some], at)


def _notice_told(row: Mapping[str, Any]) -> Event:
    said = {"level": row["level"], "message": row["message"]}
    if row.get("field") is not None:
        said["field"] = row["field"]
    return Event(row["owner"], row["account_id"], row["automation_id"], "notice.told", said)


def add_requests(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert what automations decided about others; a shadow stops and pauses nobody."""
    asked = [row for row in rows if not is_shadow(row["automation_id"])]
    if asked:
        insert_many(connection, requests, asked)


_WAITING_REQUESTS = sa.select(requests.c.id, requests.c.owner).where(request_waits)


def waiting_request_ids(connection: sa.Connection, count: int) -> list[str]:
    """Return up to ``count`` requests that nobody has carried out, owners in turn, each one's oldest first.

    Rides ix_requests_waiting.
    """
    waiting = connection.execute(_WAITING_REQUESTS.order_by(requests.c.owner, requests.c.id)).all()
    return [row.id for row in in_turn(waiting)[:count]]


def requests_by_id(connection: sa.Connection, ids: Sequence[str]) -> Sequence[RequestRow]:
    """Return requests in the order of their ids that are given. Rides the key."""
    rows = connection.execute(sa.select(requests).where(requests.c.id.in_(ids))).all()
    places = {request_id: place for place, request_id in enumerate(ids)}
    return sorted(rows, key=lambda row: places[row.id])


def end_request(connection: sa.Connection, request_id: str, status: RequestStatus, reason: str) -> bool:
    """Say what became of a waiting request; return False if that was said before."""
    columns = requests.c
    statement = requests.update().where(columns.id == request_id, columns.status == RequestStatus.WAITING)
    return connection.execute(statement.values(status=status, reason=reason)).rowcount > 0


_w = watchings.c
_WATCHED = (
    sa.select(_w.automation_id, _a.id, _a.name, _a.type, _a.status)
    .join_from(watchings, automations, sa.and_(_a.owner == _w.owner, _a.name == _w.name))
    .where(_w.automation_id.in_(_OF_BATCH))
    .order_by(_a.name)
)
_WATCHED_POSITIONS = sa.select(
    positions.c.automation_id, positions.c.symbol, positions.c.amount, positions.c.cost, positions.c.realised
).where(positions.c.automation_id.in_(sa.bindparam("ids", expanding=True)))


def watched_by_batch(
    connection: sa.Connection, batch_id: str
) -> tuple[dict[str, list[WatchedAutomationRow]], dict[str, list[PositionRow]]]:
    """Return what a batch's automations watch, as automation -> (watcher, id, name, type, status), and the positions of
    those, as id -> rows of (automation_id, symbol, amount, cost, realised).
    """
    rows = connection.execute(_WATCHED, {"batch": batch_id}).all()
    if not rows:
        return {}, {}
    held = connection.execute(_WATCHED_POSITIONS, {"ids": sorted({row.id for row in rows})}).all()
    return _grouped(rows), _grouped(held)


_WATCHERS = (
    sa.select(_a.id, _w.automation_id)
    .join_from(watchings, automations, sa.and_(_a.owner == _w.owner, _a.name == _w.name))
    .where(_a.id.in_(sa.bindparam("ids", expanding=True)))
)
#: Ids in one statement at most; databases limit the number of parameters.
_IDS_MAX = 5_000


def watchers_of(connection: sa.Connection, ids: Iterable[str]) -> dict[str, list[str]]:
    """Return automation -> those that watch it, of these that are watched. Rides ix_watchings_name."""
    found: dict[str, list[str]] = {}
    wanted = sorted(set(ids))
    for start in range(0, len(wanted), _IDS_MAX):
        for watched, watcher in connection.execute(_WATCHERS, {"ids": wanted[start : start + _IDS_MAX]}):
            found.setdefault(watched, []).append(watcher)
    return found


def watchers_of_names(connection: sa.Connection, owner: str, names: Collection[str]) -> list[str]:
    """Return who watches an owner's automations of these names, whether there are any. Rides ix_watchings_name."""
    statement = sa.select(_w.automation_id).where(_w.owner == owner, _w.name.in_(names)).distinct()
    return list(connection.scalars(statement))


def watch(connection: sa.Connection, watcher: Mapping[str, Any], names: Sequence[str]) -> None:
    """Let ``watcher`` (automation_id, owner, account_id, shard) watch exactly these automations."""
    connection.execute(watchings.delete().where(_w.automation_id == watcher["automation_id"]))
    if names:
        insert_many(connection, watchings, [{**watcher, "name": name} for name in names])
