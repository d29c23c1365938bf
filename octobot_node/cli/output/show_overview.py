"""All automations at a glance, for a person."""

from __future__ import annotations

from typing import TextIO

from octobot_node.cli.output import figure_text, tables
from octobot_node.cli.output.markup import escape
from octobot_node.operations.automations.models.ticks import TickPage
from octobot_node.operations.node.models.preferences import Preferences
from octobot_node.operations.overview.models.attention import Attention
from octobot_node.operations.overview.models.results import LagNow, ResultsOfDay
from octobot_node.operations.overview.models.totals import TotalRow, Totals
from octobot_node.operations.trading.models.equity import CourseOfAutomation, SparklinePage, TotalCourse

__all__ = [
    "print_attention",
    "print_course",
    "print_lag",
    "print_preferences",
    "print_results",
    "print_sparklines",
    "print_ticks",
    "print_total_course",
    "print_totals",
]


def print_totals(found: Totals, out: TextIO) -> None:
    """Print sums."""
    console = tables.console(out)
    if not found.rows:
        console.print("no automations")
        return
    figures = ("automations", "worth", "today", "PnL realised", "unrealised", "fees")
    made = tables.table("of", *figures, right=figures)
    for row in found.rows:
        made.add_row(
            escape(_of(row)),
            f"{row.automations:,}",
            escape(figure_text.amount(row.equity, row.asset)),
            *(figure_text.gain(each, row.asset) for each in (row.today, row.realised, row.unrealised)),
            escape(tables.amounts({**row.other_fees, row.asset: row.fees} if row.fees else row.other_fees)),
        )
    console.print(made)
    for row in found.rows:
        for each in row.unpriced:
            console.print(
                f"[yellow]no price[/] of {escape(each.symbol)}: {escape(figure_text.amount(each.amount))} that cost"
                f" {escape(figure_text.amount(each.cost, row.asset))} are in no sum",
                soft_wrap=True,
            )
    total = found.total
    if total is not None and total.rates:
        left_out = f", without {', '.join(total.unconverted)}" if total.unconverted else ""
        told = f"in {total.currency}: {figure_text.amount(total.equity, total.currency)}{left_out}"
        console.print(escape(f"{told}, at rates of {tables.when(total.as_of)}"), soft_wrap=True)


def _of(row: TotalRow) -> str:
    paper = None if row.paper is None else "play money" if row.paper else "real money"
    told = (row.owner, row.account, row.type, row.status, paper, row.asset)
    return ", ".join(each for each in told if each)


def print_attention(found: Attention, out: TextIO) -> None:
    """Print what needs somebody."""
    console = tables.console(out)
    if not found.causes:
        console.print("nothing needs anybody")
        return
    made = tables.table("what", "how many", "since", "why", "what to do", right=("how many",))
    for each in found.causes:
        words = (escape(each.detail), escape(each.cure))
        made.add_row(escape(each.title), f"{each.count:,}", tables.when(each.oldest), *words)
    console.print(made)


def print_results(found: ResultsOfDay, out: TextIO) -> None:
    """Print how the day went."""
    console = tables.console(out)
    console.print(
        f"{found.gained:,} gained, {found.lost:,} lost, {found.unchanged:,} unchanged, {found.unknown:,} not known"
    )
    made = tables.table("automation", "today", "ratio", right=("today", "ratio"))
    for each in (*found.best, *reversed(found.worst)):
        made.add_row(escape(each.automation), figure_text.gain(each.today, each.asset), f"{each.ratio * 100:+.2f} %")
    if made.row_count:
        console.print(made)


def print_lag(found: LagNow, out: TextIO) -> None:
    """Print how late ticks were."""
    console = tables.console(out)
    console.print(
        f"{found.ticks:,} ticks in the last hour: median {found.median:.3g} s, 95 % within {found.most:.3g} s"
    )


def print_course(found: CourseOfAutomation, out: TextIO) -> None:
    """Print what an automation was worth."""
    console = tables.console(out)
    figures = ("worth", "realised", "held instead")
    made = tables.table("at", *figures, right=figures)
    for each in found.points:
        amounts = (each.equity, each.realised, each.held)
        made.add_row(tables.when(each.at), *(escape(figure_text.amount(value, found.asset)) for value in amounts))
    console.print(made)
    fall = f"{figure_text.amount(found.max_drawdown, found.asset)} ({figure_text.ratio(found.max_drawdown_ratio)})"
    console.print(escape(f"largest fall: {fall}"))


def print_total_course(found: TotalCourse, out: TextIO) -> None:
    """Print what automations were worth together."""
    console = tables.console(out)
    if not found.courses:
        console.print("no samples yet" if found.sampled_every else "no samples are taken: equity_sample_interval is 0")
    for course in found.courses:
        made = tables.table("at", "worth", "given", right=("worth", "given"))
        for each in course.points:
            amounts = (each.equity, each.start)
            made.add_row(tables.when(each.at), *(escape(figure_text.amount(value, course.asset)) for value in amounts))
        console.print(made)


def print_preferences(found: Preferences, out: TextIO) -> None:
    """Print what a user chose."""
    facts = [
        ("currency", found.currency or "none"),
        ("theme", found.theme),
        ("time zone", found.zone or "the browser's"),
        ("amounts", "hidden" if found.hide_amounts else "shown"),
        ("shown first", {"live": "real money", "paper": "play money"}.get(found.book or "", "what there is")),
        ("saved views", ", ".join(found.views) or "none"),
    ]
    tables.console(out).print(tables.pairs((label, escape(value)) for label, value in facts))


def print_sparklines(found: SparklinePage, out: TextIO) -> None:
    """Print small courses: where each began, and where it is."""
    made = tables.table("automation", *(f"{at:%m-%d %H:%M}" for at in (found.times[0], found.times[-1])))
    for row in found.rows:
        ends = (row.equity[0], row.equity[-1])
        made.add_row(escape(row.automation_id), *(escape(figure_text.amount(each, row.asset)) for each in ends))
    tables.console(out).print(made)


def print_ticks(found: TickPage, out: TextIO) -> None:
    """Print ticks that did something."""
    console = tables.console(out)
    if not found.ticks:
        console.print("no tick did anything")
        return
    made = tables.table(
        "tick", "at", "orders", "cancels", "signals", "what it noted", right=("tick", "cancels", "signals")
    )
    for row in found.ticks:
        orders = ", ".join(f"{each.side} {each.symbol} {each.status}" for each in row.orders)
        noted = f"failed: {row.failed}" if row.failed else "; ".join(row.log)
        made.add_row(
            f"{row.tick:,}", tables.when(row.at), escape(orders), f"{row.cancels:,}", f"{row.signals:,}", escape(noted)
        )
    console.print(made)
    tables.more(console, found.next_cursor)
