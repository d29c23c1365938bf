"""Bring a data folder to what a run file says: what is new is created, what changed is taken over or refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from octobot_node.assembly import Base
from octobot_node.engine.commands import Commands, NewAccount, NewAutomation
from octobot_node.engine.core import Core
from octobot_node.limits import Limits
from octobot_node.plugins import Registry
from octobot_node.run_file import AccountSpec, AutomationSpec, RunFile
from octobot_node.run_view import RunView
from octobot_node.store import automations as statements
from octobot_node.store.tables import accounts, automations, postings
from octobot_node.store.types import AnyRow

__all__ = ["create_missing", "new_account", "take_over_changes"]

_OVER = ("stopped", "completed")


def new_account(name: str, spec: AccountSpec, registry: Registry) -> NewAccount:
    """Return the account as it is stored: settings as JSON, a simulated one's money among its trading settings."""
    trading = {key: _plain(value) for key, value in spec.trading.settings.items()}
    if registry.trading_factory(spec.trading.use).simulated:
        trading.setdefault("balances", _plain(spec.balances))
    return NewAccount(
        name=name,
        market_data=spec.market_data.use,
        trading=spec.trading.use,
        market_data_settings={key: _plain(value) for key, value in spec.market_data.settings.items()},
        trading_settings=trading,
        limits=_limits(spec.limits),
    )


def take_over_changes(base: Base, run_file: RunFile, accounts_: Mapping[str, NewAccount], view: RunView) -> None:
    """Compare the run file with what the folder has, before anything runs.

    Changed limits are taken over. Raises InvalidRunFile for a change that orders and money of before stand against:
    another account, connector or connector setting, another type, another budget.
    """
    with base.storage.read() as connection:
        stored = {row.name: row for row in connection.execute(sa.select(accounts))}
        existing = {row.name: row for row in connection.execute(sa.select(automations))}
        budgets = {row.name: _budget(connection, row.id) for row in existing.values()}
    for name, account in accounts_.items():
        if name in stored:
            for text in _account_changes(account, stored[name]):
                raise run_file.mistake(("accounts", name), text)
    names = {row.id: row.name for row in stored.values()}
    for index, spec in enumerate(run_file.automations):
        if spec.name in existing:
            row = existing[spec.name]
            for field, text in _automation_changes(spec, row, names[row.account_id], budgets[spec.name], base.registry):
                raise run_file.mistake(("automations", index, field), text)
    _take_over_limits(base, run_file, accounts_, stored, existing, view)


_ELSEWHERE = "give it another name, or use another --data-dir"


def _account_changes(new: NewAccount, old: AnyRow) -> Iterator[str]:
    for what in ("market_data", "trading"):
        before, now = getattr(old, what), getattr(new, what)
        if before != now:
            yield f"its {what} is {before!r} in this data folder, not {now!r}: {_ELSEWHERE}"
        before, now = getattr(old, f"{what}_settings"), getattr(new, f"{what}_settings")
        for key in sorted({*before, *now}):
            if before.get(key) != now.get(key):
                was = _shown(before.get(key))
                yield f"{what}: {key} is {was} in this data folder, not {_shown(now.get(key))}: {_ELSEWHERE}"


def _automation_changes(
    spec: AutomationSpec, row: AnyRow, account: str, budget: Mapping[str, Decimal], registry: Registry
) -> Iterator[tuple[str, str]]:
    full_name, _ = registry.automation(spec.type)
    if row.type != full_name:
        yield "type", f"{spec.name!r} is of type {row.type} in this data folder, not {full_name}: {_ELSEWHERE}"
    if account != spec.account:
        yield "account", f"{spec.name!r} is on account {account!r} in this data folder: {_ELSEWHERE}"
    if dict(budget) != dict(spec.budget):
        began, now = _amounts(budget), _amounts(spec.budget)
        yield "budget", f"{spec.name!r} began with {began} in this data folder, not {now}: set it back, or {_ELSEWHERE}"


def _take_over_limits(
    base: Base,
    run_file: RunFile,
    accounts_: Mapping[str, NewAccount],
    stored: Mapping[str, AnyRow],
    existing: Mapping[str, AnyRow],
    view: RunView,
) -> None:
    changed_accounts = [
        {"b_id": stored[name].id, "limits": _json(account.limits)}
        for name, account in accounts_.items()
        if name in stored and Limits.model_validate(stored[name].limits) != account.limits
    ]
    changed = [
        {"id": existing[spec.name].id, "limits": _json(_limits(spec.limits))}
        for spec in run_file.automations
        if spec.name in existing
        and existing[spec.name].status not in _OVER
        and Limits.model_validate(existing[spec.name].limits) != _limits(spec.limits)
    ]
    if not changed_accounts and not changed:
        return
    with base.storage.write(durable=True) as connection:
        for values in changed_accounts:
            row = accounts.update().where(accounts.c.id == values["b_id"]).values(limits=values["limits"])
            connection.execute(row)
        for change in changed:
            statement = automations.update().where(automations.c.id == change["id"]).values(limits=change["limits"])
            connection.execute(statement)
    names = {row.id: f"account {name}" for name, row in stored.items()}
    names |= {row.id: name for name, row in existing.items()}
    for change in (*changed_accounts, *changed):
        view.message(f"{names[change.get('id') or change['b_id']]}: its limits changed, the new ones hold")


def create_missing(
    core: Core, commands: Commands, run_file: RunFile, accounts_: Mapping[str, NewAccount], view: RunView
) -> None:
    """Create what the data folder lacks, and say what else is in it."""
    ids = {name: commands.create_account(account) for name, account in accounts_.items()}
    with core.storage.read() as connection:
        existing = set(connection.scalars(sa.select(automations.c.name)))
    commands.create_many([_new_automation(spec, ids) for spec in run_file.automations if spec.name not in existing])
    others = sorted(existing - {spec.name for spec in run_file.automations})
    if others:
        view.message(f"also in this data folder, and running: {', '.join(others)}")


def _new_automation(spec: AutomationSpec, ids: Mapping[str, str]) -> NewAutomation:
    return NewAutomation(
        name=spec.name,
        type=spec.type,
        account_id=ids[spec.account],
        budget=spec.budget,
        config=spec.config,
        limits=_limits(spec.limits),
    )
