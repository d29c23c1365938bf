"""What is told of an automation and its shadow: read of the ledger, paired, and reckoned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from octobot_node.orders import IntentStatus
from octobot_node.reports.shadows.drift import Drift, QuoteDrift, drift_of, quote_drifts
from octobot_node.reports.shadows.pairing import Execution, Ordered, Pair, pairs_of
from octobot_node.store.queries.shadows import executions_of, ordered_since, orders_of
from octobot_node.store.rows.ledger import FillRow
from octobot_node.store.rows.order import IntentRow

__all__ = ["MOST", "ShadowPairs", "shadow_pairs"]

#: Orders of each side that are compared: the newest.
MOST = 2_000


@dataclass(frozen=True, slots=True)
class ShadowPairs:
    """Pairs, oldest first, and what they come to; ``since`` (ms UTC) is later than the start where there are more."""

    pairs: Sequence[tuple[Pair, Drift]]
    quotes: Sequence[QuoteDrift]
    since: int


def shadow_pairs(
    connection: sa.Connection, automation_id: str, shadow_id: str, began_at: int, most: int = MOST
) -> ShadowPairs:
    """Return the orders of both since the shadow began, in pairs."""
    live = list(ordered_since(connection, automation_id, began_at, most))
    paper = list(ordered_since(connection, shadow_id, began_at, most))
    # From where on both sides are whole: beside an order that is left out, its twin would be nobody's.
    since = max((rows[-1].created_at for rows in (live, paper) if len(rows) == most), default=began_at)
    live, paper = ([row for row in rows if row.created_at >= since] for rows in (live, paper))
    rested = orders_of(connection, automation_id, {row.group_id for row in paper if row.created_at == began_at})
    executions = executions_of(connection, [row.id for row in (*live, *rested, *paper)], began_at)
    begun = {row.id for row in rested}
    ours = {row.id: _ordered(row, executions.get(row.id, ())) for row in (*rested, *live)}
    theirs = [_ordered(row, executions.get(row.id, ()), begun) for row in paper]
    pairs = [(pair, drift_of(pair)) for pair in pairs_of(list(ours.values()), theirs)]
    return ShadowPairs(pairs, quote_drifts(pairs), since)


def _ordered(row: IntentRow, executions: Sequence[FillRow], begun: set[str] | None = None) -> Ordered:
    return Ordered(
        id=row.id,
        at=row.created_at,
        seq=row.seq,
        symbol=row.symbol,
        base=row.base,
        quote=row.quote,
        side=row.side,
        type=row.type,
        tag=row.tag,
        price=row.price,
        stop=row.stop,
        amount=row.amount,
        status=IntentStatus(row.status),
        reason=row.reason,
        executions=tuple(Execution(each.amount, each.cost, each.fee, each.fee_asset, each.at) for each in executions),
        twin_of=row.group_id if begun and row.group_id in begun else "",
    )
