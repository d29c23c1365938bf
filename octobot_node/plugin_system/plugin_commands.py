"""The commands that plugins add to ``octobot-node``; asked for only when a command is not one of the node's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from octobot_node.plugin_system.registry import Registry

if TYPE_CHECKING:
    import typer

__all__ = ["PluginCommands", "plugin_commands"]


@dataclass(frozen=True, slots=True)
class PluginCommands:
    """What one plugin adds: its commands by name, ready to be invoked, or why there are none."""

    plugin: str
    commands: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""


def plugin_commands(registry: Registry) -> list[PluginCommands]:
    """Return what each plugin adds; one that raises, or adds a command of an earlier plugin's name, adds nothing."""
    found: list[PluginCommands] = []
    for implementation in registry.hook.register_commands.get_hookimpls():
        added = _added(implementation)
        for earlier in found:
            both = sorted(set(earlier.commands) & set(added.commands))
            if both:
                error = f"it adds the command {both[0]!r}, which {earlier.plugin} adds already: rename one of them"
                added = PluginCommands(added.plugin, error=error)
        found.append(added)
    return found


def _added(implementation: Any) -> PluginCommands:
    import typer
    from typer.main import get_group

    cli: typer.Typer = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    try:
        implementation.function(*[cli] * len(implementation.argnames))
        return PluginCommands(implementation.plugin_name, dict(get_group(cli).commands))
    except Exception as error:  # noqa: BLE001 - whatever a third party raises, its commands alone are left out
        return PluginCommands(implementation.plugin_name, error=f"{type(error).__name__}: {error}")
