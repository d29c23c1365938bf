"""The paper book."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from octobot_node.store.types import Money

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "paper_books",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("orders", sa.BigInteger(), nullable=False),
        sa.Column("trades", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_paper_books")),
    )
    op.create_table(
        "paper_orders",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("client_order_id", sa.String(length=64), nullable=False),
        sa.Column("intent_id", sa.String(length=64), nullable=False),
        sa.Column("symbol", sa.String(length=32), nullable=False),
        sa.Column("side", sa.String(length=4), nullable=False),
        sa.Column("type", sa.String(length=8), nullable=False),
        sa.Column("amount", Money(), nullable=True),
        sa.Column("spend", Money(), nullable=True),
        sa.Column("price", Money(), nullable=True),
        sa.Column("stop", Money(), nullable=True),
        sa.Column("tif", sa.String(length=4), nullable=False),
        sa.Column("post_only", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("filled", Money(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "number", name=op.f("pk_paper_orders")),
        sa.UniqueConstraint("account_id", "client_order_id", name=op.f("uq_paper_orders_account_id_client_order_id")),
    )
    op.create_index(
        "ix_paper_orders_open",
        "paper_orders",
        ["account_id", "number"],
        unique=False,
        sqlite_where=sa.text("status = 'open'"),
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_table(
        "paper_trades",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("order_number", sa.BigInteger(), nullable=False),
        sa.Column("client_order_id", sa.String(length=64), nullable=False),
        sa.Column("symbol", sa.String(length=32), nullable=False),
        sa.Column("side", sa.String(length=4), nullable=False),
        sa.Column("amount", Money(), nullable=False),
        sa.Column("price", Money(), nullable=False),
        sa.Column("cost", Money(), nullable=False),
        sa.Column("fee", Money(), nullable=False),
        sa.Column("fee_asset", sa.String(length=16), nullable=False),
        sa.Column("liquidity", sa.String(length=8), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "number", name=op.f("pk_paper_trades")),
        sa.UniqueConstraint("account_id", "order_number", name=op.f("uq_paper_trades_account_id_order_number")),
    )
    op.create_index("ix_paper_trades_at", "paper_trades", ["account_id", "at", "number"], unique=False)
    op.create_table(
        "paper_balances",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("asset", sa.String(length=16), nullable=False),
        sa.Column("change", Money(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "asset", name=op.f("pk_paper_balances")),
    )
