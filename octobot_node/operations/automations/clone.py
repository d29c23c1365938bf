"""Make another automation like one that there is."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from octobot_node.errors import CommandRefused, UsageError
from octobot_node.operations.automations.commands import with_changes
from octobot_node.operations.automations.create import create
from octobot_node.operations.context import Desk
from octobot_node.operations.lookup import account_id, automation_id
from octobot_node.operations.models import CloneAutomation, CreateAutomations, Created
from octobot_node.store.queries import lists
from octobot_node.store.rows.automations import ListedAutomationRow

__all__ = ["clone"]


def clone(desk: Desk, wanted: CloneAutomation) -> Created:
    """Create an automation with the type, account, budget, limits and config of another, but what is given.

    It belongs to the other's owner and begins anew: state, orders and fills are not taken along. Raises InvalidRunFile
    for what does not fit.
    """
    if wanted.config is not None and wanted.changes:
        raise UsageError("a clone takes either a whole config or changes of single fields: give one of them")
    found = automation_id(desk, wanted.automation)
    with desk.core.storage.read() as connection:
        rows = lists.automations_by_id(connection, [found])
        budget = lists.budget(connection, [found])[found]
    if not rows:
        raise CommandRefused(f"the automation {found} was deleted meanwhile")
    (row,) = rows
    # Its owner's accounts and names count, whoever clones it.
    narrowed = replace(desk, owner=row.owner)
    spec: dict[str, Any] = {
        "name": wanted.name,
        "type": row.type,
        "account": row.account if wanted.account is None else _account_name(narrowed, wanted.account),
        "budget": budget if wanted.budget is None else wanted.budget,
        "limits": row.limits if wanted.limits is None else wanted.limits.model_dump(exclude_none=True),
        "config": _config(row, wanted),
    }
    return create(narrowed, CreateAutomations(run_file={"automations": [spec]}))


def _config(row: ListedAutomationRow, wanted: CloneAutomation) -> dict[str, Any]:
    return wanted.config if wanted.config is not None else with_changes(json.loads(row.config), wanted.changes)


def _account_name(desk: Desk, wanted: str) -> str:
    found = account_id(desk, wanted)
    with desk.core.storage.read() as connection:
        (row,) = lists.accounts_by_id(connection, [found])
    return str(row.name)
