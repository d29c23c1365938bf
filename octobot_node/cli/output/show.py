"""What operations return, for a person: tables in the style of the live view and of the report."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, TextIO

from rich.markup import escape
from rich.table import Table

from octobot_node.cli.output import figure_text
from octobot_node.cli.output.report import problem_lines
from octobot_node.cli.output.tables import STYLE as _STYLE
from octobot_node.cli.output.tables import amounts as _amounts
from octobot_node.cli.output.tables import console as _console
from octobot_node.cli.output.tables import more as _more
from octobot_node.cli.output.tables import pairs as _pairs
from octobot_node.cli.output.tables import status as _status
from octobot_node.cli.output.tables import table as _table
from octobot_node.cli.output.tables import when as _when
from octobot_node.operations.automations.models.automations import (
    AutomationChanged,
    AutomationDetail,
    AutomationPage,
    AutomationRow,
    AutomationsCreated,
    AutomationsExported,
)
from octobot_node.operations.automations.models.plans import PlannedOrder, PlannedTick
from octobot_node.operations.automations.models.signals import SignalSent
from octobot_node.operations.node.models.events import EventPage, EventRow
from octobot_node.operations.node.models.node import Checkup, NodePage, NodeStatus, SettingPage
from octobot_node.operations.node.models.plugins import PluginPage
from octobot_node.operations.trading.models.accounts import AccountPage
from octobot_node.operations.trading.models.orders import OrderPage, OrderResolved, OrderRow

__all__ = [
    "event_line",
    "print_accounts",
    "print_automation",
    "print_automations",
    "print_changed",
    "print_checkup",
    "print_created",
    "print_events",
    "print_exported",
    "print_nodes",
    "print_orders",
    "print_plan",
    "print_plugins",
    "print_resolved",
    "print_settings",
    "print_signal",
    "print_status",
]

#: A person who wants more of a state than this asks for --json.
_STATE = 2_000
#: How a service is that does not do its work.
_UNWELL = frozenset({"restarting", "abandoned"})


# Automations ---------------------------------------------------------------------------------------------------------


def print_automations(page: AutomationPage, out: TextIO) -> None:
    """Print a page of automations."""
    console = _console(out)
    if not page.automations:
        console.print("no automations")
        return
    console.print(_automations(page.automations))
    _more(console, page.next_cursor)


def _automations(rows: Iterable[AutomationRow]) -> Table:
    table = _table(
        *("automation", "type", "account", "status", "next run", "ticks", "open", "unknown"),
        right=("ticks", "open", "unknown"),
    )
    for row in rows:
        unknown = f"[{_STYLE['unknown']}] {row.unknown_orders} [/]" if row.unknown_orders else "0"
        named = (escape(row.name), escape(row.type), escape(row.account), _status(row.status, row.reason))
        table.add_row(*named, _when(row.next_run), f"{row.ticks:,}", f"{row.open_orders:,}", unknown)
    return table


def print_created(created: AutomationsCreated, out: TextIO) -> None:
    """Print what was created."""
    console = _console(out)
    if created.accounts:
        console.print(f"new accounts: {escape(', '.join(created.accounts))}", soft_wrap=True)
    console.print(_automations(created.automations))


def print_added(added: AutomationRow, out: TextIO) -> None:
    """Print an automation that was created."""
    _console(out).print(_automations([added]))


def print_changed(changed: AutomationChanged, out: TextIO) -> None:
    """Print how an automation stands after a command."""
    note = f"; {escape(changed.note)}" if changed.note else ""
    _console(out).print(f"{escape(changed.automation)} is {_status(changed.status)}{note}", soft_wrap=True)


def print_automation(found: AutomationDetail, out: TextIO) -> None:
    """Print everything about an automation."""
    console, report = _console(out), found.report
    console.print(f"[bold]{escape(found.name)}[/] ({escape(found.type)})", soft_wrap=True)
    console.print(_pairs(_facts(found)))
    for problem in problem_lines(report):
        console.print(problem, soft_wrap=True)
    for title, table in (("positions", _positions(found)), ("open orders", _orders(found.orders))):
        if table.row_count:
            console.print(f"\n[bold]{title}[/]")
            console.print(table)
    if found.events:
        console.print("\n[bold]what happened[/]")
        for event in reversed(found.events):
            console.print(escape(event_line(event)), soft_wrap=True)


def _facts(found: AutomationDetail) -> list[tuple[str, str]]:
    report, asset = found.report, found.report.asset
    failed = f", {report.failed_ticks:,} failed" if report.failed_ticks else ""
    pnl = None if report.unrealised_pnl is None else report.realised_pnl + report.unrealised_pnl
    state = json.dumps(found.state)
    facts = [
        ("status", _status(found.status, found.reason)),
        ("id", found.id),
        ("account", escape(found.account)),
        ("next run", _when(found.next_run)),
        ("wakes at prices", escape(_levels(found.levels))),
        ("ticks", f"{found.ticks:,}{failed}, last {_when(found.last_run)}"),
        ("signals waiting", f"{found.waiting_signals:,}" if found.waiting_signals else ""),
        ("budget", escape(_amounts(found.budget))),
        ("free", escape(_amounts({asset: funds.free for asset, funds in found.balances.items()}))),
        ("reserved", escape(_amounts({a: funds.reserved for a, funds in found.balances.items() if funds.reserved}))),
        (
            "equity",
            (
                f"{figure_text.amount(report.final_equity, asset)},"
                f" began with {figure_text.amount(report.start_equity, asset)}"
            ),
        ),
        ("PnL", f"{figure_text.gain(pnl, asset)}, realised {figure_text.gain(report.realised_pnl, asset)}"),
        ("fills", f"{report.fills:,}"),
        *((escape(label), escape(figure_text.figure(value))) for label, value in found.figures.items()),
        ("limits", escape(", ".join(f"{name} {value}" for name, value in found.limits.items()))),
        ("config", escape(json.dumps(found.config))),
        ("state", escape(state if len(state) <= _STATE else f"{state[:_STATE]}… (--json has all of it)")),
        ("as of", _when(report.as_of)),
    ]
    return [(label, value) for label, value in facts if value]


def _levels(levels: Mapping[str, Mapping[str, str]] | None) -> str:
    if levels is None:
        return ""
    return ", ".join(f"{symbol} {side} {price}" for side, prices in levels.items() for symbol, price in prices.items())


def _positions(found: AutomationDetail) -> Table:
    table = _table("symbol", "amount", "average cost", "cost", "realised", right=("amount", "average cost", "cost"))
    for position in found.positions:
        base, _, quote = position.symbol.partition("/")
        figures = (figure_text.amount(position.amount, base), figure_text.amount(position.average, quote))
        money = (figure_text.amount(position.cost, quote), figure_text.gain(position.realised, quote))
        table.add_row(escape(position.symbol), *(escape(each) for each in figures), *money)
    return table


# Orders and events ---------------------------------------------------------------------------------------------------


def print_orders(page: OrderPage, out: TextIO) -> None:
    """Print a page of orders."""
    console = _console(out)
    if not page.orders:
        console.print("no orders")
        return
    console.print(_orders(page.orders))
    _more(console, page.next_cursor)


def print_resolved(resolved: OrderResolved, out: TextIO) -> None:
    """Print how an order stands now."""
    _console(out).print(_orders([resolved.order]))


def _orders(rows: Iterable[OrderRow]) -> Table:
    table = _table("order", "automation", "what", "status", "filled", "average", "since", right=("filled", "average"))
    for row in rows:
        base, _, quote = row.symbol.partition("/")
        table.add_row(
            row.id,
            escape(row.automation),
            escape(_what(row)),
            _status(row.status, row.reason),
            escape(figure_text.amount(row.filled, base)),
            escape(figure_text.amount(row.average, quote)),
            _when(row.created_at),
        )
    return table


def _what(row: OrderRow | PlannedOrder) -> str:
    base, _, quote = row.symbol.partition("/")
    much = (
        f"for {figure_text.amount(row.spend, quote)}" if row.spend is not None else figure_text.amount(row.amount, base)
    )
    at = "".join(
        f" {word} {figure_text.amount(price, quote)}"
        for word, price in (("at", row.price), ("stop", row.stop))
        if price
    )
    tag = f" ({row.tag})" if row.tag else ""
    return f"{row.type} {row.side} {much}{at}{'' if row.amount is not None else f' of {base}'}{tag}"


def print_events(page: EventPage, out: TextIO) -> None:
    """Print events, a line each."""
    console = _console(out)
    if not page.events:
        console.print("no events")
    for event in page.events:
        console.print(escape(event_line(event)), soft_wrap=True)


def event_line(event: EventRow) -> str:
    """Return an event as one line."""
    data = " ".join(f"{name}={_value(value)}" for name, value in event.data.items() if value not in (None, ""))
    who = event.automation or event.automation_id or "node"
    line = f"{event.id:>6}  {event.at:%Y-%m-%d %H:%M:%S}  {who}  {event.kind}  {data}".rstrip()
    return " ".join(line.splitlines())


def _value(value: Any) -> str:
    shown = value if isinstance(value, str) else json.dumps(value)
    return repr(shown) if " " in shown else shown


def print_exported(exported: AutomationsExported, out: TextIO) -> None:
    """Print a run file."""
    out.write(exported.text)


def print_signal(sent: SignalSent, out: TextIO) -> None:
    """Say whether an inbox took a signal."""
    took = "has the signal" if sent.accepted else "had a signal of this key before: this one is not given to it"
    _console(out).print(f"{escape(sent.automation)} {took}", soft_wrap=True)


# What would happen ---------------------------------------------------------------------------------------------------


def print_plan(found: PlannedTick, out: TextIO) -> None:
    """Print what a tick would do."""
    console = _console(out)
    due = "as due by its own plan" if found.scheduled else "as if woken"
    console.print(
        f"[bold]{escape(found.automation)}[/]: tick {found.tick} at {_when(found.at)}, {due}."
        " Nothing was written, sent or told.",
        soft_wrap=True,
    )
    console.print(_pairs((label, value) for label, value in _outcome(found) if value))
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
        ("it", _status(found.outcome, found.reason)),
        ("status after", _status(found.status)),
        ("next run", _when(found.next_run)),
        ("wakes at prices", escape(_levels(found.levels))),
        ("missed runs", f"{found.missed:,}" if found.missed else ""),
        ("funds needed", escape(needs)),
        ("funds lacking", escape(_amounts(found.lacking_funds))),
        ("requests", f"{found.requests_used.market_data} for market data, {found.requests_used.trading} to trade"),
        ("log", escape("; ".join(f"{each.level}: {each.text}" for each in found.log))),
        ("notices", escape("; ".join(f"{each.level}: {each.message}" for each in found.notices))),
        ("asks others", escape("; ".join(f"{each.command} {each.automation}" for each in found.requests))),
        *((escape(label), escape(figure_text.figure(value))) for label, value in found.figures.items()),
        ("market data", escape(", ".join([found.source, *prices, *candles]))),
        ("orders", "" if found.orders else "none"),
    ]


def _planned(orders: Iterable[PlannedOrder]) -> Table:
    table = _table("order", "status", "reserves", right=("reserves",))
    for order in orders:
        what = f"cancel {_what(order)}" if order.kind == "cancel" else _what(order)
        reserves = figure_text.amount(order.reserves, order.reserved_asset or "") if order.reserves else ""
        table.add_row(escape(what), _status(order.status, order.reason), escape(reserves))
    return table


# The node ------------------------------------------------------------------------------------------------------------


def print_status(found: NodeStatus, out: TextIO) -> None:
    """Print how the node is."""
    running = f"[green]runs[/] as process {found.process}" if found.running else "[yellow]does not run[/]"
    counts = ", ".join(f"{count:,} {_status(status)}" for status, count in found.automations.items())
    unknown = f"[{_STYLE['unknown']}] {found.unknown_orders} unknown [/]" if found.unknown_orders else "0 unknown"
    facts = [
        ("node", f"{running}, version {found.version}"),
        ("data folder", escape(found.data_dir)),
        ("automations", counts or "none"),
        ("orders", f"{found.open_orders:,} open, {unknown}"),
        ("sending", "on" if found.sending else "[bold red]off: nothing is sent[/]"),
        ("waits longest", f"{found.lag:.1f} s" if found.running else figure_text.UNKNOWN),
        ("broken plugins", escape(", ".join(found.broken_plugins))),
        ("as of", _when(found.as_of)),
    ]
    _console(out).print(_pairs((label, value) for label, value in facts if value))


def print_accounts(page: AccountPage, out: TextIO) -> None:
    """Print a page of accounts."""
    console = _console(out)
    if not page.accounts:
        console.print("no accounts")
        return
    table = _table(
        *("account", "market data", "trading", "automations", "open", "unknown", "sending", "limits"),
        right=("automations", "open", "unknown"),
    )
    for row in page.accounts:
        limits = ", ".join(f"{name} {value}" for name, value in row.limits.items())
        names = (escape(row.name), escape(row.market_data), escape(row.trading))
        counts = (f"{row.automations:,}", f"{row.open_orders:,}", f"{row.unknown_orders:,}")
        table.add_row(*names, *counts, "on" if row.sending else "off", escape(limits))
    console.print(table)
    _more(console, page.next_cursor)


def print_nodes(page: NodePage, out: TextIO) -> None:
    """Print the nodes on the database."""
    console = _console(out)
    if not page.nodes:
        console.print("no node has worked on this database yet")
        return
    table = _table("node", "role", "state", "version", "plugins", "heard", "load", "host", right=("heard", "load"))
    for row in page.nodes:
        role = row.role if row.works else f"{row.role}, no work"
        names = (f"{row.id}{' (this)' if row.this else ''}", f"{role}{' *' if row.leads else ''}", row.state)
        heard = "" if row.state == "left" else f"{row.heartbeat_age:.1f} s ago"
        table.add_row(*names, escape(row.version), row.plugins, heard, f"{row.load:,}", escape(row.host))
    console.print(table)
    console.print("* hands out work", style="dim")


def print_plugins(page: PluginPage, out: TextIO) -> None:
    """Print the plugins."""
    console = _console(out)
    table = _table("plugin", "version", "origin", "status", "registers", "commands")
    for row in page.plugins:
        registers = "; ".join(
            f"{hook.removeprefix('register_').replace('_', ' ')}: {', '.join(names)}"
            for hook, names in row.registers.items()
            if names
        )
        others = ", ".join(hook for hook in row.hooks if not hook.startswith("register_"))
        does = "; ".join(part for part in (registers, others) if part)
        named = (escape(row.name), escape(row.version), escape(row.origin), _status(row.status))
        table.add_row(*named, escape(does), escape(", ".join(row.commands)))
    console.print(table)
    for row in page.plugins:
        if row.error:
            console.print(f"[bold red]{escape(row.name)}[/]: {escape(row.error)}", soft_wrap=True)
        for service in row.services:
            if service.status in _UNWELL:
                again = f", started again {service.restarts} times" if service.restarts else ""
                said = f"the service {service.name} is {service.status}{again}: {service.error}"
                console.print(f"[yellow]{escape(row.name)}[/]: {escape(said)}", soft_wrap=True)
        for trouble in row.troubles:
            said = f"{trouble.what}: {trouble.error} ({trouble.count} times, last {figure_text.moment(trouble.at)})"
            console.print(f"[yellow]{escape(row.name)}[/]: {escape(said)}", soft_wrap=True)


def print_settings(page: SettingPage, out: TextIO) -> None:
    """Print the settings in force."""
    console = _console(out)
    table = _table("setting", "value", "from", "what it is for")
    for row in page.settings:
        name = f"{row.section}.{row.name}" if row.section else row.name
        origin = "[dim]default[/]" if row.origin == "default" else escape(row.origin)
        table.add_row(escape(name), escape(row.value), origin, escape(row.description))
    console.print(table)
    console.print(f"[dim]file: {escape(page.file)}[/]" if page.file else "[dim]no octobot-node.toml was read[/]")
    for variable in page.unknown:
        console.print(f"[yellow]{escape(variable)} is set, but no setting is called so[/]", soft_wrap=True)


def print_checkup(found: Checkup, out: TextIO) -> None:
    """Print what the health checks answered, each with its cure."""
    console = _console(out)
    table = _table("check", "status", "detail", "cure")
    for check in found.checks:
        table.add_row(escape(check.name), _status(check.status), escape(check.detail), escape(check.cure))
    if found.checks:
        console.print(table)
    failed = sum(check.status == "failed" for check in found.checks)
    warnings = sum(check.status == "warning" for check in found.checks)
    console.print(f"{len(found.checks)} checks: {failed} failed, {warnings} warnings")
