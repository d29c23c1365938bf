"""What the node keeps of itself, of its API and of other nodes on its database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from octobot_node.store.migrations.ddl import counted_id, index, on_postgresql, table

_REFUSAL = "the audit log is append-only"


def installation() -> None:
    table(
        "installation",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("generation", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("sending", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("virtual_now", sa.BigInteger()),
        sa.Column("moved_to", sa.Text(), server_default="", nullable=False),
    )
    table(
        "schema_floors",
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("revision", sa.String(32), nullable=False),
        key=("owner",),
    )


def nodes() -> None:
    table(
        "leases",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger()),
        key=("name",),
    )
    table("changed_levels", counted_id(), sa.Column("automation_id", sa.String(36), nullable=False))


def audit() -> None:
    """Make the audit log, which nobody can change."""
    table(
        "audit",
        counted_id(),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("via", sa.String(128), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("target", sa.String(256), nullable=False),
        sa.Column("target_id", sa.String(64), nullable=False),
        sa.Column("outcome", sa.String(8), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("begun_id", sa.BigInteger()),
        sqlite_autoincrement=True,
    )
    # Whether what was begun has ended; unique, for it ends once.
    index("ix_audit_begun", "audit", "begun_id", unique=True)
    # Pages of an owner's entries, and of those about one thing.
    index("ix_audit_owner", "audit", "owner", "id")
    index("ix_audit_target", "audit", "target_id", "id")
    if on_postgresql():
        _protect_audit_on_postgresql()
    else:
        _protect_audit_on_sqlite()


def _protect_audit_on_sqlite() -> None:
    for what in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_no_{what.lower()} BEFORE {what} ON audit"
            f" BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        )


def _protect_audit_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION octobot_refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit FOR EACH ROW"
        " EXECUTE FUNCTION octobot_refuse_audit_change()"
    )
    op.execute(
        "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit FOR EACH STATEMENT"
        " EXECUTE FUNCTION octobot_refuse_audit_change()"
    )


def answers_of_the_api() -> None:
    """Make the answers to requests with an Idempotency-Key."""
    table(
        "api_requests",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("headers", sa.Text(), server_default="{}", nullable=False),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
    )
    # Those that are a day old are deleted.
    index("ix_api_requests_created", "api_requests", "created_at")
