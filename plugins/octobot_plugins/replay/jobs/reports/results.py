"""Operations on what replays came to: the report, curves, fills and the log."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from octobot_node.errors import CommandRefused
from octobot_node.market import from_ms
from octobot_node.operations.context import OperationContext
from octobot_node.reports.models import RunReport
from octobot_node.store.types import AnyRow
from octobot_plugins.replay.jobs import statements
from octobot_plugins.replay.jobs.jobs import find
from octobot_plugins.replay.jobs.models import (
    AutomationCurve,
    OneReplay,
    ReplayCurves,
    ReplayFill,
    ReplayFillPage,
    ReplayLine,
    ReplayLog,
    ReplayReport,
    ShowCurves,
    ShowPieces,
)
from octobot_plugins.replay.jobs.reports.curves import drawdowns, thinned
from octobot_plugins.replay.jobs.reports.outcome import FILLS, LOG
from octobot_plugins.replay.jobs.running.folders import folder_of

__all__ = ["curves", "fills", "finished", "log", "report"]

T = TypeVar("T")


def finished(context: OperationContext, name_or_id: str) -> tuple[AnyRow, AnyRow]:
    """Return a replay and what it came to; raise CommandRefused for one that is not finished."""
    row = find(context, name_or_id)
    with context.core.storage.read() as connection:
        result = statements.result(connection, row.id)
    if result is None:
        why = f" ({row.reason})" if row.reason else ""
        raise CommandRefused(f"the replay {row.name!r} is {row.status}{why}: only of a finished one there is something")
    return row, result


def report(context: OperationContext, request: OneReplay) -> ReplayReport:
    """Return what a replay came to."""
    row, result = finished(context, request.replay)
    return ReplayReport(id=row.id, name=row.name, report=RunReport.model_validate_json(result.report))


@dataclass(frozen=True, slots=True)
class _At:
    at: int
    equity: Decimal
    holding: Decimal | None


def curves(context: OperationContext, request: ShowCurves) -> ReplayCurves:
    """Return the curves of a replay's automations."""
    row, result = finished(context, request.replay)
    kept = json.loads(result.curves)
    if request.automation is not None:
        kept = [each for each in kept if each["automation"] == request.automation]
    return ReplayCurves(id=row.id, curves=[_curve(each, request.points) for each in kept])


def _curve(kept: dict[str, Any], most: int) -> AutomationCurve:
    equity = [Decimal(each) for each in kept["equity"]]
    holding = kept["holding"] or [None] * len(equity)
    start = Decimal(kept["start_equity"])
    # Of all points that are kept: the peak before a point may not be shown.
    below = dict(zip(kept["times"], drawdowns(start, equity), strict=True))
    points = [
        _At(at, worth, None if held is None else Decimal(held))
        for at, worth, held in zip(kept["times"], equity, holding, strict=True)
    ]
    shown = thinned(points, most)
    return AutomationCurve(
        automation=kept["automation"],
        asset=kept["asset"],
        start_equity=start,
        times=[point.at for point in shown],
        equity=[point.equity for point in shown],
        drawdown=[below[point.at] for point in shown],
        holding=None if kept["holding"] is None else [point.holding or Decimal(0) for point in shown],
    )


def fills(context: OperationContext, request: ShowPieces) -> ReplayFillPage:
    """Return a page of a replay's executions, oldest first."""
    found, cursor = _pieces(context, request, FILLS, lambda given: ReplayFill(**given))
    return ReplayFillPage(fills=found, next_cursor=cursor)


def log(context: OperationContext, request: ShowPieces) -> ReplayLog:
    """Return a page of a replay's log, oldest first."""
    found, cursor = _pieces(context, request, LOG, lambda given: ReplayLine(**given))
    return ReplayLog(lines=found, next_cursor=cursor)


def _pieces(
    context: OperationContext, request: ShowPieces, name: str, made: Callable[[dict[str, Any]], T]
) -> tuple[Sequence[T], str | None]:
    row, _ = finished(context, request.replay)
    if row.node_id != context.plugin_context.node_id:
        raise CommandRefused(
            f"fills and log of the replay {row.name!r} are on the disk of the node {row.node_id}: ask that one"
        )
    path = folder_of(context.core.settings.data_dir, row.id) / name
    found: list[T] = []
    try:
        with path.open("rb") as file:
            # A cursor is a place in the file.
            file.seek(int(request.cursor or 0))
            while line := file.readline():
                piece = json.loads(line)
                if request.automation in (None, piece["automation"]):
                    found.append(made({**piece, "at": from_ms(piece["at"])}))
                if len(found) == request.limit:
                    place = file.tell()
                    return found, str(place) if file.read(1) else None
    except FileNotFoundError:
        raise CommandRefused(
            f"the files of the replay {row.name!r} are gone from this node's disk, as after a restore: start it anew"
        ) from None
    except ValueError:
        raise CommandRefused(
            "the cursor is none that was given here: send the `next_cursor` of the page before"
        ) from None
    return found, None
