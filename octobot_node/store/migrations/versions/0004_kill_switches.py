"""Kill switches, and the orders that were live when each was thrown."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from octobot_node.store.types import Money

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None
#: It only adds: a node of the release before goes on beside it (octobot_node/store/migrate.py).
expands = True


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    op.create_table(
        "kill_switches",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("target_id", sa.String(length=36), nullable=False),
        sa.Column("target", sa.String(length=128), nullable=False),
        sa.Column("authority", sa.String(length=64), nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("thrown_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.Column("released_by", sa.String(length=128), server_default="", nullable=False),
        sa.Column("busy", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kill_switches")),
    )
    op.create_index("ix_kill_switches_busy", "kill_switches", ["id"], unique=False, **_where("busy"))
    op.create_index(
        "ix_kill_switches_in_force",
        "kill_switches",
        ["owner", "scope", "target_id"],
        unique=True,
        **_where("released_at IS NULL"),
    )
    op.create_table(
        "kill_switch_orders",
        sa.Column("switch_id", sa.String(length=36), nullable=False),
        sa.Column("intent_id", sa.String(length=36), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("shard", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("automation_id", sa.String(length=36), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("filled", Money(), nullable=False),
        sa.Column("waiting", sa.Boolean(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("switch_id", "intent_id", name=op.f("pk_kill_switch_orders")),
    )
    op.create_index(
        "ix_kill_switch_orders_waiting",
        "kill_switch_orders",
        ["switch_id", "account_id", "intent_id"],
        unique=False,
        **_where("waiting"),
    )
    op.create_index("ix_kill_switch_orders_of", "kill_switch_orders", ["automation_id"], unique=False)
