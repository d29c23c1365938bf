"""Load plugins: built-ins must work; a third party that breaks is recorded, and the node runs on."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pluggy
import structlog

from octobot_node import hookspecs
from octobot_node.automation import Automation
from octobot_node.errors import DuplicateName, PluginError, UnknownType
from octobot_node.exchanges import MarketDataFactory, TradingFactory
from octobot_node.notifiers import Notifier
from octobot_node.store.plugin_tables import PluginTables

__all__ = ["DEFAULT_PLUGINS", "BrokenPlugin", "Registry", "load_named", "load_plugins"]

#: Listed rather than discovered: an editable install does not see new entry points until reinstalled.
DEFAULT_PLUGINS = (
    "octobot_plugins.sqlite",
    "octobot_plugins.standalone",
    "octobot_plugins.replay",
    "octobot_plugins.simulated",
    "octobot_plugins.paper",
    "octobot_plugins.log",
    "octobot_tentacles.dca",
)

log = structlog.get_logger(__name__)
F = TypeVar("F")


@dataclass(frozen=True, slots=True)
class BrokenPlugin:
    """A third-party plugin that could not be used, and why."""

    name: str
    error: str


@dataclass(frozen=True, slots=True)
class Registry:
    """The plugin manager and everything that plugins registered, by name."""

    manager: pluggy.PluginManager
    market_data: Mapping[str, MarketDataFactory]
    trading: Mapping[str, TradingFactory]
    automations: Mapping[str, Automation[Any, Any]]
    tables: tuple[PluginTables, ...]
    notifiers: tuple[Notifier, ...]
    broken: tuple[BrokenPlugin, ...] = ()
    #: The modules loaded, in order, so that another process can load the same.
    modules: tuple[str, ...] = ()

    @property
    def hook(self) -> Any:
        """The hooks, to be called by name."""
        return self.manager.hook

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


@dataclass(slots=True)
class _Loader:
    manager: pluggy.PluginManager
    broken: list[BrokenPlugin] = field(default_factory=list)
    modules: list[str] = field(default_factory=list)

    def add(self, module: str, *, built_in: bool) -> None:
        try:
            self.manager.register(importlib.import_module(module), name=module)
            self.manager.check_pending()
            self._rehearse(module)
        except Exception as error:
            if built_in:
                raise
            self._give_up(module, error)
        else:
            self.modules.append(module)

    def add_entry_points(self) -> None:
        from importlib_metadata import entry_points

        # One at a time through pluggy's own API: a bad one neither stops the rest nor loses its distribution.
        for entry in entry_points(group=hookspecs.PROJECT):
            try:
                self.manager.load_setuptools_entrypoints(hookspecs.PROJECT, name=entry.name)
                self.manager.check_pending()
                self._rehearse(entry.name)
            except Exception as error:  # noqa: BLE001 - isolating whatever a third party raises is the point
                self._give_up(entry.name, error)
            else:
                self.modules.append(entry.module)

    def _rehearse(self, name: str) -> None:
        """Let the plugin register into nothing, so that what it does wrong is known while it can still be left out."""
        for caller in self.manager.get_hookcallers(self.manager.get_plugin(name)) or ():
            check = _CHECKS.get(caller.name)
            for found in caller.get_hookimpls():
                if check is not None and found.plugin_name == name:
                    found.function(*[check] * len(found.argnames))

    def _give_up(self, name: str, error: Exception) -> None:
        plugin = self.manager.get_plugin(name)
        if plugin is not None:
            self.manager.unregister(plugin)
        self.broken.append(BrokenPlugin(name, f"{type(error).__name__}: {error}"))
        log.error("plugin_broken", plugin=name, error=str(error))


def load_plugins(extra: Iterable[str] = (), *, discover: bool = True) -> Registry:
    """Load the built-in plugins, then ``extra`` modules by dotted name, then installed entry points.

    Third parties come last, so that theirs answers first where one answer is wanted. A broken built-in raises; what
    else is broken is in ``Registry.broken``. Raises DuplicateName when two plugins register one name.
    """
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    loader = _Loader(manager)
    for module in DEFAULT_PLUGINS:
        loader.add(module, built_in=True)
    for module in extra:
        loader.add(module, built_in=False)
    if discover:
        loader.add_entry_points()
    return _collect(loader)


def load_named(modules: Iterable[str]) -> Registry:
    """Load exactly these modules, as an earlier ``load_plugins`` found them usable; the rest is left out."""
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    loader = _Loader(manager)
    for module in modules:
        loader.add(module, built_in=False)
    return _collect(loader)


def _collect(loader: _Loader) -> Registry:
    hook = loader.manager.hook
    market_data = _named("market data", hook.register_market_data, lambda factory: factory.name)
    trading = _named("trading connector", hook.register_trading, lambda factory: factory.name)
    types = _named("automation type", hook.register_automations, _type_name)
    tables = _named("tables", hook.register_tables, lambda owned: owned.name)
    notifiers = _named("notifier", hook.register_notifiers, lambda notifier: notifier.name)
    return Registry(
        manager=loader.manager,
        market_data=market_data,
        trading=trading,
        automations={name: make() for name, make in types.items()},
        tables=tuple(tables.values()),
        notifiers=tuple(notifiers.values()),
        broken=tuple(loader.broken),
        modules=tuple(loader.modules),
    )


def _named(what: str, call: Callable[..., Any], name_of: Callable[[Any], str]) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def register(item: Any) -> None:
        name = name_of(item)
        if name in found:
            raise DuplicateName(f"{what} {name!r} is registered twice: by {found[name]!r} and by {item!r}")
        found[name] = item

    call(register=register)
    return found


def _type_name(automation: type[Automation[Any, Any]]) -> str:
    given: Any = automation
    if not (isinstance(given, type) and issubclass(given, Automation)):
        raise PluginError(f"register_automations takes subclasses of Automation, not {automation!r}")
    missing = [name for name in ("name", "Config") if not hasattr(automation, name)]
    if missing:
        raise PluginError(f"{automation.__qualname__} lacks {', '.join(missing)}")
    return f"{automation.__module__.partition('.')[0]}.{automation.name}"


def _check_automation(automation: type[Automation[Any, Any]]) -> None:
    _type_name(automation)
    automation()


#: What each hook's ``register`` must be able to do with an item.
_CHECKS: dict[str, Callable[[Any], object]] = {
    "register_market_data": lambda factory: factory.name,
    "register_trading": lambda factory: factory.name,
    "register_automations": _check_automation,
    "register_tables": lambda owned: owned.name,
    "register_notifiers": lambda notifier: notifier.name,
}


def _unknown(what: str, name: str, known: Mapping[str, Any]) -> UnknownType:
    return UnknownType(f"no plugin registers the {what} {name!r}; there are: {', '.join(sorted(known)) or 'none'}")
