"""Accounts, automations, when they run, and what they see and want of each other."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from octobot_node.store.migrations.ddl import index, index_of_owners, on_postgresql, owned, table


def accounts() -> None:
    table(
        "accounts",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("shard", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("market_data", sa.String(64), nullable=False),
        sa.Column("market_data_settings", sa.JSON(), nullable=False),
        sa.Column("trading", sa.String(64), nullable=False),
        sa.Column("trading_settings", sa.JSON(), nullable=False),
        sa.Column("limits", sa.JSON(), nullable=False),
        sa.Column("egress", sa.String(128), server_default="direct", nullable=False),
        sa.Column("market_data_egress", sa.String(128), server_default="direct", nullable=False),
        sa.Column("sending", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("trades_cursor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("reconcile_since", sa.BigInteger()),
        # An account says by it whether it was edited since it was read.
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("contacted_at", sa.BigInteger()),
        unique=("owner", "name"),
    )


def automations() -> None:
    table(
        "automations",
        sa.Column("id", sa.String(36), nullable=False),
        *owned(),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("type", sa.String(128), nullable=False),
        sa.Column("type_version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("config", sa.Text(), nullable=False),
        sa.Column("previous_config", sa.Text()),
        sa.Column("state", sa.Text()),
        sa.Column("state_version", sa.Integer(), nullable=False),
        sa.Column("needs", sa.Text(), server_default="null", nullable=False),
        sa.Column("wake", sa.Text(), server_default="null", nullable=False),
        sa.Column("limits", sa.JSON(), nullable=False),
        sa.Column("sending", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("close_on_stop", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("figures", sa.Text(), server_default="{}", nullable=False),
        sa.Column("next_step", sa.Text(), server_default="", nullable=False),
        sa.Column("status_since", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tags", sa.Text(), server_default="[]", nullable=False),
        sa.Column("created_by", sa.String(128), server_default="", nullable=False),
        unique=("owner", "name"),
    )
    # Those that are ending, until their orders have.
    index("ix_automations_unsettled", "automations", "status", where="status IN ('stopping', 'completing')")
    # Lists of those of an account, a status, a type. With the id, in whose order pages are read: a page of a rare one
    # is found, not searched for.
    index("ix_automations_account", "automations", "account_id", "id")
    # One that is found by its name, whoever owns it.
    index("ix_automations_name", "automations", "name")
    index("ix_automations_status", "automations", "status", "id")
    index("ix_automations_type", "automations", "type", "id")
    # Those that may not send: they are counted for metrics.
    index("ix_automations_silent", "automations", "id", where="NOT sending")
    index_of_owners("automations")


def schedule() -> None:
    table(
        "schedule",
        sa.Column("automation_id", sa.String(36), nullable=False),
        *owned(),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("runnable", sa.Boolean(), nullable=False),
        sa.Column("next_run_at", sa.BigInteger()),
        sa.Column("due_at", sa.BigInteger()),
        sa.Column("tick", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ticked_at", sa.BigInteger()),
        sa.Column("revision", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("wakes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("suspect", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("claim", sa.String(36)),
        sa.Column("claim_until", sa.BigInteger()),
        sa.Column("claim_tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("levels", sa.Text()),
        key=("automation_id",),
    )
    # What a batch holds, and claims that ran out.
    index("ix_schedule_claim", "schedule", "claim", where="claim IS NOT NULL")
    # Which are due and in no batch, longest waiting first.
    index("ix_schedule_due", "schedule", "next_run_at", where="claim IS NULL AND next_run_at IS NOT NULL")
    # Those that a price wakes.
    index("ix_schedule_levels", "schedule", "source", where="levels IS NOT NULL")
    if on_postgresql():
        # What a tick writes finds room on its own page, and leaves little behind.
        op.execute("ALTER TABLE schedule SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02)")


def watching_and_asking_others() -> None:
    table(
        "watchings",
        sa.Column("automation_id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        *owned(),
        key=("automation_id", "name"),
    )
    # Who watches the one of this name, and is woken when it changes.
    index("ix_watchings_name", "watchings", "owner", "name")
    table(
        "requests",
        sa.Column("id", sa.String(36), nullable=False),
        *owned(),
        sa.Column("automation_id", sa.String(36), nullable=False),
        sa.Column("target", sa.String(128), nullable=False),
        sa.Column("command", sa.String(16), nullable=False),
        sa.Column("status", sa.String(8), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
    )
    # Those that nobody has carried out, oldest first.
    index("ix_requests_waiting", "requests", "owner", "id", where="status = 'waiting'")


def config_revisions() -> None:
    table(
        "config_revisions",
        sa.Column("automation_id", sa.String(36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        *owned(),
        sa.Column("config", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.String(128), server_default="", nullable=False),
        key=("automation_id", "number"),
    )
