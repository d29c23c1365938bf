"""The first tables."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from octobot_node.store.types import Money

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("shard", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("market_data", sa.String(length=64), nullable=False),
        sa.Column("market_data_settings", sa.JSON(), nullable=False),
        sa.Column("trading", sa.String(length=64), nullable=False),
        sa.Column("trading_settings", sa.JSON(), nullable=False),
        sa.Column("limits", sa.JSON(), nullable=False),
        sa.Column("egress", sa.String(length=128), server_default="direct", nullable=False),
        sa.Column("sending", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("trades_cursor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("owner", "name", name=op.f("uq_accounts_owner_name")),
    )
    op.create_table(
        "automations",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("shard", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("type", sa.String(length=128), nullable=False),
        sa.Column("type_version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("config", sa.Text(), nullable=False),
        sa.Column("previous_config", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("state_version", sa.Integer(), nullable=False),
        sa.Column("needs", sa.Text(), server_default="null", nullable=False),
        sa.Column("wake", sa.Text(), server_default="null", nullable=False),
        sa.Column("limits", sa.JSON(), nullable=False),
        sa.Column("sending", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("close_on_stop", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_automations")),
        sa.UniqueConstraint("owner", "name", name=op.f("uq_automations_owner_name")),
    )
    op.create_index(
        "ix_automations_unsettled",
        "automations",
        ["status"],
        unique=False,
        **_where("status IN ('stopping', 'completing')"),
    )
    op.create_table(
        "balances",
        sa.Column("automation_id", sa.String(length=36), nullable=False),
        sa.Column("asset", sa.String(length=16), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("shard", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("free", Money(), nullable=False),
        sa.Column("reserved", Money(), nullable=False),
        sa.PrimaryKeyConstraint("automation_id", "asset", name=op.f("pk_balances")),
    )
    op.create_index("ix_balances_account", "balances", ["account_id", "asset"], unique=False)
    op.create_table(
        "equity",
        sa.Column("automation_id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("shard", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("asset", sa.String(length=16), nullable=False),
        sa.Column("equity", Money(), nullable=False),
        sa.Column("realised", Money(), nullable=False),
        sa.PrimaryKeyConstraint("automation_id", "at", name=op.f("pk_equity")),
    )
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("shard", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("automation_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_events_of", "events", ["automation_id", "id"], unique=False)
    op.create_table(
        "fills",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("shard", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("automation_id", sa.String(length=36), nullable=False),
        sa.Column("intent_id", sa.String(length=36), nullable=False),
        sa.Column("news", sa.Boolean(), nullable=False),
        sa.Column("symbol", sa.String(length=32), nullable=False),
        sa.Column("side", sa.String(length=4), nullable=False),
        sa.Column("amount", Money(), nullable=False),
        sa.Column("price", Money(), nullable=False),
        sa.Column("cost", Money(), nullable=False),
        sa.Column("fee", Money(), nullable=False),
        sa.Column("fee_asset", sa.String(length=16), nullable=False),
        sa.Column("liquidity", sa.String(length=8), nullable=False),
        sa.Column("realised", Money(), nullable=False),
        sa.Column("exchange_trade_id", sa.String(length=128), nullable=False),
        sa.Column("exchange_order_id", sa.String(length=128), nullable=False),
        sa.Column("tag", sa.String(length=64), nullable=False),
        sa.Column("reduce_only", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("position_side", sa.String(length=8), server_default="net", nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fills")),
        sa.UniqueConstraint(
            "account_id", "symbol", "exchange_trade_id", name=op.f("uq_fills_account_id_symbol_exchange_trade_id")
        ),
    )
    op.create_index("ix_fills_news", "fills", ["automation_id"], unique=False, **_where("news"))
    op.create_index("ix_fills_of", "fills", ["automation_id", "id"], unique=False)
    op.create_table(
        "inbox",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("shard", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("automation_id", sa.String(length=36), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=128), nullable=False),
        sa.Column("dedup_key", sa.String(length=128), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("consumed_tick", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sa.UniqueConstraint(
            "automation_id", "channel", "dedup_key", name=op.f("uq_inbox_automation_id_channel_dedup_key")
        ),
    )
    op.create_index("ix_inbox_waiting", "inbox", ["automation_id", "id"], unique=False, **_where("status = 'waiting'"))
    op.create_table(
        "installation",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("generation", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("sending", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("virtual_now", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    op.create_table(
        "intents",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("shard", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("automation_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("tick", sa.BigInteger(), nullable=False),
        sa.Column("group_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("independent", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("news", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("symbol", sa.String(length=32), nullable=False),
        sa.Column("base", sa.String(length=16), nullable=False),
        sa.Column("quote", sa.String(length=16), nullable=False),
        sa.Column("side", sa.String(length=4), nullable=False),
        sa.Column("type", sa.String(length=8), nullable=False),
        sa.Column("amount", Money(), nullable=True),
        sa.Column("spend", Money(), nullable=True),
        sa.Column("price", Money(), nullable=True),
        sa.Column("stop", Money(), nullable=True),
        sa.Column("tif", sa.String(length=4), server_default="gtc", nullable=False),
        sa.Column("post_only", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("tag", sa.String(length=64), server_default="", nullable=False),
        sa.Column("parent", sa.String(length=36), nullable=True),
        sa.Column("reserved_asset", sa.String(length=16), nullable=True),
        sa.Column("reserved", Money(), nullable=False),
        sa.Column("snapshot_price", Money(), nullable=True),
        sa.Column("filled", Money(), nullable=False),
        sa.Column("cost", Money(), nullable=False),
        sa.Column("fee", Money(), nullable=False),
        sa.Column("fee_asset", sa.String(length=16), nullable=True),
        sa.Column("client_order_id", sa.String(length=64), nullable=False),
        sa.Column("exchange_order_id", sa.String(length=128), nullable=True),
        sa.Column("carrier", sa.String(length=36), nullable=True),
        sa.Column("retry_at", sa.BigInteger(), nullable=True),
        sa.Column("send_by", sa.BigInteger(), nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("epoch", sa.BigInteger(), nullable=True),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("reduce_only", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("position_side", sa.String(length=8), server_default="net", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intents")),
        sa.UniqueConstraint("account_id", "client_order_id", name=op.f("uq_intents_account_id_client_order_id")),
    )
    op.create_index("ix_intents_carrier", "intents", ["carrier"], unique=False, **_where("status = 'planned'"))
    op.create_index("ix_intents_exchange_order", "intents", ["account_id", "exchange_order_id"], unique=False)
    op.create_index(
        "ix_intents_live",
        "intents",
        ["account_id", "status"],
        unique=False,
        **_where("status IN ('planned', 'sent', 'open', 'unknown')"),
    )
    op.create_index("ix_intents_of", "intents", ["automation_id", "id"], unique=False)
    # After ix_intents_of: of two that cost the same, SQLite takes the later.
    op.create_index(
        "ix_intents_live_of",
        "intents",
        ["automation_id", "id"],
        unique=False,
        **_where("status IN ('planned', 'sent', 'open', 'unknown') OR news"),
    )
    op.create_index(
        "ix_intents_sent",
        "intents",
        ["automation_id", "sent_at"],
        unique=False,
        **_where("kind = 'order' AND sent_at IS NOT NULL"),
    )
    op.create_index(
        "ix_intents_sent_by_account",
        "intents",
        ["account_id", "sent_at"],
        unique=False,
        **_where("kind = 'order' AND sent_at IS NOT NULL"),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("shard", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("automation_id", sa.String(length=36), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("retry_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_index("ix_notices_waiting", "notices", ["id"], unique=False, **_where("status = 'waiting'"))
    op.create_table(
        "positions",
        sa.Column("automation_id", sa.String(length=36), nullable=False),
        sa.Column("symbol", sa.String(length=32), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("shard", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("amount", Money(), nullable=False),
        sa.Column("cost", Money(), nullable=False),
        sa.Column("realised", Money(), nullable=False),
        sa.Column("invested", Money(), nullable=False),
        sa.Column("fees", Money(), nullable=False),
        sa.Column("opening_cost", Money(), nullable=False),
        sa.Column("fills", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("automation_id", "symbol", name=op.f("pk_positions")),
    )
    op.create_table(
        "postings",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("shard", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("automation_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("asset", sa.String(length=16), nullable=False),
        sa.Column("amount", Money(), nullable=False),
        sa.Column("fill_id", sa.String(length=36), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_postings")),
    )
    op.create_index("ix_postings_of", "postings", ["automation_id", "id"], unique=False)
    op.create_table(
        "schedule",
        sa.Column("automation_id", sa.String(length=36), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("shard", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("runnable", sa.Boolean(), nullable=False),
        sa.Column("next_run_at", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("tick", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ticked_at", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("wakes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("suspect", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("claim", sa.String(length=36), nullable=True),
        sa.Column("claim_until", sa.BigInteger(), nullable=True),
        sa.Column("claim_tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("levels", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("automation_id", name=op.f("pk_schedule")),
    )
    op.create_index("ix_schedule_claim", "schedule", ["claim"], unique=False, **_where("claim IS NOT NULL"))
    op.create_index(
        "ix_schedule_due",
        "schedule",
        ["next_run_at"],
        unique=False,
        **_where("claim IS NULL AND next_run_at IS NOT NULL"),
    )
    op.create_index("ix_schedule_levels", "schedule", ["source"], unique=False, **_where("levels IS NOT NULL"))
