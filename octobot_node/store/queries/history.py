"""Statements of what was traded, moved, told and worth: a page at a time by key."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from octobot_node.automation import AutomationStatus
from octobot_node.store.queries.periods import ALWAYS, Period
from octobot_node.store.rows.automation import SignalRow
from octobot_node.store.rows.ledger import EquityRow, ListedBalanceRow, ListedFillRow, PostingRow
from octobot_node.store.sql.conditions import is_anybodys_own, signal_waits
from octobot_node.store.statuses import SignalStatus
from octobot_node.store.tables import accounts, automations, balances, equity, fills, inbox, intents, postings

__all__ = [
    "FillFilter",
    "balance_page",
    "ends_of",
    "equity_count",
    "equity_edges",
    "equity_points",
    "equity_slices",
    "fill_page",
    "fills_of_order",
    "fills_of_period",
    "funds_of_account",
    "money_of_account",
    "posting_page",
    "postings_of_period",
    "signal_page",
]

_f, _p, _b, _q, _x = fills.c, postings.c, balances.c, equity.c, inbox.c
_a, _c = automations.c, accounts.c
_FILLS = sa.select(
    fills, sa.func.coalesce(_a.name, "").label("automation"), sa.func.coalesce(_c.name, "").label("account")
).select_from(fills.outerjoin(automations, _f.automation_id == _a.id).outerjoin(accounts, _f.account_id == _c.id))
_BALANCES = sa.select(balances, _a.name.label("automation"), _c.name.label("account")).select_from(
    balances.join(automations, _b.automation_id == _a.id).join(accounts, _b.account_id == _c.id)
)


@dataclass(frozen=True, slots=True)
class FillFilter:
    """Which fills; None: any."""

    owner: str | None = None
    automation_id: str | None = None
    account_id: str | None = None
    symbol: str | None = None
    order_id: str | None = None
    #: In which they were executed, by the exchange's time.
    period: Period = ALWAYS

    def of(self, statement: sa.Select[*tuple[Any, ...]]) -> sa.Select[*tuple[Any, ...]]:
        """Return the statement narrowed to these fills."""
        wanted = {
            _f.owner: self.owner,
            _f.automation_id: self.automation_id,
            _f.account_id: self.account_id,
            _f.symbol: self.symbol,
            _f.intent_id: self.order_id,
        }
        same = (column == value for column, value in wanted.items() if value is not None)
        return statement.where(*same, *self.period.of(_f.at), is_anybodys_own(_f.account_id))


def fills_of_period(
    connection: sa.Connection, wanted: FillFilter, before: tuple[int, str] | None, count: int
) -> Sequence[ListedFillRow]:
    """Return up to ``count`` fills in the order of the exchange's times, newest first, before a (time, id).

    Of an automation it rides ix_fills_when_of, of an owner ix_fills_when_owned, others ix_fills_when: an execution may
    be settled long after it was made, so ids do not tell its period.
    """
    statement = wanted.of(_FILLS).order_by(_f.at.desc(), _f.id.desc()).limit(count)
    if before is not None:
        statement = statement.where(_f.at <= before[0], sa.tuple_(_f.at, _f.id) < sa.tuple_(*before))
    return connection.execute(statement).all()


def fill_page(connection: sa.Connection, wanted: FillFilter, before: str | None, count: int) -> Sequence[ListedFillRow]:
    """Return up to ``count`` fills with the names of their automation and account, newest first, before ``before``.

    Of an order it rides ix_fills_order, of an automation ix_fills_of, of an account ix_fills_account, of an owner
    ix_fills_owned; others are read in order of id.
    """
    statement = wanted.of(_FILLS).order_by(_f.id.desc()).limit(count)
    return connection.execute(statement if before is None else statement.where(_f.id < before)).all()


def fills_of_order(connection: sa.Connection, order_id: str) -> Sequence[ListedFillRow]:
    """Return an order's fills with the names of their automation and account, oldest first. Rides ix_fills_order."""
    return connection.execute(_FILLS.where(_f.intent_id == order_id).order_by(_f.id)).all()


def posting_page(
    connection: sa.Connection, automation_id: str, asset: str | None, before: str | None, count: int
) -> Sequence[PostingRow]:
    """Return up to ``count`` postings of an automation, newest first, before ``before``. Rides ix_postings_of."""
    statement = sa.select(postings).where(_p.automation_id == automation_id).order_by(_p.id.desc()).limit(count)
    if asset is not None:
        statement = statement.where(_p.asset == asset)
    return connection.execute(statement if before is None else statement.where(_p.id < before)).all()


def postings_of_period(
    connection: sa.Connection,
    automation_id: str,
    asset: str | None,
    period: Period,
    before: tuple[int, str] | None,
    count: int,
) -> Sequence[PostingRow]:
    """Return up to ``count`` postings of an automation in the order of their times, newest first, before a (time, id).

    Rides ix_postings_when.
    """
    wanted = (_p.automation_id == automation_id, *period.of(_p.at))
    statement = sa.select(postings).where(*wanted).order_by(_p.at.desc(), _p.id.desc()).limit(count)
    if asset is not None:
        statement = statement.where(_p.asset == asset)
    if before is not None:
        statement = statement.where(_p.at <= before[0], sa.tuple_(_p.at, _p.id) < sa.tuple_(*before))
    return connection.execute(statement).all()


