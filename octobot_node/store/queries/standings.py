"""Statements of what automations come to: of some of them, or of all, in pieces."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa

from octobot_node.store.rows.automation import StandingRow
from octobot_node.store.rows.ledger import FundsRow, MarkRow, ReportedPositionRow, ResultRow
from octobot_node.store.rows.node import StandingAccountRow
from octobot_node.store.sql.conditions import is_anybodys_own
from octobot_node.store.tables import accounts, automations, balances, marks, positions, results

__all__ = ["Piece", "accounts_of", "all_of_them", "some_of_them"]

_a, _c = automations.c, accounts.c
#: Rows of automations that are read at once; of the other tables it is as many as those have.
_AT_ONCE = 2_000
_WIDE = sa.select(
    _a.id, _a.owner, _a.account_id, _a.name, _a.type, _a.status, _a.status_since, _a.tags, _a.needs, _a.created_at
).order_by(_a.id)
_ACCOUNTS = sa.select(
    _c.id, _c.owner, _c.name, _c.market_data, _c.market_data_settings, _c.market_data_egress, _c.trading
)


@dataclass(frozen=True, slots=True)
class Piece:
    """Some automations with what they have, and what they came to in the last days."""

    rows: Sequence[StandingRow]
    positions: Sequence[ReportedPositionRow]
    balances: Sequence[FundsRow]
    results: Sequence[ResultRow]
    marks: Sequence[MarkRow]


def some_of_them(connection: sa.Connection, ids: Collection[str], since: int) -> Iterator[Piece]:
    """Yield those of these automations that there are, with their results since a day. Rides the primary keys."""
    wanted = sorted(set(ids))
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        rows = connection.execute(_WIDE.where(_a.id.in_(some))).all()
        yield _piece(connection, rows, since, partial(_among, some))


def all_of_them(connection: sa.Connection, since: int) -> Iterator[Piece]:
    """Yield every automation but shadows, oldest first, with its results since a day. Rides the primary keys."""
    last, own = "", _WIDE.where(is_anybodys_own(_a.id))
    while rows := connection.execute(own.where(_a.id > last).limit(_AT_ONCE)).all():
        first, last = rows[0].id, rows[-1].id
        yield _piece(connection, rows, since, partial(_between, first, last))


def _among(ids: Collection[str], column: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    return column.in_(ids)


def _between(first: str, last: str, column: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    return column.between(first, last)


def _piece(
    connection: sa.Connection,
    rows: Sequence[StandingRow],
    since: int,
    theirs: Callable[[sa.ColumnElement[str]], sa.ColumnElement[bool]],
) -> Piece:
    def those(table: sa.Table, *more: sa.ColumnElement[bool]) -> Any:
        return connection.execute(sa.select(table).where(theirs(table.c.automation_id), *more)).all()

    return Piece(
        rows,
        those(positions),
        those(balances),
        those(results, results.c.day >= since),
        those(marks, marks.c.day > since),
    )


def accounts_of(connection: sa.Connection, ids: Collection[str] | None) -> Sequence[StandingAccountRow]:
    """Return these accounts, None: all but those of shadows."""
    return connection.execute(
        _ACCOUNTS.where(is_anybodys_own(_c.id)) if ids is None else _ACCOUNTS.where(_c.id.in_(ids))
    ).all()
