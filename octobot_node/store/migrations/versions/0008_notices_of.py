"""What one automation told is found by it: for its log."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None
#: It only adds: a node of the release before goes on beside it (octobot_node/store/migrate.py).
expands = True


def upgrade() -> None:
    op.create_index("ix_notices_of", "notices", ["automation_id", "id"], unique=False)
