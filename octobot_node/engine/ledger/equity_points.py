"""What an automation had after each change of its money: the points that its course is drawn through."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from octobot_node.engine.ledger.book import Book, Funds, Owner, exact
from octobot_node.quote_assets import counted_in, paid_from, quote_of
from octobot_node.store.sql.bulk_statements import insert_many
from octobot_node.store.tables import equity

__all__ = ["asset_of", "leave_points", "point"]

_FORGET = equity.delete().where(
    equity.c.automation_id.in_(sa.bindparam("ids", expanding=True)), equity.c.at == sa.bindparam("now")
)


def asset_of(book: Book, owner: Owner, symbol: str) -> str:
    """Return what a symbol's trades are counted in."""
    return counted_in(symbol, book.symbols(owner))


def leave_points(connection: sa.Connection, book: Book, of: Sequence[tuple[Owner, str]], now: int) -> None:
    """Leave a point for each of these automations, in an asset: its money plus what its positions in that cost.

    At cost, not at a price of the moment, a point is exact; what it is worth is computed where it is read.
    """
    if not of:
        return
    connection.execute(_FORGET, {"now": now, "ids": [owner.automation_id for owner, _ in of]})
    insert_many(connection, equity, [point(book, owner, asset, now) for owner, asset in of])


def point(book: Book, owner: Owner, asset: str, now: int) -> dict[str, Any]:
    """Return an automation's point in an asset, as a row."""
    symbols = book.symbols(owner)
    funds = book.funds.get((owner.automation_id, asset), Funds())
    with exact():
        worth, realised, start = funds.free + funds.reserved, Decimal(0), funds.budget
        held = []
        for symbol in symbols:
            position = book.held[owner.automation_id, symbol]
            if counted_in(symbol, symbols) != asset:
                continue
            direct = quote_of(symbol) == asset
            if position.amount:
                payer = "" if direct else paid_from(symbol, symbols) or ""
                held.append([symbol, payer, format(position.amount, "f")])
            start += position.opening_cost if direct else position.opening_carried
            if direct:
                worth, realised = worth + position.cost, realised + position.realised
            else:
                worth += position.carried
    return {
        "automation_id": owner.automation_id,
        "at": now,
        "owner": owner.owner,
        "account_id": owner.account_id,
        "shard": owner.shard,
        "asset": asset,
        "equity": worth,
        "start": start,
        "realised": realised,
        "money": funds.free + funds.reserved,
        "held": json.dumps(held),
    }
