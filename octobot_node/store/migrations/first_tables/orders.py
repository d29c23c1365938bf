"""Orders, their executions, and the kill switches that stop them."""

from __future__ import annotations

import sqlalchemy as sa

from octobot_node.store.migrations.ddl import index, index_of_owners, owned, table
from octobot_node.store.types import Money

#: Of an intent: it can still change.
_LIVE = "status IN ('planned', 'sent', 'open', 'unknown')"


def intents() -> None:
    table(
        "intents",
        sa.Column("id", sa.String(36), nullable=False),
        *owned(),
        sa.Column("automation_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("tick", sa.BigInteger(), nullable=False),
        sa.Column("group_id", sa.String(36), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("independent", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("news", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("lacking", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("symbol", sa.String(32), nullable=False),
        sa.Column("base", sa.String(16), nullable=False),
        sa.Column("quote", sa.String(16), nullable=False),
        sa.Column("side", sa.String(4), nullable=False),
        sa.Column("type", sa.String(8), nullable=False),
        sa.Column("amount", Money()),
        sa.Column("spend", Money()),
        sa.Column("price", Money()),
        sa.Column("stop", Money()),
        sa.Column("tif", sa.String(4), server_default="gtc", nullable=False),
        sa.Column("post_only", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("expires_at", sa.BigInteger()),
        sa.Column("tag", sa.String(64), server_default="", nullable=False),
        sa.Column("parent", sa.String(36)),
        sa.Column("reserved_asset", sa.String(16)),
        sa.Column("reserved", Money(), nullable=False),
        sa.Column("snapshot_price", Money()),
        sa.Column("filled", Money(), nullable=False),
        sa.Column("cost", Money(), nullable=False),
        sa.Column("fee", Money(), nullable=False),
        sa.Column("fee_asset", sa.String(16)),
        sa.Column("client_order_id", sa.String(64), nullable=False),
        sa.Column("exchange_order_id", sa.String(128)),
        sa.Column("carrier", sa.String(36)),
        sa.Column("retry_at", sa.BigInteger()),
        sa.Column("send_by", sa.BigInteger()),
        sa.Column("sent_at", sa.BigInteger()),
        sa.Column("epoch", sa.BigInteger()),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("reduce_only", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("position_side", sa.String(8), server_default="net", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        unique=("account_id", "client_order_id"),
    )
    # What a send workflow has to send.
    index("ix_intents_carrier", "intents", "carrier", where="status = 'planned'")
    # Whose an order is that the exchange has.
    index("ix_intents_exchange_order", "intents", "account_id", "exchange_order_id")
    # What is to be sent, is asked about, and is stopped by a kill switch, at the same cost however long the history is.
    index("ix_intents_live", "intents", "account_id", "status", where=_LIVE)
    # An automation's orders, a page at a time.
    index("ix_intents_of", "intents", "automation_id", "id")
    # What a tick is told, and what is cancelled. After ix_intents_of: of two that cost the same, SQLite takes the
    # later.
    index("ix_intents_live_of", "intents", "automation_id", "id", where=f"{_LIVE} OR news")
    # How many orders were sent of late: limits count them.
    sent = "kind = 'order' AND sent_at IS NOT NULL"
    index("ix_intents_sent", "intents", "automation_id", "sent_at", where=sent)
    index("ix_intents_sent_by_account", "intents", "account_id", "sent_at", where=sent)
    # Those that lacked funds of late: they are told to whoever looks after accounts.
    index("ix_intents_lacking", "intents", "updated_at", where="lacking")
    index_of_owners("intents")


def fills() -> None:
    table(
        "fills",
        sa.Column("id", sa.String(36), nullable=False),
        *owned(),
        sa.Column("automation_id", sa.String(36), nullable=False),
        sa.Column("intent_id", sa.String(36), nullable=False),
        sa.Column("news", sa.Boolean(), nullable=False),
        sa.Column("symbol", sa.String(32), nullable=False),
        sa.Column("side", sa.String(4), nullable=False),
        sa.Column("amount", Money(), nullable=False),
        sa.Column("price", Money(), nullable=False),
        sa.Column("cost", Money(), nullable=False),
        sa.Column("fee", Money(), nullable=False),
        sa.Column("fee_asset", sa.String(16), nullable=False),
        sa.Column("liquidity", sa.String(8), nullable=False),
        sa.Column("realised", Money(), nullable=False),
        sa.Column("exchange_trade_id", sa.String(128), nullable=False),
        sa.Column("exchange_order_id", sa.String(128), nullable=False),
        sa.Column("tag", sa.String(64), nullable=False),
        sa.Column("reduce_only", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("position_side", sa.String(8), server_default="net", nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.BigInteger()),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=False),
        # No execution is settled twice.
        unique=("account_id", "symbol", "exchange_trade_id"),
    )
    # What a tick is told.
    index("ix_fills_news", "fills", "automation_id", where="news")
    # Lists of an automation, an order, an account and an owner, at the same cost however long the history is.
    index("ix_fills_of", "fills", "automation_id", "id")
    index("ix_fills_order", "fills", "intent_id")
    index("ix_fills_account", "fills", "account_id", "id")
    index("ix_fills_owned", "fills", "owner", "id")
    # Those of a period, by the exchange's times: of everybody, an automation and an owner.
    index("ix_fills_when", "fills", "at", "id")
    index("ix_fills_when_of", "fills", "automation_id", "at", "id")
    index("ix_fills_when_owned", "fills", "owner", "at", "id")


def kill_switches() -> None:
    """Make the kill switches, and the orders that were live when each was thrown."""
    table(
        "kill_switches",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("scope", sa.String(16), nullable=False),
        sa.Column("target_id", sa.String(36), nullable=False),
        sa.Column("target", sa.String(128), nullable=False),
        sa.Column("authority", sa.String(64), nullable=False),
        sa.Column("by", sa.String(128), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("thrown_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger()),
        sa.Column("released_at", sa.BigInteger()),
        sa.Column("released_by", sa.String(128), server_default="", nullable=False),
        sa.Column("busy", sa.Boolean(), nullable=False),
    )
    # Those about which the node that leads has something to do.
    index("ix_kill_switches_busy", "kill_switches", "id", where="busy")
    # Unique: one in force for each target, however many throw it at once.
    index(
        *("ix_kill_switches_in_force", "kill_switches", "owner", "scope", "target_id"),
        where="released_at IS NULL",
        unique=True,
    )
    table(
        "kill_switch_orders",
        sa.Column("switch_id", sa.String(36), nullable=False),
        sa.Column("intent_id", sa.String(36), nullable=False),
        *owned(),
        sa.Column("automation_id", sa.String(36), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("filled", Money(), nullable=False),
        sa.Column("waiting", sa.Boolean(), nullable=False),
        sa.Column("asked_at", sa.BigInteger()),
        key=("switch_id", "intent_id"),
    )
    # What is still to be cancelled, account by account.
    index(
        *("ix_kill_switch_orders_waiting", "kill_switch_orders", "switch_id", "account_id", "intent_id"),
        where="waiting",
    )
    # The orders of an automation that a checklist answers for: they stay when it is deleted.
    index("ix_kill_switch_orders_of", "kill_switch_orders", "automation_id")
