"""Figures of automations, who watches whom, requests of automations, cursors of followers."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def _owned() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("shard", sa.SmallInteger(), server_default="0", nullable=False),
    )


def upgrade() -> None:
    op.add_column("automations", sa.Column("figures", sa.Text(), server_default="{}", nullable=False))
    op.add_column("notices", sa.Column("delivered", sa.Text(), server_default="[]", nullable=False))
    op.create_table(
        "watchings",
        sa.Column("automation_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        *_owned(),
        sa.PrimaryKeyConstraint("automation_id", "name", name=op.f("pk_watchings")),
    )
    op.create_index("ix_watchings_name", "watchings", ["owner", "name"], unique=False)
    op.create_table(
        "requests",
        sa.Column("id", sa.String(length=36), nullable=False),
        *_owned(),
        sa.Column("automation_id", sa.String(length=36), nullable=False),
        sa.Column("target", sa.String(length=128), nullable=False),
        sa.Column("command", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requests")),
    )
    op.create_index("ix_requests_waiting", "requests", ["id"], unique=False, **_where("status = 'waiting'"))
    op.create_table(
        "cursors",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_cursors")),
    )
