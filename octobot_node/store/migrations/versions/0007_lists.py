"""Indexes for lists of automations that are narrowed, and for finding one by its name whoever owns it."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None
#: It only adds: a node of the release before goes on beside it (octobot_node/store/migrate.py).
expands = True


def upgrade() -> None:
    op.create_index("ix_automations_name", "automations", ["name"], unique=False)
    for column in ("status", "type"):
        # With the id, in whose order pages are read: a page of a rare one is found, not searched for.
        op.create_index(f"ix_automations_{column}", "automations", [column, "id"], unique=False)
