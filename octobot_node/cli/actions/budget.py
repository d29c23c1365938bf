"""Change an automation's budget: what it comes to is told first, and asked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from octobot_node.cli.ask_node import NodeClient, confirm
from octobot_node.cli.output.figure_text import amount
from octobot_node.cli.output.show_money import print_budget
from octobot_node.operations.automations.catalogue import CHANGE_BUDGET, PLAN_BUDGET
from octobot_node.operations.automations.models.budgets import BudgetAsset

__all__ = ["change_budget"]


def change_budget(
    context: typer.Context,
    automation: str,
    given: Mapping[str, Mapping[str, Any]],
    *,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    data_dir: Path | None,
) -> None:
    """Carry it out once somebody said yes to what it comes to; with ``dry_run`` or without amounts only tell that."""
    client = NodeClient(context, data_dir, as_json=as_json)
    amounts = {how: dict(each) for how, each in given.items() if each}
    planned = client.ask(PLAN_BUDGET, automation=automation, **amounts)
    if dry_run or not amounts:
        client.show(planned, print_budget)
        return
    changes = ", ".join(_said(each) for each in planned.assets if each.change)
    confirm(f"{planned.automation}: {changes or 'change nothing'}?", yes=yes)
    # Of the state that was asked about: an answer that was lost, or another's change, is not followed by a second one.
    made = client.ask(CHANGE_BUDGET, automation=planned.id, revision=planned.revision, **amounts)
    client.show(made, print_budget)


def _said(each: BudgetAsset) -> str:
    how = "add" if each.change > 0 else "take"
    left = f"its budget becomes {amount(each.budget, each.asset)}, {amount(each.free, each.asset)} free"
    return f"{how} {amount(abs(each.change), each.asset)} ({left})"
