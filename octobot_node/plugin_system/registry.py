"""What plugins registered, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pluggy

from octobot_node.automation import Automation
from octobot_node.contracts.api_routes import ApiRoutes
from octobot_node.contracts.exchanges import MarketDataFactory, TradingFactory
from octobot_node.contracts.health import HealthCheck
from octobot_node.contracts.notifiers import NotifierFactory
from octobot_node.contracts.operation import Operation
from octobot_node.contracts.plugin_settings import PluginSettings
from octobot_node.contracts.plugins import PluginInfo
from octobot_node.contracts.services import Service
from octobot_node.contracts.tables import PluginTables
from octobot_node.errors import UnknownType

__all__ = ["Registry"]


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
    #: What can be asked of the node, by name.
    operations: Mapping[str, Operation[Any, Any]] = field(default_factory=dict)
    api_routes: tuple[ApiRoutes, ...] = ()
    #: Every plugin that was found, built-in ones first.
    plugins: tuple[PluginInfo, ...] = ()

    @property
    def hook(self) -> Any:
        """The hooks, to be called by name."""
        return self.manager.hook

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules of the loaded plugins, in order, so that another process can load the same."""
        return tuple(plugin.module for plugin in self.plugins if plugin.status == "loaded")

    @property
    def broken(self) -> tuple[PluginInfo, ...]:
        """The third-party plugins that could not be used."""
        return tuple(plugin for plugin in self.plugins if plugin.status == "broken")

    def automation(self, name: str) -> tuple[str, Automation[Any, Any]]:
        """Return (full name, instance) of the automation type called ``package.name``, or ``name`` if only one
        package has it.

        Raises UnknownType with what there is.
        """
        if name in self.automations:
            return name, self.automations[name]
        found = [full for full in self.automations if full.rpartition(".")[2] == name]
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

    @property
    def simulated_trading(self) -> frozenset[str]:
        """The trading connectors whose orders never leave this machine."""
        return frozenset(name for name, factory in self.trading.items() if factory.simulated)


def _unknown(what: str, name: str, known: Mapping[str, Any]) -> UnknownType:
    return UnknownType(f"no plugin registers the {what} {name!r}; there are: {', '.join(sorted(known)) or 'none'}")
