"""What tells the database that was left from another, and from an earlier course of itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from octobot_node.store.migrations.ddl import table

revision = "v0003"
down_revision = "v0002"
branch_labels = None
depends_on = None
expands = True


def upgrade() -> None:
    op.add_column("installation", sa.Column("identity", sa.Text(), server_default="", nullable=False))
    table(
        "pulses",
        sa.Column("node_id", sa.String(64), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        key=("node_id",),
    )
