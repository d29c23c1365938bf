"""How accounts stand with their exchanges: whether orders are sent, what is missing, and how much may be asked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from octobot_node.store.migrations.ddl import index, table

revision = "v0004"
down_revision = "v0003"
branch_labels = None
depends_on = None
#: A node of before would send what an observing account only writes down.
expands = False


def upgrade() -> None:
    op.add_column("accounts", sa.Column("mode", sa.String(16), server_default="live", nullable=False))
    op.add_column("accounts", sa.Column("wakes", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("accounts", sa.Column("lacks", sa.JSON(), server_default="{}", nullable=False))
    op.add_column("accounts", sa.Column("live_since", sa.BigInteger(), server_default="0", nullable=False))
    index("ix_accounts_wakes", "accounts", "id", where="wakes")
    table(
        "request_budgets",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("window_at", sa.BigInteger(), nullable=False),
        sa.Column("taken", sa.BigInteger(), nullable=False),
        sa.Column("closed_until", sa.BigInteger(), server_default="0", nullable=False),
        key=("id",),
    )
