"""Replays for a person."""

from __future__ import annotations

from decimal import Decimal
from typing import TextIO

from octobot_node.cli.output import figure_text
from octobot_node.cli.output.markup import escape
from octobot_node.cli.output.report import print_report
from octobot_node.cli.output.tables import console, more, pairs, table, when
from octobot_plugins.replay.jobs.models import (
    Comparison,
    ReplayCurves,
    ReplayDetail,
    ReplayPage,
    ReplayReport,
    ReplayRow,
)

__all__ = ["print_comparison", "print_curves", "print_replay", "print_replay_report", "print_replays"]


def print_replays(page: ReplayPage, out: TextIO) -> None:
    """Print a list."""
    shown = console(out)
    if not page.replays:
        shown.print("no replays")
        return
    made = table(
        "id", "name", "status", "of", "on", "result", "holding", "drawdown", right=("result", "holding", "drawdown")
    )
    for row in page.replays:
        first = row.results[0] if row.results else None
        results: tuple[Decimal | None, ...] = (None, None, None) if first is None else (
            first.total_return, first.holding_return, first.max_drawdown_ratio,
        )  # fmt: skip
        words = (row.id, row.name, _status(row), ", ".join(row.types), ", ".join(row.symbols))
        made.add_row(*map(escape, words), *map(figure_text.ratio, results))
    shown.print(made)
    more(shown, page.next_cursor)


def _status(row: ReplayRow) -> str:
    if row.status == "running" and row.total:
        return f"running, {row.done * 100 // row.total} %"
    return row.status


def print_replay(row: ReplayDetail, out: TextIO) -> None:
    """Print one replay."""
    shown = console(out)
    lines = [
        ("id", row.id),
        ("name", row.name),
        ("status", f"{_status(row)}: {row.reason}" if row.reason else _status(row)),
        ("of", ", ".join(row.types)),
        ("candles", ", ".join(f"{symbol}: {candles}" for symbol, candles in sorted(row.candles.items()))),
        ("created", when(row.created_at)),
        *([("began", when(row.started_at))] if row.started_at else []),
        *([("ended", when(row.ended_at))] if row.ended_at else []),
        *([("notes", row.notes)] if row.notes else []),
    ]
    for each in row.results:
        result = f"{figure_text.ratio(each.total_return)}, holding {figure_text.ratio(each.holding_return)}"
        lines.append((each.name, f"{result}, drawdown {figure_text.ratio(each.max_drawdown_ratio)}"))
    shown.print(pairs((label, escape(value)) for label, value in lines))


def print_replay_report(found: ReplayReport, out: TextIO) -> None:
    """Print the report, as `octobot-node run` does."""
    print_report(found.report, out)


def print_curves(found: ReplayCurves, out: TextIO) -> None:
    """Print curves as columns."""
    from octobot_node.market import from_ms

    shown = console(out)
    for curve in found.curves:
        made = table("at", "equity", "drawdown", "holding", right=("equity", "drawdown", "holding"))
        made.title, made.title_justify = escape(f"{curve.automation}, {curve.asset}"), "left"
        holding = [None for _ in curve.times] if curve.holding is None else curve.holding
        for at, worth, below, held in zip(curve.times, curve.equity, curve.drawdown, holding, strict=True):
            cells = (figure_text.amount(worth), figure_text.ratio(below), figure_text.amount(held))
            made.add_row(when(from_ms(at)), *cells)
        shown.print(made)


def print_comparison(found: Comparison, out: TextIO) -> None:
    """Print figures beside each other; the best are marked."""
    shown = console(out)
    names = [each.name for each in found.replays]
    made = table("figure", *map(escape, names), right=map(escape, names))
    for row in found.figures:
        cells = [_value(row.kind, value) for value in row.values]
        for index in row.best:
            cells[index] = f"[bold]{cells[index]} *[/]"
        made.add_row(row.figure.replace("_", " "), *cells)
    shown.print(made)
    if found.differences:
        other = table("what differs", *map(escape, names))
        for each in found.differences:
            values = ("none" if value is None else str(value) for value in each.values)
            other.add_row(escape(each.field), *map(escape, values))
        shown.print(other)
    for note in found.notes:
        shown.print(escape(note))


def _value(kind: str, value: Decimal | None) -> str:
    if kind == "ratio":
        return figure_text.ratio(value)
    if kind == "count":
        return figure_text.UNKNOWN if value is None else f"{int(value):,}"
    return figure_text.amount(None if value is None else round(value, 4))
