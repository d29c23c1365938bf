"""The right to act of a node that is alone: one lease row, taken anew at every start."""

from __future__ import annotations

import sqlalchemy as sa

from octobot_node.clock import SystemClock
from octobot_node.hookspecs import NodeContext
from octobot_node.store import tables

__all__ = ["StandaloneCoordinator"]


class StandaloneCoordinator:
    """Bumps the lease's epoch at start, so that nothing left from an earlier life passes the send fence.

    The data folder's lock (``octobot_node.node``) keeps a second process away.
    """

    def __init__(self, node: NodeContext) -> None:
        self._node = node
        self.epoch = 0

    def start(self) -> None:
        """Take the lease under the next epoch."""
        lease = tables.leases
        now = SystemClock().now()
        with self._node.storage.write(durable=True) as connection:
            row = connection.execute(sa.select(lease.c.epoch).where(lease.c.name == "node").with_for_update()).first()
            self.epoch = 1 if row is None else row.epoch + 1
            values = {"holder": self._node.node_id, "epoch": self.epoch, "taken_at": now}
            if row is None:
                connection.execute(lease.insert().values(name="node", **values))
            else:
                connection.execute(lease.update().where(lease.c.name == "node").values(**values))

    def may_dispatch(self) -> bool:
        """Return True: there is nobody else."""
        return True

    def holds(self, connection: sa.Connection) -> bool:
        """Whether no later start of this data folder took the lease."""
        lease = tables.leases
        statement = sa.select(lease.c.epoch).where(lease.c.name == "node").with_for_update(read=True)
        return connection.scalar(statement) == self.epoch

    def stop(self) -> None:
        """Do nothing: the lock goes with the process."""
