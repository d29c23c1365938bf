"""What a run file gets wrong, found before anything is made: connectors, their settings, types, configs, candles.

Every mistake names the file, the line and the field; see ``RunFile.mistake``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ValidationError

from octobot_node.automation import Needs
from octobot_node.engine.commands.commands import NewAccount
from octobot_node.engine.evaluating.configs import InvalidConfig, ValidConfig, validate_config
from octobot_node.engine.evaluating.decision_checks import load_needs
from octobot_node.engine.ledger.budgets import balances_of, overdrafts
from octobot_node.errors import UnknownType
from octobot_node.market import timeframe_ms
from octobot_node.plugin_system.registry import Registry
from octobot_node.run_files.run_file import RunFile
from octobot_node.sealing.connector_settings import secret_texts, with_stand_ins
from octobot_node.sealing.named import references_in
from octobot_node.sealing.scrubbing import scrubbed
from octobot_node.specs import AutomationSpec
from octobot_node.text.numbers import DIGITS, unreasonable
from octobot_node.text.validation_messages import Place, first_mistake, nearest

__all__ = [
    "check_accounts",
    "check_automations",
    "check_budgets",
    "check_candles",
    "check_connectors",
    "unknown_type",
]


def check_connectors(run_file: RunFile, registry: Registry) -> None:
    """Raise InvalidRunFile for a connector that no plugin registers."""
    for name, account in run_file.accounts.items():
        for field, known in (("market_data", registry.market_data), ("trading", registry.trading)):
            wanted = getattr(account, field).use
            if wanted not in known:
                text = f"there is no connector {wanted!r}: {nearest(wanted, sorted(known))}{_broken(registry)}"
                raise run_file.mistake(("accounts", name, field, "use"), text)


def check_accounts(run_file: RunFile, accounts: Mapping[str, NewAccount], registry: Registry) -> None:
    """Raise InvalidRunFile for a setting of a connector, or for budgets that a simulated account does not hold."""
    for name, account in accounts.items():
        market_data, trading = registry.market_data[account.market_data], registry.trading[account.trading]
        _check_settings(run_file, ("accounts", name, "market_data"), market_data.Settings, account.market_data_settings)
        _check_settings(run_file, ("accounts", name, "trading"), trading.Settings, account.trading_settings)
        if trading.simulated:
            check_budgets(run_file, account)


def check_budgets(run_file: RunFile, account: NewAccount, besides: Mapping[str, Decimal] | None = None) -> None:
    """Raise InvalidRunFile for budgets that a simulated account does not hold; ``besides`` is given to others."""
    held = balances_of(account.trading_settings)
    for place, text in overdrafts(run_file.automations, account.name, held, besides, written=True):
        raise run_file.mistake(place, text)


def check_automations(run_file: RunFile, registry: Registry) -> list[ValidConfig]:
    """Return the automations' configs in order, validated.

    Raises InvalidRunFile for a type that no plugin registers, a config that its type refuses, or a shadow on an account
    that has no use for one.
    """
    for index, spec in enumerate(run_file.automations):
        if spec.shadow and registry.trading_factory(run_file.accounts[spec.account].trading.use).simulated:
            text = (
                f"its account {spec.account!r} fills orders by itself: a shadow shows how a real exchange differs from"
                " paper, so leave it out"
            )
            raise run_file.mistake(("automations", index, "shadow"), text)
    return [_valid_config(run_file, index, spec, registry) for index, spec in enumerate(run_file.automations)]


def check_candles(run_file: RunFile, configs: Sequence[ValidConfig], lengths: Mapping[str, Mapping[str, int]]) -> None:
    """Raise InvalidRunFile for an automation that would wait to the end: there are no candles of what it needs.

    ``configs`` are those of the automations, in order; ``lengths`` maps account to {symbol: length of its candles in
    ms}.
    """
    for index, (spec, config) in enumerate(zip(run_file.automations, configs, strict=True)):
        for problem in _without_candles(load_needs(config.needs), lengths[spec.account]):
            raise run_file.mistake(("automations", index), f"{spec.name!r} {problem}")


def _without_candles(needs: Needs, lengths: Mapping[str, int]) -> Iterator[str]:
    for symbol in sorted(needs.symbols - set(lengths)):
        yield f"needs {symbol}, but the candles are of {', '.join(sorted(lengths))}: add --data {symbol}=PATH"
    for symbol, timeframe in needs.candles:
        if symbol in lengths and timeframe_ms(timeframe) % lengths[symbol]:
            long = f"{lengths[symbol] // 1000} s long"
            yield f"needs {timeframe} candles of {symbol}, but the file's are {long}: give a file of shorter ones"


def _valid_config(run_file: RunFile, index: int, spec: AutomationSpec, registry: Registry) -> ValidConfig:
    path: Place = ("automations", index)
    try:
        return validate_config(registry, spec.type, spec.config)
    except UnknownType:
        raise run_file.mistake((*path, "type"), unknown_type(spec.type, registry)) from None
    except InvalidConfig as error:
        raise run_file.mistake((*path, "config", *error.place), str(error)) from error.__cause__


def unknown_type(name: str, registry: Registry) -> str:
    """Return why no automation type is called so, and what to write instead."""
    known = sorted({full.rpartition(".")[2] for full in registry.automations})
    if name in known:
        several = sorted(full for full in registry.automations if full.rpartition(".")[2] == name)
        return f"{name!r} is the name of several types: write one of {', '.join(several)}"
    return f"there is no automation type {name!r}: {nearest(name, known)}{_broken(registry)}"


def _broken(registry: Registry) -> str:
    return "".join(f" (the plugin {plugin.name} is left out: {plugin.error})" for plugin in registry.broken)


def _check_settings(run_file: RunFile, path: Place, model: type[BaseModel], given: Mapping[str, Any]) -> None:
    pointing = {name for name, value in given.items() if references_in({name: value})}
    try:
        problem = unreasonable(model.model_validate(with_stand_ins(given)))
    except ValidationError as error:
        if all(each["loc"] and each["loc"][0] in pointing for each in error.errors(include_input=False)):
            # What is pointed to is known where the account is made, or used.
            return
        place, text = first_mistake(error, model)
        raise run_file.mistake((*path, *place), scrubbed(text, secret_texts(model, given))) from None
    if problem is not None:
        raise run_file.mistake((*path, *problem[0]), f"has more digits than any market: use at most {DIGITS}")
