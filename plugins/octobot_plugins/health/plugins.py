"""Plugins that could not be loaded, or not whole."""

from __future__ import annotations

from octobot_node.contracts.context import PluginContext
from octobot_node.contracts.health import Health

__all__ = ["check_plugins"]


def check_plugins(context: PluginContext) -> Health:
    """Say which plugins are broken, or not used whole, and why."""
    broken = [f"{plugin.name}: {plugin.error}" for plugin in context.plugins if plugin.status == "broken"]
    left_out = [f"{plugin.name}: {reason}" for plugin in context.plugins for reason in plugin.left_out]
    if broken:
        cure = "mend or uninstall them, or leave them out of OCTOBOT_PLUGINS"
        return Health("failed", "; ".join([*broken, *left_out]), cure)
    if left_out:
        return Health("warning", "; ".join(left_out), "rename what is named, or uninstall one of the two")
    new = _since_the_start(context)
    if new:
        detail = f"{', '.join(new)} came into the plugins folder after this node started"
        return Health("warning", detail, "restart the node: it looks for plugins when it starts")
    loaded = sum(plugin.status == "loaded" for plugin in context.plugins)
    return Health("ok", f"{loaded} plugins are loaded")


def _since_the_start(context: PluginContext) -> list[str]:
    folder = context.settings.data_dir / "plugins"
    known = {plugin.name for plugin in context.plugins}
    found = (path for path in folder.iterdir() if path.suffix == ".py" or path.is_dir()) if folder.is_dir() else ()
    return sorted(path.stem for path in found if path.stem not in known and not path.name.startswith(("_", ".")))
