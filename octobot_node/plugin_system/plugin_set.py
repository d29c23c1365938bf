"""What two nodes must have in common to do each other's work."""

from __future__ import annotations

import hashlib
import json

from octobot_node.plugin_system.registry import Registry

__all__ = ["plugin_set"]


def plugin_set(registry: Registry) -> str:
    """Return 12 hexadecimal digits over automation types with their versions, connectors, and third-party plugins.

    The product's own version is not in it: two releases run side by side while one replaces the other.
    """
    parts = {
        "automations": sorted((name, automation.version) for name, automation in registry.automations.items()),
        "market_data": sorted(registry.market_data),
        "trading": sorted(registry.trading),
        "third_parties": sorted(
            (plugin.name, plugin.version) for plugin in registry.plugins if plugin.origin not in ("built-in", "builtin")
        ),
    }
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]
