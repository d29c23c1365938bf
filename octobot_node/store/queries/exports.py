"""Statements of what was traded and moved in a period, oldest first, a page at a time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from octobot_node.store.queries.periods import ALWAYS, Period, within
from octobot_node.store.rows.ledger import ListedFillRow, ListedPostingRow
from octobot_node.store.rows.order import ListedIntentRow
from octobot_node.store.sql.conditions import is_anybodys_own
from octobot_node.store.tables import accounts, automations, fills, intents, postings

__all__ = ["Exported", "fills_after", "orders_after", "postings_after"]

_f, _p, _i = fills.c, postings.c, intents.c


@dataclass(frozen=True, slots=True)
class Exported:
    """Whose rows, of which period; None: any."""

    owner: str | None = None
    automation_id: str | None = None
    accounts: Collection[str] | None = None
    period: Period = ALWAYS

    def of(self, table: sa.Table, statement: sa.Select[*tuple[Any, ...]]) -> sa.Select[*tuple[Any, ...]]:
        """Return the statement narrowed to these."""
        wanted = [is_anybodys_own(table.c.account_id)]
        wanted += [] if self.owner is None else [table.c.owner == self.owner]
        wanted += [] if self.automation_id is None else [table.c.automation_id == self.automation_id]
        wanted += [] if self.accounts is None else [table.c.account_id.in_(self.accounts)]
        return statement.where(*wanted)


def _named(table: sa.Table) -> sa.Select[*tuple[Any, ...]]:
    """Return a table's rows with the names of their automation and account, "" where they are gone."""
    return sa.select(
        table,
        sa.func.coalesce(automations.c.name, "").label("automation"),
        sa.func.coalesce(accounts.c.name, "").label("account"),
    ).select_from(
        table.outerjoin(automations, table.c.automation_id == automations.c.id).outerjoin(
            accounts, table.c.account_id == accounts.c.id
        )
    )


_FILLS, _POSTINGS, _ORDERS = _named(fills), _named(postings), _named(intents)


def fills_after(
    connection: sa.Connection, wanted: Exported, after: tuple[int, str] | None, count: int
) -> Sequence[ListedFillRow]:
    """Return up to ``count`` fills in the order of the exchange's times, after a (time, id). Rides ix_fills_when."""
    statement = wanted.of(fills, _FILLS).where(*wanted.period.of(_f.at)).order_by(_f.at, _f.id).limit(count)
    if after is not None:
        statement = statement.where(_f.at >= after[0], sa.tuple_(_f.at, _f.id) > sa.tuple_(*after))
    return connection.execute(statement).all()


def postings_after(
    connection: sa.Connection, wanted: Exported, after: str | None, count: int
) -> Sequence[ListedPostingRow]:
    """Return up to ``count`` postings as they were booked, after an id. Rides the primary key, or ix_postings_of."""
    statement = wanted.of(postings, _POSTINGS).where(*wanted.period.of(_p.at)).order_by(_p.id).limit(count)
    return connection.execute(statement if after is None else statement.where(_p.id > after)).all()


def orders_after(
    connection: sa.Connection, wanted: Exported, after: str | None, count: int
) -> Sequence[ListedIntentRow]:
    """Return up to ``count`` orders as they were made, after an id. Rides the primary key, or ix_intents_of."""
    made = within(connection, _i.id, _i.created_at, wanted.period)
    statement = wanted.of(intents, _ORDERS).where(_i.kind == "order", *made).order_by(_i.id).limit(count)
    return connection.execute(statement if after is None else statement.where(_i.id > after)).all()
