"""A field of the message that tells signals apart; and time enough for a sender's chain of tries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None
#: The release before runs on it, too.
expands = True


def upgrade() -> None:
    # Addresses that are there go on without one: what their senders call so may not tell alerts apart.
    op.add_column(
        "webhooks_hooks", sa.Column("id_field", sa.String(length=64), server_default=sa.text("''"), nullable=False)
    )
    # What was the default until now is shorter than the time in which TradingView tries again.
    op.execute("UPDATE webhooks_hooks SET same_within = 30 WHERE same_within = 10")
