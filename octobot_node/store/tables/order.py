"""Intents, and the kill switches that stop them."""

from __future__ import annotations

import sqlalchemy as sa

from octobot_node.store.sql import conditions
from octobot_node.store.tables.base import Id, metadata, owned, partial
from octobot_node.store.types import Millis, Money

__all__ = ["intents", "kill_switch_orders", "kill_switches"]

intents = sa.Table(
    "intents",
    metadata,
    sa.Column("id", Id, primary_key=True),
    *owned(),
    sa.Column("automation_id", Id, nullable=False),
    sa.Column("kind", sa.String(8), nullable=False),
    sa.Column("tick", sa.BigInteger, nullable=False),
    #: One decision's intents share a group and are carried out in ``seq`` order.
    sa.Column("group_id", Id, nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("independent", sa.Boolean, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    #: A change the automation has not been told yet.
    sa.Column("news", sa.Boolean, nullable=False, server_default=sa.false()),
    #: Refused for want of funds.
    sa.Column("lacking", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("symbol", sa.String(32), nullable=False),
    sa.Column("base", sa.String(16), nullable=False),
    sa.Column("quote", sa.String(16), nullable=False),
    sa.Column("side", sa.String(4), nullable=False),
    sa.Column("type", sa.String(8), nullable=False),
    sa.Column("amount", Money),
    sa.Column("spend", Money),
    sa.Column("price", Money),
    sa.Column("stop", Money),
    sa.Column("tif", sa.String(4), nullable=False, server_default="gtc"),
    sa.Column("post_only", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("expires_at", Millis),
    sa.Column("tag", sa.String(64), nullable=False, server_default=""),
    #: Of a cancel: the intent it cancels.
    sa.Column("parent", Id),
    sa.Column("reserved_asset", sa.String(16)),
    sa.Column("reserved", Money, nullable=False),
    #: The price of the snapshot the decision was made on, for the collar.
    sa.Column("snapshot_price", Money),
    sa.Column("filled", Money, nullable=False),
    sa.Column("cost", Money, nullable=False),
    sa.Column("fee", Money, nullable=False),
    sa.Column("fee_asset", sa.String(16)),
    sa.Column("client_order_id", sa.String(64), nullable=False),
    sa.Column("exchange_order_id", sa.String(128)),
    #: The send workflow that carries it; NULL: the sweeper finds one.
    sa.Column("carrier", Id),
    sa.Column("retry_at", Millis),
    sa.Column("send_by", Millis),
    sa.Column("sent_at", Millis),
    sa.Column("epoch", sa.BigInteger),
    sa.Column("attempt", sa.Integer, nullable=False, server_default="0"),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("reduce_only", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("position_side", sa.String(8), nullable=False, server_default="net"),
    sa.Column("created_at", Millis, nullable=False),
    sa.Column("updated_at", Millis, nullable=False),
    sa.UniqueConstraint("account_id", "client_order_id"),
    partial("ix_intents_live", "account_id", "status", where=conditions.LIVE),
    partial("ix_intents_carrier", "carrier", where=conditions.PLANNED),
    sa.Index("ix_intents_of", "automation_id", "id"),
    # After ix_intents_of and with the same columns: SQLite, without statistics, takes the later of two equal ones.
    partial(
        "ix_intents_live_of",
        "automation_id",
        "id",
        where=conditions.LIVE_OR_NEWS,
    ),
    partial("ix_intents_sent", "automation_id", "sent_at", where="kind = 'order' AND sent_at IS NOT NULL"),
    partial("ix_intents_sent_by_account", "account_id", "sent_at", where="kind = 'order' AND sent_at IS NOT NULL"),
    partial("ix_intents_lacking", "updated_at", where="lacking"),
    sa.Index("ix_intents_exchange_order", "account_id", "exchange_order_id"),
    sa.Index("ix_intents_owner", "owner", "id"),
)

kill_switches = sa.Table(
    "kill_switches",
    metadata,
    sa.Column("id", Id, primary_key=True),
    #: Whose accounts and automations it stops; "" for everybody's.
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("scope", sa.String(16), nullable=False),
    #: The account or automation, with the name it had; "" where everything is stopped.
    sa.Column("target_id", Id, nullable=False),
    sa.Column("target", sa.String(128), nullable=False),
    #: The owner who may release it; "" where only who sees everything may.
    sa.Column("authority", sa.String(64), nullable=False),
    sa.Column("by", sa.String(128), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("thrown_at", Millis, nullable=False),
    sa.Column("settled_at", Millis),
    sa.Column("released_at", Millis),
    sa.Column("released_by", sa.String(128), nullable=False, server_default=""),
    #: Whether the node that leads has something to do about it: orders to cancel, or automations to wake.
    sa.Column("busy", sa.Boolean, nullable=False),
    partial("ix_kill_switches_busy", "id", where="busy"),
    # Unique: one in force for each target, however many throw it at once.
    sa.Index(
        "ix_kill_switches_in_force",
        *("owner", "scope", "target_id"),
        unique=True,
        sqlite_where=sa.text("released_at IS NULL"),
        postgresql_where=sa.text("released_at IS NULL"),
    ),
)

kill_switch_orders = sa.Table(
    "kill_switch_orders",
    metadata,
    sa.Column("switch_id", Id, primary_key=True),
    sa.Column("intent_id", Id, primary_key=True),
    *owned(),
    sa.Column("automation_id", Id, nullable=False),
    #: As they were at that moment.
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("filled", Money, nullable=False),
    #: Whether it is still to be cancelled, and when that was asked for last.
    sa.Column("waiting", sa.Boolean, nullable=False),
    sa.Column("asked_at", Millis),
    partial("ix_kill_switch_orders_waiting", "switch_id", "account_id", "intent_id", where="waiting"),
    sa.Index("ix_kill_switch_orders_of", "automation_id"),
)
