"""Give one command to many automations."""

from __future__ import annotations

from octobot_node.errors import UsageError
from octobot_node.operations.context import Desk
from octobot_node.operations.lookup import account_id, type_names
from octobot_node.operations.models import BulkAutomations, BulkDone, BulkRefusal
from octobot_node.store.queries import lists
from octobot_node.store.queries.lists import AutomationFilter

__all__ = ["bulk"]


def bulk(desk: Desk, wanted: BulkAutomations) -> BulkDone:
    """Carry out a command on the automations that fit, oldest first; each is changed whole, or refused with a reason.

    Ids of the list that belong to nobody, or to somebody else, are refused as well.
    """
    found = _chosen(desk, wanted)
    chosen = found[: wanted.limit]
    refused = dict(desk.commands.many(wanted.command, chosen, dry_run=wanted.dry_run))
    if not wanted.dry_run:
        desk.hurry()
    reasons = {id_: str(error) for id_, error in refused.items()}
    if wanted.cursor is None:
        reasons |= {id_: f"there is no automation {id_}" for id_ in _strangers(desk, wanted.ids or ())}
    return BulkDone(
        command=wanted.command,
        dry_run=wanted.dry_run,
        done=[id_ for id_ in chosen if id_ not in refused],
        refused=[BulkRefusal(id=id_, reason=reasons[id_]) for id_ in sorted(reasons)],
        next_cursor=chosen[-1] if len(found) > wanted.limit else None,
    )


def _chosen(desk: Desk, wanted: BulkAutomations) -> list[str]:
    """Return the ids that fit, one more than the limit if there are more."""
    filters = (wanted.status, wanted.type, wanted.account, wanted.ids)
    if wanted.everything != all(value is None for value in filters):
        raise UsageError(
            f"which automations to {wanted.command.replace('_', ' ')}? Give status, type, account or ids,"
            " or everything alone"
        )
    account = None if wanted.account is None else account_id(desk, wanted.account)
    which = AutomationFilter(desk.owner, wanted.status, type_names(desk, wanted.type), account, wanted.ids)
    with desk.core.storage.read() as connection:
        return lists.automation_ids(connection, which, wanted.cursor, wanted.limit + 1)


def _strangers(desk: Desk, ids: list[str] | tuple[()]) -> set[str]:
    with desk.core.storage.read() as connection:
        known = lists.automation_ids(connection, AutomationFilter(desk.owner, ids=ids), None, len(ids))
    return set(ids) - set(known)
