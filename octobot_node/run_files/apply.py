"""Bring a data folder to what a run file says: what is new is created, what changed is taken over or refused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, ValidationError

from octobot_node.automation import AutomationStatus, Finding
from octobot_node.contracts.storage import Storage
from octobot_node.engine.base import Base
from octobot_node.engine.commands.commands import Commands, NewAccount, NewAutomation
from octobot_node.engine.core import Core
from octobot_node.engine.deciding.config_checks import Proposal, check_proposals
from octobot_node.engine.deciding.request_findings import is_counted
from octobot_node.engine.evaluating.configs import ValidConfig
from octobot_node.errors import CommandRefused, InvalidRunFile, Overdrawn, SecretsLocked, SecretUnknown
from octobot_node.limits import Limits
from octobot_node.plugin_system.registry import Registry
from octobot_node.reports.run_view import RunView
from octobot_node.run_files.checks import check_budgets
from octobot_node.run_files.request_checks import requests_of_edit, requests_together
from octobot_node.run_files.run_file import RunFile
from octobot_node.sealing.connector_settings import half_place, opened, resolved
from octobot_node.sealing.first_time import HALVES
from octobot_node.sealing.sealing import Sealing
from octobot_node.specs import AccountSpec, AutomationSpec, LimitsSpec
from octobot_node.store import automations as automation_statements
from octobot_node.store.automations import refuse_too_many, refuse_too_many_accounts
from octobot_node.store.queries import lists
from octobot_node.store.rows.automation import AutomationRow
from octobot_node.store.rows.node import AccountRow
from octobot_node.store.sql.conditions import is_anybodys_own
from octobot_node.store.tables import accounts, automations
from octobot_node.text.masking import masked
from octobot_node.text.validation_messages import Place

__all__ = ["create_missing", "create_new", "go_on", "new_account", "take_over_changes"]

#: Shadows are in no run file: their originals are.
_OWN = is_anybodys_own(automations.c.id)

_ELSEWHERE = "give it another name, or use another --data-dir"

Budget = Mapping[str, Decimal]
Findings = tuple[Finding, ...]


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
        egress=spec.egress or "",
        market_data_egress=spec.market_data_egress or "",
        mode=spec.mode,
    )


def create_missing(
    core: Core,
    commands: Commands,
    run_file: RunFile,
    configs: Sequence[ValidConfig],
    wanted: Mapping[str, NewAccount],
    view: RunView,
) -> None:
    """Create what the data folder lacks, and say what else is in it; ``configs`` are the automations', in order."""
    _check_routes(core, run_file, wanted)
    ids = {name: commands.create_account(account) for name, account in wanted.items()}
    with core.storage.read() as connection:
        existing = set(connection.scalars(sa.select(automations.c.name).where(_OWN)))
    each = enumerate(zip(run_file.automations, configs, strict=True))
    placed = [(i, _new_automation(spec, config, ids)) for i, (spec, config) in each if spec.name not in existing]
    new = [automation for _, automation in placed]
    for automation, findings in zip(new, _checked(core, commands, run_file, placed), strict=True):
        _tell(view, automation.name, findings)
    commands.create_many(new)
    # In an empty folder everything is; in another one it may have been removed by command, or be misspelt.
    for spec in new if existing else ():
        view.message(f"created: {spec.name}")
    others = sorted(existing - {spec.name for spec in run_file.automations})
    if others:
        view.message(f"also in this data folder, and running: {', '.join(others)}")


