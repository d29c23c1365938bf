"""What a run file's automations will ask of exchanges: said, or refused, before any of them is created or edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from octobot_node.automation import Finding
from octobot_node.engine.commands.commands import Commands, NewAutomation
from octobot_node.engine.core import Core
from octobot_node.engine.deciding.request_findings import foreseen, foreseen_together, is_counted, request_findings
from octobot_node.engine.deciding.tick_batch import Rehearsal
from octobot_node.engine.evaluating.configs import ValidConfig
from octobot_node.errors import OctoBotError
from octobot_node.store.rows.automation import AutomationRow

__all__ = ["requests_of_edit", "requests_together"]


def requests_together(core: Core, commands: Commands, new: Sequence[NewAutomation]) -> tuple[Finding, ...]:
    """Return what is to be said of the requests that new automations will make, all of them together."""
    return tuple(request_findings(foreseen_together(core, _rehearsed(core, commands, new)), len(new)))


def requests_of_edit(core: Core, commands: Commands, row: AutomationRow, config: ValidConfig) -> tuple[Finding, ...]:
    """Return what is to be said of the requests that an automation will make with another config."""
    if not is_counted(core, row.account_id):
        return ()
    return tuple(request_findings(foreseen(core, commands.rehearse_edit(row.id, config), instead_of=row.id)))


def _rehearsed(core: Core, commands: Commands, new: Sequence[NewAutomation]) -> list[Rehearsal]:
    by_market: dict[str, list[NewAutomation]] = {}
    for each in new:
        # Whoever is created paused will be resumed.
        by_market.setdefault(core.accounts.get(each.account_id).source, []).append(replace(each, start=True))
    try:
        return [each for together in by_market.values() for each in commands.rehearse_many(together)]
    except OctoBotError:
        return []  # creating them raises the same, and says where
