"""``octobot-node export``: what was traded and moved, as CSV."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from octobot_node.cli.options import DataDir, Json, Since, Until

__all__ = ["export"]


def export(
    context: typer.Context,
    what: Annotated[str, typer.Argument(metavar="WHAT", help="fills, ledger, orders, or tax: fills for tax tools.")],
    automation: Annotated[
        str | None, typer.Option("--automation", metavar="AUTOMATION", help="Only this one's, by name or id.")
    ] = None,
    account: Annotated[
        str | None, typer.Option("--account", metavar="ACCOUNT", help="Only those on this account.")
    ] = None,
    paper: Annotated[bool | None, typer.Option("--paper/--live", help="Only play money, or only real money.")] = None,
    since: Since = None,
    until: Until = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Print what was traded or moved in a period as CSV, oldest first; --json prints one object a line."""
    import json

    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.operations.trading.catalogue import EXPORT_TABLE
    from octobot_node.operations.trading.exports import as_csv
    from octobot_node.text.printable import json_shown

    client = NodeClient(context, data_dir, as_json=as_json)
    given = {"what": what, "automation": automation, "account": account, "paper": paper, "since": since, "until": until}
    page = client.ask(EXPORT_TABLE, **given)
    if not as_json:
        sys.stdout.write(as_csv([page.columns]))
    while True:
        if as_json:
            for row in page.rows:
                sys.stdout.write(f"{json_shown(json.dumps(dict(zip(page.columns, row, strict=True))))}\n")
        else:
            sys.stdout.write(as_csv(page.rows))
        if page.next_cursor is None:
            return
        page = client.ask(EXPORT_TABLE, **given, cursor=page.next_cursor)
