"""What a node, or a command on a quiet data folder, lends its plugins: the ``PluginContext`` over a core."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from prometheus_client import CollectorRegistry
from pydantic import BaseModel

from octobot_node.automation import Needs
from octobot_node.clock import Clock
from octobot_node.configuration import Configuration
from octobot_node.contracts.actions import ActionType
from octobot_node.contracts.panels import Panel
from octobot_node.contracts.plugins import PluginInfo
from octobot_node.contracts.storage import Storage
from octobot_node.contracts.tables import PluginTables
from octobot_node.egress import Egress, HttpClient, NoEgress, WebSocketClient
from octobot_node.errors import DataUnavailable, EgressRefused
from octobot_node.ids import new_id
from octobot_node.market import Market
from octobot_node.plugin_system.egress_routes import DIRECT, OpenedRoutes
from octobot_node.plugin_system.event_following import StoredFollower
from octobot_node.plugin_system.node_metrics import NodeMetrics
from octobot_node.plugin_system.registry import Registry
from octobot_node.plugin_system.secret_places import open_sealing
from octobot_node.sealing.sealing import Sealing
from octobot_node.settings import Settings
from octobot_node.store import automations

__all__ = ["NodePluginContext"]

M = TypeVar("M", bound=BaseModel)
K = TypeVar("K")


@dataclass(slots=True)
class NodePluginContext:
    """See ``PluginContext`` for what each promises."""

    configuration: Configuration
    settings: Settings
    storage: Storage
    clock: Clock
    registry: Registry
    node_id: str
    #: None: of a context that is no engine's.
    sealing: Sealing | None = None
    metrics: CollectorRegistry = field(default_factory=NodeMetrics)
    #: Looks at the market of (owner, account's name); the engine's, once there is one.
    look: Callable[[str, str, Needs], Market] | None = None
    routes: OpenedRoutes = field(init=False)
    secrets: Sealing = field(init=False)
    #: What was read once: settings do not change while a node runs, and a check of every order asks for them.
    _read: dict[type[BaseModel], BaseModel] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.secrets = self.sealing or open_sealing(self.storage, self.registry, self.configuration)
        self.routes = OpenedRoutes(self.registry.proxies, self.settings, self.plugin_settings)

    @property
    def plugins(self) -> Sequence[PluginInfo]:
        """Every plugin that was found, built-in ones first."""
        return self.registry.plugins

    @property
    def tables(self) -> Sequence[PluginTables]:
        """The tables that plugins own."""
        return self.registry.tables

    def offered(self, kind: type[K]) -> Mapping[str, K]:
        """Return what plugins offer of a kind, by name; raise KeyError for a kind that is not handed on."""
        kinds: dict[type, Mapping[str, Any]] = {ActionType: self.registry.actions, Panel: self.registry.panels}
        return kinds[kind]

    def plugin_settings(self, model: type[M]) -> M:
        """Return the settings that a plugin registered with this model; raise KeyError for an unregistered one."""
        if model in self._read:
            return cast("M", self._read[model])
        for owned in self.registry.settings_models:
            if owned.model is model:
                self._read[model] = self.configuration.plugin_settings(owned)
                return cast("M", self._read[model])
        raise KeyError(f"no plugin registered the settings {model.__qualname__}: register_settings does that")

    def http(self, egress: str = DIRECT, *, isolation: str = "plugins") -> HttpClient:
        """Return a client whose requests leave by a route, or not at all."""
        return HttpClient(self._way(egress, isolation))

    def websockets(self, egress: str = DIRECT, *, isolation: str = "plugins") -> WebSocketClient:
        """Return a client whose websockets leave by a route, or not at all."""
        return WebSocketClient(self._way(egress, isolation))

    def proxy_url(self, egress: str, *, isolation: str) -> str:
        """Return the URL of a route's proxy, with its secrets."""
        return self.routes.find(egress).url(f"octobot-{isolation}")

    def _way(self, egress: str, isolation: str) -> Egress:
        try:
            return self.routes.find(egress).egress(f"octobot-{isolation}", private=self.settings.egress_allow_private)
        except EgressRefused as error:
            return NoEgress(str(error))

    def market(self, account: str, needs: Needs, *, owner: str = "local") -> Market:
        """Return a market as automations on an account see it."""
        if self.look is None:
            raise DataUnavailable("there is no engine to ask for prices: the database could not be opened")
        return self.look(owner, account, needs)

    def follow(self, name: str, kinds: Collection[str], *, from_the_start: bool = False) -> StoredFollower:
        """Return a reader of the event log."""
        return StoredFollower(self.storage, self.clock, name, kinds, from_the_start=from_the_start)

    def tell(self, message: str, *, level: str = "info", owner: str = "local", automation_id: str = "") -> None:
        """Give a notice to every notifier, durably; ``automation_id`` "" is about the node."""
        with self.storage.write() as connection:
            found = automations.get(connection, automation_id) if automation_id else None
            notice = {
                "id": new_id(),
                "owner": owner if found is None else found.owner,
                "account_id": "" if found is None else found.account_id,
                "shard": 0 if found is None else found.shard,
                "automation_id": automation_id,
                "level": level,
                "message": message,
                "status": "waiting",
                "created_at": self.clock.now(),
            }
            automations.add_notices(connection, [notice])
