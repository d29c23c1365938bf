"""What was moved and what it came to, for a person."""

from __future__ import annotations

from typing import TextIO

from octobot_node.cli.output import figure_text, tables
from octobot_node.cli.output.markup import escape
from octobot_node.operations.automations.models.budgets import BudgetChanged
from octobot_node.operations.trading.models.money import (
    BalancePage,
    EquitySeries,
    PostingPage,
)

__all__ = ["print_balances", "print_budget", "print_equity", "print_postings"]


def print_postings(page: PostingPage, out: TextIO) -> None:
    """Print a page of postings."""
    shown = tables.console(out)
    made = tables.table("at", "kind", "amount", "fill", right=("amount",))
    for row in page.postings:
        made.add_row(tables.when(row.at), row.kind, figure_text.gain(row.amount, row.asset), row.fill or "")
    shown.print(made if page.postings else "no postings")
    tables.more(shown, page.next_cursor)


def print_balances(page: BalancePage, out: TextIO) -> None:
    """Print a page of balances."""
    shown = tables.console(out)
    made = tables.table("automation", "account", "free", "reserved", right=("free", "reserved"))
    for row in page.balances:
        money = (figure_text.amount(row.free, row.asset), figure_text.amount(row.reserved, row.asset))
        made.add_row(escape(row.automation), escape(row.account), *(escape(each) for each in money))
    shown.print(made if page.balances else "no balances")
    tables.more(shown, page.next_cursor)


def print_budget(found: BudgetChanged, out: TextIO) -> None:
    """Print an automation's budget, as a change leaves it."""
    shown = tables.console(out)
    columns = ("asset", "change", "budget", "free", "reserved", "in positions", "can be taken", "can be added")
    made = tables.table(*columns, right=columns[1:])
    for row in found.assets:
        change = figure_text.gain(row.change, row.asset) if row.change else ""
        amounts = (row.budget, row.free, row.reserved, row.held, row.takeable, row.addable)
        made.add_row(escape(row.asset), change, *(escape(figure_text.amount(each)) for each in amounts))
    shown.print(f"[bold]{escape(found.automation)}[/] ({found.status}), on {escape(found.account)}", soft_wrap=True)
    shown.print(made if found.assets else "no budget")
    for each in found.findings:
        shown.print(escape(f"{each.severity}: {each.text}"), soft_wrap=True)
    if found.note:
        shown.print(escape(found.note), soft_wrap=True)


def print_equity(found: EquitySeries, out: TextIO) -> None:
    """Print a series of equity."""
    shown = tables.console(out)
    made = tables.table("at", "equity", "realised", right=("equity", "realised"))
    for point in found.points:
        made.add_row(
            tables.when(point.at),
            figure_text.amount(point.equity, point.asset),
            figure_text.gain(point.realised, point.asset),
        )
    shown.print(made if found.points else "no points: there was no fill")
    if found.thinned:
        shown.print(f"[dim]{len(found.points):,} of more points: --points N shows more[/]")
