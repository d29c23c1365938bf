"""Keys know their maker and their user's role then; names of users who were deleted stay theirs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("auth_keys", sa.Column("made_by", sa.String(length=36), nullable=True))
    op.add_column("auth_keys", sa.Column("role", sa.String(length=8), nullable=True))
    op.create_index("ix_auth_keys_made_by", "auth_keys", ["made_by"], unique=False)
    users, keys = (
        sa.table("auth_users", sa.column("name"), sa.column("role")),
        sa.table("auth_keys", sa.column("user"), sa.column("role")),
    )
    # Of the keys that there are nobody knows it: what their users are now is the most that they may be.
    role = sa.select(users.c.role).where(users.c.name == keys.c.user).scalar_subquery()
    op.execute(keys.update().values(role=role))
    op.create_table(
        "auth_former_names",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_auth_former_names")),
    )
