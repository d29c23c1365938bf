"""Statements of lists for people and programs: a page at a time by key, so that no page costs more than another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from octobot_node.orders import IntentStatus
from octobot_node.store.queries.periods import ALWAYS, Period, within
from octobot_node.store.rows.automation import FoundAutomationRow, ListedAutomationRow, ListedRow, NoticeRow
from octobot_node.store.rows.node import AccountRow, ListedEventRow
from octobot_node.store.rows.order import ListedIntentRow
from octobot_node.store.sql.conditions import is_anybodys_own, is_live, is_live_or_has_news, signal_waits
from octobot_node.store.tables import (
    accounts,
    automations,
    events,
    inbox,
    installation,
    intents,
    notices,
    postings,
    schedule,
)

__all__ = [
    "EVENTS",
    "AutomationFilter",
    "EventFilter",
    "OrderFilter",
    "account_names",
    "account_page",
    "account_sums",
    "accounts_by_connector",
    "accounts_by_id",
    "accounts_by_route",
    "accounts_matching",
    "automation_count",
    "automation_ids",
    "automation_page",
    "automations_by_id",
    "automations_by_status",
    "automations_matching",
    "budget",
    "budgets_of_owner",
    "budgets_on_account",
    "has_events",
    "listed_automations",
    "live_by_automation",
    "live_orders",
    "longest_due",
    "names_like",
    "newest_events",
    "newest_notices",
    "order",
    "order_page",
    "orders_in_flight",
    "sending",
    "waiting_signals",
]

_a, _s, _i, _e, _c, _n = automations.c, schedule.c, intents.c, events.c, accounts.c, notices.c
#: An account of somebody's, and not one beside it for shadows.
_OWN_ACCOUNT = is_anybodys_own(_c.id)
# In the words of the partial indexes, without which SQLite does not use them.
_ORDER = _i.kind == "order"
_UNKNOWN = sa.func.sum(sa.case((_i.status == IntentStatus.UNKNOWN, 1), else_=0)).label("unknown")

_WITH_SCHEDULE = sa.select(
    automations,
    _s.next_run_at,
    _s.ticked_at,
    _s.tick,
    _s.revision,
    _s.due_at,
    _s.levels,
    _s.source,
    _s.runnable,
    _c.name.label("account"),
).select_from(
    automations.join(schedule, _a.id == _s.automation_id).join(accounts, _a.account_id == _c.id),
)
_LISTED = sa.select(
    _a.id,
    _a.owner,
    _a.account_id,
    _a.name,
    _a.type,
    _a.status,
    _a.status_since,
    _a.reason,
    _a.sending,
    _a.created_at,
    _s.next_run_at,
    _s.ticked_at,
    _s.tick,
    _s.revision,
    _s.source,
    _s.runnable,
    _c.name.label("account"),
    _c.trading,
).select_from(
    automations.join(schedule, _a.id == _s.automation_id).join(accounts, _a.account_id == _c.id),
)
_WITH_NAMES = sa.select(
    intents, sa.func.coalesce(_a.name, "").label("automation"), sa.func.coalesce(_c.name, "").label("account")
).select_from(
    intents.outerjoin(automations, _i.automation_id == _a.id).outerjoin(accounts, _i.account_id == _c.id),
)
#: With the name of their automation, "" where there is none any more.
EVENTS = sa.select(events, sa.func.coalesce(_a.name, "").label("automation")).select_from(
    events.outerjoin(automations, _e.automation_id == _a.id)
)


def _owned(column: sa.ColumnElement[str], owner: str | None) -> sa.ColumnElement[bool]:
    return sa.true() if owner is None else column == owner


def _narrowed(column: sa.ColumnElement[str], owner: str | None, *, otherwise: bool) -> sa.ColumnElement[bool]:
    """Return the condition on an owner; ``otherwise`` another one narrows more, and its index is the one to ride."""
    if owner is None or not otherwise:
        return _owned(column, owner)
    # No index has this: of two that seem to cost the same, SQLite would take the later, the owner's.
    return column.concat("") == owner


# Automations ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AutomationFilter:
    """Which automations; None: any. ``types`` are full names."""

    owner: str | None = None
    statuses: Collection[str] | None = None
    types: Collection[str] | None = None
    account_id: str | None = None
    ids: Collection[str] | None = None

    def of(self, statement: sa.Select[*tuple[Any, ...]]) -> sa.Select[*tuple[Any, ...]]:
        """Return the statement narrowed to these automations."""
        other = (self.statuses, self.types, self.account_id, self.ids) != (None, None, None, None)
        found = statement.where(_narrowed(_a.owner, self.owner, otherwise=other), is_anybodys_own(_a.id))
        if self.statuses is not None:
            found = found.where(_a.status.in_(self.statuses))
        if self.types is not None:
            found = found.where(_a.type.in_(self.types))
        if self.account_id is not None:
            found = found.where(_a.account_id == self.account_id)
        return found if self.ids is None else found.where(_a.id.in_(self.ids))


def automation_page(
    connection: sa.Connection, wanted: AutomationFilter, after: str | None, count: int
) -> Sequence[ListedAutomationRow]:
    """Return both halves of up to ``count`` automations, with their account's name, in order of id after ``after``.

    Of a status, type or account it rides ix_automations_status, _type or _account, of an owner ix_automations_owner.
    """
    statement = wanted.of(_WITH_SCHEDULE).order_by(_a.id).limit(count)
    return connection.execute(statement if after is None else statement.where(_a.id > after)).all()


def automation_ids(connection: sa.Connection, wanted: AutomationFilter, after: str | None, count: int) -> list[str]:
    """Return the ids of up to ``count`` automations, in order, after ``after``. Rides what ``automation_page`` does."""
    statement = wanted.of(sa.select(_a.id)).order_by(_a.id).limit(count)
    return list(connection.scalars(statement if after is None else statement.where(_a.id > after)))


def automations_by_id(connection: sa.Connection, ids: Collection[str]) -> Sequence[ListedAutomationRow]:
    """Return both halves of these automations, with their account's name, in order of id."""
    return connection.execute(_WITH_SCHEDULE.where(_a.id.in_(ids)).order_by(_a.id)).all()


