"""What seals secrets. Those that are in clear the first node that starts seals: octobot_node/sealing/first_time.py."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from octobot_node.store.migrations.ddl import index, table

revision = "v0005"
down_revision = "v0004"
branch_labels = None
depends_on = None
# It does more than add: nodes of before take sealed settings for what they are, and would sign with them.


def upgrade() -> None:
    op.add_column("installation", sa.Column("clear_secrets", sa.SmallInteger(), server_default="2", nullable=False))
    table(
        "data_keys",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("wrapped", sa.Text(), nullable=False),
        sa.Column("master_key", sa.String(64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("retired_at", sa.BigInteger()),
    )
    # An owner's key in force, of which there is one.
    index("ix_data_keys_in_force", "data_keys", "owner", where="retired_at IS NULL", unique=True)
    table(
        "secrets",
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_by", sa.String(128), server_default="", nullable=False),
        key=("owner", "name"),
    )
    table(
        "secret_uses",
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("place", sa.String(255), nullable=False),
        sa.Column("uses", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
        key=("owner", "place"),
    )
