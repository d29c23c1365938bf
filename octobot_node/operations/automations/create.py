"""Create one automation on an account that exists."""

from __future__ import annotations

import sqlalchemy as sa

from octobot_node.engine.commands.commands import NewAutomation
from octobot_node.engine.deciding.proposals import Proposal, check_proposals
from octobot_node.engine.evaluating.configs import InvalidConfig, ValidConfig, validate_config
from octobot_node.engine.ledger.budgets import balances_of, overdrafts
from octobot_node.errors import Overdrawn, UnknownType, UsageError
from octobot_node.limits import Limits
from octobot_node.operations.automations.findings import finding_rows, refuse_errors
from octobot_node.operations.automations.listing import rows_of
from octobot_node.operations.automations.models.automations import AutomationCreated, CreateAutomation
from octobot_node.operations.context import OperationContext
from octobot_node.run_files.checks import unknown_type
from octobot_node.store import automations as automation_statements
from octobot_node.store.queries import lists
from octobot_node.store.rows.node import AccountRow
from octobot_node.store.tables import accounts
from octobot_node.text.validation_messages import Place, nearest

__all__ = ["create"]


def create(context: OperationContext, request: CreateAutomation) -> AutomationCreated:
    """Create an automation, active and due at once.

    Raises UsageError naming the field that cannot be, CommandRefused for a name that is taken meanwhile.
    """
    owner = context.creator
    config = _valid_config(context, request)
    with context.core.storage.read() as connection:
        account = _account(connection, owner, request.account)
        if automation_statements.named(connection, owner, request.name) is not None:
            text = f"an automation is called {request.name!r} already: choose another name, or edit that one"
            raise _mistake(("name",), text)
        _refuse_overdraft(context, connection, request, account)
    (findings,) = check_proposals(context.core, [Proposal(account.id, config, request.budget)])
    refuse_errors(findings)
    new = NewAutomation(
        name=request.name,
        type=config.type,
        account_id=account.id,
        budget=request.budget,
        config=config,
        limits=Limits.model_validate(request.limits.model_dump(exclude_none=True)),
        owner=owner,
        tags=request.tags,
    )
    try:
        made = context.commands.create(new)
    except Overdrawn as error:
        # Somebody else was given of it since it was looked at above.
        raise _mistake(("budget", error.asset), error.reason) from None
    context.hurry()
    (row,) = rows_of(context, [made])
    return AutomationCreated(**row.model_dump(), findings=finding_rows(findings))


def _valid_config(context: OperationContext, spec: CreateAutomation) -> ValidConfig:
    try:
        return validate_config(context.registry, spec.type, spec.config)
    except UnknownType:
        raise _mistake(("type",), unknown_type(spec.type, context.registry)) from None
    except InvalidConfig as error:
        raise _mistake(("config", *error.place), str(error)) from error.__cause__


def _account(connection: sa.Connection, owner: str, name: str) -> AccountRow:
    columns = accounts.c
    found: AccountRow | None = connection.execute(
        sa.select(accounts).where(columns.owner == owner, columns.name == name)
    ).first()
    if found is None:
        names = list(connection.scalars(sa.select(columns.name).where(columns.owner == owner).order_by(columns.name)))
        cure = nearest(name, names) if names else "create it first"
        raise _mistake(("account",), f"there is no account {name!r}: {cure}")
    return found


def _refuse_overdraft(
    context: OperationContext, connection: sa.Connection, spec: CreateAutomation, account: AccountRow
) -> None:
    """Raise UsageError for a budget that a simulated account does not hold beside those of its other automations."""
    factory = context.registry.trading.get(account.trading)
    if factory is None or not factory.simulated or not spec.budget:
        return
    held = balances_of(account.trading_settings)
    besides = lists.budgets_on_account(connection, account.id)
    for (_, _, *place), text in overdrafts([spec], account.name, held, besides):
        raise _mistake(tuple(place), text)


def _mistake(place: Place, text: str) -> UsageError:
    where = ".".join(str(part) for part in place)
    return UsageError(f"{where}: {text}", field=where, reason=text)
