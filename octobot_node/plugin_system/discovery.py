"""Find plugins and load them: built-ins must work; a third party that breaks is recorded, and the node runs on."""

from __future__ import annotations

import difflib
import importlib.util
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from octobot_node import __version__, hookspecs
from octobot_node.contracts.plugins import PluginInfo
from octobot_node.errors import InvalidSettings, PluginError
from octobot_node.installing.sets import Sets
from octobot_node.plugin_system.loader import Candidate, Loader, resolve
from octobot_node.plugin_system.registry import Registry
from octobot_node.trust import foreign_inside

if TYPE_CHECKING:
    from octobot_node.settings import Settings

__all__ = ["DEFAULT_PLUGINS", "load_named", "load_plugins", "plugins_for", "source_files"]

#: Listed rather than discovered: an editable install does not see new entry points until reinstalled.
DEFAULT_PLUGINS = (
    "octobot_node.operations",
    "octobot_plugins.sqlite",
    "octobot_plugins.postgres",
    "octobot_plugins.replica",
    "octobot_plugins.standalone",
    "octobot_plugins.secrets",
    "octobot_plugins.proxies",
    "octobot_plugins.replay",
    "octobot_plugins.simulated",
    "octobot_plugins.paper",
    "octobot_plugins.ccxt",
    "octobot_plugins.log",
    "octobot_plugins.notify",
    "octobot_plugins.actions",
    "octobot_plugins.order_rules",
    "octobot_plugins.health",
    "octobot_plugins.auth",
    "octobot_plugins.webhooks",
    "octobot_plugins.api_health",
    "octobot_plugins.metrics",
    "octobot_plugins.api_automations",
    "octobot_plugins.api_orders",
    "octobot_plugins.api_accounts",
    "octobot_plugins.api_markets",
    "octobot_plugins.api_overview",
    "octobot_plugins.api_kill_switch",
    "octobot_plugins.api_node",
    "octobot_plugins.api_audit",
    "octobot_plugins.api_events",
    "octobot_plugins.dashboard",
    "octobot_tentacles.dca",
    "octobot_tentacles.grid",
    "octobot_tentacles.rebalance",
    "octobot_tentacles.price_alert",
    "octobot_tentacles.smart_trade",
    "octobot_tentacles.stop_loss_guard",
    "octobot_tentacles.signal",
)
#: What commands and replays stand on.
_NEEDED = frozenset({"octobot_node.operations", "octobot_plugins.sqlite", "octobot_plugins.standalone"})
#: As the only name in ``OCTOBOT_PLUGINS``: no third party at all.
_NONE = ("none",)
_TIMEOUT_S = 20.0


def plugins_for(settings: Settings) -> Registry:
    """Load the built-in plugins and the third parties that these settings ask for."""
    sets = Sets(settings.tentacles_folder())
    sets.use()
    registry = load_plugins(
        settings.extra_plugins,
        folder=settings.data_dir / "plugins",
        only=settings.plugins,
        trusted=settings.trusted_plugins,
        off=settings.disabled_plugins,
        timeout=settings.plugin_timeout,
    )
    return replace(registry, installed=sets.in_use)


def load_plugins(
    extra: Iterable[str] = (),
    *,
    discover: bool = True,
    folder: Path | None = None,
    only: tuple[str, ...] | None = None,
    trusted: Collection[str] = (),
    off: Collection[str] = (),
    timeout: float = _TIMEOUT_S,
) -> Registry:
    """Load the built-in plugins, then ``extra`` modules by dotted name, those in ``folder``, and installed ones.

    Third parties come last, so that theirs answers first where one answer is wanted. ``only`` names the third parties
    to load, ("none",) loads none; ``discover`` False finds no installed ones. ``off`` are built-in ones to leave out,
    whose names others may take. ``timeout`` is in seconds for each. A broken built-in raises; what else is broken is
    in ``Registry.broken``.
    """
    loader = Loader(timeout=timeout, trusted=trusted)
    unused = _switched_off(off)
    for module in DEFAULT_PLUGINS:
        if module in unused:
            loader.leave_out(_off(_built_in(module).info))
        else:
            loader.add(_built_in(module))
    found = [_named(module, "setting") for module in extra]
    found += _in_folder(folder) if folder is not None else []
    found += _installed() if discover else []
    for candidate in found:
        if only is None or candidate.info.name in only:
            loader.add(candidate)
        else:
            loader.leave_out(_off(candidate.info))
    asked = () if only is None or only == _NONE else only
    named = {**dict.fromkeys(trusted, "OCTOBOT_TRUSTED_PLUGINS"), **dict.fromkeys(asked, "OCTOBOT_PLUGINS")}
    for name in sorted(set(named) - {candidate.info.name for candidate in found}):
        loader.add(_nowhere(name, named[name], found))
    return loader.registry()


def load_named(modules: Iterable[str]) -> Registry:
    """Load exactly these modules, as an earlier ``load_plugins`` found them usable; the rest is left out.

    Whom to trust was decided then.
    """
    named = [_named(module, "") for module in modules]
    loader = Loader(timeout=_TIMEOUT_S, trusted=[candidate.info.name for candidate in named])
    for candidate in named:
        loader.add(candidate)
    return loader.registry()


