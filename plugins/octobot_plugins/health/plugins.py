"""Plugins that could not be loaded."""

from __future__ import annotations

from octobot_node.contracts.context import PluginContext
from octobot_node.contracts.health import Health

__all__ = ["check_plugins"]


def check_plugins(context: PluginContext) -> Health:
    """Say which plugins are broken, and why."""
    broken = [plugin for plugin in context.plugins if plugin.status == "broken"]
    new = _since_the_start(context)
    if new and not broken:
        detail = f"{', '.join(new)} came into the plugins folder after this node started"
        return Health("warning", detail, "restart the node: it looks for plugins when it starts")
    if not broken:
        loaded = sum(plugin.status == "loaded" for plugin in context.plugins)
        return Health("ok", f"{loaded} plugins are loaded")
    said = "; ".join(f"{plugin.name}: {plugin.error}" for plugin in broken)
    return Health("failed", said, "mend or uninstall them, or leave them out of OCTOBOT_PLUGINS")


def _since_the_start(context: PluginContext) -> list[str]:
    folder = context.settings.data_dir / "plugins"
    known = {plugin.name for plugin in context.plugins}
    found = (path for path in folder.iterdir() if path.suffix == ".py" or path.is_dir()) if folder.is_dir() else ()
    return sorted(path.stem for path in found if path.stem not in known and not path.name.startswith(("_", ".")))
