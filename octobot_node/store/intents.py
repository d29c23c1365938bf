"""Statements on ``intents``: the state machine's only doors. Each changes a status by compare-and-set."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from octobot_node.orders import IntentStatus, Side
from octobot_node.store.rows.ledger import FillRow
from octobot_node.store.rows.order import AdriftIntentRow, IntentRow, NotionalRow, OpenIntentRow, PolledIntentRow
from octobot_node.store.sql.bulk_statements import insert_many, run_many, update_many
from octobot_node.store.sql.conditions import is_live, is_live_or_has_news, is_planned
from octobot_node.store.tables import fills, intents, schedule

__all__ = [
    "accounts_to_watch",
    "adrift",
    "automations_with_news",
    "carriers",
    "carry",
    "due_retries",
    "for_carrier",
    "get",
    "insert",
    "known_client_ids",
    "known_to_exchange",
    "live_count",
    "live_of_account",
    "live_orders_of_account",
    "lock",
    "nameless_since",
    "news_of_batch",
    "notional",
    "notional_since",
    "open_of",
    "open_of_batch",
    "orders_since",
    "planned_since",
    "symbols_in_flight",
    "told",
    "update",
    "with_live",
]

_c = intents.c


def insert(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert intents."""
    if rows:
        insert_many(connection, intents, rows)


def get(connection: sa.Connection, intent_id: str) -> IntentRow | None:
    """Return an intent, or None."""
    return connection.execute(sa.select(intents).where(_c.id == intent_id)).first()


# Built once: building a statement takes longer than SQLite takes to run it.
_IDS: sa.BindParameter[str] = sa.bindparam("ids", expanding=True)
_OF_BATCH = sa.select(schedule.c.automation_id).where(schedule.c.claim == sa.bindparam("batch"))
_FOR_CARRIER = (
    sa.select(intents)
    .where(_c.carrier == sa.bindparam("carrier"), is_planned)
    .order_by(_c.group_id, _c.seq)
    .limit(sa.bindparam("count"))
)
_LOCK = sa.select(intents).where(_c.id.in_(_IDS)).order_by(_c.id).with_for_update()


def for_carrier(connection: sa.Connection, carrier: str, limit: int) -> Sequence[IntentRow]:
    """Return planned intents that a send workflow carries, decisions together, in order. Rides ix_intents_carrier."""
    return connection.execute(_FOR_CARRIER, {"carrier": carrier, "count": limit}).all()


def lock(connection: sa.Connection, ids: Collection[str]) -> list[IntentRow]:
    """Lock intents in id order and return them; lock their automations first."""
    if not ids:
        return []
    return list(connection.execute(_LOCK, {"ids": list(ids)}).all())


