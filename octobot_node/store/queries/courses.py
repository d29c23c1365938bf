"""Statements of what things were worth over time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal

import sqlalchemy as sa

from octobot_node.store.rows.ledger import EquityRow, PostingRow, ReportedPositionRow
from octobot_node.store.sql.conditions import is_anybodys_own
from octobot_node.store.tables import accounts, equity, equity_samples, positions, postings, price_samples

__all__ = [
    "accounts_trading",
    "deposits",
    "first_price",
    "first_sample",
    "opened",
    "points_from",
    "points_of_many",
]

_q, _p, _c, _s = equity.c, postings.c, accounts.c, price_samples.c


def points_from(connection: sa.Connection, automation_id: str, since: int, until: int) -> Sequence[EquityRow]:
    """Return an automation's points between two times, oldest first, and the last before. Rides the primary key."""
    before = sa.select(sa.func.max(_q.at)).where(_q.automation_id == automation_id, _q.at < since).scalar_subquery()
    wanted = sa.select(equity).where(
        _q.automation_id == automation_id, _q.at >= sa.func.coalesce(before, since), _q.at <= until
    )
    return connection.execute(wanted.order_by(_q.at)).all()


def points_of_many(connection: sa.Connection, ids: Collection[str], since: int, until: int) -> Sequence[EquityRow]:
    """Return the points of several automations between two times, each's oldest first, and each's last before."""
    before = (
        sa.select(_q.automation_id, sa.func.max(_q.at).label("at"))
        .where(_q.automation_id.in_(ids), _q.at < since)
        .group_by(_q.automation_id)
        .subquery()
    )
    first = sa.select(equity).join(before, (_q.automation_id == before.c.automation_id) & (_q.at == before.c.at))
    rest = sa.select(equity).where(_q.automation_id.in_(ids), _q.at >= since, _q.at <= until)
    return [*connection.execute(first).all(), *connection.execute(rest.order_by(_q.automation_id, _q.at)).all()]


def deposits(connection: sa.Connection, automation_id: str, since: int, until: int) -> Sequence[PostingRow]:
    """Return an automation's budget as it was given, oldest first. Rides ix_postings_when."""
    wanted = (_p.automation_id == automation_id, _p.kind == "budget", _p.at >= since, _p.at <= until)
    return connection.execute(sa.select(postings).where(*wanted).order_by(_p.at, _p.id)).all()


def opened(connection: sa.Connection, automation_id: str) -> Sequence[ReportedPositionRow]:
    """Return an automation's positions. Rides the primary key."""
    return connection.execute(sa.select(positions).where(positions.c.automation_id == automation_id)).all()


def first_price(connection: sa.Connection, source: str, symbol: str, since: int) -> Decimal | None:
    """Return a symbol's first sample from a moment on, or None. Rides the primary key."""
    wanted = (_s.source == source, _s.symbol == symbol, _s.at >= since)
    found: Decimal | None = connection.scalar(sa.select(_s.price).where(*wanted).order_by(_s.at).limit(1))
    return found


def first_sample(connection: sa.Connection) -> int | None:
    """Return when the first sample of accounts was taken, or None. Rides ix_equity_samples_at."""
    found: int | None = connection.scalar(sa.select(sa.func.min(equity_samples.c.at)))
    return found


def accounts_trading(connection: sa.Connection, trading: Collection[str], owner: str | None) -> list[str]:
    """Return the accounts that trade with one of these connectors."""
    statement = sa.select(_c.id).where(_c.trading.in_(trading), is_anybodys_own(_c.id))
    return list(connection.scalars(statement if owner is None else statement.where(_c.owner == owner)))
