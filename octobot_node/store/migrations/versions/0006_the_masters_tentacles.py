"""Which tentacles the master has, for those that are to have the same."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0006"
down_revision = "v0005"
branch_labels = None
depends_on = None
expands = True


def upgrade() -> None:
    op.add_column("installation", sa.Column("tentacles", sa.Text(), server_default="", nullable=False))
