"""What the core's operations are about, for the audit: as it stands before, and after."""

from __future__ import annotations

import json
from typing import Any

from octobot_node.contracts.operation import Subject
from octobot_node.operations.automations.listing import rows_of
from octobot_node.operations.context import OperationContext
from octobot_node.operations.lookup import account_id, automation_id
from octobot_node.operations.lookup import order_row as find_order
from octobot_node.operations.models import EmptyRequest
from octobot_node.operations.node.preferences import show as show_preferences
from octobot_node.operations.serializers import order_row
from octobot_node.store.queries import lists

__all__ = ["account", "automation", "order", "preferences"]


def automation(context: OperationContext, request: Any) -> Subject:
    """Return the automation that ``wanted.automation`` names; raise UnknownName."""
    found = automation_id(context, request.automation)
    with context.core.storage.read() as connection:
        (row,) = lists.automations_by_id(connection, [found])
    shown = rows_of(context, [found])[0].model_dump(
        mode="json", include={"name", "status", "reason", "type", "account", "budget"}
    )
    return Subject(row.owner, row.name, found, {**shown, "config": json.loads(row.config), "limits": row.limits})


def account(context: OperationContext, request: Any) -> Subject:
    """Return the account that ``wanted.account`` names; raise UnknownName."""
    found = account_id(context, request.account)
    with context.core.storage.read() as connection:
        (row,) = lists.accounts_by_id(connection, [found])
    shown = {"name": row.name, "market_data": row.market_data, "trading": row.trading, "limits": row.limits}
    return Subject(row.owner, row.name, found, shown)


def preferences(context: OperationContext, request: Any) -> Subject:
    """Return what whoever gives the operation chose; of saved views their names."""
    del request
    shown = show_preferences(context, EmptyRequest()).model_dump(mode="json")
    return Subject(context.owner or "", context.by, context.by, {**shown, "views": sorted(shown["views"])})


def order(context: OperationContext, request: Any) -> Subject:
    """Return the order that ``wanted.order`` names; raise UnknownName."""
    row = find_order(context, request.order)
    return Subject(row.owner, f"{row.side} {row.symbol}", row.id, order_row(row).model_dump(mode="json"))