def listed_automations(connection: sa.Connection, ids: Collection[str]) -> Sequence[ListedRow]:
    """Return what lists show of these automations, but their config, state and the like."""
    return connection.execute(_LISTED.where(_a.id.in_(ids))).all()


def automation_count(connection: sa.Connection, wanted: AutomationFilter) -> int:
    """Return how many automations there are. Rides an index that has every column of the filter, or one of them."""
    return connection.scalar(wanted.of(sa.select(sa.func.count(_a.id)))) or 0


_FOUND = sa.select(_a.id, _a.name, _a.owner)


def automations_matching(connection: sa.Connection, wanted: str, owner: str | None) -> Sequence[FoundAutomationRow]:
    """Return (id, name, owner) of those with this name or id, the one of this id first. Rides ix_automations_name."""
    of_this_name = sa.or_(_a.id == wanted, _a.name == wanted)
    statement = _FOUND.where(of_this_name, is_anybodys_own(_a.id), _owned(_a.owner, owner)).order_by(
        (_a.id != wanted), _a.id
    )
    return connection.execute(statement).all()


#: Names that a misspelt one is compared with.
_COMPARED = 2_000


def names_like(connection: sa.Connection, table: sa.Table, name: str, owner: str | None) -> list[str]:
    """Return names of a table's rows to compare a misspelt one with, those with its first letter first."""
    columns = table.c
    alike = sa.func.lower(sa.func.substr(columns.name, 1, 1)) == name[:1].lower()
    theirs = _owned(columns.owner, owner), is_anybodys_own(columns.id)
    found = sa.select(columns.name).where(*theirs).order_by(sa.not_(alike), columns.id)
    return list(connection.scalars(found.limit(_COMPARED)))


def live_by_automation(connection: sa.Connection, ids: Collection[str]) -> Mapping[str, tuple[int, int]]:
    """Return automation -> (orders planned, sent or resting; orders of unknown outcome)."""
    statement = (
        sa.select(_i.automation_id, sa.func.count().label("live"), _UNKNOWN)
        .where(_i.automation_id.in_(ids), is_live, _ORDER)
        .group_by(_i.automation_id)
    )
    return {row.automation_id: (row.live - row.unknown, row.unknown) for row in connection.execute(statement)}


