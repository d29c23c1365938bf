"""Change what an automation has to spend, or look at what that would come to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal

from octobot_node.engine.commands.budget_commands import BudgetStanding
from octobot_node.engine.deciding.config_checks import Proposal, check_proposals
from octobot_node.engine.ledger.book import ZERO, exact
from octobot_node.engine.ledger.budget_changes import AssetBudget, WantedBudget
from octobot_node.errors import CommandRefused, UsageError
from octobot_node.operations.automations.creating.findings import finding_rows
from octobot_node.operations.automations.listing import rows_of
from octobot_node.operations.automations.models.automations import FindingRow
from octobot_node.operations.automations.models.budgets import BudgetAsset, BudgetChanged, ChangeBudget, PlanBudget
from octobot_node.operations.context import OperationContext
from octobot_node.operations.lookup import automation_id
from octobot_node.operations.trading.account_money import balances_at_exchange
from octobot_node.store import automations as automation_statements

__all__ = ["change_budget", "plan_budget"]


def plan_budget(context: OperationContext, request: PlanBudget) -> BudgetChanged:
    """Return what a change of an automation's budget would come to; raise UsageError with all that is wrong with it."""
    found = automation_id(context, request.automation)
    wanted = WantedBudget(request.add, request.take, request.set)
    at_exchange, problem = _at_exchange(context, found)
    standing = context.commands.look_at_budget(found, wanted, at_exchange)
    if standing.wrong:
        raise UsageError.of(standing.wrong)
    return _told(context, standing, standing.revision, standing.row.status, problem)


def change_budget(context: OperationContext, request: ChangeBudget) -> BudgetChanged:
    """Give an automation money of its account, or take it; it decides at once with what it has then."""
    found = automation_id(context, request.automation)
    wanted = WantedBudget(request.add, request.take, request.set)
    at_exchange, problem = _at_exchange(context, found)
    standing = context.commands.change_budget(found, wanted, at_exchange, revision=request.revision, by=context.by)
    context.hurry()
    rows = rows_of(context, [found])
    if not rows:
        raise CommandRefused(f"the automation {found} was deleted meanwhile")
    return _told(context, standing, rows[0].revision, rows[0].status, problem)


def _at_exchange(context: OperationContext, found: str) -> tuple[Mapping[str, Decimal] | None, str]:
    """Return what an automation's account has at its exchange; None, with why, where that is not known."""
    with context.core.storage.read() as connection:
        row = automation_statements.get(connection, found)
        account = None if row is None else automation_statements.account(connection, row.account_id)
    if account is None:
        raise CommandRefused(f"the automation {found} was deleted meanwhile")
    if account.trading in context.registry.simulated_trading and "balances" in account.trading_settings:
        return None, ""
    return balances_at_exchange(context, account.id)


def _told(
    context: OperationContext, standing: BudgetStanding, revision: int, status: str, problem: str
) -> BudgetChanged:
    note = ""
    if problem and any(each.change > 0 for each in standing.assets):
        note = f"whether its account has that money is not known: {problem}"
    return BudgetChanged(
        automation=standing.row.name,
        id=standing.row.id,
        status=status,
        account=standing.account,
        revision=revision,
        assets=[_asset(each) for each in standing.assets],
        findings=_findings(context, standing),
        note=note,
    )


def _asset(before: AssetBudget) -> BudgetAsset:
    with exact():
        # What is given of an asset that is in a position goes into it.
        held = before.held + before.change if before.held and before.change > 0 else before.held
        after = AssetBudget(
            before.asset,
            ZERO,
            before.budget + before.change,
            before.free + before.change,
            before.reserved,
            held,
            None if before.most is None else max(before.most - before.change, ZERO),
        )
    return BudgetAsset(
        asset=before.asset,
        change=before.change,
        budget=after.budget,
        free=after.free,
        reserved=after.reserved,
        held=after.held,
        takeable=after.takeable,
        addable=after.most,
    )


def _findings(context: OperationContext, standing: BudgetStanding) -> list[FindingRow]:
    row = standing.row
    try:
        config = context.commands.validated(row.type, json.loads(row.config), row.name)
    except UsageError:
        return []  # its type is gone, or takes this config no more: its next tick says so
    with exact():
        owned = {each.asset: each.free + each.reserved + each.change for each in standing.assets}
    (findings,) = check_proposals(context.core, [Proposal(row.account_id, config, owned)])
    return finding_rows(findings)
