"""The report of a run for a person: a table for each automation, or a line where there are many."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TextIO

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from octobot_node.cli.output import figure_text
from octobot_node.cli.output.markup import escape
from octobot_node.reports.models import (
    AssetReport,
    Assumptions,
    AutomationReport,
    ConfigFinding,
    GapReport,
    Problem,
    RunReport,
)
from octobot_node.reports.performance import Drawdown

__all__ = ["print_report", "problem_lines"]

#: With more automations than this each gets one line instead of a table.
_TABLES = 8
#: And this many automations' problems are told.
_PROBLEMS = 20


def print_report(report: RunReport, out: TextIO) -> None:
    """Print the report for a person."""
    console = Console(file=out, highlight=False, emoji=False)
    if len(report.automations) > _TABLES:
        console.print(_summary(report.automations))
        for line in _problems(report.automations):
            console.print(line, soft_wrap=True)
    else:
        for automation in report.automations:
            console.print(_table(automation))
            for line in problem_lines(automation):
                console.print(line, soft_wrap=True)
            console.print()
    for line in _footer(report):
        console.print(line, soft_wrap=True)


def problem_lines(report: AutomationReport) -> list[str]:
    """Return what was found in an automation's config, and its problems, as markup, a line each."""
    return [*map(_finding, report.findings), *map(_problem, report.problems)]


def _table(report: AutomationReport) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, title_justify="left", title_style="bold")
    table.title = escape(f"{report.name} ({report.type})")
    table.add_column("status")
    status = f"{report.status}: {report.reason}" if report.reason else report.status
    table.add_column(escape(status), justify="right", overflow="fold")
    for label, value in _figures(report):
        table.add_row(label, value)
    return table


def _figures(report: AutomationReport) -> list[tuple[str, str]]:
    asset = report.asset
    failed = f", {report.failed_ticks:,} failed" if report.failed_ticks else ""
    drawdown = f"{figure_text.amount(report.max_drawdown, asset)} ({figure_text.ratio(report.max_drawdown_ratio)})"
    return [
        ("ticks", f"{report.ticks:,}{failed}"),
        ("orders", _orders(report)),
        ("fills", f"{report.fills:,}"),
        ("fees", _assets(report.fees)),
        ("invested", figure_text.amount(report.invested, asset)),
        ("start equity", figure_text.amount(report.start_equity, asset)),
        ("final equity", figure_text.amount(report.final_equity, asset)),
        ("realised PnL", figure_text.gain(report.realised_pnl, asset)),
        ("unrealised PnL", figure_text.gain(report.unrealised_pnl, asset)),
        ("PnL method", report.pnl_method),
        *(figure for each in report.by_asset for figure in _in_asset(each, asset)),
        ("max drawdown", figure_text.UNKNOWN if report.max_drawdown is None else drawdown),
        *_measured(report),
        ("balances", _assets(report.balances)),
        *((escape(label), escape(figure_text.figure(value))) for label, value in report.figures.items()),
        ("as of", figure_text.moment(report.as_of)),
    ]


def _measured(report: AutomationReport) -> list[tuple[str, str]]:
    """Return what a replay's performance says; the JSON report has all of it, and why something is not known."""
    found, holding = report.performance, report.holding
    if found is None:
        return []
    held = None if holding is None or holding.performance is None else holding.performance.total_return.value
    below = found.max_drawdown
    won = found.win_rate.value
    return [
        ("until recovered", figure_text.UNKNOWN if below is None else _lasted(below)),
        ("return", figure_text.ratio(found.total_return.value)),
        ("holding instead", figure_text.ratio(held)),
        ("Sharpe, Sortino", f"{_two_digits(found.sharpe.value)}, {_two_digits(found.sortino.value)}"),
        ("trades", f"{found.trades:,}" if won is None else f"{found.trades:,}, {figure_text.ratio(won)} of them won"),
        ("held something", figure_text.ratio(found.exposure.value)),
    ]


def _lasted(drawdown: Drawdown) -> str:
    text = figure_text.duration(timedelta(seconds=drawdown.seconds))
    return text if drawdown.recovered_at is not None else f"not in {text}"