def automations_by_status(connection: sa.Connection, owner: str | None) -> dict[str, int]:
    """Return status -> how many automations. Everybody's ride ix_automations_status."""
    statement = (
        sa.select(_a.status, sa.func.count())
        .where(_owned(_a.owner, owner), is_anybodys_own(_a.id))
        .group_by(_a.status)
        .order_by(_a.status)
    )
    return {row[0]: row[1] for row in connection.execute(statement)}


def longest_due(connection: sa.Connection, owner: str | None) -> int | None:
    """Return since when the automation that waits longest for its tick has been due, or None. Rides ix_schedule_due."""
    statement = sa.select(sa.func.min(_s.next_run_at)).where(
        _s.claim.is_(None), _s.next_run_at.is_not(None), _owned(_s.owner, owner)
    )
    found: int | None = connection.scalar(statement)
    return found


def orders_in_flight(connection: sa.Connection, owner: str | None) -> tuple[int, int]:
    """Return (orders planned, sent or resting; orders of unknown outcome). Rides ix_intents_live."""
    theirs = _owned(_i.owner, owner), is_anybodys_own(_i.account_id)
    statement = sa.select(sa.func.count().label("live"), _UNKNOWN).where(is_live, _ORDER, *theirs)
    row = connection.execute(statement).one()
    return row.live - (row.unknown or 0), row.unknown or 0


def waiting_signals(connection: sa.Connection, automation_id: str) -> int:
    """Return how many signals wait in an automation's inbox. Rides ix_inbox_waiting."""
    statement = sa.select(sa.func.count()).where(inbox.c.automation_id == automation_id, signal_waits)
    return connection.scalar(statement) or 0


def budget(connection: sa.Connection, automation_ids: Collection[str]) -> dict[str, dict[str, Decimal]]:
    """Return automation -> what it was given, by asset."""
    columns = postings.c
    statement = (
        sa.select(columns.automation_id, columns.asset, columns.amount)
        .where(columns.automation_id.in_(automation_ids), columns.kind == "budget")
        .order_by(columns.id)
    )
    return {automation_id: {} for automation_id in automation_ids} | _sums(connection, statement)


def budgets_on_account(connection: sa.Connection, account_id: str) -> dict[str, Decimal]:
    """Return what an account's automations were given together, by asset. Rides ix_automations_account."""
    columns = postings.c
    statement = (
        sa.select(columns.automation_id, columns.asset, columns.amount)
        .join_from(automations, postings, columns.automation_id == automations.c.id)
        .where(automations.c.account_id == account_id, columns.kind == "budget")
    )
    total: dict[str, Decimal] = {}
    for given in _sums(connection, statement).values():
        for asset, amount in given.items():
            total[asset] = total.get(asset, Decimal(0)) + amount
    return total


def budgets_of_owner(connection: sa.Connection, owner: str) -> dict[str, dict[str, Decimal]]:
    """Return automation -> what it was given, by asset, of those of an owner that were given anything."""
    columns = postings.c
    statement = sa.select(columns.automation_id, columns.asset, columns.amount).where(
        columns.kind == "budget", columns.owner == owner, is_anybodys_own(columns.account_id)
    )
    return _sums(connection, statement)


def _sums(connection: sa.Connection, statement: sa.Select[Any]) -> dict[str, dict[str, Decimal]]:
    found: dict[str, dict[str, Decimal]] = {}
    for automation_id, asset, amount in connection.execute(statement):
        given = found.setdefault(automation_id, {})
        given[asset] = given.get(asset, Decimal(0)) + amount
    # What was given and taken again is no budget.
    return {id_: {asset: amount for asset, amount in given.items() if amount} for id_, given in found.items()}


# Orders --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders; None: any. ``status`` may be ``live``."""

    owner: str | None = None
    automation_id: str | None = None
    status: str | None = None
    symbol: str | None = None
    #: In which they were made.
    period: Period = ALWAYS


