"""Addresses for signals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "webhooks_hooks",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("automation_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("allow", sa.JSON(), nullable=False),
        sa.Column("expires_in", sa.Float(), nullable=False),
        sa.Column("same_within", sa.Float(), nullable=False),
        sa.Column("per_minute", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("rotated_at", sa.BigInteger(), nullable=True),
        sa.Column("secret", sa.String(length=512), nullable=True),
        sa.Column("old_secret", sa.String(length=512), nullable=True),
        sa.Column("old_secret_until", sa.BigInteger(), nullable=True),
        sa.Column("tolerance", sa.Float(), server_default="300", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks_hooks")),
        sa.UniqueConstraint("hash", name=op.f("uq_webhooks_hooks_hash")),
    )
    op.create_index("ix_webhooks_hooks_automation", "webhooks_hooks", ["automation_id", "id"], unique=False)
