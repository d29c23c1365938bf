"""The commands of ``octobot-node automations`` that do the same to one, or to all that fit: pause, stop, rm, …"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from octobot_node.cli.filters import OfStatuses, OfSymbol, OfTag, Paper, Search
from octobot_node.cli.options import All, DataDir, DryRun, Json, MaybeAutomation, OfType, OnAccount, Yes

if TYPE_CHECKING:
    from octobot_node.contracts.operation import Operation
    from octobot_node.operations.automations.models.automations import AutomationChanged

__all__ = ["add_changes"]


def add_changes(app: typer.Typer) -> None:
    """Add them to the group."""
    _add_change(
        app,
        "pause",
        lambda there: there.PAUSE_AUTOMATION,
        "Make no more decisions; resting orders stay, and their fills settle.",
    )
    _add_change(
        app,
        "resume",
        lambda there: there.RESUME_AUTOMATION,
        "Decide again, at once; also for an automation that failed or is held.",
    )
    app.command("stop")(_stop)
    _add_change(
        app,
        "run-now",
        lambda there: there.RUN_AUTOMATION_NOW,
        "Evaluate as soon as possible, whatever was planned.",
    )
    _add_change(
        app,
        "rm",
        lambda there: there.DELETE_AUTOMATION,
        "Remove an automation that has ended, with its orders, fills and money. Asks first.",
        question="Remove {} with its whole history?",
    )


def _add_change(
    app: typer.Typer,
    name: str,
    # Of the operations' catalogue, which only the command that is run imports.
    operation: Callable[[ModuleType], Operation[Any, AutomationChanged]],
    says: str,
    *,
    question: str = "",
) -> None:
    def change_automations(
        context: typer.Context,
        automation: MaybeAutomation = None,
        everything: All = False,
        status: OfStatuses = None,
        kind: OfType = None,
        account: OnAccount = None,
        symbol: OfSymbol = None,
        tag: OfTag = None,
        search: Search = "",
        paper: Paper = None,
        dry_run: DryRun = False,
        yes: Yes = False,
        as_json: Json = False,
        data_dir: DataDir = None,
    ) -> None:
        from octobot_node.cli.actions.bulk import change, which
        from octobot_node.operations.automations import catalogue

        change(
            context,
            operation(catalogue),
            automation,
            which(everything, status, kind, account, symbol, tag, search, paper),
            yes=yes,
            dry_run=dry_run,
            as_json=as_json,
            data_dir=data_dir,
            question=question.format(automation),
        )

    app.command(name, help=says)(change_automations)


def _stop(
    context: typer.Context,
    automation: MaybeAutomation = None,
    everything: All = False,
    status: OfStatuses = None,
    kind: OfType = None,
    account: OnAccount = None,
    symbol: OfSymbol = None,
    tag: OfTag = None,
    search: Search = "",
    paper: Paper = None,
    dry_run: DryRun = False,
    close: Annotated[bool, typer.Option("--close", help="Also sell what it holds, at market. Asks first.")] = False,
    yes: Yes = False,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Cancel an automation's orders, settle, then end it for good."""
    from octobot_node.cli.actions.bulk import change, which
    from octobot_node.operations.automations.catalogue import STOP_AUTOMATION

    change(
        context,
        STOP_AUTOMATION,
        automation,
        which(everything, status, kind, account, symbol, tag, search, paper),
        yes=yes,
        dry_run=dry_run,
        as_json=as_json,
        data_dir=data_dir,
        question=f"Stop {automation} and sell all that it holds at market?" if close else "",
        close=close,
    )
