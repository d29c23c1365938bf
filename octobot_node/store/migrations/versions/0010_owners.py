"""What is one owner's is found by an index: where many trade, a page of one's own must not read everybody's."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None
#: It only adds: a node of the release before goes on beside it (octobot_node/store/migrate.py).
expands = True


def upgrade() -> None:
    for table in ("automations", "events", "intents"):
        op.create_index(f"ix_{table}_owner", table, ["owner", "id"], unique=False)
