"""Since when an account's exchange has not answered, and why."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0007"
down_revision = "v0006"
branch_labels = None
depends_on = None
expands = True


def upgrade() -> None:
    op.add_column("accounts", sa.Column("unanswered", sa.Text(), server_default="", nullable=False))
    op.add_column("accounts", sa.Column("unanswered_since", sa.BigInteger()))
