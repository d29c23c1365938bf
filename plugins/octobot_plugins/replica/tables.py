"""The nodes that share a database: one row each, and who leads in the core's ``leases``."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from octobot_node.contracts.coordinator import NodeStatus
from octobot_node.contracts.tables import PluginTables
from octobot_node.store.types import Millis

__all__ = ["REPLICA_TABLES", "nodes"]

#: A node that was killed, and that nobody outlived to declare dead, counts as long as this: a few leases.
_HEARD_MS = 30_000

_metadata = sa.MetaData(naming_convention={"pk": "pk_%(table_name)s"})

nodes = sa.Table(
    "replica_nodes",
    _metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    #: Grows with every life of every node; whoever acts under an older one is refused.
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("role", sa.String(16), nullable=False),
    #: A NodeStatus; drift is not stored.
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("works", sa.Boolean, nullable=False),
    sa.Column("version", sa.String(64), nullable=False),
    sa.Column("plugins", sa.String(64), nullable=False),
    sa.Column("host", sa.String(255), nullable=False),
    #: The data folder's lock file on its machine: who holds it knows that an earlier process is gone.
    sa.Column("place", sa.String(255), nullable=False),
    sa.Column("load", sa.Integer, nullable=False),
    #: Counted up by each heartbeat. Others watch it move by their own clocks, so no two clocks are compared.
    sa.Column("beat", sa.BigInteger, nullable=False),
    sa.Column("beat_at", Millis, nullable=False),
    sa.Column("joined_at", Millis, nullable=False),
    sa.Column("told_to_leave", sa.Boolean, nullable=False, server_default=sa.false()),
    #: What its plugins are, by name, with versions, as JSON.
    sa.Column("parts", sa.Text, nullable=False, server_default="{}"),
    #: How its process was at its last heartbeat: see NodeVitals.
    sa.Column("cpu", sa.Float),
    sa.Column("memory", sa.BigInteger),
    sa.Column("ticks", sa.Float),
    sa.Column("lag", sa.Float),
    sa.Column("lag_most", sa.Float),
    # Of running processes: in no backup, and not copied.
    info={"moves": False},
)


def _in_use(connection: sa.Connection, now: int) -> Sequence[str]:
    """Return the nodes that were heard lately."""
    n = nodes.c
    if not sa.inspect(connection).has_table(nodes.name):
        return []
    alive = n.status.in_([status for status in NodeStatus if status.alive]) & (n.beat_at > now - _HEARD_MS)
    rows = connection.execute(sa.select(n.id, n.host, n.version).where(alive).order_by(n.id))
    return [f"{row.id} on {row.host} ({row.version})" for row in rows]


REPLICA_TABLES = PluginTables("replica", _metadata, "octobot_plugins.replica.migrations", _in_use)
