"""What two nodes must have in common to do each other's work."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from octobot_node.plugin_system.registry import Registry

__all__ = ["plugin_parts", "plugin_set"]


def plugin_set(registry: Registry) -> str:
    """Return 12 hexadecimal digits over automation types with their versions, connectors, and third-party plugins.

    Of what `octobot-node tentacles` installed every byte counts, also of packages that are no plugins.

    The product's own version is not in it: two releases run side by side while one replaces the other.
    """
    return hashlib.sha256(json.dumps(sorted(plugin_parts(registry).items())).encode()).hexdigest()[:12]


def plugin_parts(registry: Registry) -> Mapping[str, str]:
    """Return what the set is of, by what it is and its name, with the version of what has one: what people compare."""
    return {
        **{f"type {name}": str(automation.version) for name, automation in registry.automations.items()},
        **{f"market data {name}": "" for name in registry.market_data},
        **{f"trading {name}": "" for name in registry.trading},
        **{
            f"plugin {plugin.name}": plugin.version
            for plugin in registry.plugins
            if plugin.origin not in ("built-in", "builtin")
        },
        **({"installed tentacles": registry.installed.fingerprint} if registry.installed.packages else {}),
    }
