"""Whether the outcome of every action is known."""

from __future__ import annotations

import sqlalchemy as sa

from octobot_node.contracts.context import PluginContext
from octobot_node.contracts.health import Health
from octobot_plugins.actions.tables import runs

__all__ = ["check_actions"]

_RECENT_MS = 86_400_000
_COUNT = sa.select(sa.func.count()).where(
    runs.c.status == sa.bindparam("status"), runs.c.updated_at > sa.bindparam("since")
)


def check_actions(context: PluginContext) -> Health:
    """Say how many actions of the last day failed, or have an outcome that is not known."""
    since = context.clock.now() - _RECENT_MS
    with context.storage.read() as connection:
        unknown = connection.execute(_COUNT, {"status": "unknown", "since": since}).scalar_one()
        failed = connection.execute(_COUNT, {"status": "failed", "since": since}).scalar_one()
    if unknown or failed:
        detail = f"of the last day's actions {unknown} have an outcome that is not known, and {failed} failed"
        return Health("warning", detail, "`octobot-node automations log NAME` has the reasons")
    return Health("ok", "no action of the last day failed")
