"""How the day went: a distribution with its ends."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np

from octobot_node.engine.standings.board import Board
from octobot_node.engine.standings.columns import Floats, Slots
from octobot_node.engine.standings.search import Query
from octobot_node.market import from_ms
from octobot_node.operations.automations.listing import rows_of
from octobot_node.operations.automations.models.automations import AutomationRow
from octobot_node.operations.context import OperationContext
from octobot_node.operations.lookup import account_id, type_names
from octobot_node.operations.models import EmptyRequest
from octobot_node.operations.overview.models.results import (
    LagNow,
    LagPoint,
    ResultBin,
    ResultOfDay,
    ResultsOfDay,
    ShowResults,
)

__all__ = ["lag", "results"]

#: The steps go from here to there of what is in order: a single wild one must not make all others one step.
_ENDS = (0.01, 0.99)
#: Where nothing moved there is a step, too.
_LEAST = 0.001


def results(context: OperationContext, request: ShowResults) -> ResultsOfDay:
    """Return how automations' equity changed since the day began: how many by how much, the best and the worst."""
    board = context.core.standings.board
    board.refresh()
    with board.lock:
        board.want_prices()
        slots = context.core.standings.finder.slots(_query(context, request))
        ratios, slots, unknown = _ratios(board, slots)
        order = np.argsort(ratios, kind="stable")
        ratios, slots = ratios[order], slots[order]
        ends = min(request.ends, len(slots))
        worst, best = (
            [board.columns.ids[slot] for slot in some.tolist()] for some in (slots[:ends], slots[::-1][:ends])
        )
        as_of = board.prices.as_of(board.columns.priced.words)
    shown = {row.id: row for row in rows_of(context, list(dict.fromkeys([*worst, *best])))}
    return ResultsOfDay(
        gained=int((ratios > 0).sum()),
        lost=int((ratios < 0).sum()),
        unchanged=int((ratios == 0).sum()),
        unknown=unknown,
        median=_between(ratios, 0.5) if len(ratios) else None,
        bins=_bins(ratios, request.bins),
        best=[found for id_ in best if (found := _told(shown.get(id_))) is not None and found.today > 0],
        worst=[found for id_ in worst if (found := _told(shown.get(id_))) is not None and found.today < 0],
        as_of=from_ms(as_of),
    )


def _query(context: OperationContext, request: ShowResults) -> Query:
    types = type_names(context, request.type)
    trading = None
    if request.paper is not None:
        known = context.registry.trading.items()
        trading = frozenset(name for name, factory in known if factory.simulated is request.paper)
    return Query(
        owner=context.owner,
        statuses=None if request.status is None else frozenset(request.status),
        types=None if types is None else frozenset(types),
        account_id=None if request.account is None else account_id(context, request.account),
        trading=trading,
    )


def _ratios(board: Board, slots: Slots) -> tuple[Floats, Slots, int]:
    """Return the ratios that are known, whose they are, and of how many none is."""
    began = board.columns.number("began")[slots]
    equity = board.equity()[slots]
    known = np.isfinite(equity) & np.isfinite(began) & (began > 0)
    ratios: Floats = equity[known] / began[known] - 1.0
    # Floats of exact amounts: what did not change is not to look as if it had.
    ratios[np.abs(ratios) < 1e-12] = 0.0
    return ratios, slots[known], int(len(slots) - known.sum())


def _bins(ratios: Floats, count: int) -> list[ResultBin]:
    """Return steps of one width around nothing, the outermost with all beyond."""
    if not len(ratios):
        return []
    reach = max(*(abs(_between(ratios, end)) for end in _ENDS), _LEAST)
    edges = np.linspace(-reach, reach, count + 1)
    # They are in order: of each edge, how many are below.
    below = np.searchsorted(ratios, edges[1:-1], side="left")
    counts = np.diff(np.concatenate([[0], below, [len(ratios)]]))
    return [
        ResultBin(
            low=None if index == 0 else float(edges[index]),
            high=None if index == count - 1 else float(edges[index + 1]),
            count=int(counts[index]),
        )
        for index in range(count)
    ]


def _between(ratios: Floats, share: float) -> float:
    """Return a quantile of what is in order: between its two neighbours."""
    place = (len(ratios) - 1) * share
    low, high = ratios[math.floor(place)], ratios[math.ceil(place)]
    return float(low + (high - low) * (place - math.floor(place)))


def _told(row: AutomationRow | None) -> ResultOfDay | None:
    if row is None or row.today is None or row.equity is None:
        return None
    began = row.equity - row.today
    return ResultOfDay(
        automation=row.name,
        automation_id=row.id,
        asset=row.asset,
        today=row.today,
        ratio=float(row.today / began) if began else float(Decimal(0)),
    )


def lag(context: OperationContext, request: EmptyRequest) -> LagNow:
    """Return how late this node's ticks were in the last hour."""
    del request
    now = context.core.clock.now()
    whole, minutes = context.core.counters.lag.told(now)
    return LagNow(
        node=context.core.context.node_id,
        ticks=whole.ticks,
        median=whole.median,
        most=whole.most,
        minutes=[
            LagPoint(at=from_ms(each.at), ticks=each.ticks, median=each.median, most=each.most) for each in minutes
        ],
        as_of=from_ms(now),
    )
