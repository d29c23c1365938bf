"""Commands of plugins."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from typing import Any

from octobot_node.cli.log_file import logging_to_file

__all__ = ["plugged_command"]


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
        if name in each.commands:
            return each.commands[name]
    troubled = [(plugin.name, plugin.error) for plugin in registry.broken]
    troubled += [(each.plugin, each.error) for each in added if each.error]
    for plugin, error in troubled:
        sys.stderr.write(f"the plugin {plugin} adds no command: {error}\n")
    return None