def update(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the given columns of locked intents; each row has its ``id`` and the same other keys."""
    update_many(connection, intents, ("id",), rows)


def carry(connection: sa.Connection, ids: Iterable[str], carrier: str) -> None:
    """Give planned intents to a send workflow."""
    update(connection, [{"id": id_, "carrier": carrier, "retry_at": None} for id_ in ids])


def carriers(connection: sa.Connection) -> set[str]:
    """Return the send workflows that planned intents are given to. Rides ix_intents_live."""
    return set(connection.scalars(sa.select(_c.carrier).where(is_live, is_planned, _c.carrier.is_not(None)).distinct()))


_ADRIFT = sa.select(_c.id, _c.account_id)


def adrift(connection: sa.Connection, now: int, dead: Collection[str], limit: int) -> Sequence[AdriftIntentRow]:
    """Return (id, account_id) of planned intents that may be sent now and that no workflow, or a dead one, carries.

    Rides ix_intents_live.
    """
    statement = (
        _ADRIFT.where(
            is_live,
            is_planned,
            sa.or_(_c.carrier.is_(None), _c.carrier.in_(dead)),
            sa.or_(_c.retry_at.is_(None), _c.retry_at <= now),
        )
        .order_by(_c.account_id, _c.group_id, _c.seq)
        .limit(limit)
    )
    return connection.execute(statement).all()


def due_retries(connection: sa.Connection) -> int | None:
    """Return when the next planned intent may be tried again, or None."""
    statement = sa.select(sa.func.min(_c.retry_at)).where(is_live, is_planned)
    found: int | None = connection.scalar(statement)
    return found


_AT_EXCHANGE = _c.status.in_([status for status in IntentStatus if status.at_exchange])
#: What the account poller looks at: with hundreds of orders, reading the rest costs more than asking the exchange.
_WATCHED = (
    *(_c.id, _c.kind, _c.status, _c.client_order_id, _c.exchange_order_id, _c.sent_at, _c.send_by),
    *(_c.symbol, _c.side, _c.amount, _c.price, _c.attempt),
)
_LIVE_OF_ACCOUNT = (
    sa.select(*_WATCHED).where(_c.account_id == sa.bindparam("account"), is_live, _AT_EXCHANGE).order_by(_c.id)
)


def live_of_account(connection: sa.Connection, account_id: str) -> Sequence[PolledIntentRow]:
    """Return what the account poller needs of the account's sent, open and unknown intents. Rides ix_intents_live."""
    return connection.execute(_LIVE_OF_ACCOUNT, {"account": account_id}).all()


def accounts_to_watch(connection: sa.Connection) -> list[str]:
    """Return the ids of accounts with sent, open or unknown intents; the others cost nothing."""
    return list(connection.scalars(sa.select(_c.account_id).where(is_live, _AT_EXCHANGE).distinct()))


#: What a tick is told of an order, and what cancelling looks at.
_OPEN = sa.select(
    *(_c.id, _c.automation_id, _c.kind, _c.status, _c.reason, _c.news, _c.parent, _c.symbol, _c.side, _c.type),
    *(_c.amount, _c.price, _c.stop, _c.filled, _c.cost, _c.tag, _c.created_at),
)
_OPEN_OF = _OPEN.where(_c.automation_id.in_(_IDS), is_live_or_has_news).order_by(_c.id)
_OPEN_OF_BATCH = _OPEN.where(_c.automation_id.in_(_OF_BATCH), is_live_or_has_news).order_by(_c.id)


def open_of(connection: sa.Connection, automation_ids: Collection[str]) -> Sequence[OpenIntentRow]:
    """Return live intents of automations, and those with news to tell. Rides ix_intents_live_of."""
    return connection.execute(_OPEN_OF, {"ids": list(automation_ids)}).all()


def open_of_batch(connection: sa.Connection, batch: str) -> Sequence[OpenIntentRow]:
    """Return live intents of a batch's automations, and those with news to tell. Rides ix_intents_live_of."""
    return connection.execute(_OPEN_OF_BATCH, {"batch": batch}).all()


_BEING_CANCELLED = sa.select(_c.parent).where(
    _c.automation_id.in_(_IDS), is_live_or_has_news, is_live, sa.text("intents.kind = 'cancel'")
)


def being_cancelled(connection: sa.Connection, automation_ids: Collection[str]) -> set[str]:
    """Return the orders of automations that a live cancel is about. Rides ix_intents_live_of."""
    if not automation_ids:
        return set()
    return set(connection.scalars(_BEING_CANCELLED, {"ids": list(automation_ids)}))


def live_count(connection: sa.Connection, automation_id: str) -> int:
    """Return how many of an automation's intents can still change. Rides ix_intents_live_of."""
    statement = sa.select(sa.func.count()).where(_c.automation_id == automation_id, is_live_or_has_news, is_live)
    return connection.scalar(statement) or 0


def with_live(connection: sa.Connection, automation_ids: Collection[str]) -> set[str]:
    """Return those of these automations that have intents which can still change. Rides ix_intents_live_of."""
    if not automation_ids:
        return set()
    statement = sa.select(_c.automation_id).where(_c.automation_id.in_(automation_ids), is_live_or_has_news, is_live)
    return set(connection.scalars(statement.distinct()))


_NEWS_OF_BATCH = (
    sa.select(fills).where(fills.c.automation_id.in_(_OF_BATCH), sa.text("fills.news")).order_by(fills.c.at, fills.c.id)
)


def news_of_batch(connection: sa.Connection, batch: str) -> Sequence[FillRow]:
    """Return fills that a batch's automations have not been told yet, oldest first. Rides ix_fills_news."""
    return connection.execute(_NEWS_OF_BATCH, {"batch": batch}).all()


_TOLD = (
    intents.update().where(_c.id == sa.bindparam("b_id"), _c.status == sa.bindparam("b_status")).values(news=sa.false())
)


_FILLS_TOLD = fills.update().where(fills.c.id.in_(_IDS)).values(news=False)


def told(connection: sa.Connection, fill_ids: Sequence[str], results: Sequence[tuple[str, str]]) -> None:
    """Mark fills, and intents as (id, status told), as told; a status that moved on since stays news."""
    if fill_ids:
        connection.execute(_FILLS_TOLD, {"ids": list(fill_ids)})
    if results:
        run_many(connection, _TOLD, [{"b_id": id_, "b_status": status} for id_, status in results])


def orders_since(connection: sa.Connection, column: str, scope: str, since: int) -> int:
    """Return how many orders were sent at or after ``since`` (ms UTC) where ``column`` is ``scope``.

    ``column`` is ``automation_id`` or ``account_id``. Rides ix_intents_sent or ix_intents_sent_by_account.
    """
    statement = sa.select(sa.func.count()).where(
        _c[column] == scope, _c.sent_at >= since, sa.text("intents.kind = 'order'")
    )
    return connection.scalar(statement) or 0


def notional(row: NotionalRow) -> Decimal:
    """Return what an order is about, in quote, as far as is known before it is filled: of a market order by the price
    that it was decided at; 0 where there was none.
    """
    if row.spend is not None:
        return row.spend
    price = next((each for each in (row.price, row.stop, row.snapshot_price) if each is not None), Decimal(0))
    return (row.amount or Decimal(0)) * price


def notional_since(connection: sa.Connection, column: str, scope: str, quote: str, since: int, side: Side) -> Decimal:
    """Return what buys, or sales, come to in a quote asset that were sent at or after ``since``, as ``orders_since``
    finds them.

    One that has ended counts with what was filled of it.
    """
    statement = sa.select(_c.status, _c.cost, _c.spend, _c.amount, _c.price, _c.stop, _c.snapshot_price).where(
        _c[column] == scope, _c.sent_at >= since, _c.quote == quote, _c.side == side, sa.text("intents.kind = 'order'")
    )
    rows = connection.execute(statement).all()
    return sum((row.cost if IntentStatus(row.status).terminal else notional(row) for row in rows), Decimal(0))


def live_orders_of_account(connection: sa.Connection, account_id: str) -> int:
    """Return how many of the account's orders can still change. Rides ix_intents_live."""
    statement = sa.select(sa.func.count()).where(_c.account_id == account_id, is_live, _c.kind == "order")
    return connection.scalar(statement) or 0


def symbols_in_flight(connection: sa.Connection, account_id: str) -> set[str]:
    """Return the symbols on which the account has an order sent and not yet accounted for. Rides ix_intents_live."""
    statement = sa.select(_c.symbol).where(
        _c.account_id == account_id, is_live, _c.status == IntentStatus.SENT, _c.kind == "order"
    )
    return set(connection.scalars(statement))


_NAMELESS_SINCE = sa.select(sa.func.min(_c.sent_at)).where(
    _c.account_id == sa.bindparam("account"),
    is_live,
    _c.status == IntentStatus.SENT,
    _c.kind == "order",
    _c.exchange_order_id.is_(None),
)


def nameless_since(connection: sa.Connection, account_id: str) -> int | None:
    """Return when the first order was sent whose exchange's id is still to come, or None. Rides ix_intents_live."""
    found: int | None = connection.scalar(_NAMELESS_SINCE, {"account": account_id})
    return found


def known_to_exchange(connection: sa.Connection, account_id: str, order_ids: Collection[str]) -> set[str]:
    """Return those of the exchange's order ids that belong to an intent. Rides ix_intents_exchange_order."""
    statement = sa.select(_c.exchange_order_id).where(_c.account_id == account_id, _c.exchange_order_id.in_(order_ids))
    return set(connection.scalars(statement))


def known_client_ids(connection: sa.Connection, account_id: str, client_ids: Collection[str]) -> set[str]:
    """Return those of some client order ids that belong to an intent. Rides the key of client ids."""
    statement = sa.select(_c.client_order_id).where(_c.account_id == account_id, _c.client_order_id.in_(client_ids))
    return set(connection.scalars(statement))


def automations_with_news(connection: sa.Connection, within: sa.ColumnElement[bool]) -> list[str]:
    """Return the automations that were not told what became of orders, of those that ``within`` names, in id order."""
    statement = sa.select(_c.automation_id).where(is_live_or_has_news, _c.news, _c.kind == "order", within)
    return list(connection.scalars(statement.distinct().order_by(_c.automation_id)))


def planned_since(connection: sa.Connection, automation_id: str, tick: int, since: int) -> set[str]:
    """Return the symbols of an automation's orders of a tick since then (ms UTC). Rides ix_intents_of."""
    ours = (_c.automation_id == automation_id, _c.kind == "order", _c.tick == tick, _c.created_at >= since)
    return set(connection.scalars(sa.select(_c.symbol).where(*ours).distinct()))
