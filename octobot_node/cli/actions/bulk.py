"""One command for one automation, or for all that fit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from octobot_node.cli.ask_node import NodeClient, confirm
from octobot_node.cli.output.show_automations import print_bulk, print_changed
from octobot_node.contracts.operation import Operation
from octobot_node.errors import UsageError
from octobot_node.operations.automations.catalogue import CHANGE_MANY_AUTOMATIONS
from octobot_node.operations.automations.models.automations import AutomationChanged
from octobot_node.operations.automations.models.bulk import BulkResult

__all__ = ["change", "which"]

#: What is done to many is asked for in pieces: none takes longer than the node may be silent.
_AT_ONCE = {"delete": 250}
_FILTERS = "--all, --status, --type, --account, --symbol, --tag, --search, --paper or --live"
_VERBS = {"run_now": "run {} now", "stop_close": "stop {} and sell all that they hold at market"}


def which(
    everything: bool,
    status: list[str] | None,
    kind: str | None,
    account: str | None,
    symbol: str | None,
    tag: list[str] | None,
    search: str,
    paper: bool | None,
) -> dict[str, Any]:
    """Return the filters that are given."""
    given = {"everything": everything, "status": status, "type": kind, "account": account, "symbol": symbol}
    given |= {"tag": tag, "search": search}
    return {name: value for name, value in given.items() if value} | ({} if paper is None else {"paper": paper})


def change(
    context: typer.Context,
    operation: Operation[Any, AutomationChanged],
    automation: str | None,
    filters: Mapping[str, Any],
    *,
    yes: bool,
    dry_run: bool,
    as_json: bool,
    data_dir: Path | None,
    question: str = "",
    close: bool = False,
) -> None:
    """Carry out ``operation`` on the automation that is named, or on those that fit the filters.

    ``question`` is asked before one is changed; for many there is always one. ``close`` is of a stop.
    """
    filters_given = dict(filters)
    if (automation is None) == (not filters_given):
        raise UsageError(f"name one automation, or say which with {_FILTERS}")
    client = NodeClient(context, data_dir, as_json=as_json)
    if automation is None:
        command = f"{operation.name.removeprefix('automations.')}{'_close' if close else ''}"
        client.show(_many(client, command, filters_given, yes=yes, dry_run=dry_run), print_bulk)
        return
    if dry_run:
        raise UsageError(f"--dry-run is about many: give it with {_FILTERS}")
    if question:
        confirm(question, yes=yes)
    more = {"close": True} if close else {}
    client.show(client.ask(operation, automation=automation, **more), print_changed)


def _many(
    client: NodeClient, command: str, filters_given: Mapping[str, Any], *, yes: bool, dry_run: bool
) -> BulkResult:
    would = _each_page(client, command, filters_given, dry_run=True)
    if dry_run or not would.done:
        return would
    count = f"{len(would.done):,} automation{'s' * (len(would.done) != 1)}"
    question = _VERBS.get(command, f"{command} {{}}").format(count).capitalize()
    confirm(f"{question}{f' ({len(would.refused):,} more do not fit)' if would.refused else ''}?", yes=yes)
    return _each_page(client, command, filters_given, dry_run=False)


def _each_page(client: NodeClient, command: str, filters_given: Mapping[str, Any], *, dry_run: bool) -> BulkResult:
    # Counting changes nothing: however many there are, that is quick.
    limit = None if dry_run else _AT_ONCE.get(command)
    arguments = {**filters_given, "command": command, "dry_run": dry_run, "limit": limit}
    found = client.ask(CHANGE_MANY_AUTOMATIONS, **arguments)
    while found.next_cursor is not None:
        page = client.ask(CHANGE_MANY_AUTOMATIONS, **arguments, cursor=found.next_cursor)
        both = {"done": [*found.done, *page.done], "refused": [*found.refused, *page.refused]}
        found = page.model_copy(update=both)
    return found
