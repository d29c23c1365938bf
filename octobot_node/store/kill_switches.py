"""Statements on ``kill_switches`` and the orders that each one answers for.

What is live in a scope is found by the partial indexes of live intents: nothing here grows with history.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from octobot_node.orders import IntentStatus
from octobot_node.shadow_ids import shadow_of
from octobot_node.store.intents import automations_with_news
from octobot_node.store.rows.order import AdriftIntentRow, CancelRow, ChecklistRow, KillSwitchRow, NotedOrderRow
from octobot_node.store.sql.conditions import is_anybodys_own, is_live, is_live_or_has_news
from octobot_node.store.tables import accounts, automations, installation, intents, kill_switch_orders, kill_switches

__all__ = [
    "BUSY",
    "Underway",
    "accounts_to_watch",
    "asked",
    "busy",
    "cancels_of",
    "every_in_force",
    "get",
    "halts_new_accounts",
    "in_force",
    "insert",
    "lines",
    "lock",
    "lock_accounts",
    "lock_automation",
    "lock_installation",
    "note_orders",
    "noted_of",
    "page",
    "planned",
    "resting",
    "resting_on_paper",
    "sends",
    "settle",
    "switch_account",
    "switch_automation",
    "switch_installation",
    "totals",
    "underway",
    "update",
    "wait_again",
    "waiting",
    "waiting_accounts",
    "with_news",
]

_k, _o, _i, _a, _c = kill_switches.c, kill_switch_orders.c, intents.c, automations.c, accounts.c
#: Of no shadow.
_OWN = is_anybodys_own(_i.account_id)
# In the words of the partial indexes, without which SQLite does not use them.
_IN_FORCE = sa.text("kill_switches.released_at IS NULL")
_WAITING = sa.text("kill_switch_orders.waiting")
BUSY = sa.text("kill_switches.busy")


# The switches --------------------------------------------------------------------------------------------------------


def insert(connection: sa.Connection, row: Mapping[str, Any]) -> None:
    """Insert a kill switch."""
    connection.execute(kill_switches.insert(), [dict(row)])


def update(connection: sa.Connection, switch_id: str, **values: Any) -> None:
    """Write the given columns of a kill switch."""
    connection.execute(kill_switches.update().where(_k.id == switch_id).values(**values))


def get(connection: sa.Connection, switch_id: str, owner: str | None) -> KillSwitchRow | None:
    """Return a kill switch that this owner may see: their own, or everybody's."""
    return connection.execute(sa.select(kill_switches).where(_k.id == switch_id, _seen_by(owner))).first()


def lock(connection: sa.Connection, switch_id: str) -> KillSwitchRow:
    """Lock a kill switch and return it."""
    return connection.execute(sa.select(kill_switches).where(_k.id == switch_id).with_for_update()).one()


def in_force(connection: sa.Connection, owner: str, scope: str, target_id: str) -> KillSwitchRow | None:
    """Return the kill switch that is thrown for a target, or None. Rides ix_kill_switches_in_force."""
    statement = sa.select(kill_switches).where(
        _k.owner == owner, _k.scope == scope, _k.target_id == target_id, _IN_FORCE
    )
    return connection.execute(statement).first()


def every_in_force(connection: sa.Connection, owner: str | None) -> Sequence[KillSwitchRow]:
    """Return those in force, newest first. Rides ix_kill_switches_in_force."""
    # Sorted here: SQLite would read every kill switch there ever was in that order instead.
    found = connection.execute(sa.select(kill_switches).where(_IN_FORCE, _seen_by(owner))).all()
    return sorted(found, key=lambda row: row.id, reverse=True)


def page(connection: sa.Connection, owner: str | None, before: str | None, count: int) -> Sequence[KillSwitchRow]:
    """Return up to ``count`` kill switches, newest first, before ``before``."""
    statement = sa.select(kill_switches).where(_seen_by(owner)).order_by(_k.id.desc()).limit(count)
    return connection.execute(statement if before is None else statement.where(_k.id < before)).all()


def busy(connection: sa.Connection) -> Sequence[KillSwitchRow]:
    """Return those about which something is to be done, oldest first. Rides ix_kill_switches_busy."""
    return connection.execute(sa.select(kill_switches).where(BUSY).order_by(_k.id)).all()


