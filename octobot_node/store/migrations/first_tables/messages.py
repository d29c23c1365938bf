"""What automations are told, what happened to them, and what people are told of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from octobot_node.store.migrations.ddl import counted_id, index, index_of_owners, on_postgresql, owned, table


def inbox() -> None:
    table(
        "inbox",
        sa.Column("id", sa.String(36), nullable=False),
        *owned(),
        sa.Column("automation_id", sa.String(36), nullable=False),
        sa.Column("channel", sa.String(64), nullable=False),
        sa.Column("source", sa.String(128), nullable=False),
        sa.Column("dedup_key", sa.String(128), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("status", sa.String(8), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger()),
        sa.Column("consumed_tick", sa.BigInteger()),
        sa.Column("outcome", sa.String(32), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("orders", sa.Text(), server_default="[]", nullable=False),
        unique=("automation_id", "channel", "dedup_key"),
    )
    # An automation's signals, a page at a time.
    index("ix_inbox_of", "inbox", "automation_id", "id")
    # What a tick is given. After ix_inbox_of: of two that cost the same, SQLite takes the later.
    index("ix_inbox_waiting", "inbox", "automation_id", "id", where="status = 'waiting'")


def events() -> None:
    table(
        "events",
        counted_id(),
        *owned(),
        sa.Column("automation_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("txid", sa.BigInteger(), server_default="0", nullable=False),
        sqlite_autoincrement=True,
    )
    # What happened to an automation: its log.
    index("ix_events_of", "events", "automation_id", "id")
    if on_postgresql():
        op.execute("ALTER TABLE events ALTER COLUMN txid SET DEFAULT (pg_current_xact_id()::text)::bigint")
        # What a follower has not read, by the transaction that wrote it: ids do not become visible in their order.
        index("ix_events_follow", "events", "txid", "id")
    index_of_owners("events")
    table(
        "standing_changes",
        counted_id(),
        sa.Column("subject", sa.String(36), nullable=False),
        sa.Column("txid", sa.BigInteger(), server_default="0", nullable=False),
        sqlite_autoincrement=True,
    )
    if on_postgresql():
        op.execute("ALTER TABLE standing_changes ALTER COLUMN txid SET DEFAULT (pg_current_xact_id()::text)::bigint")
        index("ix_standing_changes_follow", "standing_changes", "txid")
    table(
        "cursors",
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("txid", sa.BigInteger(), server_default="0", nullable=False),
        key=("name",),
    )


def notices() -> None:
    table(
        "notices",
        sa.Column("id", sa.String(36), nullable=False),
        *owned(),
        sa.Column("automation_id", sa.String(36), nullable=False),
        sa.Column("level", sa.String(16), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("status", sa.String(8), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("retry_at", sa.BigInteger()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("delivered", sa.Text(), server_default="[]", nullable=False),
    )
    # What a notifier has to tell, owners in turn, each one's oldest first.
    index("ix_notices_waiting", "notices", "owner", "id", where="status = 'waiting'")
    # What one automation told: for its log.
    index("ix_notices_of", "notices", "automation_id", "id")
