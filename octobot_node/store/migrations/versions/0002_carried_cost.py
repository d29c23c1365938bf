"""What a position's quote had cost where that was itself bought: see octobot_node/engine/ledger/book.py."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from octobot_node.store.types import Money

revision = "v0002"
down_revision = "v0001"
branch_labels = None
depends_on = None
#: Nodes of before leave both at 0, which is right for all that they can count.
expands = True


def upgrade() -> None:
    for name in ("carried", "opening_carried"):
        op.add_column("positions", sa.Column(name, Money(), nullable=False, server_default="0"))
