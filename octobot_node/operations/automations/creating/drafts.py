"""An automation that somebody is about to create: everything that is wrong with it, told at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from octobot_node.automation import Finding
from octobot_node.engine.deciding.config_checks import Proposal, check_proposals
from octobot_node.engine.evaluating.configs import InvalidConfig, ValidConfig, validate_config
from octobot_node.engine.ledger.budgets import balances_of, overdrafts
from octobot_node.errors import Mistake, UnknownType, UsageError
from octobot_node.operations.automations.creating.findings import mistakes_of
from octobot_node.operations.context import OperationContext
from octobot_node.run_files.checks import unknown_type
from octobot_node.store import automations as automation_statements
from octobot_node.store.queries import lists
from octobot_node.store.rows.node import AccountRow
from octobot_node.store.tables import accounts
from octobot_node.text.validation_messages import nearest

__all__ = ["Draft", "Sound", "mistakes_besides", "sound"]


@dataclass(frozen=True, slots=True)
class Draft:
    """What is known of it: None where it is not given, or is wrong in a way that was told already."""

    name: str | None = None
    type: str | None = None
    account: str | None = None
    budget: Mapping[str, Decimal] = field(default_factory=dict)
    config: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Sound:
    """One that can be created: its config as its type takes it, and its account."""

    config: ValidConfig
    account: AccountRow
    #: What its type, or its market, says of it; nothing of it is an error.
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Given:
    account: str
    budget: Mapping[str, Decimal]


@dataclass(slots=True)
class _Looked:
    mistakes: list[Mistake] = field(default_factory=list)
    config: ValidConfig | None = None
    account: AccountRow | None = None
    findings: tuple[Finding, ...] = ()


def sound(context: OperationContext, draft: Draft) -> Sound:
    """Return what a draft comes to; raise UsageError with everything that is wrong with it."""
    looked = _look(context, draft)
    if looked.mistakes:
        raise UsageError.of(looked.mistakes)
    assert looked.config is not None
    assert looked.account is not None
    return Sound(looked.config, looked.account, looked.findings)


def mistakes_besides(context: OperationContext, parts: Mapping[str, Any]) -> list[Mistake]:
    """Return what is wrong with those parts of a request that can be read, where others of it cannot."""
    names = {"name", "type", "account", "budget", "config"}
    return _look(context, Draft(**{name: value for name, value in parts.items() if name in names})).mistakes


def _look(context: OperationContext, draft: Draft) -> _Looked:
    looked = _Looked()
    if draft.type is not None:
        _look_at_config(context, draft.type, draft.config, looked)
    with context.core.storage.read() as connection:
        if draft.name is not None and automation_statements.named(connection, context.creator, draft.name) is not None:
            text = f"an automation is called {draft.name!r} already: choose another name, or edit that one"
            looked.mistakes.append(Mistake("name", text))
        if draft.account is not None:
            _look_at_account(context, connection, draft.account, looked)
        if looked.account is not None and draft.budget:
            _look_at_budget(context, connection, draft, looked)
    if looked.config is not None and looked.account is not None:
        # Outside the transaction: the market is asked.
        proposal = Proposal(looked.account.id, looked.config, draft.budget)
        (looked.findings,) = check_proposals(context.core, [proposal])
        looked.mistakes += mistakes_of(looked.findings)
    return looked


def _look_at_config(
    context: OperationContext, type_name: str, config: Mapping[str, Any] | None, looked: _Looked
) -> None:
    try:
        if config is None:
            context.registry.automation(type_name)
        else:
            looked.config = validate_config(context.registry, type_name, config)
    except UnknownType:
        looked.mistakes.append(Mistake("type", unknown_type(type_name, context.registry)))
    except InvalidConfig as error:
        looked.mistakes += error.mistakes


def _look_at_account(context: OperationContext, connection: sa.Connection, name: str, looked: _Looked) -> None:
    columns, owner = accounts.c, context.creator
    looked.account = connection.execute(sa.select(accounts).where(columns.owner == owner, columns.name == name)).first()
    if looked.account is None:
        names = list(connection.scalars(sa.select(columns.name).where(columns.owner == owner).order_by(columns.name)))
        cure = nearest(name, names) if names else "create it first"
        looked.mistakes.append(Mistake("account", f"there is no account {name!r}: {cure}"))


def _look_at_budget(context: OperationContext, connection: sa.Connection, draft: Draft, looked: _Looked) -> None:
    """Note budgets that a simulated account does not hold beside those of its other automations."""
    account = looked.account
    assert account is not None
    factory = context.registry.trading.get(account.trading)
    if factory is None or not factory.simulated:
        return
    held = balances_of(account.trading_settings)
    besides = lists.budgets_on_account(connection, account.id)
    given = [_Given(account.name, draft.budget)]
    for (_, _, *place), text in overdrafts(given, account.name, held, besides):
        looked.mistakes.append(Mistake(".".join(map(str, place)), text))