def order_page(
    connection: sa.Connection, wanted: OrderFilter, before: str | None, count: int
) -> Sequence[ListedIntentRow]:
    """Return up to ``count`` orders with the names of their automation and account, newest first, before ``before``.

    Of one automation it rides ix_intents_of; the live ones ix_intents_live, an owner's ix_intents_owner; others are
    read in order of id.
    """
    live = wanted.status == "live" or (wanted.status is not None and not IntentStatus(wanted.status).terminal)
    owned = _narrowed(_i.owner, wanted.owner, otherwise=live or wanted.automation_id is not None)
    made = within(connection, _i.id, _i.created_at, wanted.period)
    own = is_anybodys_own(_i.account_id)
    statement = _WITH_NAMES.where(_ORDER, owned, own, *made).order_by(_i.id.desc()).limit(count)
    if before is not None:
        statement = statement.where(_i.id < before)
    if wanted.automation_id is not None:
        statement = statement.where(_i.automation_id == wanted.automation_id)
    if live:
        statement = statement.where(is_live)
    if wanted.status not in {None, "live"}:
        statement = statement.where(_i.status == wanted.status)
    if wanted.symbol is not None:
        statement = statement.where(_i.symbol == wanted.symbol)
    return connection.execute(statement).all()


def live_orders(connection: sa.Connection, automation_id: str) -> Sequence[ListedIntentRow]:
    """Return an automation's orders that can still change, oldest first. Rides ix_intents_live_of."""
    statement = _WITH_NAMES.where(_i.automation_id == automation_id, is_live_or_has_news, is_live, _ORDER).order_by(
        _i.id
    )
    return connection.execute(statement).all()


def order(connection: sa.Connection, order_id: str, owner: str | None) -> ListedIntentRow | None:
    """Return an order with the names of its automation and account, or None."""
    wanted = _i.id == order_id, _ORDER, _owned(_i.owner, owner), is_anybodys_own(_i.account_id)
    return connection.execute(_WITH_NAMES.where(*wanted)).first()


# Events --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events; None and (): any. Each of ``kinds`` may be a group that ends with a dot."""

    owner: str | None = None
    automation_ids: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    period: Period = ALWAYS

    def of(self, statement: sa.Select[tuple[object, ...]]) -> sa.Select[tuple[object, ...]]:
        """Return the statement narrowed to these events."""
        found = statement.where(_narrowed(_e.owner, self.owner, otherwise=bool(self.automation_ids)))
        found = found.where(*self.period.of(_e.at))
        if len(self.automation_ids) == 1:
            found = found.where(_e.automation_id == self.automation_ids[0])
        elif self.automation_ids:
            found = found.where(_e.automation_id.in_(self.automation_ids))
        if self.kinds:
            found = found.where(sa.or_(*map(_of_kind, self.kinds)))
        return found

    def takes(self, owner: str, automation_id: str, kind: str) -> bool:
        """Whether an event of now is one of these: what ``of`` asks of the database."""
        return (
            self.owner in (None, owner)
            and (not self.automation_ids or automation_id in self.automation_ids)
            and (not self.kinds or any(each == kind or _in_group(kind, each) for each in self.kinds))
        )


def _in_group(kind: str, group: str) -> bool:
    return group.endswith(".") and kind.startswith(group)


def _of_kind(kind: str) -> sa.ColumnElement[bool]:
    return _e.kind.startswith(kind, autoescape=True) if kind.endswith(".") else _e.kind == kind


def newest_events(
    connection: sa.Connection, wanted: EventFilter, count: int, before: int | None = None
) -> Sequence[ListedEventRow]:
    """Return the newest events, or those before an id, newest first, with their automation's name.

    Of one automation it rides ix_events_of, of an owner ix_events_owner; others are read in order of id.
    """
    happened = within(connection, _e.id, _e.at, wanted.period)
    statement = wanted.of(EVENTS).where(*happened).order_by(_e.id.desc()).limit(count)
    return connection.execute(statement if before is None else statement.where(_e.id < before)).all()


def has_events(connection: sa.Connection, automation_id: str, owner: str | None) -> bool:
    """Whether anything is kept of an automation, which may be deleted. Rides ix_events_of."""
    statement = (
        sa.select(_e.id).where(_e.automation_id == automation_id, _narrowed(_e.owner, owner, otherwise=True)).limit(1)
    )
    return connection.scalar(statement) is not None


