"""An account says by its revision whether it was edited since it was read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None
#: It only adds: a node of the release before goes on beside it (octobot_node/store/migrate.py).
expands = True


def upgrade() -> None:
    op.add_column("accounts", sa.Column("revision", sa.Integer(), server_default="1", nullable=False))