def _two_digits(value: Decimal | None) -> str:
    return figure_text.UNKNOWN if value is None else f"{value:.2f}"


def _in_asset(row: AssetReport, main: str) -> list[tuple[str, str]]:
    """Return what is not told already: of another asset all in a line, of any at what prices it was converted."""
    rates = ", ".join(f"{symbol} at {figure_text.amount(rate)}" for symbol, rate in sorted(row.rates.items()))
    told = [(f"converted to {row.asset}", escape(rates))] if rates else []
    if row.asset == main:
        return told
    text = (
        f"{figure_text.amount(row.final_equity, row.asset)}, began with"
        f" {figure_text.amount(row.start_equity, row.asset)}, realised {figure_text.gain(row.realised_pnl, row.asset)},"
        f" unrealised {figure_text.gain(row.unrealised_pnl, row.asset)}"
    )
    return [(f"equity in {row.asset}", text), *told]


def _orders(report: AutomationReport) -> str:
    counts = ", ".join(f"{count:,} {status}" for status, count in sorted(report.orders_by_status.items()) if count)
    return f"{report.orders:,} ({counts})" if counts else f"{report.orders:,}"


def _assets(amounts: dict[str, Decimal]) -> str:
    return escape(", ".join(figure_text.amount(value, asset) for asset, value in sorted(amounts.items()))) or "none"


def _summary(reports: list[AutomationReport]) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for title in ("automation", "status"):
        table.add_column(title, overflow="fold")
    for title in ("ticks", "orders", "fills", "final equity", "PnL"):
        table.add_column(title, justify="right", overflow="fold")
    for report in reports:
        unrealised = report.unrealised_pnl
        table.add_row(
            escape(report.name),
            escape(report.status),
            f"{report.ticks:,}",
            f"{report.orders:,}",
            f"{report.fills:,}",
            figure_text.amount(report.final_equity, report.asset),
            figure_text.gain(None if unrealised is None else report.realised_pnl + unrealised, report.asset),
        )
    return table


def _problems(reports: list[AutomationReport]) -> list[str]:
    troubled = [report for report in reports if report.problems or report.findings]
    lines = [f"{escape(report.name)}: {line}" for report in troubled[:_PROBLEMS] for line in _gravest(report)]
    if len(troubled) > _PROBLEMS:
        lines.append(f"and problems of {len(troubled) - _PROBLEMS} more; --json has them all")
    return lines


def _gravest(report: AutomationReport) -> list[str]:
    return [*map(_finding, report.findings[:1]), *map(_problem, report.problems[:1])]


def _finding(found: ConfigFinding) -> str:
    return f"[yellow]{found.severity}:[/] {escape(f'{found.field}: {found.text}' if found.field else found.text)}"


def _problem(problem: Problem) -> str:
    times = f"{problem.times:,} times, last" if problem.times > 1 else "once,"
    return f"[yellow]{problem.what} {times} at {figure_text.moment(problem.last)}:[/] {escape(problem.reason)}"


def _footer(report: RunReport) -> list[str]:
    took = report.ended_at - report.started_at
    if report.candles is None:
        what = f"ran from {figure_text.moment(report.started_at)} for {figure_text.duration(took)}"
    else:
        what = f"replayed {report.candles:,} candles in {took.total_seconds():.1f} s"
    ending = "finished" if report.finished else "not finished: the same command goes on"
    lines = [f"{what}; {ending}"]
    assumed = [] if report.assumptions is None else _assumed(report.assumptions)
    return (
        lines + [escape(note) for note in [*report.notes, *assumed]] + [_gap(gap) for gap in report.gaps if gap.missing]
    )


def _assumed(found: Assumptions) -> list[str]:
    markets = [
        f"{row.symbol} on {row.account}: candles of {row.candle_seconds:,} s, fees {figure_text.ratio(row.taker_fee)}"
        f" (taker) and {figure_text.ratio(row.maker_fee)} (maker)"
        for row in found.markets[:_TABLES]
    ]
    return ["assumed:", *(f"  {line}" for line in [*markets, *found.notes])]


def _gap(gap: GapReport) -> str:
    return f"[yellow]{escape(gap.symbol)}: {gap.missing:,} candles missing, first at {figure_text.moment(gap.first)}[/]"
