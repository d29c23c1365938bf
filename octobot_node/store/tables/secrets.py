"""What seals secrets, secrets by name, and how often each was used. Sealed text is in the tables of what has it."""

from __future__ import annotations

import sqlalchemy as sa

from octobot_node.store.tables.base import Id, metadata
from octobot_node.store.types import Millis

__all__ = ["data_keys", "secret_uses", "secrets"]

#: One in force for each owner: what the owner's secrets are sealed with, wrapped by a master key that is elsewhere.
data_keys = sa.Table(
    "data_keys",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("wrapped", sa.Text, nullable=False),
    #: The fingerprint of the master key that wrapped it.
    sa.Column("master_key", sa.String(64), nullable=False),
    sa.Column("created_at", Millis, nullable=False),
    #: When another took its place; what it sealed opens as long as its master key is there.
    sa.Column("retired_at", Millis),
    sa.Index(
        "ix_data_keys_in_force",
        "owner",
        unique=True,
        sqlite_where=sa.text("retired_at IS NULL"),
        postgresql_where=sa.text("retired_at IS NULL"),
    ),
)

#: Secrets that configs and settings point to by name.
secrets = sa.Table(
    "secrets",
    metadata,
    sa.Column("owner", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(128), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    #: Counts its values: 1 is the first.
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("created_at", Millis, nullable=False),
    sa.Column("changed_at", Millis, nullable=False),
    sa.Column("changed_by", sa.String(128), nullable=False, server_default=""),
)

#: Where a sealed secret is (as it was sealed for), how often it was opened there, and when last; by the minute.
secret_uses = sa.Table(
    "secret_uses",
    metadata,
    sa.Column("owner", sa.String(64), primary_key=True),
    sa.Column("place", sa.String(255), primary_key=True),
    sa.Column("uses", sa.BigInteger, nullable=False),
    sa.Column("used_at", Millis, nullable=False),
)