def settle(connection: sa.Connection, switch_id: str, now: int) -> bool:
    """Say that all is confirmed; return False if that was said before, or it was released meanwhile."""
    statement = kill_switches.update().where(_k.id == switch_id, _k.settled_at.is_(None), _k.released_at.is_(None))
    return connection.execute(statement.values(settled_at=now, busy=False)).rowcount > 0


def _seen_by(owner: str | None) -> sa.ColumnElement[bool]:
    return sa.true() if owner is None else _k.owner.in_((owner, ""))


# The columns that the fence reads ------------------------------------------------------------------------------------


def lock_installation(connection: sa.Connection, *, shared: bool = False) -> None:
    """Wait for every passage through the fence, and let none begin: each holds this row shared."""
    connection.execute(sa.select(installation.c.id).with_for_update(read=shared))


def lock_automation(connection: sa.Connection, automation_id: str) -> None:
    """Lock an automation against passages through the fence; lock its schedule row first."""
    ids = automation_id, shadow_of(automation_id)
    connection.execute(sa.select(_a.id).where(_a.id.in_(ids)).order_by(_a.id).with_for_update())


def lock_accounts(connection: sa.Connection, *, account_id: str = "", owner: str = "") -> list[str]:
    """Lock an account, or all of an owner, in id order, against passages through the fence; return their ids."""
    which = _c.id.in_((account_id, shadow_of(account_id))) if account_id else _c.owner == owner
    # For update in so many words: an UPDATE alone would not wait for the key share that a passage holds.
    return list(connection.scalars(sa.select(_c.id).where(which).order_by(_c.id).with_for_update()))


def switch_installation(connection: sa.Connection) -> None:
    """Let everything send, unless a kill switch in force stops everything."""
    connection.execute(installation.update().values(sending=in_force(connection, "", "everything", "") is None))


def switch_account(connection: sa.Connection, account_id: str) -> None:
    """Let a locked account send, unless a kill switch in force stops it or everything of its owner."""
    owner = connection.scalar(sa.select(_c.owner).where(_c.id == account_id))
    off = in_force(connection, owner or "", "account", account_id) or halts_new_accounts(connection, owner or "")
    ids = account_id, shadow_of(account_id)
    connection.execute(accounts.update().where(_c.id.in_(ids)).values(sending=not off))


def switch_automation(connection: sa.Connection, automation_id: str) -> None:
    """Let a locked automation send, unless a kill switch in force stops it."""
    owner = connection.scalar(sa.select(_a.owner).where(_a.id == automation_id))
    off = in_force(connection, owner or "", "automation", automation_id)
    ids = automation_id, shadow_of(automation_id)
    connection.execute(automations.update().where(_a.id.in_(ids)).values(sending=off is None))


def sends(connection: sa.Connection, automation_id: str) -> bool:
    """Whether no kill switch stops an automation."""
    everywhere = sa.select(installation.c.sending).scalar_subquery()
    statement = (
        sa.select(_a.sending, _c.sending, everywhere)
        .join_from(automations, accounts, _c.id == _a.account_id)
        .where(_a.id == automation_id)
    )
    return all(connection.execute(statement).one())


def halts_new_accounts(connection: sa.Connection, owner: str) -> bool:
    """Whether everything of an owner is stopped, so that an account of theirs that is made now does not send either."""
    return bool(owner) and in_force(connection, owner, "everything", "") is not None


# The orders ----------------------------------------------------------------------------------------------------------


def _within(switch: KillSwitchRow) -> sa.ColumnElement[bool]:
    """Return what tells the intents that a kill switch stops, those of shadows included."""
    if switch.scope == "automation":
        return sa.and_(is_live_or_has_news, _i.automation_id.in_((switch.target_id, shadow_of(switch.target_id))))
    if switch.scope == "everything" and not switch.owner:
        return sa.true()
    of_owner = sa.select(_c.id).where(_c.owner == switch.owner)
    of_account = [switch.target_id, shadow_of(switch.target_id)]
    return _i.account_id.in_(of_account if switch.scope == "account" else of_owner)


