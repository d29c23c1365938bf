"""Every table of the core, by subject. Times are integer milliseconds UTC; docs/engine.md says who locks what.

``owner``, ``account_id`` and ``shard`` are on every table from the first migration on: they cannot be added to
history later.
"""

from __future__ import annotations

from octobot_node.store.tables.automation import (
    automations,
    changed_levels,
    config_revisions,
    events,
    inbox,
    notices,
    requests,
    schedule,
    standing_changes,
    watchings,
)
from octobot_node.store.tables.base import metadata
from octobot_node.store.tables.ledger import (
    balances,
    equity,
    equity_samples,
    fills,
    marks,
    positions,
    postings,
    price_samples,
    results,
)
from octobot_node.store.tables.node import (
    accounts,
    api_requests,
    audit,
    audit_chain,
    cursors,
    installation,
    leases,
    preferences,
    pulses,
    request_budgets,
    schema_floors,
)
from octobot_node.store.tables.order import intents, kill_switch_orders, kill_switches
from octobot_node.store.tables.secrets import data_keys, secret_uses, secrets

__all__ = [
    "accounts",
    "api_requests",
    "audit",
    "audit_chain",
    "automations",
    "balances",
    "changed_levels",
    "config_revisions",
    "cursors",
    "data_keys",
    "equity",
    "equity_samples",
    "events",
    "fills",
    "inbox",
    "installation",
    "intents",
    "kill_switch_orders",
    "kill_switches",
    "leases",
    "marks",
    "metadata",
    "notices",
    "positions",
    "postings",
    "preferences",
    "price_samples",
    "pulses",
    "request_budgets",
    "requests",
    "results",
    "schedule",
    "schema_floors",
    "secret_uses",
    "secrets",
    "standing_changes",
    "watchings",
]
