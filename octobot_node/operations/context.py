"""What an operation works on: an engine with its commands, and who gives it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from octobot_node.configuration import Configuration
from octobot_node.contracts.context import PluginContext
from octobot_node.contracts.coordinator import NodeStatus
from octobot_node.engine.commands.commands import Commands
from octobot_node.engine.core import Core
from octobot_node.plugin_system.registry import Registry
from octobot_node.store.audit.audit_log import Actor

__all__ = ["OperationContext"]


def _not_counted(_size: int) -> None:
    """Count nothing: whoever may write to the data folder may fill its disk."""


@dataclass(frozen=True, slots=True)
class OperationContext:
    """What operations work on; one is safe to use from several threads.

    ``live`` says whether a node runs here; otherwise what must be sent is carried out when one runs next, or by one
    elsewhere that works on the database. ``owner``
    narrows everything to one owner's automations and accounts, None is everybody's. ``creates_for`` owns what is
    created where nothing narrows. ``by`` is who gives the operation, for the events that say so.
    """

    core: Core
    commands: Commands
    configuration: Configuration
    plugin_context: PluginContext
    #: Look for due automations, and for what is to be sent or ended, at once.
    hurry: Callable[[], None]
    live: bool
    owner: str | None = None
    by: str = "local"
    creates_for: str = "local"
    #: How, from where and in which request it was given, for the audit.
    via: str = "cli"
    address: str = ""
    request_id: str = ""
    #: What whoever gives it may do, by name; None: everything.
    scopes: frozenset[str] | None = None
    #: Called with the size of what it added to the audit: whoever gives it may add so much in a while.
    audited: Callable[[int], None] = _not_counted

    def may(self, scope: str) -> bool:
        """Whether whoever gives the operation has a scope: some do more than their route's own scope says."""
        return self.scopes is None or scope in self.scopes

    @property
    def nodes_elsewhere(self) -> int:
        """How many nodes work on the database without this data folder: what is begun here they carry out."""
        if self.live or not self.core.storage.shared:
            return 0
        # One that drifts takes no work, and hands none out.
        return sum(node.state is NodeStatus.LIVE for node in self.core.coordinator.nodes())

    @property
    def actor(self) -> Actor:
        """Who gives it, for the audit."""
        return Actor(self.by, self.via, self.address, self.request_id)

    @property
    def registry(self) -> Registry:
        """The plugins."""
        return self.core.registry

    @property
    def creator(self) -> str:
        """The owner of what is created here: whoever sees only one owner's must find what they created."""
        return self.owner or self.creates_for
