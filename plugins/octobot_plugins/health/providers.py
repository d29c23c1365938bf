"""Whether a plugin provides every automation type and every connector that the database makes use of."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from octobot_node.automation import AutomationStatus
from octobot_node.contracts.context import PluginContext
from octobot_node.contracts.health import Health
from octobot_node.store.sql.conditions import is_anybodys_own
from octobot_node.store.tables import accounts, automations

__all__ = ["check_providers"]

_NAMED_MAX = 5
_LIVE = automations.c.status.not_in([status for status in AutomationStatus if status.over])
_TYPES = (
    sa.select(automations.c.type, sa.func.count())
    .where(_LIVE, is_anybodys_own(automations.c.id))
    .group_by(automations.c.type)
)
_CONNECTORS = (
    sa.select(accounts.c.name, accounts.c.market_data, accounts.c.trading)
    .where(is_anybodys_own(accounts.c.id))
    .order_by(accounts.c.id)
)


def check_providers(context: PluginContext) -> Health:
    """Say which types and connectors are in use that no plugin provides."""
    with context.storage.read() as connection:
        types = {row[0]: row[1] for row in connection.execute(_TYPES)}
        rows = connection.execute(_CONNECTORS).all()
    there = _provided(context, "register_automations")
    missing = [
        f"the type {name} of {count:,} automations" for name, count in sorted(types.items()) if name not in there
    ]
    for hook, what, column in (
        ("register_market_data", "the market data", 1),
        ("register_trading", "the trading connector", 2),
    ):
        there = _provided(context, hook)
        missing += [f"{what} {row[column]!r} of the account {row[0]}" for row in rows if row[column] not in there]
    if not missing:
        return Health("ok", "plugins provide every type and connector that is in use")
    return Health(
        "failed",
        f"no plugin provides {_listed(missing)}: what needs it is held",
        "`octobot-node plugins` says which plugin is missing, off or broken: install or mend it and restart the node,"
        " or stop the automations and delete the accounts",
    )


def _provided(context: PluginContext, hook: str) -> set[str]:
    return {name for plugin in context.plugins for name in plugin.registers.get(hook, ())}


def _listed(missing: Sequence[str]) -> str:
    more = len(missing) - _NAMED_MAX
    return ", ".join(missing[:_NAMED_MAX]) + (f" and {more} more" if more > 0 else "")
