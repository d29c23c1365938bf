"""What a replay leaves in its folder: the report and curves, its fills, and its log."""

from __future__ import annotations

import heapq
import json
import shutil
from collections.abc import Iterator, Mapping
from operator import itemgetter
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from octobot_node.reports.models import AutomationReport
from octobot_node.runs.replay_results import FinishedReplay
from octobot_node.store.tables import automations, events, fills, notices
from octobot_node.text.event_sentences import sentence
from octobot_plugins.replay.jobs.models import AutomationSummary
from octobot_plugins.replay.jobs.reports.curves import thinned

__all__ = ["FILLS", "JOB", "LOG", "RESULT", "forget_state", "write_outcome"]

JOB, RESULT, FILLS, LOG = "job.json", "result.json", "fills.jsonl", "log.jsonl"
#: Of a curve so many points are kept, more than any screen has; of many curves fewer, so that all can be read at once.
_POINTS, _POINTS_OF_ALL, _POINTS_LEAST = 2_000, 200_000, 50


def write_outcome(folder: Path, finished: FinishedReplay) -> None:
    """Write what a replay came to, if it came to its end."""
    if not finished.report.finished:
        return
    counts = {FILLS: _write_lines(folder / FILLS, _fills(finished)), LOG: _write_lines(folder / LOG, _log(finished))}
    result = {
        "summary": [_summary(each).model_dump(mode="json") for each in finished.report.automations],
        "report": finished.report.model_dump(mode="json"),
        "curves": list(_curves(finished)),
        "fills": counts[FILLS],
        "log_lines": counts[LOG],
    }
    draft = folder / f"{RESULT}.new"
    draft.write_text(json.dumps(result))
    draft.replace(folder / RESULT)


def _summary(report: AutomationReport) -> AutomationSummary:
    measured, holding = report.performance, None if report.holding is None else report.holding.performance
    return AutomationSummary(
        name=report.name,
        type=report.type,
        asset=report.asset,
        start_equity=report.start_equity,
        final_equity=report.final_equity,
        total_return=None if measured is None else measured.total_return.value,
        holding_return=None if holding is None else holding.total_return.value,
        max_drawdown_ratio=report.max_drawdown_ratio,
        sharpe=None if measured is None else measured.sharpe.value,
        fills=report.fills,
        problems=sum(problem.times for problem in report.problems),
    )


def _curves(finished: FinishedReplay) -> Iterator[dict[str, Any]]:
    most = max(_POINTS_LEAST, min(_POINTS, _POINTS_OF_ALL // max(len(finished.courses), 1)))
    for name, course in finished.courses.items():
        points = thinned(course.points, most)
        holding = finished.holdings.get(name)
        worth = {} if holding is None else {point.at: point.equity for point in holding.points}
        yield {
            "automation": name,
            "asset": course.asset,
            "start": course.start,
            "start_equity": f"{course.start_equity:f}",
            "times": [point.at for point in points],
            "equity": [f"{point.equity:f}" for point in points],
            "holding": None if holding is None else _held(worth, [point.at for point in points], holding.start_equity),
        }


def _held(worth: Mapping[int, Any], times: list[int], before: Any) -> list[str]:
    """Return what holding was worth at times; where its markets have no close just then, as it was before."""
    found, ahead = [], sorted(worth)
    index = 0
    for time in times:
        while index < len(ahead) and ahead[index] <= time:
            before = worth[ahead[index]]
            index += 1
        found.append(f"{before:f}")
    return found


def _write_lines(path: Path, lines: Iterator[dict[str, Any]]) -> int:
    count = 0
    with path.open("w") as file:
        for line in lines:
            file.write(f"{json.dumps(line)}\n")
            count += 1
    return count


def _fills(finished: FinishedReplay) -> Iterator[dict[str, Any]]:
    columns = fills.c
    amounts = ("amount", "price", "cost", "fee", "realised")
    words = ("symbol", "side", "fee_asset", "liquidity", "tag")
    statement = (
        sa.select(fills, automations.c.name.label("automation"))
        .join(automations, automations.c.id == columns.automation_id)
        .order_by(columns.at, columns.id)
    )
    with finished.core.storage.read() as connection:
        for row in connection.execute(statement):
            found = {name: f"{getattr(row, name):f}" for name in amounts}
            yield {"automation": row.automation, "at": row.at, **{w: getattr(row, w) for w in words}, **found}


def _log(finished: FinishedReplay) -> Iterator[dict[str, Any]]:
    with finished.core.storage.read() as connection:
        yield from heapq.merge(_happened(connection), _said(connection), key=itemgetter("at"))


def _happened(connection: sa.Connection) -> Iterator[dict[str, Any]]:
    statement = (
        sa.select(events.c.at, events.c.kind, events.c.data, automations.c.name)
        .join(automations, automations.c.id == events.c.automation_id)
        .order_by(events.c.at, events.c.id)
    )
    for row in connection.execute(statement):
        level, text = sentence(row.kind, json.loads(row.data))
        yield {"automation": row.name, "at": row.at, "level": level, "text": text}


def _said(connection: sa.Connection) -> Iterator[dict[str, Any]]:
    statement = (
        sa.select(notices.c.created_at, notices.c.level, notices.c.message, automations.c.name)
        .join(automations, automations.c.id == notices.c.automation_id)
        .order_by(notices.c.created_at, notices.c.id)
    )
    for row in connection.execute(statement):
        yield {"automation": row.name, "at": row.created_at, "level": row.level, "text": row.message}


def forget_state(folder: Path) -> None:
    """Remove the books of a replay whose outcome is kept: they are what takes room."""
    for name in ("state", "candles"):
        shutil.rmtree(folder / name, ignore_errors=True)
