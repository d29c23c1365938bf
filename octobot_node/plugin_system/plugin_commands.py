"""The commands that plugins add to ``octobot-node``; asked for only when a command is not one of the node's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from octobot_node.contracts.operation import Operation
from octobot_node.plugin_system.registry import Registry

if TYPE_CHECKING:
    import typer

__all__ = ["NODE_COMMANDS", "PluginCommands", "plugin_commands"]

#: The node's own, which nobody replaces; a test holds them to the command line.
NODE_COMMANDS = frozenset(
    {
        *("run", "start", "status", "automations", "orders", "kill-switch", "signals", "ledger", "markets", "types"),
        *("audit", "nodes", "db", "accounts", "egress", "exchanges", "packages", "plugins", "settings", "doctor"),
        *("tentacles", "schema", "overview", "export", "health", "secrets"),
    }
)


@dataclass(frozen=True, slots=True)
class PluginCommands:
    """What one plugin adds; ``error`` is why it adds nothing, ``left_out`` why it adds not all that it would."""

    plugin: str
    #: Ready to be invoked, by name.
    commands: Mapping[str, Any] = field(default_factory=dict)
    #: Operations that commands are to be made of.
    operations: Sequence[Operation[Any, Any]] = ()
    error: str = ""
    left_out: Sequence[str] = ()

    @property
    def names(self) -> set[str]:
        """What can be written after ``octobot-node``."""
        made = (operation.command.path.split()[0] for operation in self.operations if operation.command is not None)
        return {*self.commands, *made}


def plugin_commands(registry: Registry) -> list[PluginCommands]:
    """Return what each plugin adds; one that raises adds nothing, a command of a name that is taken is left out."""
    found: list[PluginCommands] = []
    taken = dict.fromkeys(NODE_COMMANDS, "the node")
    for added in _each(registry):
        kept = _without_taken(added, taken)
        taken |= dict.fromkeys(kept.names, added.plugin)
        found.append(kept)
    return found


def _without_taken(added: PluginCommands, taken: Mapping[str, str]) -> PluginCommands:
    both = sorted(added.names & set(taken))
    if not both:
        return added
    made = [each for each in added.operations if each.command is not None and each.command.path.split()[0] not in both]
    return replace(
        added,
        commands={name: command for name, command in added.commands.items() if name not in both},
        operations=made,
        left_out=[f"it adds the command {name!r}, which {taken[name]} has already: rename it" for name in both],
    )


def _each(registry: Registry) -> list[PluginCommands]:
    written = {
        implementation.plugin_name: _added(implementation)
        for implementation in registry.hook.register_commands.get_hookimpls()
    }
    for plugin in registry.plugins:
        names = plugin.registers.get("register_operations", ())
        made = [registry.operations[name] for name in names if registry.operations[name].command is not None]
        known = written.get(plugin.name, PluginCommands(plugin.name))
        if made and not known.error:
            written[plugin.name] = replace(known, operations=made)
    return list(written.values())


def _added(implementation: Any) -> PluginCommands:
    import typer
    from typer.main import get_group

    cli: typer.Typer = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

    def register(app: typer.Typer, name: str = "") -> None:
        cli.add_typer(app, name=name or None)

    try:
        implementation.function(*[register] * len(implementation.argnames))
        return PluginCommands(implementation.plugin_name, dict(get_group(cli).commands))
    except Exception as error:  # noqa: BLE001 - whatever a third party raises, its commands alone are left out
        return PluginCommands(implementation.plugin_name, error=f"{type(error).__name__}: {error}")
