"""The tables of people's own targets and of what waits for them."""

from __future__ import annotations

import sqlalchemy as sa

from octobot_node.contracts.tables import PluginTables, SealedColumns
from octobot_node.store import tables
from octobot_node.store.types import Millis
from octobot_plugins.notify.people.kept_urls import PLACE

__all__ = ["NOTIFY_TABLES", "metadata", "outbox", "targets"]

metadata = sa.MetaData(naming_convention=tables.metadata.naming_convention)

targets = sa.Table(
    "notify_targets",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    #: Whose target it is, whose automations they see ("": everybody's), and whether they may come in at all: whoever
    #: keeps users keeps the last two as theirs.
    sa.Column("user", sa.String(64), nullable=False),
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("disabled", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("name", sa.String(64), nullable=False),
    #: What may be shown of the URL; the URL itself is sealed.
    sa.Column("scheme", sa.String(16), nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    #: JSON list of rules.
    sa.Column("tell", sa.Text, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("created_at", Millis, nullable=False),
    #: When something arrived last, and when something last did not, with why.
    sa.Column("told_at", Millis),
    sa.Column("failed_at", Millis),
    sa.Column("error", sa.String(500), nullable=False, server_default=""),
    sa.UniqueConstraint("user", "name"),
)

outbox = sa.Table(
    "notify_outbox",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("target_id", sa.String(36), nullable=False),
    sa.Column("level", sa.String(16), nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("created_at", Millis, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("retry_at", Millis, nullable=False),
    sa.Index("ix_notify_outbox_target", "target_id", "id"),
)

NOTIFY_TABLES = PluginTables(
    "notify",
    metadata,
    "octobot_plugins.notify.migrations",
    of_users=(targets,),
    sealed=(SealedColumns(targets, ("url",), PLACE, "user", "id"),),
)
