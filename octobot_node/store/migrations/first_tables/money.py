"""What automations have, had and are worth."""

from __future__ import annotations

import sqlalchemy as sa

from octobot_node.store.migrations.ddl import index, owned, table
from octobot_node.store.types import Money


def ledger() -> None:
    table(
        "postings",
        sa.Column("id", sa.String(36), nullable=False),
        *owned(),
        sa.Column("automation_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("asset", sa.String(16), nullable=False),
        sa.Column("amount", Money(), nullable=False),
        sa.Column("fill_id", sa.String(36)),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
    # An automation's ledger, a page at a time.
    index("ix_postings_of", "postings", "automation_id", "id")
    # The same of a period.
    index("ix_postings_when", "postings", "automation_id", "at", "id")
    table(
        "balances",
        sa.Column("automation_id", sa.String(36), nullable=False),
        sa.Column("asset", sa.String(16), nullable=False),
        *owned(),
        sa.Column("free", Money(), nullable=False),
        sa.Column("reserved", Money(), nullable=False),
        sa.Column("budget", Money(), server_default="0", nullable=False),
        sa.Column("fees", Money(), server_default="0", nullable=False),
        sa.Column("fees_beside", Money(), server_default="0", nullable=False),
        key=("automation_id", "asset"),
    )
    # What all automations on an account have together.
    index("ix_balances_account", "balances", "account_id", "asset")
    table(
        "positions",
        sa.Column("automation_id", sa.String(36), nullable=False),
        sa.Column("symbol", sa.String(32), nullable=False),
        *owned(),
        sa.Column("amount", Money(), nullable=False),
        sa.Column("cost", Money(), nullable=False),
        sa.Column("realised", Money(), nullable=False),
        sa.Column("invested", Money(), nullable=False),
        sa.Column("fees", Money(), nullable=False),
        sa.Column("opening_cost", Money(), nullable=False),
        sa.Column("fills", sa.BigInteger(), nullable=False),
        key=("automation_id", "symbol"),
    )
    # Which symbols are held on which account: those whose prices are kept.
    index("ix_positions_account", "positions", "account_id", "symbol")
    table(
        "results",
        sa.Column("automation_id", sa.String(36), nullable=False),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("asset", sa.String(16), nullable=False),
        *owned(),
        sa.Column("realised", Money(), nullable=False),
        sa.Column("fees", Money(), nullable=False),
        sa.Column("fills", sa.BigInteger(), nullable=False),
        key=("automation_id", "day", "asset"),
    )
    table(
        "marks",
        sa.Column("automation_id", sa.String(36), nullable=False),
        sa.Column("asset", sa.String(16), nullable=False),
        *owned(),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("equity", Money(), nullable=False),
        sa.Column("start", Money(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        key=("automation_id", "asset"),
    )
    # Those of the last days, whoever's they are.
    index("ix_results_day", "results", "day", "automation_id")


def equity() -> None:
    table(
        "equity",
        sa.Column("automation_id", sa.String(36), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        *owned(),
        sa.Column("asset", sa.String(16), nullable=False),
        sa.Column("equity", Money(), nullable=False),
        sa.Column("start", Money(), server_default="0", nullable=False),
        sa.Column("realised", Money(), nullable=False),
        sa.Column("money", Money(), server_default="0", nullable=False),
        sa.Column("held", sa.Text(), server_default="[]", nullable=False),
        key=("automation_id", "at"),
    )
    table(
        "price_samples",
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("symbol", sa.String(32), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("price", Money(), nullable=False),
        key=("source", "symbol", "at"),
    )
    table(
        "equity_samples",
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("asset", sa.String(16), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("equity", Money(), nullable=False),
        sa.Column("start", Money(), nullable=False),
        sa.Column("realised", Money(), nullable=False),
        sa.Column("unpriced", sa.BigInteger(), nullable=False),
        key=("account_id", "asset", "at"),
    )
    # What is next to be thinned out of each.
    index("ix_price_samples_at", "price_samples", "at")
    index("ix_equity_samples_at", "equity_samples", "at")
    # What is next to be made hourly, at the same cost however long the history is.
    index("ix_equity_at", "equity", "at")
