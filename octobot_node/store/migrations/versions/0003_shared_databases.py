"""What nodes that share a database need; moving and restoring a database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None
#: It only adds: a node of the release before goes on beside it (octobot_node/store/migrate.py).
expands = True


def _identity() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("installation", sa.Column("moved_to", sa.Text(), server_default="", nullable=False))
    op.add_column("accounts", sa.Column("reconcile_since", sa.BigInteger(), nullable=True))
    op.add_column("events", sa.Column("txid", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("cursors", sa.Column("txid", sa.BigInteger(), server_default="0", nullable=False))
    op.create_table(
        "changed_levels",
        sa.Column("id", _identity(), autoincrement=True, nullable=False),
        sa.Column("automation_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_changed_levels")),
    )
    op.create_table(
        "schema_floors",
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("owner", name=op.f("pk_schema_floors")),
    )
    if op.get_bind().dialect.name == "postgresql":
        # What a tick writes finds room on its own page, and leaves little behind.
        op.execute("ALTER TABLE schedule SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02)")
        op.execute("ALTER TABLE events ALTER COLUMN txid SET DEFAULT (pg_current_xact_id()::text)::bigint")
        op.create_index("ix_events_follow", "events", ["txid", "id"], unique=False)
