"""Look at automations."""

from __future__ import annotations

from collections.abc import Sequence

from octobot_node.operations.automations.filters import find, query_of
from octobot_node.operations.automations.models.automations import (
    AutomationPage,
    AutomationRow,
    ListAutomations,
)
from octobot_node.operations.automations.worths import worths_of
from octobot_node.operations.context import OperationContext
from octobot_node.operations.serializers import automation_row
from octobot_node.store.queries import lists

__all__ = ["list_automations", "rows_of"]


def list_automations(context: OperationContext, request: ListAutomations) -> AutomationPage:
    """Return a page of automations, in the order that is asked for."""
    found = find(
        context,
        query_of(context, request),
        request.cursor,
        request.limit,
        sort=request.sort,
        descending=request.descending,
        anchors=request.anchors,
    )
    return AutomationPage(
        automations=rows_of(context, found.ids),
        total=found.total,
        next_cursor=found.next_cursor,
        anchors=found.anchors,
    )


def rows_of(context: OperationContext, ids: Sequence[str]) -> list[AutomationRow]:
    """Return these automations as a list shows them, in the order that is given; those that are gone are left out."""
    with context.core.storage.read() as connection:
        live = lists.live_by_automation(connection, ids)
        rows = {row.id: row for row in lists.listed_automations(connection, ids)}
        standings = context.core.standings.of(connection, ids)
    found = [(rows[id_], standings[id_]) for id_ in ids if id_ in rows and id_ in standings]
    # After the transaction: prices may have to be waited for.
    worths = worths_of(context, [(row.source, standing) for row, standing in found])
    return [
        automation_row(context.registry, row, standing, worth, live)
        for (row, standing), worth in zip(found, worths, strict=True)
    ]
