"""What the node lends a plugin at run time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from pydantic import BaseModel

    from octobot_node.automation import Needs
    from octobot_node.clock import Clock
    from octobot_node.contracts.events import EventFollower
    from octobot_node.contracts.plugins import PluginInfo
    from octobot_node.contracts.proxies import EgressRoutes
    from octobot_node.contracts.secrets import Secrets
    from octobot_node.contracts.storage import Storage
    from octobot_node.contracts.tables import PluginTables
    from octobot_node.egress import HttpClient, WebSocketClient
    from octobot_node.market import Market
    from octobot_node.settings import Settings

__all__ = ["PluginContext"]

M = TypeVar("M", bound="BaseModel")
K = TypeVar("K")


class PluginContext(Protocol):
    """The node as notifiers, services and health checks see it."""

    settings: Settings
    storage: Storage
    clock: Clock
    node_id: str
    #: What Prometheus reads of this node: a plugin's own metrics are registered here.
    metrics: CollectorRegistry

    @property
    def plugins(self) -> Sequence[PluginInfo]:
        """Every plugin that was found, built-in ones first."""
        ...

    @property
    def tables(self) -> Sequence[PluginTables]:
        """The tables that plugins own."""
        ...

    def offered(self, kind: type[K]) -> Mapping[str, K]:
        """Return what plugins offer of a kind, by name: ``ActionType`` or ``Panel``; raise KeyError for another."""
        ...

    def plugin_settings(self, model: type[M]) -> M:
        """Return the settings that a plugin registered with this model; raise KeyError for an unregistered one."""
        ...

    @property
    def routes(self) -> EgressRoutes:
        """The ways out that there are, by name."""
        ...

    @property
    def secrets(self) -> Secrets:
        """What seals and opens secrets, and has those that are pointed to by name."""
        ...

    def http(self, egress: str = "direct", *, isolation: str = "plugins") -> HttpClient:
        """Return a client for HTTP requests that go only where the operator lets them; use it with ``async with``.

        They leave by the route ``egress``, or not at all; ``isolation`` ([a-z0-9-]) keeps apart what must not be
        linked. Where there is no such route its requests raise EgressRefused.
        """
        ...

    def websockets(self, egress: str = "direct", *, isolation: str = "plugins") -> WebSocketClient:
        """Return the same for websockets."""
        ...

    def proxy_url(self, egress: str, *, isolation: str) -> str:
        """Return the URL of a route's proxy, with its user and password, for a process that takes one; "" is direct.

        It is a secret. Raises EgressRefused where there is no such route, or its proxy has no URL.
        """
        ...

    def market(self, account: str, needs: Needs, *, owner: str = "local") -> Market:
        """Return prices, rules and candles as automations on an account see them, fees among them.

        What is missing is left out. It waits for the market's answer: not on an event loop, nor in ``check_order``,
        which is given the market that was decided on. Raises UnknownName for an account that is not there,
        DataUnavailable where the market does not answer or the account cannot be opened.
        """
        ...

    def follow(self, name: str, kinds: Collection[str], *, from_the_start: bool = False) -> EventFollower:
        """Return a reader of the event log that goes on where the one of this name stopped, also after a restart.

        ``kinds`` are those that it wants, such as "order.fill". Its first start is at the log's end, unless
        ``from_the_start``. Raises ValueError for what is no name: "telex.fills" is one.
        """
        ...

    def tell(self, message: str, *, level: str = "info", owner: str = "local", automation_id: str = "") -> None:
        """Give a notice to every notifier, durably, as ``Notify`` does; ``automation_id`` "" is about the node."""
        ...
