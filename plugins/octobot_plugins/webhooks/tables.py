"""The table of addresses for signals; a token is kept as its SHA-256."""

from __future__ import annotations

import sqlalchemy as sa

from octobot_node.contracts.tables import PluginTables, SealedColumns
from octobot_node.store import tables
from octobot_node.store.types import Millis

__all__ = ["WEBHOOK_TABLES", "hooks", "metadata"]

metadata = sa.MetaData(naming_convention=tables.metadata.naming_convention)

hooks = sa.Table(
    "webhooks_hooks",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("automation_id", sa.String(36), nullable=False),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Column("channel", sa.String(64), nullable=False),
    #: JSON list of networks; an empty one lets every address in.
    sa.Column("allow", sa.JSON, nullable=False),
    #: Seconds: a signal that no tick took by then is worthless.
    sa.Column("expires_in", sa.Float, nullable=False),
    #: The field of a message that tells its signals apart, however often each is sent; "" for none.
    sa.Column("id_field", sa.String(64), nullable=False, server_default=""),
    #: Seconds of silence after which the same body again is another signal.
    sa.Column("same_within", sa.Float, nullable=False),
    sa.Column("per_minute", sa.Integer, nullable=False),
    sa.Column("created_at", Millis, nullable=False),
    sa.Column("rotated_at", Millis),
    #: What signals are signed with, as ``Secrets.seal`` made it; NULL where they need not be.
    sa.Column("secret", sa.String(512)),
    #: The one before it, and until when (ms UTC) it will still do.
    sa.Column("old_secret", sa.String(512)),
    sa.Column("old_secret_until", Millis),
    #: Seconds that a signed signal's time may be away from the node's.
    sa.Column("tolerance", sa.Float, nullable=False, server_default="300"),
    sa.UniqueConstraint("hash"),
    sa.Index("ix_webhooks_hooks_automation", "automation_id", "id"),
)

WEBHOOK_TABLES = PluginTables(
    "webhooks",
    metadata,
    "octobot_plugins.webhooks.migrations",
    of_automations=(hooks,),
    sealed=(SealedColumns(hooks, ("secret", "old_secret"), "hook", "owner", "id"),),
)
