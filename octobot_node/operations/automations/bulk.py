"""Give one command to many automations."""

from __future__ import annotations

from octobot_node.errors import UsageError
from octobot_node.operations.automations.models.bulk import BulkAutomations, BulkRefusal, BulkResult
from octobot_node.operations.context import OperationContext
from octobot_node.operations.lookup import account_id, type_names
from octobot_node.store.queries import lists
from octobot_node.store.queries.lists import AutomationFilter

__all__ = ["bulk"]


def bulk(context: OperationContext, request: BulkAutomations) -> BulkResult:
    """Carry out a command on the automations that fit, oldest first; each is changed whole, or refused with a reason.

    Ids of the list that belong to nobody, or to somebody else, are refused as well.
    """
    found = _chosen(context, request)
    chosen = found[: request.limit]
    refused = dict(context.commands.many(request.command, chosen, dry_run=request.dry_run))
    if not request.dry_run:
        context.hurry()
    reasons = {id_: str(error) for id_, error in refused.items()}
    if request.cursor is None:
        reasons |= {id_: f"there is no automation {id_}" for id_ in _strangers(context, request.ids or ())}
    return BulkResult(
        command=request.command,
        dry_run=request.dry_run,
        done=[id_ for id_ in chosen if id_ not in refused],
        refused=[BulkRefusal(id=id_, reason=reasons[id_]) for id_ in sorted(reasons)],
        next_cursor=chosen[-1] if len(found) > request.limit else None,
    )


def _chosen(context: OperationContext, request: BulkAutomations) -> list[str]:
    """Return the ids that fit, one more than the limit if there are more."""
    filters = (request.status, request.type, request.account, request.ids)
    if request.everything != all(value is None for value in filters):
        raise UsageError(
            f"which automations to {request.command.replace('_', ' ')}? Give status, type, account or ids,"
            " or everything alone"
        )
    account = None if request.account is None else account_id(context, request.account)
    which = AutomationFilter(context.owner, request.status, type_names(context, request.type), account, request.ids)
    with context.core.storage.read() as connection:
        return lists.automation_ids(connection, which, request.cursor, request.limit + 1)


def _strangers(context: OperationContext, ids: list[str] | tuple[()]) -> set[str]:
    with context.core.storage.read() as connection:
        known = lists.automation_ids(connection, AutomationFilter(context.owner, ids=ids), None, len(ids))
    return set(ids) - set(known)
