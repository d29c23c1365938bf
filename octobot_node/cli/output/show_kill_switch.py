"""Kill switches and their checklists, for a person."""

from __future__ import annotations

from typing import TextIO

from octobot_node.cli.output import figure_text, tables
from octobot_node.cli.output.markup import escape
from octobot_node.cli.output.tables import when
from octobot_node.operations.trading.models.kill_switch import Checklist, ChecklistLine, KillSwitchPage, KillSwitchRow
from octobot_node.orders import IntentStatus

__all__ = ["print_checklist", "print_kill_switch", "print_kill_switches", "progress_line", "target_text"]

#: How statuses are told here: what a person wants to know of each is whether it can still cost something.
_WORDS = {"skipped": "never sent", "planned": "not sent yet"}


def target_text(switch: KillSwitchRow) -> str:
    """Return what it stops, in words."""
    if switch.scope != "everything":
        return f"the {switch.scope} {switch.target!r}"
    return f"everything of {switch.owner}" if switch.owner else "everything"


def progress_line(switch: KillSwitchRow) -> str:
    """Return how far it is, on one line."""
    ended = sum(count for status, count in switch.now.items() if IntentStatus(status).terminal)
    counts = [f"{count:,} {_WORDS.get(status, status)}" for status, count in sorted(switch.now.items())]
    if switch.cancels:
        counts.append(f"{switch.cancels:,} cancels under way")
    return f"{ended:,} of {switch.orders:,} orders confirmed{': ' if counts else ''}{', '.join(counts)}"


def print_kill_switch(switch: KillSwitchRow, out: TextIO) -> None:
    """Print one, without its orders."""
    state = "[bold red]in force[/]" if switch.in_force else "released"
    settled = "[green]settled[/]: nothing of it may still move" if switch.settled else "[yellow]not settled[/]"
    released = f"{when(switch.released_at)} by {escape(switch.released_by)}" if switch.released_at else ""
    facts = [
        ("kill switch", f"{escape(target_text(switch))}, {state}"),
        ("id", switch.id),
        ("reason", escape(switch.reason)),
        ("thrown", f"{when(switch.thrown_at)} by {escape(switch.by)}"),
        ("released", released),
        ("orders", escape(progress_line(switch))),
        ("it is", settled),
    ]
    tables.console(out).print(tables.pairs((label, value) for label, value in facts if value))


def print_checklist(found: Checklist, out: TextIO) -> None:
    """Print one, with a line for each of its orders."""
    print_kill_switch(found.switch, out)
    console = tables.console(out)
    if found.lines:
        table = tables.table("order", "automation", "account", "what", "was", "is", "confirmed")
        for line in found.lines:
            names = (line.order, escape(line.automation or line.automation_id), escape(line.account))
            table.add_row(*names, escape(_what(line)), line.status_then, _is(line), when(line.confirmed_at))
        console.print()
        console.print(table)
    for line in found.lines:
        if line.advice:
            console.print(f"{line.order}: {escape(line.advice)}", soft_wrap=True)
    tables.more(console, found.next_cursor)


def _what(line: ChecklistLine) -> str:
    base, _, quote = line.symbol.partition("/")
    much = (
        figure_text.amount(line.amount, base)
        if line.amount is not None
        else f"for {figure_text.amount(line.spend, quote)}"
    )
    price = line.price or line.stop
    return f"{line.side} {much}{f' at {figure_text.amount(price, quote)}' if price else ''}"


def _is(line: ChecklistLine) -> str:
    if line.status == "unknown":
        return f"{tables.status('unknown')}{escape(line.outcome.removeprefix('still unknown'))}"
    return escape(line.outcome)


def print_kill_switches(page: KillSwitchPage, out: TextIO) -> None:
    """Print a page of them."""
    console = tables.console(out)
    if not page.switches:
        console.print("no kill switch")
        return
    table = tables.table("kill switch", "stops", "thrown", "by", "reason", "state", "orders", right=("orders",))
    for row in page.switches:
        state = ("in force" if row.in_force else "released") + (", settled" if row.settled else ", not settled")
        who = (when(row.thrown_at), escape(row.by), escape(row.reason))
        table.add_row(row.id, escape(target_text(row)), *who, state, f"{row.orders:,}")
    console.print(table)
    tables.more(console, page.next_cursor)