def newest_notices(
    connection: sa.Connection,
    automation_id: str,
    owner: str | None,
    count: int,
    before: str | None = None,
    period: Period = ALWAYS,
) -> Sequence[NoticeRow]:
    """Return what an automation told, newest first, before an id. Rides ix_notices_of."""
    statement = (
        sa.select(notices)
        .where(_n.automation_id == automation_id, _owned(_n.owner, owner), *period.of(_n.created_at))
        .order_by(_n.id.desc())
        .limit(count)
    )
    return connection.execute(statement if before is None else statement.where(_n.id < before)).all()


# Accounts, and the node ----------------------------------------------------------------------------------------------


def account_page(connection: sa.Connection, owner: str | None, after: str | None, count: int) -> Sequence[AccountRow]:
    """Return up to ``count`` accounts in order of id after ``after``."""
    statement = sa.select(accounts).where(_owned(_c.owner, owner), _OWN_ACCOUNT).order_by(_c.id).limit(count)
    return connection.execute(statement if after is None else statement.where(_c.id > after)).all()


def accounts_by_id(connection: sa.Connection, ids: Collection[str]) -> Sequence[AccountRow]:
    """Return these accounts, in order of id."""
    return connection.execute(sa.select(accounts).where(_c.id.in_(ids)).order_by(_c.id)).all()


def accounts_matching(connection: sa.Connection, wanted: str, owner: str | None) -> Sequence[AccountRow]:
    """Return the accounts with this name or id, the one of this id first."""
    statement = (
        sa.select(accounts)
        .where(sa.or_(_c.id == wanted, _c.name == wanted), _owned(_c.owner, owner), _OWN_ACCOUNT)
        .order_by((_c.id != wanted), _c.id)
    )
    return connection.execute(statement).all()


def accounts_by_connector(connection: sa.Connection, what: str, owner: str | None) -> dict[str, int]:
    """Return connector -> how many accounts use it; ``what`` is market_data or trading."""
    theirs = _owned(_c.owner, owner), _OWN_ACCOUNT
    statement = sa.select(_c[what], sa.func.count()).where(*theirs).group_by(_c[what])
    return {row[0]: row[1] for row in connection.execute(statement)}


def accounts_by_route(connection: sa.Connection, owner: str | None) -> Counter[str]:
    """Return route -> how many accounts leave by it, with their orders or their prices."""
    ways = _c.egress, _c.market_data_egress
    theirs = _owned(_c.owner, owner), _OWN_ACCOUNT
    statement = sa.select(*ways, sa.func.count()).where(*theirs).group_by(*ways)
    found: Counter[str] = Counter()
    for egress, prices, count in connection.execute(statement):
        for route in {egress, prices}:
            found[route] += count
    return found


def account_names(connection: sa.Connection, what: str, name: str, owner: str | None, count: int) -> list[str]:
    """Return the names of the oldest accounts that use a connector; ``what`` is market_data or trading."""
    theirs = _c[what] == name, _owned(_c.owner, owner), _OWN_ACCOUNT
    statement = sa.select(_c.name).where(*theirs).order_by(_c.id).limit(count)
    return list(connection.scalars(statement))


def account_sums(connection: sa.Connection, ids: Collection[str]) -> dict[str, tuple[int, int, int]]:
    """Return account -> (automations, orders planned, sent or resting, orders of unknown outcome)."""
    of = sa.select(_a.account_id, sa.func.count()).where(_a.account_id.in_(ids)).group_by(_a.account_id)
    live = (
        sa.select(_i.account_id, sa.func.count().label("live"), _UNKNOWN)
        .where(_i.account_id.in_(ids), is_live, _ORDER)
        .group_by(_i.account_id)
    )
    orders = {row.account_id: (row.live - row.unknown, row.unknown) for row in connection.execute(live)}
    counts = {row[0]: row[1] for row in connection.execute(of)}
    return {id_: (counts.get(id_, 0), *orders.get(id_, (0, 0))) for id_ in ids}


def sending(connection: sa.Connection) -> bool:
    """Whether the kill switch of everything lets orders through."""
    return bool(connection.scalar(sa.select(installation.c.sending)))
