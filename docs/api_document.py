"""Write the API's OpenAPI document to ``ui/openapi.json``, of which the dashboard's client is made."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from octobot_node.api.app import create_app
from octobot_node.api.document.openapi import document
from octobot_node.plugin_system.discovery import load_plugins
from octobot_node.settings import Settings

__all__ = ["KEPT", "text"]

KEPT = Path(__file__).parent.parent / "ui" / "openapi.json"


def text() -> str:
    """Return the document of a node with the built-in plugins, as it is kept; no database is opened for it."""
    core = SimpleNamespace(settings=Settings())
    # Routes that take files ask plugins' settings how large they may be: here, as large as where nothing is set.
    plugin_context = SimpleNamespace(plugin_settings=lambda model: model())
    context: Any = SimpleNamespace(registry=load_plugins(discover=False), core=core, plugin_context=plugin_context)
    return f"{json.dumps(document(create_app(context)), indent=1, ensure_ascii=False)}\n"


if __name__ == "__main__":
    KEPT.write_text(text())
