"""What is counted for metrics: each statement reads an index, or a table of few rows, however long the history is."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from octobot_node.orders import IntentStatus
from octobot_node.store.sql.conditions import is_anybodys_own, is_live
from octobot_node.store.tables import accounts, automations, intents, schedule

__all__ = ["claimed", "live_intents", "silent_accounts", "silent_automations"]

_i = intents.c


# In the words of the partial indexes, without which SQLite does not use them.
_LIVE = sa.select(_i.status, sa.func.count()).where(is_live, is_anybodys_own(_i.account_id)).group_by(_i.status)
_CLAIMED = sa.select(sa.func.count()).select_from(schedule).where(sa.text("schedule.claim IS NOT NULL"))
_AUTOMATIONS_OFF = (
    sa.select(sa.func.count())
    .select_from(automations)
    .where(sa.text("NOT automations.sending"), is_anybodys_own(automations.c.id))
)
_ACCOUNTS_OFF = (
    sa.select(sa.func.count()).select_from(accounts).where(sa.not_(accounts.c.sending), is_anybodys_own(accounts.c.id))
)


def live_intents(connection: sa.Connection) -> Mapping[str, int]:
    """Return status -> orders and cancels that can still change. Rides ix_intents_live."""
    found = dict.fromkeys((status.value for status in IntentStatus if not status.terminal), 0)
    found.update((status, count) for status, count in connection.execute(_LIVE))
    return found


def claimed(connection: sa.Connection) -> int:
    """Return how many automations are in a batch. Rides ix_schedule_claim."""
    return connection.scalar(_CLAIMED) or 0


def silent_automations(connection: sa.Connection) -> int:
    """Return how many automations may not send. Rides ix_automations_silent."""
    return connection.scalar(_AUTOMATIONS_OFF) or 0


def silent_accounts(connection: sa.Connection) -> int:
    """Return how many accounts may not send; accounts are few."""
    return connection.scalar(_ACCOUNTS_OFF) or 0
