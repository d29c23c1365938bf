"""The node: its state, plugins, settings, health, events, and who did what, for a person."""

from __future__ import annotations

from typing import TextIO

from octobot_node.cli.output import figure_text, tables
from octobot_node.cli.output.markup import escape
from octobot_node.operations.node.models.audit import AuditPage, AuditVerified
from octobot_node.operations.node.models.events import EventPage, EventRow
from octobot_node.operations.node.models.node import (
    Checkup,
    NodePage,
    NodeRow,
    NodeStatus,
    RoutePage,
    SettingPage,
)
from octobot_node.operations.node.models.plugins import PackagePage, PluginPage

__all__ = [
    "event_line",
    "print_audit",
    "print_checkup",
    "print_events",
    "print_nodes",
    "print_packages",
    "print_plugins",
    "print_routes",
    "print_settings",
    "print_status",
    "print_verified",
]

#: How a service is that does not do its work.
_UNWELL = frozenset({"restarting", "abandoned"})
#: Nodes that do not run.
_OVER = frozenset({"dead", "left"})


def print_status(found: NodeStatus, out: TextIO) -> None:
    """Print how the node is."""
    running = f"[green]runs[/] as process {found.process}" if found.running else "[yellow]does not run[/]"
    if found.nodes_elsewhere:
        running = f"none on this data folder; [green]{found.nodes_elsewhere} elsewhere[/] work on its database"
    counts = ", ".join(f"{count:,} {tables.status(status)}" for status, count in found.automations.items())
    unknown = f"[{tables.STYLE['unknown']}] {found.unknown_orders} unknown [/]" if found.unknown_orders else "0 unknown"
    facts = [
        ("node", f"{running}, version {found.version}"),
        ("data folder", escape(found.data_dir)),
        ("automations", counts or "none"),
        ("orders", f"{found.open_orders:,} open, {unknown}"),
        ("sending", "on" if found.sending else "[bold red]off: nothing is sent[/]"),
        ("waits longest", f"{found.lag:.1f} s" if found.running or found.nodes_elsewhere else figure_text.UNKNOWN),
        ("broken plugins", escape(", ".join(found.broken_plugins))),
        ("egress down", f"[bold red]{escape(', '.join(found.egress_down))}[/]" if found.egress_down else ""),
        ("as of", tables.when(found.as_of)),
    ]
    tables.console(out).print(tables.pairs((label, value) for label, value in facts if value))


def print_nodes(page: NodePage, out: TextIO) -> None:
    """Print the nodes on the database."""
    console = tables.console(out)
    if not page.nodes:
        console.print("no node has worked on this database yet")
        return
    figures = ("heard", "load", "CPU", "memory", "ticks/s", "late")
    table = tables.table("node", "role", "state", "version", "plugins", *figures, "host", right=figures)
    for row in page.nodes:
        role = row.role if row.works else f"{row.role}, no work"
        names = (f"{row.id}{' (this)' if row.this else ''}", f"{role}{' *' if row.leads else ''}", row.state)
        heard = "" if row.state == "left" else f"{row.heartbeat_age:.1f} s ago"
        figures = (heard, f"{row.load:,}", *_vitals(row))
        table.add_row(*names, escape(row.version), row.plugins, *figures, escape(row.host))
    console.print(table)
    console.print("* hands out work; CPU of one core; late: 95 % of the last hour's ticks were not later", style="dim")
    for row in page.nodes:
        for each in row.differs if row.state not in _OVER else ():
            line = f"{row.id}: {each.name} {_version(each.version)}, the node that leads {_version(each.expected)}"
            console.print(f"[bold red]{escape(line)}[/]", soft_wrap=True)


def _vitals(row: NodeRow) -> tuple[str, str, str, str]:
    return (
        figure_text.UNKNOWN if row.cpu is None else f"{row.cpu:.1%}",
        figure_text.UNKNOWN if row.memory is None else f"{row.memory / 1e6:,.0f} MB",
        figure_text.UNKNOWN if row.ticks_per_second is None else f"{row.ticks_per_second:,.1f}",
        figure_text.UNKNOWN if row.lag_95 is None else f"{row.lag_95:.3g} s",
    )


def _version(version: str | None) -> str:
    return "has it not" if version is None else f"has {version}".rstrip() if version else "has it"


def print_routes(page: RoutePage, out: TextIO) -> None:
    """Print the ways out of this machine."""
    console = tables.console(out)
    table = tables.table(
        "route", "kind", "proxy", "stands", "others see", "accounts", "exchange traffic", right=("accounts",)
    )
    for row in page.routes:
        named = (escape(row.name), escape(row.kind), escape(row.proxy), tables.status(row.status))
        may = "may" if row.exchange_traffic else "may not"
        table.add_row(*named, escape(row.exit_address), f"{row.accounts:,}", may)
    console.print(table)
    for row in page.routes:
        if row.status in ("down", "doubtful"):
            cure = f": {row.cure}" if row.cure else ""
            console.print(f"[bold red]{escape(row.name)}[/]: {escape(row.detail + cure)}", soft_wrap=True)


