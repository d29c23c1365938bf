"""Give one command to many automations."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from octobot_node.errors import UsageError
from octobot_node.operations.automations.filters import FoundIds, find, query_of
from octobot_node.operations.automations.models.bulk import BulkAutomations, BulkRefusal, BulkResult, RefusalReason
from octobot_node.operations.context import OperationContext
from octobot_node.store.queries import lists
from octobot_node.store.queries.lists import AutomationFilter

__all__ = ["bulk"]

#: What a refusal begins with: a name, as Python writes it.
_NAME = re.compile(r"""^(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"):? """)


def bulk(context: OperationContext, request: BulkAutomations) -> BulkResult:
    """Carry out a command on the automations that fit, oldest first; each is changed whole, or refused with a reason.

    Ids of the list that belong to nobody, or to somebody else, are refused as well.
    """
    found = _chosen(context, request)
    refused = dict(context.commands.many(request.command, found.ids, dry_run=request.dry_run))
    if not request.dry_run:
        context.hurry()
    reasons = {id_: str(error) for id_, error in refused.items()}
    if request.cursor is None:
        reasons |= {id_: f"there is no automation {id_}" for id_ in _strangers(context, request.ids or ())}
    return BulkResult(
        command=request.command,
        dry_run=request.dry_run,
        done=[id_ for id_ in found.ids if id_ not in refused],
        refused=[BulkRefusal(id=id_, reason=reasons[id_]) for id_ in sorted(reasons)],
        next_cursor=found.next_cursor,
        total=found.total,
        reasons=_counted(reasons.values()),
    )


def _counted(reasons: Iterable[str]) -> list[RefusalReason]:
    """Return why, and how often: the name that each begins with is what tells them apart."""
    told = Counter(_NAME.sub("", reason, count=1) for reason in reasons)
    return [RefusalReason(reason=reason, count=count) for reason, count in told.most_common()]


def _chosen(context: OperationContext, request: BulkAutomations) -> FoundIds:
    """Return the ids that fit."""
    filters = (request.status, request.type, request.account, request.symbol, request.tag, request.paper, request.ids)
    if request.everything != (all(value is None for value in filters) and not request.search.strip()):
        raise UsageError(
            f"which automations to {request.command.replace('_', ' ')}? Give status, type, account, symbol, tag, paper,"
            " search or ids, or everything alone"
        )
    return find(context, query_of(context, request, request.ids), request.cursor, request.limit)


def _strangers(context: OperationContext, ids: list[str] | tuple[()]) -> set[str]:
    with context.core.storage.read() as connection:
        known = lists.automation_ids(connection, AutomationFilter(context.owner, ids=ids), None, len(ids))
    return set(ids) - set(known)
