"""Automations, their types, plans, signals and logs, for a person."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TextIO

from rich.table import Table

from octobot_node.cli.output import figure_text, tables
from octobot_node.cli.output.markup import escape
from octobot_node.cli.output.report import problem_lines
from octobot_node.cli.output.show_node import event_line
from octobot_node.cli.output.show_orders import orders_table, what_is_ordered
from octobot_node.operations.automations.models.automations import (
    AutomationChanged,
    AutomationCreated,
    AutomationDetail,
    AutomationEdited,
    AutomationPage,
    AutomationRow,
    AutomationsCreated,
    AutomationsExported,
    FigureRow,
    FindingRow,
)
from octobot_node.operations.automations.models.bulk import BulkResult
from octobot_node.operations.automations.models.plans import PlannedOrder, PlannedTick, RequestBudgetRow
from octobot_node.operations.automations.models.signals import SignalPage, SignalRow, SignalSent
from octobot_node.operations.automations.models.types import TypeDetail, TypePage
from octobot_node.operations.node.models.events import LogPage

__all__ = [
    "print_added",
    "print_automation",
    "print_automations",
    "print_bulk",
    "print_changed",
    "print_created",
    "print_edited",
    "print_exported",
    "print_log",
    "print_plan",
    "print_signal",
    "print_signals",
    "print_type",
    "print_types",
]

#: A person who wants more of a state than this asks for --json.
_STATE = 2_000
#: A person who wants more refusals than these asks for --json.
_REFUSALS = 20


def print_automations(page: AutomationPage, out: TextIO) -> None:
    """Print a page of automations."""
    console = tables.console(out)
    if not page.automations:
        console.print("no automations")
        return
    console.print(_automations(page.automations))
    if page.total > len(page.automations):
        console.print(f"[dim]{page.total:,} in all[/]")
    tables.more(console, page.next_cursor)


def _automations(rows: Iterable[AutomationRow]) -> Table:
    figures = ("worth", "PnL", "today", "ticks", "open", "unknown")
    table = tables.table("automation", "type", "account", "status", "next run", *figures, right=figures)
    for row in rows:
        unknown = f"[{tables.STYLE['unknown']}] {row.unknown_orders} [/]" if row.unknown_orders else "0"
        named = (escape(row.name), escape(row.type), escape(row.account), tables.status(row.status, row.reason))
        money = (
            escape(figure_text.amount(row.equity, row.asset)),
            *(figure_text.gain(each, row.asset) for each in (row.pnl, row.today)),
        )
        table.add_row(*named, tables.when(row.next_run), *money, f"{row.ticks:,}", f"{row.open_orders:,}", unknown)
    return table


def print_created(created: AutomationsCreated, out: TextIO) -> None:
    """Print what was created."""
    console = tables.console(out)
    if created.accounts:
        console.print(f"new accounts: {escape(', '.join(created.accounts))}", soft_wrap=True)
    console.print(_automations(created.automations))
    for row in created.automations:
        _print_findings(row.name, row.findings, out)


def print_added(added: AutomationCreated, out: TextIO) -> None:
    """Print an automation that was created."""
    tables.console(out).print(_automations([added]))
    _print_findings(added.name, added.findings, out)


def _print_findings(name: str, findings: Iterable[FindingRow], out: TextIO) -> None:
    for line in _findings(findings):
        tables.console(out).print(escape(f"{name}: {line}"), soft_wrap=True)


def _findings(findings: Iterable[FindingRow]) -> list[str]:
    return [f"{each.severity}: {f'{each.field}: ' if each.field else ''}{each.text}" for each in findings]


def print_changed(changed: AutomationChanged, out: TextIO) -> None:
    """Print how an automation stands after a command."""
    note = f"; {escape(changed.note)}" if changed.note else ""
    tables.console(out).print(f"{escape(changed.automation)} is {tables.status(changed.status)}{note}", soft_wrap=True)


def print_edited(edited: AutomationEdited, out: TextIO) -> None:
    """Print how an automation stands after an edit."""
    print_changed(edited, out)
    _print_findings(edited.automation, edited.findings, out)


def print_automation(found: AutomationDetail, out: TextIO) -> None:
    """Print everything about an automation."""
    console = tables.console(out)
    console.print(f"[bold]{escape(found.name)}[/] ({escape(found.type)})", soft_wrap=True)
    console.print(tables.pairs(_facts(found)))
    for problem in problem_lines(found.report) if found.report is not None else ():
        console.print(problem, soft_wrap=True)
    for title, table in (("positions", _positions(found)), ("open orders", orders_table(found.orders or []))):
        if table.row_count:
            console.print(f"\n[bold]{title}[/]")
            console.print(table)
    if found.events:
        console.print("\n[bold]what happened[/]")
        for event in reversed(found.events):
            console.print(escape(event_line(event)), soft_wrap=True)


def _figure(row: FigureRow) -> str:
    if row.kind in {"money", "price"}:
        return figure_text.amount(Decimal(row.value), row.unit)
    return f"{figure_text.figure(row.value)}{' %' * (row.kind == 'percent')}"


def _facts(found: AutomationDetail) -> list[tuple[str, str]]:
    assert found.report is not None, "the command asks for it"
    report, asset = found.report, found.report.asset
    failed = f", {report.failed_ticks:,} failed" if report.failed_ticks else ""
    pnl = None if report.unrealised_pnl is None else report.realised_pnl + report.unrealised_pnl
    state = json.dumps(found.state)
    facts = [
        ("status", tables.status(found.status, found.reason)),
        ("id", found.id),
        ("account", escape(found.account)),
        ("next", escape(found.next_step.text)),
        ("next run", tables.when(found.next_run)),
        ("wakes at prices", escape(_levels(found.levels))),
        ("ticks", f"{found.ticks:,}{failed}, last {tables.when(found.last_run)}"),
        ("signals waiting", f"{found.waiting_signals:,}" if found.waiting_signals else ""),
        ("budget", escape(tables.amounts(found.budget))),
        ("free", escape(tables.amounts({asset: funds.free for asset, funds in found.balances.items()}))),
        (
            "reserved",
            escape(tables.amounts({a: funds.reserved for a, funds in found.balances.items() if funds.reserved})),
        ),
        (
            "equity",
            (
                f"{figure_text.amount(report.final_equity, asset)},"
                f" began with {figure_text.amount(report.start_equity, asset)}"
            ),
        ),
        ("PnL", f"{figure_text.gain(pnl, asset)}, realised {figure_text.gain(report.realised_pnl, asset)}"),
        ("fills", f"{report.fills:,}"),
        *((escape(each.label), escape(_figure(each))) for each in found.figures),
        ("limits", escape(", ".join(f"{name} {value}" for name, value in found.limits.items()))),
        ("config", escape(json.dumps(found.config))),
        ("state", escape(state if len(state) <= _STATE else f"{state[:_STATE]}… (--json has all of it)")),
        ("as of", tables.when(report.as_of)),
    ]
    return [(label, value) for label, value in facts if value]


def _levels(levels: Mapping[str, Mapping[str, str]] | None) -> str:
    if levels is None:
        return ""
    return ", ".join(
        f"{symbol} {side} {figure_text.figure(price)}"
        for side, prices in levels.items()
        for symbol, price in prices.items()
    )


def _positions(found: AutomationDetail) -> Table:
    table = tables.table(
        "symbol", "amount", "average cost", "cost", "realised", right=("amount", "average cost", "cost")
    )
    for position in found.positions:
        base, _, quote = position.symbol.partition("/")
        figures = (figure_text.amount(position.amount, base), figure_text.amount(position.average, quote))
        money = (figure_text.amount(position.cost, quote), figure_text.gain(position.realised, quote))
        table.add_row(escape(position.symbol), *(escape(each) for each in figures), *money)
    return table


def print_exported(exported: AutomationsExported, out: TextIO) -> None:
    """Print a run file."""
    out.write(exported.text)


def print_plan(found: PlannedTick, out: TextIO) -> None:
    """Print what a tick would do."""
    console = tables.console(out)
    due = "as due by its own plan" if found.scheduled else "as if woken"
    name = found.automation or f"a new {found.type}"
    console.print(
        f"[bold]{escape(name)}[/]: tick {found.tick} at {tables.when(found.at)}, {due}."
        " Nothing was written, sent or told.",
        soft_wrap=True,
    )
    console.print(tables.pairs((label, value) for label, value in _outcome(found) if value))
    if found.orders:
        console.print(_planned(found.orders))


def _outcome(found: PlannedTick) -> list[tuple[str, str]]:
    needs = ", ".join(
        f"{figure_text.amount(amount, asset)} of"
        f" {figure_text.amount(found.free_funds.get(asset, Decimal(0)), asset)} free"
        for asset, amount in sorted(found.needs_funds.items())
    )
    candles = [f"{each.got} of {each.asked} {each.timeframe} candles of {each.symbol}" for each in found.candles]
    prices = [f"{each.symbol} {figure_text.amount(each.last)}" for each in found.tickers]
    return [
        ("it", tables.status(found.outcome, found.reason)),
        ("status after", tables.status(found.status)),
        ("next run", tables.when(found.next_run)),
        ("wakes at prices", escape(_levels(found.levels))),
        ("missed runs", f"{found.missed:,}" if found.missed else ""),
        ("funds needed", escape(needs)),
        ("funds lacking", escape(tables.amounts(found.lacking_funds))),
        ("requests", f"{found.requests_used.market_data} for market data, {found.requests_used.trading} to trade"),
        *(("request budget", escape(_budget(each))) for each in found.request_budgets),
        ("log", escape("; ".join(f"{each.level}: {each.text}" for each in found.log))),
        ("check", escape("; ".join(_findings(found.findings)))),
        ("notices", escape("; ".join(f"{each.level}: {each.message}" for each in found.notices))),
        ("asks plugins", escape("; ".join(f"{each.action} {each.payload}" for each in found.actions))),
        ("asks others", escape("; ".join(f"{each.command} {each.automation}" for each in found.requests))),
        *((escape(each.label), escape(_figure(each))) for each in found.figures),
        ("market data", escape(", ".join([found.source, *prices, *candles]))),
        ("orders", "" if found.orders else "none"),
    ]


def _budget(row: RequestBudgetRow) -> str:
    return (
        f"{row.exchange}, this {row.per}: {row.adds_requests:g} requests a minute more, {row.adds_percent:g} % of what"
        f" it allows; {row.used_percent:g} % are asked for already"
    )


def _planned(orders: Iterable[PlannedOrder]) -> Table:
    table = tables.table("order", "status", "reserves", right=("reserves",))
    for order in orders:
        what = f"cancel {what_is_ordered(order)}" if order.kind == "cancel" else what_is_ordered(order)
        reserves = figure_text.amount(order.reserves, order.reserved_asset or "") if order.reserves else ""
        table.add_row(escape(what), tables.status(order.status, order.reason), escape(reserves))
    return table


def print_bulk(found: BulkResult, out: TextIO) -> None:
    """Print what a command did to many automations."""
    shown = tables.console(out)
    what = {"run_now": "run now", "stop_close": "stop and sell"}.get(found.command, found.command)
    shown.print(
        f"{what}: {len(found.done):,} {'would be done' if found.dry_run else 'done'}, {len(found.refused):,} not"
    )
    for refusal in found.refused[:_REFUSALS]:
        shown.print(f"  {escape(refusal.reason)}", soft_wrap=True)
    if len(found.refused) > _REFUSALS:
        shown.print(f"  and {len(found.refused) - _REFUSALS:,} more: --json has all of them")


def print_log(page: LogPage, out: TextIO) -> None:
    """Print a page of an automation's log."""
    shown = tables.console(out)
    for line in page.lines:
        shown.print(f"{tables.when(line.at)}  {line.level:7}  {escape(line.message)}")
    if not page.lines:
        shown.print("nothing happened yet")
    tables.more(shown, page.next_cursor)


