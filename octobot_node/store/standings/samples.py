"""Statements on ``price_samples``, ``equity_samples`` and ``marks``: written every so often, fewer as they age."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from octobot_node.store.rows.ledger import EquitySampleRow, PriceSampleRow
from octobot_node.store.sql.bulk_statements import insert_many
from octobot_node.store.sql.conditions import is_anybodys_own
from octobot_node.store.tables import cursors, equity_samples, marks, positions, price_samples

__all__ = [
    "KEPT",
    "equity_between",
    "held_symbols",
    "newest_at",
    "prices_between",
    "prices_near",
    "put",
    "put_marks",
    "thin_out",
]

_MINUTE_MS, _HOUR_MS, _DAY_MS = 60_000, 3_600_000, 86_400_000
#: (older than, one in).
KEPT = ((_DAY_MS, 15 * _MINUTE_MS), (7 * _DAY_MS, _HOUR_MS), (90 * _DAY_MS, _DAY_MS))
_p, _q = price_samples.c, equity_samples.c
_HELD = sa.select(positions.c.account_id, positions.c.symbol).where(is_anybodys_own(positions.c.account_id)).distinct()


def held_symbols(connection: sa.Connection) -> list[tuple[str, str]]:
    """Return (account, symbol) of whatever was held. Rides ix_positions_account alone."""
    return [(row[0], row[1]) for row in connection.execute(_HELD)]


def put(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]], at: int) -> None:
    """Write samples of a moment, in the place of those that it has."""
    if rows:
        keys = tuple(table.c[column.name] for column in table.primary_key.columns if column.name != "at")
        found = {tuple(row) for row in connection.execute(sa.select(*keys).where(table.c.at == at))}
        names = [column.name for column in keys]
        insert_many(connection, table, [row for row in rows if tuple(row[name] for name in names) not in found])


def newest_at(connection: sa.Connection, table: sa.Table) -> int:
    """Return when the newest sample was taken, 0 where there is none."""
    return connection.scalar(sa.select(sa.func.max(table.c.at))) or 0


def put_marks(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write what automations were worth when the day began, in the place of the day's before."""
    for start in range(0, len(rows), 2_000):
        some = rows[start : start + 2_000]
        connection.execute(
            marks.delete().where(marks.c.automation_id.in_(sorted({row["automation_id"] for row in some})))
        )
        insert_many(connection, marks, some)


def prices_between(
    connection: sa.Connection, source: str, symbols: Collection[str], since: int, until: int
) -> Sequence[PriceSampleRow]:
    """Return a source's samples of symbols between two moments, both included, oldest first; and the last before."""
    wanted = (_p.source == source, _p.symbol.in_(symbols))
    before = (
        sa.select(_p.symbol, sa.func.max(_p.at).label("at"))
        .where(*wanted, _p.at < since)
        .group_by(_p.symbol)
        .subquery()
    )
    first = (
        sa.select(price_samples).join(before, (_p.symbol == before.c.symbol) & (_p.at == before.c.at)).where(*wanted)
    )
    rest = sa.select(price_samples).where(*wanted, _p.at >= since, _p.at <= until).order_by(_p.at)
    return [*connection.execute(first).all(), *connection.execute(rest).all()]


def prices_near(
    connection: sa.Connection, source: str, symbols: Collection[str], times: Sequence[int]
) -> Sequence[PriceSampleRow]:
    """Return of each symbol the last sample up to each of some evenly spaced times, and the last before them all.

    Rides the primary key: the index alone tells which rows those are.
    """
    width = max(times[1] - times[0], 1) if len(times) > 1 else 1
    wanted = (_p.source == source, _p.symbol.in_(symbols), _p.at <= times[-1])
    # What lies before all of them is one slice.
    place = sa.case(
        (_p.at <= times[0], sa.literal(0, sa.BigInteger)),
        else_=(_p.at - times[0] + width - 1) // sa.literal(width, sa.BigInteger),
    )
    last = sa.select(_p.symbol, sa.func.max(_p.at).label("at")).where(*wanted).group_by(_p.symbol, place).subquery()
    found = sa.select(price_samples).join(last, (_p.symbol == last.c.symbol) & (_p.at == last.c.at))
    return connection.execute(found.where(_p.source == source).order_by(_p.at)).all()


def equity_between(
    connection: sa.Connection, owner: str | None, accounts: Collection[str] | None, since: int, until: int
) -> Sequence[EquitySampleRow]:
    """Return the samples of accounts between two moments, both included, oldest first."""
    statement = sa.select(equity_samples).where(_q.at >= since, _q.at <= until).order_by(_q.at)
    if owner is not None:
        statement = statement.where(_q.owner == owner)
    if accounts is not None:
        statement = statement.where(_q.account_id.in_(accounts))
    return connection.execute(statement).all()


def thin_out(connection: sa.Connection, table: sa.Table, now: int, limit: int) -> int:
    """Leave of old samples the last in each of ever longer times; return how many were looked at.

    Each is looked at once for each of the lengths, in order of time from where the last call ended.
    """
    looked = 0
    for older, one_in in KEPT:
        name = f"{table.name}.{one_in}"
        done = connection.scalar(sa.select(cursors.c.position).where(cursors.c.name == name))
        end = (now - older) // one_in * one_in
        ahead = (
            sa.select(table.c.at).where(table.c.at >= (done or 0), table.c.at < end).order_by(table.c.at).limit(limit)
        )
        times = connection.scalars(ahead).all()
        if not times:
            continue
        looked += len(times)
        # Whole lengths only: the last of one that is cut would stay beside that of the rest.
        reached = end if len(times) < limit else times[-1] // one_in * one_in
        if reached <= (done or 0):
            reached = times[-1] // one_in * one_in + one_in
        _leave_the_last(connection, table, times[0], reached, one_in)
        values = {"position": reached, "updated_at": now}
        if done is None:
            connection.execute(cursors.insert().values(name=name, **values))
        else:
            connection.execute(cursors.update().where(cursors.c.name == name).values(**values))
    return looked


def _leave_the_last(connection: sa.Connection, table: sa.Table, first: int, end: int, one_in: int) -> None:
    later = table.alias("later")
    same = [later.c[column.name] == column for column in table.primary_key.columns if column.name != "at"]
    over = (table.c.at // one_in + 1) * one_in
    another = sa.exists().where(*same, later.c.at > table.c.at, later.c.at < over)
    connection.execute(table.delete().where(table.c.at >= first, table.c.at < end, another))
