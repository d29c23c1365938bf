"""Load one plugin at a time, so that what is wrong with one is known while it can still be left out.

A third party's code runs in a thread of its own while it is loaded: one that hangs is left behind, one that raises
is recorded, whatever it raises.
"""

from __future__ import annotations

import difflib
import importlib
import re
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Any, TypeVar

import pluggy
import structlog
from pydantic import ValidationError

from octobot_node import hookspecs
from octobot_node.automation import Automation
from octobot_node.contracts.plugins import PluginInfo
from octobot_node.errors import DuplicateName, PluginError
from octobot_node.plugin_system.registry import Registry
from octobot_node.text.code_places import place_of

__all__ = ["Candidate", "Loader", "resolve"]

log = structlog.get_logger(__name__)
T = TypeVar("T")
#: Whose tables are the node's own.
_CORE_TABLES = frozenset({"octobot", "dbos"})
#: Whoever opens the storage, or says which node may act or who is calling, can read and move everything; and whoever
#: makes connections sees what goes through them, and where. Whoever has the master key opens every secret.
_TRUSTED_HOOKS = frozenset({"open_storage", "open_coordinator", "authenticate", "register_proxies", "register_secrets"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A plugin that was found, not loaded yet; ``load`` returns the module or object that has its hooks.

    ``requires`` says which versions of the node it works with, as a version specifier such as ">=0.1,<1".
    """

    info: PluginInfo
    load: Callable[[], Any]
    requires: str = ""
    built_in: bool = False


@dataclass(slots=True)
class _Collected:
    """What one plugin registered: hook -> {name: item}, and why some of it is left out."""

    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a hook collects: how it is called, its name, and what is kept of it."""

    what: str
    name_of: Callable[[Any], str]
    make: Callable[[Any], Any] = field(default=lambda item: item)


def _type_name(automation: Any) -> str:
    if not (isinstance(automation, type) and issubclass(automation, Automation)):
        raise PluginError(f"register_automations takes subclasses of Automation, not {automation!r}")
    missing = [name for name in ("name", "Config") if not hasattr(automation, name)]
    if missing:
        raise PluginError(f"{automation.__qualname__} lacks {', '.join(missing)}")
    fields = getattr(automation.Config, "model_fields", {})
    secret = [name for name, field in fields.items() if "SecretStr" in repr(field.annotation)]
    if secret:
        raise PluginError(
            f"the config of {automation.__qualname__} has the secret {secret[0]!r}, and a config is stored as it is:"
            " make it a SecretRef (octobot_node.fields), which points to a secret by name"
        )
    return f"{automation.__module__.partition('.')[0]}.{automation.name}"


def _tables_name(tables: Any) -> str:
    name = str(tables.name)
    if name in _CORE_TABLES or not name.isidentifier():
        raise PluginError(f"tables cannot be called {name!r}: take a name of the plugin's own, such as telex")
    strange = sorted(table for table in tables.metadata.tables if not table.startswith(f"{name}_"))
    if strange:
        raise PluginError(f"the table {strange[0]!r} of the tables {name!r} is not called {name}_…: rename it")
    return name


def _section(owned: Any) -> str:
    try:
        owned.model()
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise PluginError(
            f"the settings [{owned.section}] cannot be made of nothing ({place}): give every field a default"
        ) from None
    return str(owned.section)


_NAME = attrgetter("name")
_KINDS: Mapping[str, _Kind] = {
    "register_settings": _Kind("settings section", _section),
    "register_tables": _Kind("tables", _tables_name),
    "register_proxies": _Kind("kind of proxy", _NAME),
    "register_secrets": _Kind("place for secrets", _NAME),
    "register_market_data": _Kind("market data", _NAME),
    "register_trading": _Kind("trading connector", _NAME),
    "register_automations": _Kind("automation type", _type_name, lambda automation: automation()),
    "register_services": _Kind("service", _NAME),
    "register_notifiers": _Kind("notifier", _NAME),
    "register_actions": _Kind("action", _NAME),
    "register_panels": _Kind("panel", _NAME),
    "register_health_checks": _Kind("health check", _NAME),
    "register_operations": _Kind("operation", _NAME),
    "register_api_routers": _Kind("API routes", _NAME),
}


class Loader:
    """Collects plugins into a Registry."""

    def __init__(self, *, timeout: float, trusted: Iterable[str] = ()) -> None:
        self._timeout = timeout
        self._trusted = frozenset(trusted)
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._found: dict[str, dict[str, Any]] = {hook: {} for hook in _KINDS}
        #: (hook, name) -> the plugin that registered it.
        self._owners: dict[tuple[str, str], str] = {}
        self._plugins: list[PluginInfo] = []

    def leave_out(self, info: PluginInfo) -> None:
        """List a plugin that is not to be loaded."""
        self._plugins.append(info)

    def add(self, candidate: Candidate) -> None:
        """Load a plugin; raise what is wrong with a built-in one, record what is wrong with any other."""
        info = candidate.info
        try:
            if self._manager.has_plugin(info.name):
                raise DuplicateName(f"a plugin called {info.name!r} is loaded already: rename one of them")
            registered = self._load(candidate)
        except Exception as error:
            if candidate.built_in:
                raise
            self._give_up(info, error)
            return
        for hook, items in registered.items.items():
            self._found[hook] |= items
            self._owners |= {(hook, name): info.name for name in items}
        names = {hook: tuple(items) for hook, items in registered.items.items() if items}
        left_out = tuple(registered.left_out)
        self._plugins.append(replace(info, hooks=self._hooks(info.name), registers=names, left_out=left_out))
        for reason in left_out:
            log.error("registration_left_out", plugin=info.name, reason=reason)

    def registry(self) -> Registry:
        """Return everything that was registered."""
        found = self._found
        return Registry(
            manager=self._manager,
            market_data=found["register_market_data"],
            trading=found["register_trading"],
            automations=found["register_automations"],
            tables=tuple(found["register_tables"].values()),
            notifiers=tuple(found["register_notifiers"].values()),
            services=tuple(found["register_services"].values()),
            health_checks=tuple(found["register_health_checks"].values()),
            settings_models=tuple(found["register_settings"].values()),
            actions=found["register_actions"],
            panels=found["register_panels"],
            proxies=found["register_proxies"],
            secrets=found["register_secrets"],
            operations=found["register_operations"],
            api_routes=tuple(found["register_api_routers"].values()),
            plugins=tuple(self._plugins),
        )

    def _load(self, candidate: Candidate) -> _Collected:
        name = candidate.info.name
        _check_core_version(candidate.requires)
        plugin = self._guarded(candidate, candidate.load)
        _check_core_version(getattr(plugin, "requires_octobot_node", ""))
        self._manager.register(plugin, name=name)
        self._manager.check_pending()
        if not self._hooks(name) and not candidate.built_in:
            raise PluginError("it implements no hook: put @hookimpl above its register_… functions")
        self._check_trust(candidate)
        return self._guarded(candidate, lambda: self._collect(candidate))

    def _guarded(self, candidate: Candidate, function: Callable[[], T]) -> T:
        # What a plugin prints while it is loaded does not belong into a command's output.
        with redirect_stdout(sys.stderr):
            return function() if candidate.built_in else _within(self._timeout, function)

    def _check_trust(self, candidate: Candidate) -> None:
        asked = sorted(_TRUSTED_HOOKS.intersection(self._hooks(candidate.info.name)))
        if asked and not candidate.built_in and candidate.info.name not in self._trusted:
            raise PluginError(
                f"it implements {', '.join(asked)}, which only a trusted plugin may: if you trust it, name it in"
                " OCTOBOT_TRUSTED_PLUGINS"
            )

    def _collect(self, candidate: Candidate) -> _Collected:
        """Call the plugin's collecting hooks; a built-in's name that is taken raises, a third party's is left out."""
        registered, name = _Collected(), candidate.info.name
        for caller in self._manager.get_hookcallers(self._manager.get_plugin(name)) or ():
            if caller.name not in _KINDS:
                continue
            for found in caller.get_hookimpls():
                if found.plugin_name == name:
                    found.function(*[self._register(caller.name, candidate, registered)] * len(found.argnames))
        return registered

    def _register(self, hook: str, candidate: Candidate, registered: _Collected) -> Callable[[Any], None]:
        kind, plugin, items = _KINDS[hook], candidate.info.name, registered.items.setdefault(hook, {})

        def register(item: Any) -> None:
            name = kind.name_of(item)
            other = self._owners.get((hook, name), plugin if name in items else None)
            if other is None:
                items[name] = kind.make(item)
                return
            twice = f"{kind.what} {name!r} is registered twice: by {other} and by {plugin}"
            if candidate.built_in:
                raise DuplicateName(twice)
            registered.left_out.append(f"{twice}, whose is left out: rename one of them")

        return register

    def _hooks(self, name: str) -> tuple[str, ...]:
        callers = self._manager.get_hookcallers(self._manager.get_plugin(name)) or ()
        return tuple(sorted(caller.name for caller in callers))

    def _give_up(self, info: PluginInfo, error: Exception) -> None:
        plugin = self._manager.get_plugin(info.name)
        # Another one of this name may be loaded, and stays.
        if plugin is not None and not any(known.name == info.name for known in self._plugins):
            self._manager.unregister(plugin)
        self._plugins.append(replace(info, status="broken", error=_said(error)))
        log.error("plugin_broken", plugin=info.name, error=str(error))


def _said(error: Exception) -> str:
    """Return an error with its place in the plugin, and the hook that a misspelt one was meant to be."""
    text = f"{type(error).__name__}: {error}"
    place = "" if isinstance(error, SyntaxError) else place_of(error)
    if place:
        text += f" ({place})"
    misspelt = re.search(r"unknown hook '(\w+)'", text)
    known = [name for name in dir(hookspecs) if hasattr(getattr(hookspecs, name), f"{hookspecs.PROJECT}_spec")]
    near = difflib.get_close_matches(misspelt[1], known, n=1) if misspelt else []
    return f"{text}: did you mean {near[0]!r}?" if near else text


def resolve(module: str) -> Any:
    """Return the plugin that ``package.module`` or ``package.module:attribute`` names."""
    name, _, attribute = module.partition(":")
    found: Any = importlib.import_module(name)
    return attrgetter(attribute)(found) if attribute else found


def _within(seconds: float, function: Callable[[], T]) -> T:
    """Return what ``function`` returns; raise what it raises, or PluginError when it takes longer."""
    ended: list[Callable[[], T]] = []

    def run() -> None:
        try:
            result = function()
        except BaseException as error:  # noqa: BLE001 - a plugin's SystemExit is its own, not the node's
            failure = (
                error if isinstance(error, Exception) else PluginError(f"it raised {type(error).__name__}: {error}")
            )
            ended.append(lambda: _raise(failure))
        else:
            ended.append(lambda: result)

    thread = threading.Thread(target=run, name="octobot-plugin", daemon=True)
    thread.start()
    thread.join(seconds)
    if not ended:
        raise PluginError(f"it did not load within {seconds:g} s")
    return ended[0]()


def _raise(error: Exception) -> Any:
    raise error


def _check_core_version(requires: str) -> None:
    if not requires:
        return
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    from octobot_node import __version__

    try:
        accepted = SpecifierSet(requires)
    except InvalidSpecifier:
        raise PluginError(f"{requires!r} is not a valid version specifier: write one such as '>=0.1,<1'") from None
    if not accepted.contains(__version__, prereleases=True):
        raise PluginError(f"it needs octobot-node {requires}, this is {__version__}: install a release that fits")
