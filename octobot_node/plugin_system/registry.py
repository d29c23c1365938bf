"""What plugins registered, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import pluggy
from pydantic import BaseModel

from octobot_node.automation import Automation
from octobot_node.contracts.actions import ActionType
from octobot_node.contracts.api_routes import ApiRoutes
from octobot_node.contracts.exchanges import MarketDataFactory, TradingFactory
from octobot_node.contracts.health import HealthCheck
from octobot_node.contracts.notifiers import NotifierFactory
from octobot_node.contracts.operation import Operation
from octobot_node.contracts.panels import Panel
from octobot_node.contracts.plugin_settings import PluginSettings
from octobot_node.contracts.plugins import PluginInfo
from octobot_node.contracts.proxies import ProxyKind
from octobot_node.contracts.secrets import SecretPlace
from octobot_node.contracts.services import Service
from octobot_node.contracts.tables import PluginTables
from octobot_node.errors import UnknownType
from octobot_node.installing.locks import Lock

__all__ = ["Registry"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Registry:
    """The plugin manager and everything that plugins registered, by name."""

    manager: pluggy.PluginManager
    market_data: Mapping[str, MarketDataFactory]
    trading: Mapping[str, TradingFactory]
    automations: Mapping[str, Automation[Any, Any]]
    tables: tuple[PluginTables, ...] = ()
    notifiers: tuple[NotifierFactory, ...] = ()
    services: tuple[Service, ...] = ()
    health_checks: tuple[HealthCheck, ...] = ()
    settings_models: tuple[PluginSettings, ...] = ()
    #: What automations may have plugins do, by name.
    actions: Mapping[str, ActionType] = field(default_factory=dict)
    #: What the dashboard shows of plugins' own, by name.
    panels: Mapping[str, Panel] = field(default_factory=dict)
    #: Kinds of ways out of this machine, by name.
    proxies: Mapping[str, ProxyKind] = field(default_factory=dict)
    #: Who may have the master key, and stores of secrets, by name.
    secrets: Mapping[str, SecretPlace] = field(default_factory=dict)
    #: What can be asked of the node, by name.
    operations: Mapping[str, Operation[Any, Any]] = field(default_factory=dict)
    api_routes: tuple[ApiRoutes, ...] = ()
    #: Every plugin that was found, built-in ones first.
    plugins: tuple[PluginInfo, ...] = ()
    #: What is installed beside the node, to the byte.
    installed: Lock = field(default_factory=Lock)

    @property
    def hook(self) -> Any:
        """The hooks, to be called by name."""
        return self.manager.hook

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules of the loaded plugins, in order, so that another process can load the same."""
        return tuple(plugin.module for plugin in self.plugins if plugin.status == "loaded")

    @property
    def automation_modules(self) -> tuple[str, ...]:
        """Those of ``modules`` that have automation types: all that a process needs that only evaluates."""
        return tuple(
            plugin.module
            for plugin in self.plugins
            if plugin.status == "loaded" and plugin.registers.get("register_automations")
        )

    @property
    def broken(self) -> tuple[PluginInfo, ...]:
        """The third-party plugins that could not be used."""
        return tuple(plugin for plugin in self.plugins if plugin.status == "broken")

    def automation(self, name: str) -> tuple[str, Automation[Any, Any]]:
        """Return (full name, instance) of the automation type called ``package.name``, or ``name`` if only one
        package has it, or the product itself.

        Raises UnknownType with what there is.
        """
        if name in self.automations:
            return name, self.automations[name]
        found = [full for full in self.automations if full.rpartition(".")[2] == name]
        if len(found) > 1:
            # Whatever else is installed, a built-in's run files keep their meaning.
            found = [full for full in found if self._is_built_in("register_automations", full)] or found
        if len(found) == 1:
            return found[0], self.automations[found[0]]
        if found:
            raise UnknownType(f"{name!r} is ambiguous: write one of {', '.join(sorted(found))}")
        raise _unknown("automation type", name, self.automations)

    def market_data_factory(self, name: str) -> MarketDataFactory:
        """Return the market data of this name; raise UnknownType with what there is."""
        if name not in self.market_data:
            raise _unknown("market data", name, self.market_data)
        return self.market_data[name]

    def trading_factory(self, name: str) -> TradingFactory:
        """Return the trading connector of this name; raise UnknownType with what there is."""
        if name not in self.trading:
            raise _unknown("trading connector", name, self.trading)
        return self.trading[name]

    def settings_model(self, half: str, name: str) -> type[BaseModel] | None:
        """Return the settings model of a connector, of ``market_data`` or ``trading``; None where no plugin has it."""
        found: Any = (self.market_data if half == "market_data" else self.trading).get(name)
        return None if found is None else found.Settings

    def owner(self, hook: str, name: str) -> PluginInfo | None:
        """Return the plugin that registered ``name`` through ``hook``, or None."""
        return next((plugin for plugin in self.plugins if name in plugin.registers.get(hook, ())), None)

    def _is_built_in(self, hook: str, name: str) -> bool:
        owner = self.owner(hook, name)
        return owner is not None and owner.built_in

    def without(self, plugin: str, error: str) -> Registry:
        """Return what is left where a plugin turned out to be unusable after it was loaded, listed with ``error``."""
        gone = next(each for each in self.plugins if each.name == plugin)
        if self.manager.has_plugin(plugin):
            self.manager.unregister(name=plugin)
        broken = replace(gone, status="broken", error=error, hooks=(), registers={}, left_out=())
        return replace(
            self,
            market_data=_but(self.market_data, gone, "register_market_data"),
            trading=_but(self.trading, gone, "register_trading"),
            automations=_but(self.automations, gone, "register_automations"),
            actions=_but(self.actions, gone, "register_actions"),
            panels=_but(self.panels, gone, "register_panels"),
            proxies=_but(self.proxies, gone, "register_proxies"),
            secrets=_but(self.secrets, gone, "register_secrets"),
            operations=_but(self.operations, gone, "register_operations"),
            tables=_unnamed(self.tables, gone, "register_tables"),
            notifiers=_unnamed(self.notifiers, gone, "register_notifiers"),
            services=_unnamed(self.services, gone, "register_services"),
            health_checks=_unnamed(self.health_checks, gone, "register_health_checks"),
            settings_models=_unnamed(self.settings_models, gone, "register_settings"),
            api_routes=_unnamed(self.api_routes, gone, "register_api_routers"),
            plugins=tuple(broken if each is gone else each for each in self.plugins),
        )

    @property
    def simulated_trading(self) -> frozenset[str]:
        """The trading connectors whose orders never leave this machine."""
        return frozenset(name for name, factory in self.trading.items() if factory.simulated)


def _but(items: Mapping[str, T], gone: PluginInfo, hook: str) -> dict[str, T]:
    return {name: item for name, item in items.items() if name not in gone.registers.get(hook, ())}


def _unnamed(items: Iterable[T], gone: PluginInfo, hook: str) -> tuple[T, ...]:
    named = gone.registers.get(hook, ())
    return tuple(
        item for item in items if getattr(item, "section" if hook == "register_settings" else "name") not in named
    )


def _unknown(what: str, name: str, known: Mapping[str, Any]) -> UnknownType:
    return UnknownType(f"no plugin registers the {what} {name!r}; there are: {', '.join(sorted(known)) or 'none'}")
