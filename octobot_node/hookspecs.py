"""Every hook, in the order the node calls it. ``register_x`` collects, ``open_x`` answers first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import pluggy

if TYPE_CHECKING:
    from starlette.requests import Request

    from octobot_node.automation import Automation
    from octobot_node.contracts.actions import ActionType
    from octobot_node.contracts.api_routes import ApiRoutes
    from octobot_node.contracts.caller import Caller
    from octobot_node.contracts.commands import CommandRegistrar
    from octobot_node.contracts.context import PluginContext
    from octobot_node.contracts.coordinator import Coordinator
    from octobot_node.contracts.exchanges import MarketDataFactory, TradingFactory
    from octobot_node.contracts.health import HealthCheck
    from octobot_node.contracts.notifiers import NotifierFactory
    from octobot_node.contracts.operation import Operation
    from octobot_node.contracts.order_checks import OrderContext
    from octobot_node.contracts.panels import Panel
    from octobot_node.contracts.plugin_settings import PluginSettings
    from octobot_node.contracts.proxies import ProxyKind
    from octobot_node.contracts.secrets import SecretPlace
    from octobot_node.contracts.services import Service
    from octobot_node.contracts.storage import Storage
    from octobot_node.contracts.tables import PluginTables
    from octobot_node.orders import Order
    from octobot_node.settings import Settings

__all__ = ["PROJECT", "NodeContext", "hookimpl", "hookspec"]

PROJECT = "octobot_node"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class NodeContext(Protocol):
    """What a coordinator may know of the node that opens it."""

    settings: Settings
    storage: Storage
    node_id: str
    #: Tells sets of plugins apart: nodes with the same one can do each other's work.
    plugin_set: str
    #: What that set is of, by name, with versions: what differs between two nodes.
    plugin_parts: Mapping[str, str]

    def asked_to_end(self) -> bool:
        """Whether the node is to end before it has started: whoever waits looks, and raises StartInterrupted."""
        ...


@hookspec
def register_settings(register: Callable[[PluginSettings], None]) -> None:
    """Offer a settings model of the plugin's own: a section of ``octobot-node.toml``, and ``OCTOBOT_SECTION_FIELD``."""


@hookspec(firstresult=True)
def open_storage(settings: Settings) -> Storage | None:
    """Open the storage that ``settings.url()`` names, or return None to let another plugin try."""


@hookspec
def register_tables(register: Callable[[PluginTables], None]) -> None:
    """Offer tables that the plugin owns, with the migrations that make them; created before the node starts."""


@hookspec(firstresult=True)
def open_coordinator(node: NodeContext) -> Coordinator | None:
    """Open what decides whether this node may dispatch and send, or return None to let another plugin try."""


@hookspec
def register_proxies(register: Callable[[ProxyKind], None]) -> None:
    """Offer kinds of ways out of this machine: all that an account opens goes through its own, or nowhere."""


@hookspec
def register_secrets(register: Callable[[SecretPlace], None]) -> None:
    """Offer places for secrets: who has the master key that all are sealed under, stores that have some by name."""


@hookspec
def register_market_data(register: Callable[[MarketDataFactory], None]) -> None:
    """Offer market data sources."""


@hookspec
def register_trading(register: Callable[[TradingFactory], None]) -> None:
    """Offer trading connectors."""


@hookspec
def register_automations(register: Callable[[type[Automation[Any, Any]]], None]) -> None:
    """Offer automation types: call ``register`` once for each class."""


@hookspec
def check_order(order: Order, context: OrderContext) -> str | None:
    """Return why ``order`` may not be, or None to let it pass; called for every order that a decision has.

    It must answer at once and do no I/O. An exception, or no answer within the time of one evaluation, refuses the
    order: what should have been checked was not.
    """


@hookspec
def register_services(register: Callable[[Service], None]) -> None:
    """Offer long-running services, which the node supervises."""


@hookspec
def register_notifiers(register: Callable[[NotifierFactory], None]) -> None:
    """Offer ways to tell a person something."""


@hookspec
def register_actions(register: Callable[[ActionType], None]) -> None:
    """Offer actions that automations may ask for: ``Perform(name, payload)`` in a decision."""


@hookspec
def register_panels(register: Callable[[Panel], None]) -> None:
    """Offer panels: what the dashboard shows of the plugin's own, in a sandboxed frame."""


@hookspec
def register_health_checks(register: Callable[[HealthCheck], None]) -> None:
    """Offer checks for ``octobot-node doctor`` and ``/health/ready``."""


@hookspec
def register_operations(register: Callable[[Operation[Any, Any]], None]) -> None:
    """Offer operations: what a command line, the control socket and the API may ask for, audited where they write."""


@hookspec
def register_api_routers(register: Callable[[ApiRoutes], None]) -> None:
    """Offer FastAPI routes, each with the scope that its callers need."""


@hookspec(firstresult=True)
def authenticate(request: Request, context: PluginContext) -> Caller | None:
    """Say who makes this request, or return None to let another plugin try; nobody's answer is 401.

    Called in a worker thread. An exception counts as no answer.
    """


@hookspec
def register_commands(register: CommandRegistrar) -> None:
    """Offer commands of ``octobot-node``, as Typer applications."""