def balance_page(
    connection: sa.Connection,
    owner: str | None,
    automation_id: str | None,
    account_id: str | None,
    after: tuple[str, str] | None,
    count: int,
) -> Sequence[ListedBalanceRow]:
    """Return up to ``count`` balances with the names of their automation and account, in order of (automation, asset).

    ``after`` is such a pair. Rides the primary key.
    """
    statement = _BALANCES.where(is_anybodys_own(_b.account_id)).order_by(_b.automation_id, _b.asset).limit(count)
    wanted = {_b.owner: owner, _b.automation_id: automation_id, _b.account_id: account_id}
    statement = statement.where(*(column == value for column, value in wanted.items() if value is not None))
    if after is not None:
        statement = statement.where(sa.tuple_(_b.automation_id, _b.asset) > sa.tuple_(*after))
    return connection.execute(statement).all()


def funds_of_account(connection: sa.Connection, account_id: str) -> dict[str, Decimal]:
    """Return asset -> what an account's automations have of it, free and reserved. Rides ix_balances_account."""
    return {asset: free + reserved for asset, (free, reserved) in money_of_account(connection, account_id).items()}


def money_of_account(
    connection: sa.Connection, account_id: str, *, at_work: bool = False
) -> dict[str, tuple[Decimal, Decimal]]:
    """Return asset -> what an account's automations have of it, (free, reserved). Rides ix_balances_account.

    ``at_work``: only of those that have not ended.
    """
    statement = sa.select(_b.asset, _b.free, _b.reserved).where(_b.account_id == account_id).order_by(_b.asset)
    if at_work:
        ended = [status for status in AutomationStatus if status.over]
        joined = statement.join(automations, automations.c.id == _b.automation_id)
        statement = joined.where(automations.c.status.not_in(ended))
    found: dict[str, tuple[Decimal, Decimal]] = {}
    # Exact in Decimal; in SQL, SQLite would add texts up as floats.
    for asset, free, reserved in connection.execute(statement):
        before = found.get(asset, (Decimal(0), Decimal(0)))
        found[asset] = before[0] + free, before[1] + reserved
    return found


# Equity; everything of it rides the primary key ----------------------------------------------------------------------


def _between(automation_id: str, since: int, until: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (_q.automation_id == automation_id, _q.at >= since, _q.at <= until)


def equity_count(connection: sa.Connection, automation_id: str, since: int, until: int, most: int) -> int:
    """Return how many points an automation has between two times (ms UTC), ``most`` where there are more."""
    some = sa.select(_q.at).where(*_between(automation_id, since, until)).limit(most).subquery()
    return connection.scalar(sa.select(sa.func.count()).select_from(some)) or 0


def equity_points(
    connection: sa.Connection, automation_id: str, since: int, until: int, times: Sequence[int] | None = None
) -> Sequence[EquityRow]:
    """Return an automation's points between two times, oldest first; with ``times``, only those."""
    statement = sa.select(equity).where(*_between(automation_id, since, until)).order_by(_q.at)
    return connection.execute(statement if times is None else statement.where(_q.at.in_(times))).all()


def equity_edges(connection: sa.Connection, automation_id: str, since: int, until: int) -> list[int]:
    """Return the times of the first, last, lowest and highest point."""
    # Text on SQLite: as a float it is compared well enough to choose a point to show.
    worth = sa.cast(_q.equity, sa.Float)
    chosen = sa.select(_q.at).where(*_between(automation_id, since, until)).limit(1)
    orders = ((_q.at.asc(),), (_q.at.desc(),), (worth.asc(), _q.at.asc()), (worth.desc(), _q.at.asc()))
    found = [connection.scalar(chosen.order_by(*order)) for order in orders]
    return [at for at in found if at is not None]


def equity_slices(connection: sa.Connection, automation_id: str, since: int, until: int, slices: int) -> list[int]:
    """Return the time of the last point in each of so many equal slices of time, where there is one."""
    width = max((until - since) // slices + 1, 1)
    statement = (
        sa.select(sa.func.max(_q.at))
        .where(*_between(automation_id, since, until))
        .group_by((_q.at - since) // sa.literal(width, sa.BigInteger))
    )
    return list(connection.scalars(statement))


# Signals -------------------------------------------------------------------------------------------------------------


def signal_page(
    connection: sa.Connection, automation_id: str, status: str | None, before: str | None, count: int
) -> Sequence[SignalRow]:
    """Return up to ``count`` signals of an automation's inbox, newest first, before ``before``.

    The waiting ones ride ix_inbox_waiting, others ix_inbox_of.
    """
    statement = sa.select(inbox).where(_x.automation_id == automation_id).order_by(_x.id.desc()).limit(count)
    if status == SignalStatus.WAITING:
        statement = statement.where(signal_waits)
    elif status is not None:
        statement = statement.where(_x.status == status)
    return connection.execute(statement if before is None else statement.where(_x.id < before)).all()


def ends_of(connection: sa.Connection, order_ids: Collection[str]) -> dict[str, tuple[str, str]]:
    """Return order -> (status, reason), of those that there are."""
    statement = sa.select(intents.c.id, intents.c.status, intents.c.reason).where(intents.c.id.in_(order_ids))
    return {row.id: (row.status, row.reason) for row in connection.execute(statement)} if order_ids else {}
