"""The table of actions: what was asked, and what became of it."""

from __future__ import annotations

import sqlalchemy as sa

from octobot_node.contracts.tables import PluginTables
from octobot_node.store import tables
from octobot_node.store.types import Millis

__all__ = ["ACTION_TABLES", "metadata", "runs"]

metadata = sa.MetaData(naming_convention=tables.metadata.naming_convention)

runs = sa.Table(
    "actions_runs",
    metadata,
    #: The id of the event that asked for it: taken in once, however often the event is read.
    sa.Column("event_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("automation_id", sa.String(36), nullable=False),
    sa.Column("action", sa.String(64), nullable=False),
    #: JSON as the automation gave it.
    sa.Column("payload", sa.Text, nullable=False),
    #: waiting, started, done, failed or unknown.
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("retry_at", Millis, nullable=False),
    sa.Column("reason", sa.String(500), nullable=False, server_default=""),
    sa.Column("asked_at", Millis, nullable=False),
    sa.Column("updated_at", Millis, nullable=False),
    sa.Index("ix_actions_runs_status", "status", "retry_at"),
)

ACTION_TABLES = PluginTables("actions", metadata, "octobot_plugins.actions.migrations", of_automations=(runs,))
