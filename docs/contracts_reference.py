"""Write what hooks take and give as Markdown, member by member; ``reference.py`` puts it into docs/contracts.md."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib import import_module
from typing import Any, TypeVar, get_origin

from authors_reference import entry

__all__ = ["MODULES", "contracts"]

#: Heading -> the modules below it, in the order in which one reads them.
MODULES: Mapping[str, tuple[str, ...]] = {
    "Connectors": ("contracts.exchanges", "contracts.streams", "contracts.wrapping", "contracts.replays"),
    "What the node lends": (
        *("contracts.context", "egress", "contracts.proxies", "contracts.secrets"),
        *("contracts.order_checks", "contracts.plugins", "clock"),
    ),
    "Services, notifiers, checks, events": (
        *("contracts.services", "contracts.notifiers", "contracts.health"),
        *("contracts.events", "contracts.actions", "contracts.panels"),
    ),
    "Settings and tables": ("contracts.plugin_settings", "contracts.tables", "contracts.storage"),
    "Operations, routes and commands": (
        *("contracts.operation", "contracts.api_routes", "contracts.caller", "contracts.commands"),
        "contracts.deferred",
    ),
    "Several nodes": ("contracts.coordinator",),
}


def contracts() -> str:
    """Return every public name of those modules with its members."""
    parts: list[str] = []
    for title, modules in MODULES.items():
        parts.append(f"## {title}")
        for name in modules:
            parts += _module(import_module(f"octobot_node.{name}"))
    return "\n\n".join(parts)


def _module(module: Any) -> list[str]:
    parts = [f"### From `{module.__name__}`"]
    for name in module.__all__:
        thing = getattr(module, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            parts += entry(name, thing, level=4)
        elif not isinstance(thing, TypeVar):
            shown = str(thing).replace("typing.", "") if get_origin(thing) is not None else repr(thing)
            parts.append(f"#### `{name}`\n\n`{shown}`")
    return parts