_NOTED = ("switch_id", "intent_id", "owner", "account_id", "shard", "automation_id", "status", "filled", "waiting")


def note_orders(connection: sa.Connection, switch: KillSwitchRow) -> None:
    """Note every order that is live in a kill switch's scope, in one statement; what is on paper needs no noting."""
    found = sa.select(
        sa.literal(switch.id), _i.id, _i.owner, _i.account_id, _i.shard, _i.automation_id, _i.status, _i.filled,
        sa.true(),
    ).where(is_live, _i.kind == "order", _within(switch), _OWN)  # fmt: skip
    connection.execute(kill_switch_orders.insert().from_select(_NOTED, found))


def waiting_accounts(connection: sa.Connection, switch_id: str) -> list[str]:
    """Return the accounts with orders still to be cancelled. Rides ix_kill_switch_orders_waiting."""
    statement = sa.select(_o.account_id).where(_o.switch_id == switch_id, _WAITING).distinct().order_by(_o.account_id)
    return list(connection.scalars(statement))


_TO_CANCEL = sa.select(_o.intent_id, _o.automation_id)


def waiting(connection: sa.Connection, switch_id: str, account_id: str, count: int) -> Sequence[NotedOrderRow]:
    """Return up to ``count`` orders (intent_id, automation_id) of an account still to be cancelled.

    Rides ix_kill_switch_orders_waiting.
    """
    statement = (
        _TO_CANCEL.where(_o.switch_id == switch_id, _o.account_id == account_id, _WAITING)
        .order_by(_o.intent_id)
        .limit(count)
    )
    return connection.execute(statement).all()


def asked(connection: sa.Connection, switch_id: str, ids: Collection[str], now: int) -> None:
    """Note that these orders' ends were asked for."""
    these = sa.and_(_o.switch_id == switch_id, _o.intent_id.in_(ids))
    connection.execute(kill_switch_orders.update().where(these).values(waiting=False, asked_at=now))


def resting(connection: sa.Connection, switch_id: str, before: int, count: int) -> list[str]:
    """Return orders that are open though their cancel was asked for before ``before`` (ms UTC) and has ended."""
    cancelling = sa.select(_i.parent).where(is_live, _i.kind == "cancel", _i.parent.is_not(None))
    statement = (
        sa.select(_o.intent_id)
        .join_from(kill_switch_orders, intents, _i.id == _o.intent_id)
        .where(_o.switch_id == switch_id, sa.not_(_o.waiting), _o.asked_at < before)
        .where(is_live, _i.status == IntentStatus.OPEN, _o.intent_id.not_in(cancelling))
        .limit(count)
    )
    return list(connection.scalars(statement))


def wait_again(connection: sa.Connection, switch_id: str, ids: Collection[str]) -> None:
    """Have these orders cancelled once more."""
    these = sa.and_(_o.switch_id == switch_id, _o.intent_id.in_(ids))
    connection.execute(kill_switch_orders.update().where(these).values(waiting=True))


def totals(connection: sa.Connection, switch_id: str, owner: str | None) -> dict[str, int]:
    """Return status -> how many of the noted orders have it now."""
    statement = (
        sa.select(_i.status, sa.func.count())
        .join_from(kill_switch_orders, intents, _i.id == _o.intent_id)
        .where(_o.switch_id == switch_id, sa.true() if owner is None else _o.owner == owner)
        .group_by(_i.status)
    )
    return {row[0]: row[1] for row in connection.execute(statement)}


@dataclass(frozen=True, slots=True)
class Underway:
    """What is under way in a scope: orders sent or unknown, cancels planned or sent."""

    orders: int
    cancels: int


def underway(connection: sa.Connection, switch: KillSwitchRow, owner: str | None) -> Underway:
    """Return what may still arrive at an exchange, or have arrived there, unconfirmed. Rides the indexes of what is
    live.
    """
    dark = sa.and_(_i.kind == "order", _i.status.in_((IntentStatus.SENT, IntentStatus.UNKNOWN)))
    statement = sa.select(
        sa.func.sum(sa.case((dark, 1), else_=0)).label("orders"),
        sa.func.sum(sa.case((_i.kind == "cancel", 1), else_=0)).label("cancels"),
    ).where(is_live, _within(switch), _OWN, sa.true() if owner is None else _i.owner == owner)
    row = connection.execute(statement).one()
    return Underway(row.orders or 0, row.cancels or 0)