def print_types(page: TypePage, out: TextIO) -> None:
    """Print automation types."""
    made = tables.table("type", "title", "for", "risk", "package", "what it does")
    for row in page.types:
        named = (escape(row.type), escape(row.title), row.category, row.risk or "")
        made.add_row(*named, escape(row.plugin_version), escape(row.summary))
    tables.console(out).print(made)


def print_type(found: TypeDetail, out: TextIO) -> None:
    """Print a type and the fields of its config."""
    shown = tables.console(out)
    title = f"[bold]{escape(found.title)}[/]: {escape(found.type)} version {found.version}, {escape(found.plugin)}"
    shown.print(title, soft_wrap=True)
    shown.print(f"{escape(found.text.strip())}\n", soft_wrap=True)
    least = tables.amounts(found.least_budget)
    facts = [
        ("for", found.category),
        ("risk", f"{found.risk}: {escape(found.risk_text)}" if found.risk else ""),
        ("needs", ", ".join(found.needs)),
        ("least budget", escape(least)),
        ("presets", escape("; ".join(each.title for each in found.presets))),
        ("examples", escape("; ".join(each.title for each in found.examples))),
    ]
    shown.print(tables.pairs((label, value) for label, value in facts if value))
    made = tables.table("field", "default", "what it is")
    for name, about in found.config.get("properties", {}).items():
        default = "" if name in found.required else json.dumps(found.defaults.get(name))
        made.add_row(escape(name), escape(default), escape(about.get("description", "")))
    shown.print(made)


def print_signal(sent: SignalSent, out: TextIO) -> None:
    """Say whether an inbox took a signal."""
    took = "has the signal" if sent.accepted else "had a signal of this key before: this one is not given to it"
    tables.console(out).print(f"{escape(sent.automation)} {took}", soft_wrap=True)


def print_signals(page: SignalPage, out: TextIO) -> None:
    """Print a page of an inbox."""
    shown = tables.console(out)
    made = tables.table("received", "channel", "status", "what became of it", "key", "from", "message")
    for row in page.signals:
        told = (tables.when(row.received_at), escape(row.channel), row.status, escape(_outcome_of(row)))
        made.add_row(*told, escape(row.key), escape(row.source), escape(json.dumps(row.payload)))
    shown.print(made if page.signals else "no signals")
    tables.more(shown, page.next_cursor)


def _outcome_of(row: SignalRow) -> str:
    orders = [f"order {each.id} {each.status}" + (f": {each.reason}" if each.reason else "") for each in row.orders]
    # A refusal's reason is the order's own.
    said = [f"{row.outcome}: {row.reason}"] if row.reason and not orders else [row.outcome] if row.outcome else []
    return "; ".join([*said, *orders])
