"""Who may dispatch, who may work and who may send: what standalone and replica coordination implement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol

import sqlalchemy as sa

__all__ = ["Coordinator", "Engine", "NodeState", "NodeStatus", "NodeVitals", "Role"]

Role = Literal["standalone", "master", "consumer"]


class NodeStatus(StrEnum):
    """Where a node stands."""

    LIVE = "live"
    #: It ends what it has begun, and takes nothing new.
    DRAINING = "draining"
    #: Live, with other plugins than the master's.
    DRIFT = "drift"
    #: Declared so by another.
    DEAD = "dead"
    LEFT = "left"

    @property
    def alive(self) -> bool:
        """Whether it runs, as far as is known; a drifting one does, and is not counted here."""
        return self in (NodeStatus.LIVE, NodeStatus.DRAINING)

    @property
    def gone(self) -> bool:
        """Whether this life of it is over."""
        return self in (NodeStatus.DEAD, NodeStatus.LEFT)


@dataclass(frozen=True, slots=True)
class NodeVitals:
    """How a node's process is, with those that it started; None: not known, or not yet."""

    #: How much of one core it took, about the last minute: 1.5 is one and a half.
    cpu: float | None = None
    #: Bytes.
    memory: int | None = None
    #: Ticks a second, about the last minute.
    ticks: float | None = None
    #: How late its ticks were in the last hour, in seconds: half of them not later than ``lag``, 95 % not later than
    #: ``lag_most``.
    lag: float | None = None
    lag_most: float | None = None


def _unknown() -> NodeVitals:
    """Say nothing: an engine that does not look at its process."""
    return NodeVitals()


@dataclass(frozen=True, slots=True)
class Engine:
    """The running engine, as its coordinator sees it."""

    #: Seconds since the engine last went round; a node whose engine stands still is not alive.
    still_for: Callable[[], float]
    #: How many batches and sends it works on.
    load: Callable[[], int]
    #: Called when this node acts under a new epoch: its earlier work was given to others.
    rejoined: Callable[[], None]
    #: Called when work was given back to the queues, or whom to watch has changed.
    hurry: Callable[[], None]
    #: Called when the node shall finish what it does and end; the reason is "" where somebody asked for it.
    leave: Callable[[str], None]
    #: How its process is.
    vitals: Callable[[], NodeVitals] = _unknown


@dataclass(frozen=True, slots=True)
class NodeState:
    """A node as the others see it; moments are ms UTC, ``silent`` is seconds since its last heartbeat."""

    id: str
    role: Role
    state: NodeStatus
    leads: bool
    works: bool
    version: str
    plugins: str
    host: str
    epoch: int
    load: int
    silent: float
    since: int
    vitals: NodeVitals = NodeVitals()
    #: What its plugins are, by name, with versions; {}: it does not say.
    parts: Mapping[str, str] = field(default_factory=dict)


class Coordinator(Protocol):
    """Grants this node the right to act, by an epoch that only ever grows."""

    role: Role
    #: The epoch under which this node acts; written on every intent it sends.
    epoch: int
    #: The name under which DBOS keeps this life's work apart from every other node's and every earlier life's.
    executor_id: str

    def start(self) -> None:
        """Take the right to act, or raise NodeError naming who holds it."""
        ...

    def attach(self, engine: Engine) -> None:
        """Watch over the engine, which runs from now on."""
        ...

    def may_dispatch(self) -> bool:
        """Whether this node may hand out work now, and do what one node does for all."""
        ...

    def may_work(self) -> bool:
        """Whether this node may take batches and sends now."""
        ...

    def watches(self, account_id: str) -> bool:
        """Whether it is this node that asks the account's exchange; two may for a moment, which does no harm."""
        ...

    def holds(self, connection: sa.Connection) -> bool:
        """Whether this node's epoch is still in force, read and locked in the caller's transaction."""
        ...

    def leads(self, connection: sa.Connection) -> bool:
        """Whether this node may still hand out work, read and locked in the caller's transaction."""
        ...

    def nodes(self) -> Sequence[NodeState]:
        """Return every node that works on the database, and those that did lately."""
        ...

    def drain(self, node_id: str) -> None:
        """Ask a node to finish what it does and end; raise UnknownName, or CommandRefused where it does not run."""
        ...

    def withdraw(self) -> None:
        """Take no new work from now on, and tell the others so."""
        ...

    def stop(self) -> None:
        """Give the right back, and what is unfinished to the others."""
        ...
