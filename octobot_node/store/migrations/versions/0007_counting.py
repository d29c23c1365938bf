"""Indexes for what is counted often: automations by status, and those that may not send."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None
#: It only adds: a node of the release before goes on beside it (octobot_node/store/migrate.py).
expands = True


def upgrade() -> None:
    op.create_index("ix_automations_status", "automations", ["status", "id"], unique=False)
    op.create_index(
        "ix_automations_silent",
        "automations",
        ["id"],
        unique=False,
        sqlite_where=sa.text("NOT sending"),
        postgresql_where=sa.text("NOT sending"),
    )
