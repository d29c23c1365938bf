"""Plugins that could not be loaded."""

from __future__ import annotations

from octobot_node.context import PluginContext
from octobot_node.health import Health

__all__ = ["check_plugins"]


def check_plugins(context: PluginContext) -> Health:
    """Say which plugins are broken, and why."""
    broken = context.registry.broken
    if not broken:
        loaded = sum(plugin.status == "loaded" for plugin in context.registry.plugins)
        return Health("ok", f"{loaded} plugins are loaded")
    said = "; ".join(f"{plugin.name}: {plugin.error}" for plugin in broken)
    return Health("failed", said, "mend or uninstall them, or leave them out of OCTOBOT_PLUGINS")
