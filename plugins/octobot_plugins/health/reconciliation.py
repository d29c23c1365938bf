"""Whether anything waits for accounts to be compared with their exchanges, because the database came back."""

from __future__ import annotations

import sqlalchemy as sa

from octobot_node.automation import AutomationStatus
from octobot_node.contracts.context import PluginContext
from octobot_node.contracts.health import Health
from octobot_node.store.database.holding import AS_OF, RESTORED
from octobot_node.store.tables import automations

__all__ = ["check_reconciliation"]

_c = automations.c
_WAITING = sa.select(sa.func.count(), sa.func.min(_c.reason)).where(
    _c.status == AutomationStatus.HELD,
    sa.or_(*(_c.reason.startswith(words, autoescape=True) for words in (RESTORED, AS_OF))),
)


def check_reconciliation(context: PluginContext) -> Health:
    """Say how many automations wait, and for what."""
    with context.storage.read() as connection:
        count, reason = connection.execute(_WAITING).one()
    if not count:
        return Health("ok", "no automation waits for its account to be compared with its exchange")
    return Health(
        "warning",
        f"{count} automations are held until their accounts were compared with their exchanges: {reason}",
        "those go on by themselves whose accounts agree; resume others once you know what became of what is named",
    )
