"""Commands of plugins."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

from octobot_node.cli.log_file import logging_to_file
from octobot_node.errors import PluginError

if TYPE_CHECKING:
    from octobot_node.plugin_system.plugin_commands import PluginCommands

__all__ = ["command_of", "plugged_command"]


def plugged_command(name: str) -> Any | None:
    """Return a plugin's command of this name, or None; what is wrong with plugins' commands is said on stderr."""
    from octobot_node.configuration import Configuration
    from octobot_node.plugin_system.discovery import plugins_for
    from octobot_node.plugin_system.plugin_commands import plugin_commands

    settings = Configuration.load().settings
    with logging_to_file(settings.data_dir), redirect_stdout(sys.stderr):
        registry = plugins_for(settings)
        added = plugin_commands(registry)
    for each in added:
        if name in each.names:
            return command_of(name, each)
    troubled = [(plugin.name, plugin.error) for plugin in registry.broken]
    troubled += [(each.plugin, each.error) for each in added if each.error]
    for plugin, error in troubled:
        sys.stderr.write(f"the plugin {plugin} adds no command: {error}\n")
    for each in added:
        for reason in each.left_out:
            sys.stderr.write(f"not all commands of the plugin {each.plugin} are there: {reason}\n")
    return None


def command_of(name: str, added: PluginCommands) -> Any:
    """Return a command that a plugin wrote, with those made of its operations where it is a group."""
    from octobot_node.cli.operation_groups import derived_commands, derived_group

    made = [(operation, operation.command) for operation in added.operations if operation.command is not None]
    alone = [each for each in made if each[1].path == name]
    below = [each for each in made if each[1].path.split()[:-1] == [name]]
    written = added.commands.get(name)
    if written is None and not below:
        return derived_commands(alone)[name]
    group = derived_group(name, below) if written is None else written
    for each in below:
        try:
            made_one = derived_commands([each])
        except PluginError as error:
            sys.stderr.write(f"the plugin {added.plugin} adds no command {each[1].path!r}: {error}\n")
            continue
        for word, command in made_one.items():
            # What is written by hand stays.
            group.commands.setdefault(word, command)
    return group