def print_plugins(page: PluginPage, out: TextIO) -> None:
    """Print the plugins."""
    console = tables.console(out)
    table = tables.table("plugin", "version", "origin", "status", "registers", "commands")
    for row in page.plugins:
        registers = "; ".join(
            f"{hook.removeprefix('register_').replace('_', ' ')}: {', '.join(names)}"
            for hook, names in row.registers.items()
            if names
        )
        others = ", ".join(hook for hook in row.hooks if not hook.startswith("register_"))
        does = "; ".join(part for part in (registers, others) if part)
        named = (escape(row.name), escape(row.version), escape(row.origin), tables.status(row.status))
        table.add_row(*named, escape(does), escape(", ".join(row.commands)))
    console.print(table)
    for row in page.plugins:
        if row.error:
            console.print(f"[bold red]{escape(row.name)}[/]: {escape(row.error)}", soft_wrap=True)
        for reason in row.left_out:
            console.print(f"[yellow]{escape(row.name)}[/]: {escape(reason)}", soft_wrap=True)
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
    console = tables.console(out)
    table = tables.table("setting", "value", "from", "what it is for")
    for row in page.settings:
        name = f"{row.section}.{row.name}" if row.section else row.name
        origin = "[dim]default[/]" if row.origin == "default" else escape(row.origin)
        table.add_row(escape(name), escape(row.value), origin, escape(row.description))
    console.print(table)
    console.print(f"[dim]file: {escape(page.file)}[/]" if page.file else "[dim]no octobot-node.toml was read[/]")
    for variable in page.unknown:
        console.print(f"[yellow]{escape(variable)} is set, but nothing reads it[/]", soft_wrap=True)


def print_checkup(found: Checkup, out: TextIO) -> None:
    """Print what the health checks answered, each with its cure."""
    console = tables.console(out)
    table = tables.table("check", "status", "detail", "cure")
    for check in found.checks:
        table.add_row(escape(check.name), tables.status(check.status), escape(check.detail), escape(check.cure))
    if found.checks:
        console.print(table)
    failed = sum(check.status == "failed" for check in found.checks)
    warnings = sum(check.status == "warning" for check in found.checks)
    console.print(f"{len(found.checks)} checks: {failed} failed, {warnings} warnings")


def print_audit(page: AuditPage, out: TextIO) -> None:
    """Print a page of who did what."""
    shown = tables.console(out)
    made = tables.table("at", "who", "from", "what", "of", "outcome")
    for row in page.entries:
        outcome = f"{row.outcome}: {row.data['error']}" if row.data.get("error") else row.outcome
        came = f"{row.via} {row.address}".strip()
        made.add_row(
            tables.when(row.at), *(escape(each) for each in (row.actor, came, row.action, row.target, outcome))
        )
    shown.print(made if page.entries else "nothing was done yet")
    tables.more(shown, None if page.next_cursor is None else str(page.next_cursor))


def print_verified(found: AuditVerified, out: TextIO) -> None:
    """Print whether the audit is what was written."""
    shown = tables.console(out)
    if found.broken is not None:
        said = f"entry {found.broken.id} is not as it was written: {found.broken.why}"
        shown.print(f"[red]{escape(said)}[/]", soft_wrap=True)
    shown.print(f"{found.verified:,} entries hold, of {found.entries:,} with {found.bytes / 1e6:,.1f} MB of data")
    if found.pruned_until is not None:
        shown.print(f"those up to {found.pruned_id}, of {tables.when(found.pruned_until)}, were pruned")
    shown.print(escape(found.remembered), soft_wrap=True)
    shown.print(f"anchor: {found.anchor}", soft_wrap=True)


def print_events(page: EventPage, out: TextIO) -> None:
    """Print events, a line each."""
    console = tables.console(out)
    if not page.events:
        console.print("no events")
    for event in page.events:
        console.print(escape(event_line(event)), soft_wrap=True)


def event_line(event: EventRow) -> str:
    """Return an event as one line."""
    who = event.automation or event.automation_id or "node"
    line = f"{event.id:>6}  {event.at:%Y-%m-%d %H:%M:%S}  {event.kind:20}  {who}: {event.message}"
    return " ".join(line.splitlines())


def print_packages(page: PackagePage, out: TextIO) -> None:
    """Print the Python packages that are installed."""
    made = tables.table("package", "version", "licence")
    for row in page.packages:
        made.add_row(escape(row.name), escape(row.version), escape(row.license))
    tables.console(out).print(made)
