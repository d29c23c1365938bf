"""Which automations a request means: the same filters for a list, a command for many, and sums."""

from __future__ import annotations

from dataclasses import dataclass

from octobot_node.engine.standings.search import Found, Query
from octobot_node.engine.standings.sorts import Sort
from octobot_node.operations.automations.models.automations import WhichAutomations
from octobot_node.operations.context import OperationContext
from octobot_node.operations.cursors import id_in, no_cursor
from octobot_node.operations.lookup import account_id, type_names
from octobot_node.store.queries import lists
from octobot_node.store.queries.lists import AutomationFilter

__all__ = ["ANCHORED", "FoundIds", "find", "query_of"]

#: Rows between two anchors of a list.
ANCHORED = 500


@dataclass(frozen=True, slots=True)
class FoundIds:
    """A page of what was found."""

    ids: list[str]
    total: int
    next_cursor: str | None
    anchors: list[str] | None = None


def query_of(context: OperationContext, request: WhichAutomations, ids: list[str] | None = None) -> Query:
    """Return what a request means; raise UnknownName for an account or a type that there is not."""
    types = type_names(context, request.type)
    return Query(
        owner=context.owner,
        statuses=None if request.status is None else frozenset(request.status),
        types=None if types is None else frozenset(types),
        account_id=None if request.account is None else account_id(context, request.account),
        symbol=request.symbol,
        tags=None if request.tag is None else frozenset(request.tag),
        words=tuple(request.search.split()),
        ids=None if ids is None else frozenset(ids),
        trading=None if request.paper is None else _trading(context, paper=request.paper),
    )


def _trading(context: OperationContext, *, paper: bool) -> frozenset[str]:
    """Return the connectors of play money, or of real money; one that is missing is neither."""
    return frozenset(name for name, factory in context.registry.trading.items() if factory.simulated is paper)


def find(
    context: OperationContext,
    query: Query,
    cursor: str | None,
    limit: int,
    *,
    sort: Sort = "created",
    descending: bool = False,
    anchors: bool = False,
) -> FoundIds:
    """Return a page of the ids that fit, in order."""
    by_id = sort == "created"
    if cursor is not None:
        # Of other orders a cursor is an id, a space and what it is sorted by.
        id_in(cursor if by_id else cursor.partition(" ")[0])
        if not by_id and " " not in cursor:
            raise no_cursor()
    # Of several statuses or types an index has the rows, but not in the order of ids.
    plain = (query.symbol, query.tags, query.words, query.trading) == (None, None, (), None)
    plain = plain and all(each is None or len(each) == 1 for each in (query.statuses, query.types))
    standings = context.core.standings
    if plain and by_id and not descending and not anchors and not standings.board.awake:
        return _found_in_database(context, query, cursor, limit)
    standings.board.refresh()
    with standings.board.lock:
        found = standings.finder.find(query, sort, descending=descending)
        start = 0 if cursor is None else found.behind(cursor)
        end = min(start + limit, len(found.slots))
        return FoundIds(
            [found.ids[slot] for slot in found.slots[start:end].tolist()],
            len(found.slots),
            found.cursor(end - 1) if end < len(found.slots) and end > start else None,
            _anchors(found) if anchors else None,
        )


def _anchors(found: Found) -> list[str]:
    return [found.cursor(index - 1) for index in range(ANCHORED, len(found.slots), ANCHORED)]


def _found_in_database(context: OperationContext, query: Query, cursor: str | None, limit: int) -> FoundIds:
    """Do the same by an index, without reading everything first: for a command where no node runs."""
    which = AutomationFilter(query.owner, query.statuses, query.types, query.account_id, query.ids)
    with context.core.storage.read() as connection:
        found = lists.automation_ids(connection, which, cursor, limit + 1)
        total = lists.automation_count(connection, which)
    return FoundIds(found[:limit], total, found[limit - 1] if len(found) > limit else None)