def create_new(
    core: Core,
    commands: Commands,
    run_file: RunFile,
    configs: Sequence[ValidConfig],
    wanted: Mapping[str, NewAccount],
    owner: str,
    *,
    start: bool = True,
    by: str = "",
) -> tuple[list[str], list[str], list[Findings]]:
    """Create the run file's automations, and the accounts that are new; return (ids, names of new accounts, what is
    found in each config).

    Those that are not to ``start`` are paused; ``by`` is who gave the command.

    ``configs`` are the automations', in order; ``wanted`` has every account of the run file. Raises InvalidRunFile for
    a name that is taken, an account that stands otherwise in the data folder, budgets that a simulated account does
    not hold, or a config that its type refuses on its market; nothing is created then.
    """
    _check_routes(core, run_file, wanted)
    with core.storage.read() as connection:
        # Before accounts are made: all or nothing is.
        refuse_too_many(connection, owner, len(run_file.automations), core.settings.user_automations)
    folder = _read(core.storage, owner)
    for index, spec in enumerate(run_file.automations):
        if spec.name in folder.automations:
            text = f"an automation is called {spec.name!r} already: choose another name, or edit that one"
            raise run_file.mistake(("automations", index, "name"), text)
    for name, account in wanted.items():
        if name in folder.accounts:
            changes = _account_changes(
                run_file.accounts[name], account, folder.accounts[name], core.registry, core.sealing
            )
            for place, text in changes:
                raise run_file.mistake(("accounts", name, *place), text)
        else:
            _check_references(core, run_file, name, account, owner)
        if core.registry.trading_factory(account.trading).simulated:
            check_budgets(run_file, account, folder.given_besides(name, run_file))
    made = [name for name in wanted if name not in folder.accounts]
    with core.storage.read() as connection:
        refuse_too_many_accounts(connection, owner, len(made), core.settings.user_accounts)
    ids = {name: commands.create_account(replace(account, owner=owner)) for name, account in wanted.items()}
    each = zip(run_file.automations, configs, strict=True)
    new = [replace(_new_automation(spec, config, ids), owner=owner, start=start, by=by) for spec, config in each]
    try:
        # With its account, since that knows the market and the fees.
        findings = _checked(core, commands, run_file, list(enumerate(new)))
    except InvalidRunFile:
        for name in made:
            commands.delete_account(ids[name])
        raise
    try:
        return commands.create_many(new), made, findings
    except Overdrawn as error:
        # Somebody else was given of it since it was looked at above.
        raise run_file.mistake(("automations", error.index, "budget", error.asset), error.reason) from None


def _check_routes(core: Core, run_file: RunFile, wanted: Mapping[str, NewAccount]) -> None:
    for name, account in wanted.items():
        simulated = core.registry.trading_factory(account.trading).simulated
        found = core.accounts.routes.refusal(account.egress, account.market_data_egress, simulated=simulated)
        if found is not None:
            raise run_file.mistake(("accounts", name, found[0]), found[1])


def _check_references(core: Core, run_file: RunFile, name: str, account: NewAccount, owner: str) -> None:
    for half in HALVES:
        try:
            resolved(core.sealing, owner, getattr(account, f"{half}_settings"))
        except SecretUnknown as error:
            raise run_file.mistake(("accounts", name, half), str(error)) from None


def _checked(
    core: Core, commands: Commands, run_file: RunFile, placed: Sequence[tuple[int, NewAutomation]]
) -> list[Findings]:
    """Return what is found in each config, and of the requests that they will make; ``placed`` is (place in the run
    file, what is to be created).

    Raises InvalidRunFile for an error.
    """
    found = check_proposals(core, [_proposal(new.account_id, new.config, new.budget) for _, new in placed])
    for (index, _), findings in zip(placed, found, strict=True):
        _refuse_errors(run_file, index, findings)
    return _with_requests(core, commands, run_file, placed, found)


def _with_requests(
    core: Core,
    commands: Commands,
    run_file: RunFile,
    placed: Sequence[tuple[int, NewAutomation]],
    found: list[Findings],
) -> list[Findings]:
    """Add what is to be said of the requests that they will make together, to the first that an exchange counts."""
    counted = [place for place, (_, new) in enumerate(placed) if is_counted(core, new.account_id)]
    if not counted:
        return found
    told, first = requests_together(core, commands, [placed[place][1] for place in counted]), counted[0]
    if len(counted) == 1:
        _refuse_errors(run_file, placed[first][0], told)
    for each in told:
        if each.severity == "error":
            raise run_file.mistake(("automations", placed[first][0]), each.text)
    return [*found[:first], (*found[first], *told), *found[first + 1 :]]


def _proposal(account_id: str, config: Mapping[str, Any] | ValidConfig, owned: Budget) -> Proposal:
    assert isinstance(config, ValidConfig)
    return Proposal(account_id, config, owned)


def _refuse_errors(run_file: RunFile, index: int, findings: Findings) -> None:
    for each in findings:
        if each.severity == "error":
            parts = [int(part) if part.isdigit() else part for part in each.field.split(".") if part]
            raise run_file.mistake(("automations", index, "config", *parts), each.text)


def _tell(view: RunView, name: str, findings: Findings) -> None:
    for each in findings:
        view.message(f"{name}: {each.severity}: {f'{each.field}: ' if each.field else ''}{each.text}")


