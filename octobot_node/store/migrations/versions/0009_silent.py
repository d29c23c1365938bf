"""An index of the automations that may not send: they are counted for metrics."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None
#: It only adds: a node of the release before goes on beside it (octobot_node/store/migrate.py).
expands = True


def upgrade() -> None:
    op.create_index(
        "ix_automations_silent",
        "automations",
        ["id"],
        unique=False,
        sqlite_where=sa.text("NOT sending"),
        postgresql_where=sa.text("NOT sending"),
    )
