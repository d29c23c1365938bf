"""The right to act of a node that is alone: one lease row, taken anew at every start."""

from __future__ import annotations

import socket
from collections.abc import Sequence

import sqlalchemy as sa

import octobot_node
from octobot_node.clock import SystemClock
from octobot_node.contracts.coordinator import Engine, NodeState, NodeStatus, NodeVitals, Role
from octobot_node.errors import CommandRefused, UnknownName
from octobot_node.hookspecs import NodeContext
from octobot_node.store import tables

__all__ = ["StandaloneCoordinator"]


class StandaloneCoordinator:
    """Bumps the lease's epoch at start, so that nothing left from an earlier life passes the send fence.

    The data folder's lock (``octobot_node.live.node``) keeps a second process away.
    """

    def __init__(self, node: NodeContext) -> None:
        self._node = node
        self.role: Role = "standalone"
        self.epoch = 0
        #: The same in every life: the folder's lock proves that there is no other, and DBOS resumes its own.
        self.executor_id = node.node_id
        self._since = 0
        self._engine: Engine | None = None

    def start(self) -> None:
        """Take the lease under the next epoch."""
        lease = tables.leases
        now = self._since = SystemClock().now()
        with self._node.storage.write(durable=True) as connection:
            row = connection.execute(sa.select(lease.c.epoch).where(lease.c.name == "node").with_for_update()).first()
            self.epoch = 1 if row is None else row.epoch + 1
            values = {"holder": self._node.node_id, "epoch": self.epoch, "taken_at": now}
            if row is None:
                connection.execute(lease.insert().values(name="node", **values))
            else:
                connection.execute(lease.update().where(lease.c.name == "node").values(**values))

    def attach(self, engine: Engine) -> None:
        """Know the engine, to say how busy it is."""
        self._engine = engine

    def may_dispatch(self) -> bool:
        """Return True: there is nobody else."""
        return True

    def may_work(self) -> bool:
        """Return True: there is nobody else."""
        return True

    def watches(self, account_id: str) -> bool:
        """Return True: there is nobody else."""
        del account_id
        return True

    def leads(self, connection: sa.Connection) -> bool:
        """Return True: there is nobody else."""
        del connection
        return True

    def holds(self, connection: sa.Connection) -> bool:
        """Whether no later start of this data folder took the lease."""
        lease = tables.leases
        statement = sa.select(lease.c.epoch).where(lease.c.name == "node").with_for_update(read=True)
        return connection.scalar(statement) == self.epoch

    def nodes(self) -> Sequence[NodeState]:
        """Return this node."""
        return [
            NodeState(
                id=self._node.node_id, role=self.role, state=NodeStatus.LIVE if self._engine else NodeStatus.LEFT,
                leads=True, works=True, version=octobot_node.__version__, plugins="", host=socket.gethostname(),
                epoch=self.epoch, load=self._engine.load() if self._engine else 0, silent=0.0, since=self._since,
                vitals=self._engine.vitals() if self._engine else NodeVitals(), parts=self._node.plugin_parts,
            )
        ]  # fmt: skip

    def drain(self, node_id: str) -> None:
        """Ask the node to end."""
        if not node_id or not self._node.node_id.startswith(node_id):
            raise UnknownName(f"there is no node {node_id!r}: this one is {self._node.node_id}, and alone")
        if self._engine is None:
            raise CommandRefused("no node runs on this data folder")
        self._engine.leave("")

    def withdraw(self) -> None:
        """Do nothing: there is nobody to take over."""

    def stop(self) -> None:
        """Do nothing: the lock goes with the process."""
