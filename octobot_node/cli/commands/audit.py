"""``octobot-node audit``: who did what, and whether that is still what was written."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from octobot_node.cli.options import DataDir, Json, Limit, group
from octobot_node.text.printable import json_shown

__all__ = ["commands"]

Actor = Annotated[str | None, typer.Option("--actor", metavar="NAME", help="Only what this one did.")]
Action = Annotated[
    str | None, typer.Option("--action", metavar="ACTION", help="One action, or a group that ends with a dot.")
]
Since = Annotated[
    datetime | None, typer.Option("--since", metavar="TIME", help="From this time on, UTC: 2026-01-31T09:00:00.")
]
_PAGE = 500


def commands() -> typer.Typer:
    """Return the group."""
    app = group()
    app.command("list")(_list)
    app.command("export")(_export)
    app.command("verify")(_verify)
    return app


def _list(
    context: typer.Context,
    actor: Actor = None,
    action: Action = None,
    since: Since = None,
    about: Annotated[
        str | None, typer.Option("--about", metavar="USER", help="What this user reads of it: what is about their own.")
    ] = None,
    limit: Limit = 50,
    cursor: Annotated[int | None, typer.Option("--cursor", metavar="N", help="Go on after an earlier page.")] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """List what was done or tried, newest first: who, from where, what, and how it ended."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.output.show_node import print_audit
    from octobot_node.operations.node.catalogue import LIST_AUDIT, LIST_OWN_AUDIT

    client = NodeClient(context, data_dir, as_json=as_json)
    given = {"actor": actor, "action": action, "since": _utc(since), "limit": limit, "cursor": cursor}
    if about is None:
        client.show(client.ask(LIST_AUDIT, **given), print_audit)
    else:
        client.show(client.ask(LIST_OWN_AUDIT, owner=about, user=about, **given), print_audit)


def _export(
    context: typer.Context,
    actor: Actor = None,
    action: Action = None,
    since: Since = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Print every entry as one JSON object a line, newest first."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.operations.node.catalogue import LIST_AUDIT

    del as_json  # it always is
    client, cursor = NodeClient(context, data_dir, as_json=True), None
    while True:
        page = client.ask(LIST_AUDIT, actor=actor, action=action, since=_utc(since), limit=_PAGE, cursor=cursor)
        for entry in page.entries:
            sys.stdout.write(f"{json_shown(entry.model_dump_json())}\n")
        cursor = page.next_cursor
        if cursor is None:
            return


def _verify(
    context: typer.Context,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="ID:HASH", help="An anchor that was kept: look from that entry on."),
    ] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Tell whether the audit is still what was written, and the first entry that is not; exit code 1 if it is not."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.output.show_node import print_verified
    from octobot_node.operations.node.catalogue import VERIFY_AUDIT

    client = NodeClient(context, data_dir, as_json=as_json)
    verified, found = 0, client.ask(VERIFY_AUDIT, since=since)
    while found.more:
        verified += found.verified
        found = client.ask(VERIFY_AUDIT, since=found.anchor)
    found = found.model_copy(update={"verified": verified + found.verified})
    client.show(found, print_verified)
    if not found.holds:
        raise typer.Exit(1)


def _utc(since: datetime | None) -> str | None:
    return None if since is None else since.replace(tzinfo=UTC).isoformat()
