"""Make another automation like one that there is."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from octobot_node.errors import CommandRefused, UsageError
from octobot_node.operations.automations.commands import with_changes
from octobot_node.operations.automations.creating.create import create
from octobot_node.operations.automations.models.automations import AutomationsCreated, CreateAutomation
from octobot_node.operations.automations.models.cloning import CloneAutomation
from octobot_node.operations.context import OperationContext
from octobot_node.operations.lookup import account_id, automation_id
from octobot_node.specs import LimitsSpec
from octobot_node.store.queries import lists
from octobot_node.store.rows.automation import ListedAutomationRow

__all__ = ["clone"]


def clone(context: OperationContext, request: CloneAutomation) -> AutomationsCreated:
    """Create an automation with the type, account, budget, limits and config of another, but what is given.

    It belongs to the other's owner and begins anew: state, orders and fills are not taken along. Raises UsageError
    for what does not fit.
    """
    if request.config is not None and request.changes:
        raise UsageError("a clone takes either a whole config or changes of single fields: give one of them")
    found = automation_id(context, request.automation)
    with context.core.storage.read() as connection:
        rows = lists.automations_by_id(connection, [found])
        budget = lists.budget(connection, [found])[found]
    if not rows:
        raise CommandRefused(f"the automation {found} was deleted meanwhile")
    (row,) = rows
    # Who took out more than it was given, its gains, gave nothing.
    budget = {asset: amount for asset, amount in budget.items() if amount > 0}
    # Its owner's accounts and names count, whoever clones it.
    narrowed = replace(context, owner=row.owner)
    new = CreateAutomation(
        name=request.name,
        type=row.type,
        account=row.account if request.account is None else _account_name(narrowed, request.account),
        budget=budget if request.budget is None else request.budget,
        limits=LimitsSpec.model_validate(row.limits) if request.limits is None else request.limits,
        config=_config(row, request),
        tags=json.loads(row.tags),
        start=request.start,
        shadow=request.shadow,
    )
    return AutomationsCreated(automations=[create(narrowed, new)], accounts=[])


def _config(row: ListedAutomationRow, request: CloneAutomation) -> dict[str, Any]:
    return request.config if request.config is not None else with_changes(json.loads(row.config), request.changes)


def _account_name(context: OperationContext, request: str) -> str:
    found = account_id(context, request)
    with context.core.storage.read() as connection:
        (row,) = lists.accounts_by_id(connection, [found])
    return str(row.name)