def source_files(modules: Iterable[str]) -> list[Path]:
    """Return the Python files of loaded plugins' packages, the built-in ones' too, in a fixed order."""
    found: set[Path] = set()
    for top in {module.partition(":")[0].partition(".")[0] for module in modules}:
        for origin in getattr(sys.modules.get(top), "__path__", None) or [
            getattr(sys.modules.get(top), "__file__", "")
        ]:
            path = Path(origin or "")
            found |= set(path.rglob("*.py")) if path.is_dir() and origin else {path} if path.is_file() else set()
    return sorted(found)


def _built_in(module: str) -> Candidate:
    info = PluginInfo(module, __version__, "built-in", module)
    return Candidate(info, lambda: resolve(module), built_in=True)


def _named(module: str, origin: str) -> Candidate:
    return Candidate(PluginInfo(module, "", origin, module), lambda: resolve(module))


def _switched_off(names: Iterable[str]) -> set[str]:
    """Return the modules of built-in plugins that are named, in full or by their last part; raise InvalidSettings."""
    short = {module.rpartition(".")[2]: module for module in DEFAULT_PLUGINS}
    found = {short.get(name, name) for name in names}
    for module in sorted(found):
        if module not in DEFAULT_PLUGINS:
            near = difflib.get_close_matches(module, [*short, *DEFAULT_PLUGINS], n=1)
            meant = f"did you mean {near[0]!r}?" if near else "`octobot-node plugins` lists them"
            raise InvalidSettings(f"OCTOBOT_DISABLED_PLUGINS: no built-in plugin is called {module!r}: {meant}")
        if module in _NEEDED:
            raise InvalidSettings(f"OCTOBOT_DISABLED_PLUGINS: {module} is what nothing works without: leave it on")
    return found


def _installed() -> list[Candidate]:
    from importlib_metadata import entry_points

    return [_of_entry_point(entry) for entry in entry_points(group=hookspecs.PROJECT)]


def _of_entry_point(entry: Any) -> Candidate:
    distribution = entry.dist
    name = "" if distribution is None else distribution.name
    version = "" if distribution is None else distribution.version
    info = PluginInfo(entry.name, version, f"installed by {name}" if name else "installed", entry.value)
    return Candidate(info, entry.load, requires=_required_core(distribution))


def _required_core(distribution: Any) -> str:
    """Return which versions of the node an installed distribution asks for: pip checks it only while it installs."""
    from packaging.requirements import Requirement

    for text in (distribution.requires or ()) if distribution is not None else ():
        requirement = Requirement(text)
        if requirement.name.lower().replace("_", "-") == "octobot-node" and requirement.marker is None:
            return str(requirement.specifier)
    return ""


def _in_folder(folder: Path) -> list[Candidate]:
    """Return the modules and packages in a folder, which goes to the end of the import path."""
    folder = folder.absolute()
    found = sorted(_modules_in(folder))
    if found and str(folder) not in sys.path:
        sys.path.append(str(folder))
    return [_of_file(path) for path in found]


def _modules_in(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name.startswith(("_", ".")):
            continue
        if path.suffix == ".py" or (path / "__init__.py").is_file():
            yield path


def _of_file(path: Path) -> Candidate:
    name = path.stem
    return Candidate(PluginInfo(name, "", f"folder {path}", name), _from_folder(name, path))


def _from_folder(name: str, path: Path) -> Callable[[], ModuleType]:
    def load() -> ModuleType:
        if path.parent.stat().st_mode & 0o022 or path.stat().st_mode & 0o022:
            raise PluginError(f"others may write to {path}: run `chmod -R go-w {path.parent}`")
        problem = foreign_inside(path)
        if problem is not None:
            raise PluginError(problem)
        spec = importlib.util.find_spec(name) if name.isidentifier() else None
        if spec is None:
            raise PluginError(f"{name!r} is not a valid name of a module: rename {path}")
        origin = Path(spec.origin or "").resolve()
        if path.resolve() not in (origin, origin.parent):
            other = f", {origin}" if spec.origin and origin.exists() else ""
            raise PluginError(f"another module is called {name!r}{other}: rename {path}")
        module: ModuleType = resolve(name)
        return module

    return load


def _off(info: PluginInfo) -> PluginInfo:
    return PluginInfo(info.name, info.version, info.origin, info.module, status="off")


def _nowhere(name: str, variable: str, found: Iterable[Candidate]) -> Candidate:
    near = _meant(name, found)
    hint = f": did you mean {near!r}?" if near else ""

    def load() -> None:
        raise PluginError(f"{variable} names it, but it is neither installed nor in the plugins folder{hint}")

    return Candidate(PluginInfo(name, "", variable, name), load)


def _meant(name: str, found: Iterable[Candidate]) -> str:
    """Return the plugin that somebody means who writes its package's or its module's name, or nearly its own, or ""."""
    called: dict[str, str] = {}
    for info in (candidate.info for candidate in found):
        package = info.origin.removeprefix("installed by ")
        for other in (package, info.module, info.module.partition(":")[0].partition(".")[0], info.name):
            called[_plain(other)] = info.name
    near = difflib.get_close_matches(_plain(name), called, n=1)
    return called[near[0]] if near else ""


def _plain(name: str) -> str:
    return name.lower().replace("-", "_")
