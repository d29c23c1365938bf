"""Create automations, and the accounts that they need, from run files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from octobot_node.engine.commands.commands import NewAccount
from octobot_node.errors import Forbidden
from octobot_node.limits import Limits
from octobot_node.operations.automations.creating.export import account_spec
from octobot_node.operations.automations.creating.findings import finding_rows
from octobot_node.operations.automations.listing import rows_of
from octobot_node.operations.automations.models.automations import (
    AutomationCreated,
    AutomationsCreated,
    ImportAutomations,
)
from octobot_node.operations.context import OperationContext
from octobot_node.run_files.apply import create_new, new_account
from octobot_node.run_files.checks import check_accounts, check_automations, check_connectors
from octobot_node.run_files.run_file import RunFile, read_run_files
from octobot_node.run_files.signal_files import refuse_signals
from octobot_node.sealing.connector_settings import half_place, opened, secret_settings
from octobot_node.sealing.first_time import HALVES
from octobot_node.store.rows.node import AccountRow
from octobot_node.store.tables import accounts

__all__ = ["import_run_files"]


def import_run_files(context: OperationContext, request: ImportAutomations) -> AutomationsCreated:
    """Create every automation of the run files, all or none; accounts that exist need not be written out.

    Raises InvalidRunFile, naming file, line and field.
    """
    owner = context.creator
    held = _held(context, owner)
    run_file = _read(request, held, context)
    refuse_signals(run_file)
    check_connectors(run_file, context.registry)
    made_too = sorted(set(run_file.accounts) - set(held))
    if made_too and not context.may("accounts:write"):
        raise Forbidden(
            f"the run file makes the account {made_too[0]!r}, which takes the scope 'accounts:write': leave it out, or"
            " use a key that has it"
        )
    new = {name: _account(run_file, name, held.get(name), context) for name in run_file.accounts}
    _refuse_replays(run_file, context)
    _refuse_other_limits(run_file, new, held)
    check_accounts(run_file, new, context.registry)
    configs = check_automations(run_file, context.registry)
    ids, made, findings = create_new(
        context.core, context.commands, run_file, configs, new, owner, start=request.start, by=context.by
    )
    context.hurry()
    rows = zip(rows_of(context, ids), findings, strict=True)
    created = [AutomationCreated(**row.model_dump(), findings=finding_rows(found)) for row, found in rows]
    return AutomationsCreated(automations=created, accounts=made)


def _held(context: OperationContext, owner: str) -> dict[str, AccountRow]:
    with context.core.storage.read() as connection:
        rows = connection.execute(sa.select(accounts).where(accounts.c.owner == owner)).all()
    return {row.name: row for row in rows}


def _read(request: ImportAutomations, held: Mapping[str, AccountRow], context: OperationContext) -> RunFile:
    known = {name: account_spec(row, context.registry) for name, row in held.items()}
    found = read_run_files([(file.name, file.text) for file in request.files], known)
    named = {spec.account for spec in found.automations}
    unused = {name: spec for name, spec in found.accounts.items() if name in named or name not in known}
    return found.model_copy(update={"accounts": unused})


def _account(run_file: RunFile, name: str, row: AccountRow | None, context: OperationContext) -> NewAccount:
    """Return the account as the run file has it; what is secret, and not written, is as the data folder has it."""
    new = new_account(name, run_file.accounts[name], context.registry)
    if row is None or (new.market_data, new.trading) != (row.market_data, row.trading):
        return new
    prices, orders = (_with_secrets(context, row, half, new) for half in HALVES)
    return replace(new, market_data_settings=prices, trading_settings=orders)


def _with_secrets(context: OperationContext, row: AccountRow, half: str, new: NewAccount) -> dict[str, Any]:
    kept, given = getattr(row, f"{half}_settings"), getattr(new, f"{half}_settings")
    secret = secret_settings(context.registry.settings_model(half, getattr(row, half)), kept)
    theirs = {name: kept[name] for name in secret if name not in given}
    return opened(context.core.sealing, row.owner, half_place(row.id, half), theirs, used=False) | dict(given)


def _refuse_other_limits(run_file: RunFile, new: Mapping[str, NewAccount], held: Mapping[str, AccountRow]) -> None:
    for name in set(new) & set(held):
        if new[name].limits != Limits.model_validate(held[name].limits):
            text = "the account has other limits already: leave it out of the file, or write the limits that it has"
            raise run_file.mistake(("accounts", name, "limits"), text)


def _refuse_replays(run_file: RunFile, context: OperationContext) -> None:
    for name, account in run_file.accounts.items():
        if context.registry.market_data[account.market_data.use].replay:
            text = "it replays past candles: `octobot-node run` does that, in a folder of its own"
            raise run_file.mistake(("accounts", name, "market_data"), text)