def go_on(core: Core, commands: Commands, run_file: RunFile, configs: Sequence[ValidConfig], view: RunView) -> None:
    """Take up what a person changed since the last run: another config, or what made an automation fail.

    The run file's config holds, also against an edit by command; what it replaces is said.
    """
    with core.storage.read() as connection:
        existing = {row.name: row for row in connection.execute(sa.select(automations).where(_OWN))}
    for index, (spec, config) in enumerate(zip(run_file.automations, configs, strict=True)):
        row = existing[spec.name]
        status = AutomationStatus(row.status)
        if status.over:
            view.message(f"{spec.name} has {row.status}: to run it again, give it another name")
            continue
        if status in _PAST:
            commands.resume(row.id)
            view.message(f"{spec.name} {_PAST[status]} ({row.reason}): it is tried again")
        changes = _config_changes(json.loads(row.config), config.model.model_dump(mode="json"))
        if changes and not status.ending:
            with core.storage.read() as connection:
                owned = automation_statements.owned(connection, row.id)
            (findings,) = check_proposals(core, [Proposal(row.account_id, config, owned)])
            _refuse_errors(run_file, index, findings)
            told = requests_of_edit(core, commands, row, config)
            _refuse_errors(run_file, index, told)
            _tell(view, spec.name, (*findings, *told))
            commands.edit(row.id, config)
            view.message(f"{spec.name}: {'; '.join(changes)}: the file's {'holds' if len(changes) == 1 else 'hold'}")
        if spec.shadow and not status.ending:
            _shadow(core, commands, row, view)


def _shadow(core: Core, commands: Commands, row: AutomationRow, view: RunView) -> None:
    """Give an automation of before the shadow that the file asks for by now."""
    with core.storage.read() as connection:
        if row.id in automation_statements.shadows_of(connection, [row.id]):
            return
    try:
        commands.add_shadow(row.id)
    except CommandRefused as error:
        view.message(f"{row.name} has no shadow yet: {error}")
    else:
        view.message(f"{row.name} has a shadow from now on, as the file says")


def _config_changes(old: Mapping[str, Any], new: Mapping[str, Any], section: str = "") -> list[str]:
    found = []
    for name in dict.fromkeys([*new, *old]):
        before, now = old.get(name), new.get(name)
        if isinstance(before, Mapping) and isinstance(now, Mapping):
            found += _config_changes(before, now, f"{section}{name}.")
        elif before != now:
            found.append(f"{section}{name} is {_as_json(before)} in this data folder, {_as_json(now)} in the file")
    return found


def _as_json(value: Any) -> str:
    if value is None:
        return "none"
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


_PAST = {AutomationStatus.FAILED: "had failed", AutomationStatus.HELD: "was held"}


@dataclass(frozen=True, slots=True)
class _Folder:
    """What a data folder has, by name."""

    accounts: Mapping[str, AccountRow]
    automations: Mapping[str, AutomationRow]
    budgets: Mapping[str, Budget]

    def account_of(self, automation: AutomationRow) -> str:
        """Return the name of an automation's account."""
        return next(name for name, row in self.accounts.items() if row.id == automation.account_id)

    def given_besides(self, account: str, run_file: RunFile) -> dict[str, Decimal]:
        """Return the budgets of an account's automations that are not in the run file, by asset."""
        found: dict[str, Decimal] = {}
        for name in set(self.automations) - {spec.name for spec in run_file.automations}:
            if self.account_of(self.automations[name]) == account:
                for asset, amount in self.budgets[name].items():
                    found[asset] = found.get(asset, Decimal(0)) + amount
        return found


def take_over_changes(base: Base, run_file: RunFile, wanted: Mapping[str, NewAccount], view: RunView) -> None:
    """Compare the run file with what the folder has, before anything runs; changed limits are taken over.

    Raises InvalidRunFile for a change that orders and money of before stand against: another type, account or budget
    of an automation, another connector of an account, or another setting of one.
    """
    folder = _read(base.storage)
    for name, account in wanted.items():
        if name in folder.accounts:
            spec = run_file.accounts[name]
            for place, text in _account_changes(spec, account, folder.accounts[name], base.registry, base.sealing):
                raise run_file.mistake(("accounts", name, *place), text)
    for index, automation in enumerate(run_file.automations):
        if automation.name in folder.automations:
            for field, text in _automation_changes(automation, folder, base.registry):
                raise run_file.mistake(("automations", index, field), text)
    for name, account in wanted.items():
        if base.registry.trading_factory(account.trading).simulated:
            check_budgets(run_file, account, folder.given_besides(name, run_file))
    for name in _take_over_limits(base, run_file, wanted, folder):
        view.message(f"{name}: its limits changed, the new ones hold")


def _read(storage: Storage, owner: str = "local") -> _Folder:
    with storage.read() as connection:
        ours = sa.select(automations).where(automations.c.owner == owner, _OWN)
        known = {row.name: row for row in connection.execute(ours)}
        given = lists.budgets_of_owner(connection, owner)
        budgets = {name: given.get(row.id, {}) for name, row in known.items()}
        theirs = sa.select(accounts).where(accounts.c.owner == owner, is_anybodys_own(accounts.c.id))
        held = connection.execute(theirs)
        return _Folder({row.name: row for row in held}, known, budgets)


