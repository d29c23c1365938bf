"""What the node keeps of itself, of its API and of other nodes on its database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from octobot_node.store.migrations.ddl import counted_id, index, on_postgresql, table

_REFUSAL = "the audit log is append-only"
#: What was pruned may go, see octobot_node/store/audit/audit_chain.py.
_IS_KEPT = "OLD.id > coalesce((SELECT max(pruned_id) FROM audit_chain), 0)"
_REPLACES = "NEW.id <= (SELECT max(id) FROM audit) OR EXISTS (SELECT 1 FROM audit WHERE begun_id = NEW.begun_id)"
#: The chain only goes on, and is pruned no further than it is.
_RETURNS = "NEW.last_id < OLD.last_id OR NEW.pruned_id < OLD.pruned_id OR NEW.pruned_id > NEW.last_id"


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


def preferences() -> None:
    """Make what users chose for themselves."""
    table(
        "preferences",
        sa.Column("user", sa.String(128), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        key=("user", "name"),
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
    """Make the audit log, which nobody can change, and the row that says how far its chain is."""
    table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
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
        sa.Column("hash", sa.String(64), nullable=False),
    )
    # Whether what was begun has ended; unique, for it ends once.
    index("ix_audit_begun", "audit", "begun_id", unique=True)
    # Pages of an owner's entries, and of those about one thing.
    index("ix_audit_owner", "audit", "owner", "id")
    index("ix_audit_target", "audit", "target_id", "id")
    table(
        "audit_chain",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("last_id", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("last_hash", sa.String(64), server_default="", nullable=False),
        sa.Column("entries", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("pruned_id", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("pruned_hash", sa.String(64), server_default="", nullable=False),
        sa.Column("pruned_at", sa.BigInteger()),
    )
    if on_postgresql():
        _protect_audit_on_postgresql()
    else:
        _protect_audit_on_sqlite()


def _protect_audit_on_sqlite() -> None:
    _refuse_on_sqlite("audit_no_update", "UPDATE ON audit")
    _refuse_on_sqlite("audit_no_delete", "DELETE ON audit", _IS_KEPT)
    # REPLACE deletes without a word to the triggers above.
    _refuse_on_sqlite("audit_no_replace", "INSERT ON audit", _REPLACES)
    _refuse_on_sqlite("audit_chain_no_return", "UPDATE ON audit_chain", _RETURNS)
    _refuse_on_sqlite("audit_chain_no_delete", "DELETE ON audit_chain")
    _refuse_on_sqlite("audit_chain_no_replace", "INSERT ON audit_chain", "EXISTS (SELECT 1 FROM audit_chain)")


def _refuse_on_sqlite(name: str, what: str, when: str = "true") -> None:
    op.execute(f"CREATE TRIGGER {name} BEFORE {what} WHEN {when} BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END")


def _protect_audit_on_postgresql() -> None:
    _refuse_on_postgresql("octobot_refuse_audit_change", "true")
    _refuse_on_postgresql("octobot_let_pruned_go", _IS_KEPT)
    row, statement = "FOR EACH ROW", "FOR EACH STATEMENT"
    refuse = "EXECUTE FUNCTION octobot_refuse_audit_change()"
    op.execute(f"CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit {row} {refuse}")
    op.execute(f"CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit {row} EXECUTE FUNCTION octobot_let_pruned_go()")
    op.execute(f"CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit {statement} {refuse}")
    op.execute(f"CREATE TRIGGER audit_chain_no_return BEFORE UPDATE ON audit_chain {row} WHEN ({_RETURNS}) {refuse}")
    op.execute(f"CREATE TRIGGER audit_chain_no_delete BEFORE DELETE ON audit_chain {row} {refuse}")
    op.execute(f"CREATE TRIGGER audit_chain_no_truncate BEFORE TRUNCATE ON audit_chain {statement} {refuse}")


def _refuse_on_postgresql(function: str, when: str) -> None:
    op.execute(
        f"CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN IF {when} THEN RAISE EXCEPTION '{_REFUSAL}'; END IF; RETURN OLD; END $$"
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