_LINES = (
    sa.select(
        *(_i.id, _i.automation_id, _i.symbol, _i.side, _i.type, _i.amount, _i.spend, _i.price, _i.stop),
        *(_i.status, _i.reason, _i.filled, _i.exchange_order_id, _i.updated_at),
        _o.status.label("status_then"),
        _o.filled.label("filled_then"),
        sa.func.coalesce(_a.name, "").label("automation"),
        sa.func.coalesce(_c.name, "").label("account"),
    )
    .select_from(
        kill_switch_orders.join(intents, _i.id == _o.intent_id)
        .outerjoin(automations, _a.id == _i.automation_id)
        .outerjoin(accounts, _c.id == _i.account_id)
    )
    .order_by(_o.intent_id)
)


def lines(
    connection: sa.Connection, switch_id: str, owner: str | None, *, live: bool, after: str | None, count: int
) -> Sequence[ChecklistRow]:
    """Return up to ``count`` noted orders as they were and are, oldest first; ``live``: those not at their end."""
    statement = _LINES.where(_o.switch_id == switch_id).limit(count)
    if owner is not None:
        statement = statement.where(_o.owner == owner)
    if after is not None:
        statement = statement.where(_o.intent_id > after)
    return connection.execute(statement.where(is_live) if live else statement).all()


_CANCELS = sa.select(_i.parent, _i.status, _i.reason)


def cancels_of(connection: sa.Connection, order_ids: Collection[str]) -> dict[str, CancelRow]:
    """Return order -> its cancel that is under way (status, reason)."""
    accounts_of = sa.select(_i.account_id).where(_i.id.in_(order_ids)).distinct()
    statement = _CANCELS.where(is_live, _i.account_id.in_(accounts_of), _i.kind == "cancel", _i.parent.in_(order_ids))
    return {row.parent: row for row in connection.execute(statement)}


_PLACES = sa.select(_i.id, _i.account_id)


def planned(connection: sa.Connection, switch: KillSwitchRow, now: int, count: int) -> Sequence[AdriftIntentRow]:
    """Return up to ``count`` planned intents (id, account_id) of a scope that may be sent at ``now``."""
    statement = (
        _PLACES.where(is_live, _i.status == IntentStatus.PLANNED, _within(switch), _OWN)
        .where(sa.or_(_i.retry_at.is_(None), _i.retry_at <= now))
        .order_by(_i.account_id, _i.group_id, _i.seq)
        .limit(count)
    )
    return connection.execute(statement).all()


def accounts_to_watch(connection: sa.Connection, switch: KillSwitchRow) -> list[str]:
    """Return the accounts with sent, open or unknown intents in a scope."""
    statement = sa.select(_i.account_id).where(is_live, _i.status != IntentStatus.PLANNED, _within(switch), _OWN)
    return list(connection.scalars(statement.distinct().order_by(_i.account_id)))


def resting_on_paper(connection: sa.Connection, switch: KillSwitchRow) -> Sequence[tuple[str, str, str]]:
    """Return (account, automation, order) of what rests of shadows in a scope, and nobody cancels."""
    cancelling = sa.select(_i.parent).where(is_live, _i.kind == "cancel", _i.parent.is_not(None))
    statement = sa.select(_i.account_id, _i.automation_id, _i.id).where(
        is_live, _i.status == IntentStatus.OPEN, _within(switch), sa.not_(_OWN), _i.id.not_in(cancelling)
    )
    return [(row[0], row[1], row[2]) for row in connection.execute(statement.order_by(_i.account_id, _i.id))]


def noted_of(automation_ids: Collection[str]) -> sa.Select[tuple[str]]:
    """Return the orders of automations that a checklist answers for. Rides ix_kill_switch_orders_of."""
    return sa.select(_o.intent_id).where(_o.automation_id.in_(automation_ids))


def with_news(connection: sa.Connection, switch: KillSwitchRow) -> list[str]:
    """Return the automations in a scope that have not been told what became of their orders."""
    return automations_with_news(connection, _within(switch))
