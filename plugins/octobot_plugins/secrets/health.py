"""Whether what is sealed can be opened here."""

from __future__ import annotations

from octobot_node.contracts.context import PluginContext
from octobot_node.contracts.health import Health

__all__ = ["check_secrets"]


def check_secrets(context: PluginContext) -> Health:
    """Say whether the master key is there that secrets are sealed under."""
    standing = context.secrets.standing()
    if standing.problem:
        return Health("failed", standing.problem, "docs/secrets.md, `A lost key`, says what runs on, and what to do")
    if not standing.owners:
        return Health("ok", "nothing is sealed")
    whose = "one owner" if standing.owners == 1 else f"{standing.owners:,} owners"
    return Health("ok", f"the secrets of {whose} are sealed under {standing.shown}")
