"""Lists of fills and signals, and hourly equity, at the same cost however long the history is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None
#: It only adds: a node of the release before goes on beside it (octobot_node/store/migrate.py).
expands = True


def upgrade() -> None:
    op.create_index("ix_automations_account", "automations", ["account_id", "id"], unique=False)
    op.create_index("ix_fills_order", "fills", ["intent_id"], unique=False)
    op.create_index("ix_fills_account", "fills", ["account_id", "id"], unique=False)
    op.create_index("ix_fills_owned", "fills", ["owner", "id"], unique=False)
    op.create_index("ix_equity_at", "equity", ["at"], unique=False)
    op.create_index("ix_inbox_of", "inbox", ["automation_id", "id"], unique=False)
    # Made anew after ix_inbox_of: of two that cost the same, SQLite takes the later.
    waiting = sa.text("status = 'waiting'")
    op.drop_index("ix_inbox_waiting", "inbox")
    op.create_index(
        "ix_inbox_waiting",
        "inbox",
        ["automation_id", "id"],
        unique=False,
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
