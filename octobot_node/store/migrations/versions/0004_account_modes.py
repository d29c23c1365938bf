"""Whether an account's orders are sent, or only written down, since when, and what its exchange has too little of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0004"
down_revision = "v0003"
branch_labels = None
depends_on = None
#: A node of before would send what an observing account only writes down.
expands = False


def upgrade() -> None:
    op.add_column("accounts", sa.Column("mode", sa.String(16), server_default="live", nullable=False))
    op.add_column("accounts", sa.Column("lacks", sa.JSON(), server_default="{}", nullable=False))
    op.add_column("accounts", sa.Column("live_since", sa.BigInteger(), server_default="0", nullable=False))
