"""``octobot-node automations …``: its commands and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from octobot_node.cli.commands.automation_changes import add_changes
from octobot_node.cli.filters import OfStatuses, OfSymbol, OfTag, Paper, Search
from octobot_node.cli.operation_groups import OperationGroup
from octobot_node.cli.options import (
    AutomationArgument,
    Cursor,
    DataDir,
    Json,
    Limit,
    OfType,
    OnAccount,
    Paused,
    Since,
    Until,
    WithShadow,
    Yes,
    group,
)

__all__ = ["commands"]


def commands() -> typer.Typer:
    """Return the group."""
    app = group(OperationGroup)
    app.command("list")(_list)
    app.command("show")(_show)
    app.command("create")(_create)
    app.command("add")(_add)
    app.command("edit")(_edit)
    app.command("budget")(_budget)
    app.command("shadow")(_shadow)
    app.command("drift")(_drift)
    app.command("clone")(_clone)
    add_changes(app)
    app.command("equity")(_equity)
    app.command("events")(_events)
    app.command("log")(_log)
    app.command("export")(_export)
    app.command("plan")(_plan)
    return app


def _list(
    context: typer.Context,
    status: OfStatuses = None,
    kind: OfType = None,
    account: OnAccount = None,
    symbol: OfSymbol = None,
    tag: OfTag = None,
    search: Search = "",
    paper: Paper = None,
    sort: Annotated[
        str, typer.Option("--sort", metavar="COLUMN", help="created, name, status, equity, pnl, today, next_run, …")
    ] = "created",
    descending: Annotated[bool, typer.Option("--descending", help="The greatest first.")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """List automations with what they are worth, oldest first or in another order."""
    from octobot_node.cli.actions.bulk import which
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.output.show_automations import print_automations
    from octobot_node.operations.automations.catalogue import LIST_AUTOMATIONS

    client = NodeClient(context, data_dir, as_json=as_json)
    given = which(False, status, kind, account, symbol, tag, search, paper)
    given |= {"sort": sort, "descending": descending, "limit": limit, "cursor": cursor}
    client.show(client.ask(LIST_AUTOMATIONS, **given), print_automations)


def _show(
    context: typer.Context, automation: AutomationArgument, as_json: Json = False, data_dir: DataDir = None
) -> None:
    """Show everything about an automation: status, money, positions, orders, problems, what happened."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.output.show_automations import print_automation
    from octobot_node.operations.automations.catalogue import SHOW_AUTOMATION

    client = NodeClient(context, data_dir, as_json=as_json)
    everything = ["state", "orders", "events", "report"]
    client.show(client.ask(SHOW_AUTOMATION, automation=automation, include=everything), print_automation)


def _create(
    context: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE", help="Run files; accounts that exist may be left out.")
    ],
    paused: Paused = False,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Create the automations of run files, all or none. They run at once, or when a node runs next."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.input_files import run_file_texts
    from octobot_node.cli.output.show_automations import print_created
    from octobot_node.operations.automations.catalogue import IMPORT_AUTOMATIONS

    texts = run_file_texts(files)
    client = NodeClient(context, data_dir, as_json=as_json)
    client.show(client.ask(IMPORT_AUTOMATIONS, files=texts, start=not paused), print_created)
    if not paused:
        client.say_if_quiet("they run")


def _add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it.")],
    automation_type: Annotated[str, typer.Option("--type", metavar="TYPE", help="Its type, such as dca.")],
    account: Annotated[str, typer.Option("--account", metavar="ACCOUNT", help="The account that it trades on.")],
    budget: Annotated[
        list[str] | None,
        typer.Option("--budget", metavar="ASSET=AMOUNT", help="The money it may use; may be repeated."),
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="A field of its config, such as amount=50; may be repeated."),
    ] = None,
    tags: Annotated[
        list[str] | None, typer.Option("--tag", metavar="TAG", help="A word that it is found by; may be repeated.")
    ] = None,
    shadow: WithShadow = False,
    paused: Paused = False,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Create one automation on an account that exists. It runs at once, or when a node runs next."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.input_files import config_fields, fields
    from octobot_node.cli.output.show_automations import print_added
    from octobot_node.operations.automations.catalogue import CREATE_AUTOMATION

    given = {"budget": fields(budget or [], "--budget"), "config": config_fields(changes or []), "shadow": shadow}
    client = NodeClient(context, data_dir, as_json=as_json)
    made = client.ask(
        CREATE_AUTOMATION, name=name, type=automation_type, account=account, tags=tags, start=not paused, **given
    )
    client.show(made, print_added)
    if not paused:
        client.say_if_quiet("it runs")


