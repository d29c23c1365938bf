"""What a shell completes an automation's name from: the node that runs on the data folder."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["automation_names"]

_SHOWN = 500


def automation_names(data_dir: Path | None, incomplete: str) -> list[str]:
    """Return the names that begin with ``incomplete``; none when no node answers at once."""
    from octobot_node.live import control_client

    try:
        folder = data_dir or _folder()
        page = control_client.ask(folder, "automations.list", {"limit": _SHOWN}, timeout=1.0)
    except Exception:  # noqa: BLE001 - a shell that completes shows nothing, whatever it is
        return []
    return [row["name"] for row in page["automations"] if row["name"].startswith(incomplete)]


def _folder() -> Path:
    given = os.environ.get("OCTOBOT_DATA_DIR")
    if given:
        return Path(given).expanduser()
    from octobot_node.configuration import Configuration

    return Configuration.load().settings.data_dir
