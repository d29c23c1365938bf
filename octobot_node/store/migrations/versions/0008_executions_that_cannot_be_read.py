"""Since when what was executed on an account could not be read, and why."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0008"
down_revision = "v0007"
branch_labels = None
depends_on = None
expands = True


def upgrade() -> None:
    op.add_column("accounts", sa.Column("executions_unread", sa.Text(), server_default="", nullable=False))
    op.add_column("accounts", sa.Column("executions_unread_since", sa.BigInteger()))