def _edit(
    context: typer.Context,
    automation: AutomationArgument,
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]", help="The new config in YAML, or a run file that has this automation.", show_default=False
        ),
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="Change one field, such as amount=50; may be repeated."),
    ] = None,
    tags: Annotated[
        list[str] | None,
        typer.Option("--tag", metavar="TAG", help="All its tags from now on; may be repeated, --tag '' is none."),
    ] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Change an automation's config, all from FILE or single fields with --set, or its tags. It goes on at once."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.input_files import config_of, field_changes
    from octobot_node.cli.output.show_automations import print_edited
    from octobot_node.operations.automations.catalogue import EDIT_AUTOMATION

    config, fields = config_of(file, automation), field_changes(changes or [])
    client = NodeClient(context, data_dir, as_json=as_json)
    given = None if tags is None else [tag for tag in tags if tag]
    found = client.ask(EDIT_AUTOMATION, automation=automation, config=config, changes=fields or None, tags=given)
    client.show(found, print_edited)


_Amounts = list[str] | None


def _budget(
    context: typer.Context,
    automation: AutomationArgument,
    add: Annotated[
        _Amounts, typer.Option("--add", metavar="ASSET=AMOUNT", help="Give it this of its account's; may be repeated.")
    ] = None,
    take: Annotated[
        _Amounts, typer.Option("--take", metavar="ASSET=AMOUNT", help="Take this of what is free; may be repeated.")
    ] = None,
    to: Annotated[
        _Amounts, typer.Option("--to", metavar="ASSET=AMOUNT", help="Make it this in all; may be repeated.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would come to, and change nothing.")] = False,
    yes: Yes = False,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Give an automation money, or take it, while it runs. Without amounts: what it has, and could be given."""
    from octobot_node.cli.actions.budget import change_budget
    from octobot_node.cli.input_files import fields

    given = {"add": fields(add or [], "--add"), "take": fields(take or [], "--take"), "set": fields(to or [], "--to")}
    change_budget(context, automation, given, dry_run=dry_run, yes=yes, as_json=as_json, data_dir=data_dir)


def _shadow(
    context: typer.Context,
    automation: AutomationArgument,
    off: Annotated[bool, typer.Option("--off", help="Take it away, with all that is known of it. Asks first.")] = False,
    yes: Yes = False,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Give a live automation a shadow: a twin on paper, from where it stands now, that looks at the same prices."""
    from octobot_node.cli.ask_node import NodeClient, confirm
    from octobot_node.cli.output.show_shadows import print_shadow_changed
    from octobot_node.operations.automations.catalogue import ADD_SHADOW, REMOVE_SHADOW

    client = NodeClient(context, data_dir, as_json=as_json)
    if off:
        confirm(f"take the shadow of {automation} away, with what is known of how they differ?", yes=yes)
    client.show(client.ask(REMOVE_SHADOW if off else ADD_SHADOW, automation=automation), print_shadow_changed)


def _drift(
    context: typer.Context,
    automation: AutomationArgument,
    orders: Annotated[int, typer.Option("--orders", min=0, max=500, help="So many of the newest pairs.")] = 20,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Tell how a live automation differs from its shadow: slippage, missed fills, fees, PnL, and order by order."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.output.show_shadows import print_drift
    from octobot_node.operations.automations.catalogue import SHOW_SHADOW

    client = NodeClient(context, data_dir, as_json=as_json)
    client.show(client.ask(SHOW_SHADOW, automation=automation, orders=orders), print_drift)


def _clone(
    context: typer.Context,
    automation: AutomationArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call the new one.")],
    account: Annotated[
        str | None, typer.Option("--account", metavar="ACCOUNT", help="Where it trades, if not on the same one.")
    ] = None,
    budget: Annotated[
        list[str] | None,
        typer.Option("--budget", metavar="ASSET=AMOUNT", help="All its money, if not as much; may be repeated."),
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="Change one field, such as amount=50; may be repeated."),
    ] = None,
    paused: Paused = False,
    shadow: WithShadow = False,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Create another automation like one that there is; it begins anew."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.input_files import field_changes, fields
    from octobot_node.cli.output.show_automations import print_created
    from octobot_node.operations.automations.catalogue import CLONE_AUTOMATION

    given: dict[str, Any] = {"account": account, "budget": fields(budget or [], "--budget") or None}
    given |= {"changes": field_changes(changes or []) or None, "shadow": shadow}
    client = NodeClient(context, data_dir, as_json=as_json)
    client.show(
        client.ask(CLONE_AUTOMATION, automation=automation, name=name, start=not paused, **given), print_created
    )
    if not paused:
        client.say_if_quiet("it runs")


def _equity(
    context: typer.Context,
    automation: AutomationArgument,
    since: Annotated[str | None, typer.Option("--since", metavar="TIME", help="From then on, in ISO 8601.")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="TIME", help="Until then, in ISO 8601.")] = None,
    points: Annotated[int, typer.Option("--points", min=10, max=5_000, metavar="N", help="Points at most.")] = 50,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Show what an automation was worth after its fills, its positions at what they cost."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.output.show_money import print_equity
    from octobot_node.operations.trading.catalogue import SHOW_EQUITY

    client = NodeClient(context, data_dir, as_json=as_json)
    given = {"automation": automation, "since": since, "until": until, "points": points}
    client.show(client.ask(SHOW_EQUITY, **given), print_equity)


def _log(
    context: typer.Context,
    automation: AutomationArgument,
    level: Annotated[
        str | None, typer.Option("--level", metavar="LEVEL", help="Of this level or a graver one: warning, error, …")
    ] = None,
    search: Annotated[str, typer.Option("--search", metavar="TEXT", help="Only lines with this in them.")] = "",
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Say in words what happened to an automation, newest first: its events, and what it told."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.output.show_automations import print_log
    from octobot_node.operations.automations.catalogue import LIST_LOG

    client = NodeClient(context, data_dir, as_json=as_json)
    given = {"level": level, "search": search or None, "since": since, "until": until}
    client.show(client.ask(LIST_LOG, automation=automation, limit=limit, cursor=cursor, **given), print_log)


def _events(
    context: typer.Context,
    automation: Annotated[
        str | None,
        typer.Argument(metavar="[AUTOMATION]", help="Its name or id; without it, everybody's.", show_default=False),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option("--kind", metavar="KIND", help="Only this kind, such as order.fill; `order.` is all of them."),
    ] = None,
    after: Annotated[int | None, typer.Option("--after", metavar="ID", min=0, help="Only later ones.")] = None,
    before: Annotated[
        int | None, typer.Option("--before", metavar="ID", min=0, help="The newest before this one.")
    ] = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what happens, until Ctrl-C.")] = False,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """List what happened, oldest first. With --follow, --json prints one object a line."""
    from octobot_node.cli.actions.follow_events import events
    from octobot_node.cli.ask_node import NodeClient

    client = NodeClient(context, data_dir, as_json=as_json)
    events(
        client,
        automation=automation,
        kind=kind,
        after=after,
        before=before,
        since=since,
        until=until,
        limit=limit,
        follow=follow,
    )


def _export(
    context: typer.Context,
    automations: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[AUTOMATION]...", help="Names or ids; without any, all that have not ended.", show_default=False
        ),
    ] = None,
    style: Annotated[str, typer.Option("--format", metavar="FORMAT", help="How to write it: yaml or json.")] = "yaml",
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Print automations and their accounts as a run file, which `create` takes back. Secrets are left out."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.output.show_automations import print_exported
    from octobot_node.operations.automations.catalogue import EXPORT_AUTOMATIONS

    client = NodeClient(context, data_dir, as_json=as_json)
    client.show(client.ask(EXPORT_AUTOMATIONS, automations=automations or [], format=style), print_exported)


def _plan(
    context: typer.Context,
    automation: Annotated[
        str | None, typer.Argument(metavar="[AUTOMATION]", help="An automation's name, or its id.", show_default=False)
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="FILE", help="Plan the automations of a run file; nothing is created."),
    ] = None,
    at_once: Annotated[
        bool, typer.Option("--now", help="As if something woke it this instant, not as it is due by its own plan.")
    ] = False,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="What an edit of this field would bring; may be repeated."),
    ] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Show what the next tick would do, on live data. Nothing is written, sent or told."""
    from octobot_node.cli.actions.plan import plan

    plan(context, automation, file, data_dir, at_once=at_once, changes=changes or [], as_json=as_json)
