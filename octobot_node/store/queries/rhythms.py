"""When automations at work are evaluated, and what they want to know of their markets then."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from octobot_node.store.rows.automation import RhythmRow
from octobot_node.store.tables import accounts, automations, schedule

__all__ = ["accounts_at_work", "at_work"]

#: More change nothing: whoever asks as often as that asks at every moment there is.
_MOST = 20_000

_AT_WORK = (
    sa.select(schedule.c.automation_id, schedule.c.source, schedule.c.levels, automations.c.wake, automations.c.needs)
    .join(automations, automations.c.id == schedule.c.automation_id)
    # By the whole of ``schedule``: somebody waits for it who creates or plans.
    .where(schedule.c.runnable, schedule.c.source.in_(sa.bindparam("sources", expanding=True)))
    .limit(_MOST)
)
_SAME = accounts.alias("same")
_ACCOUNTS = (
    sa.select(accounts.c.id)
    .join(_SAME, _SAME.c.id == sa.bindparam("account"))
    .where(
        accounts.c.id != _SAME.c.id,
        (accounts.c.market_data == _SAME.c.market_data) | (accounts.c.trading == _SAME.c.trading),
        # By ix_automations_account.
        sa.exists().where(
            automations.c.account_id == accounts.c.id, schedule.c.automation_id == automations.c.id, schedule.c.runnable
        ),
    )
    .order_by(accounts.c.id)
)


def at_work(connection: sa.Connection, sources: Collection[str]) -> Sequence[RhythmRow]:
    """Return the rhythms of the automations that have these sources asked."""
    rows: Sequence[RhythmRow] = connection.execute(_AT_WORK, {"sources": list(sources)}).all()
    return rows


def accounts_at_work(connection: sa.Connection, account_id: str) -> list[str]:
    """Return the other accounts with automations at work that have a connector of this one's."""
    return list(connection.scalars(_ACCOUNTS, {"account": account_id}))