def _account_changes(
    spec: AccountSpec, new: NewAccount, old: AccountRow, registry: Registry, sealing: Sealing
) -> Iterator[tuple[Place, str]]:
    models = {
        "market_data": registry.market_data_factory(new.market_data).Settings,
        "trading": registry.trading_factory(new.trading).Settings,
    }
    for what, model in models.items():
        before, now = getattr(old, what), getattr(new, what)
        if before != now:
            yield (what, "use"), f"it is {before} in this data folder, not {now}: {_ELSEWHERE}"
        kept = getattr(old, f"{what}_settings")
        try:
            was = model.model_validate(opened(sealing, old.owner, half_place(old.id, what), kept, used=False))
            wanted = resolved(sealing, old.owner, getattr(new, f"{what}_settings"))
        except SecretsLocked:
            # Nothing can be compared: what it says now is not what is taken.
            continue
        except SecretUnknown as error:
            yield (what,), str(error)
            continue
        except ValidationError:
            yield (what,), f"what this data folder has is not valid any more: {_ELSEWHERE}"
            continue
        for field, text in _setting_changes(was, model.model_validate(wanted)):
            # A simulated account's money stands beside its connector, see ``new_account``.
            beside = field == "balances" and field not in spec.trading.settings
            yield (field,) if beside else (what, field), f"{text}: {_ELSEWHERE}"
    for way in ("egress", "market_data_egress"):
        before, now = getattr(old, way), getattr(new, way)
        if now and before != now:
            cure = f"`octobot-node accounts edit {old.name} --{way.replace('_', '-')} {now}` changes it"
            yield (way,), f"it is {before} in this data folder, not {now}: {cure}"


def _setting_changes(old: BaseModel, new: BaseModel) -> Iterator[tuple[str, str]]:
    for field in type(new).model_fields:
        before, now = getattr(old, field), getattr(new, field)
        if before != now:
            was, wanted = _shown(masked(before, field)), _shown(masked(now, field))
            yield field, f"it is {was} in this data folder, not {wanted}"


def _automation_changes(spec: AutomationSpec, folder: _Folder, registry: Registry) -> Iterator[tuple[str, str]]:
    row, budget = folder.automations[spec.name], folder.budgets[spec.name]
    full_name, _ = registry.automation(spec.type)
    if row.type != full_name:
        yield "type", f"{spec.name!r} is a {row.type} in this data folder, not a {full_name}: {_ELSEWHERE}"
    account = folder.account_of(row)
    if account != spec.account:
        yield "account", f"{spec.name!r} is on account {account!r} in this data folder: {_ELSEWHERE}"
    if budget != dict(spec.budget):
        given = f"{spec.name!r} was given {_shown(budget)} in this data folder, not {_shown(spec.budget)}"
        yield "budget", f"{given}: set it back, change it with `octobot-node automations budget`, {_ELSEWHERE}"


def _take_over_limits(
    base: Base, run_file: RunFile, wanted: Mapping[str, NewAccount], folder: _Folder
) -> Iterator[str]:
    changed: list[tuple[sa.Table, str, AccountRow | AutomationRow, Limits]] = [
        (accounts, f"account {name}", folder.accounts[name], account.limits)
        for name, account in wanted.items()
        if name in folder.accounts
    ]
    changed += [
        (automations, spec.name, folder.automations[spec.name], _limits(spec.limits))
        for spec in run_file.automations
        if spec.name in folder.automations
    ]
    changed = [entry for entry in changed if Limits.model_validate(entry[2].limits) != entry[3]]
    if changed:
        with base.storage.write(durable=True) as connection:
            for table, _, row, limits in changed:
                stored = limits.model_dump(mode="json", exclude_none=True)
                connection.execute(table.update().where(table.c.id == row.id).values(limits=stored))
    return (name for _, name, _, _ in changed)


def _new_automation(spec: AutomationSpec, config: ValidConfig, ids: Mapping[str, str]) -> NewAutomation:
    return NewAutomation(
        name=spec.name,
        type=spec.type,
        account_id=ids[spec.account],
        budget=spec.budget,
        config=config,
        limits=_limits(spec.limits),
        tags=spec.tags,
        shadow=spec.shadow,
    )


def _limits(spec: LimitsSpec) -> Limits:
    return Limits.model_validate(spec.model_dump(exclude_none=True))


def _plain(value: Any) -> Any:
    """Return a value of a run file as JSON, its Decimals as text."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{_shown(item)} {key}" for key, item in value.items()) or "nothing"
    return str(_plain(value))
