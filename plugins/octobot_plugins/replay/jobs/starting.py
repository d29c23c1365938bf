"""Start a replay: everything that can be wrong with it is found before it is in the queue."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from octobot_node.engine.evaluating.configs import InvalidConfig, validate_config
from octobot_node.errors import Mistake, TooMany, UnknownName, UnknownType, UsageError
from octobot_node.ids import new_id
from octobot_node.market import from_ms, to_ms
from octobot_node.operations.context import OperationContext
from octobot_node.run_files.apply import new_account
from octobot_node.run_files.checks import (
    check_accounts,
    check_automations,
    check_candles,
    check_connectors,
    unknown_type,
)
from octobot_node.run_files.run_file import RunFile, read_run_files
from octobot_node.specs import AccountSpec
from octobot_node.store.types import AnyRow
from octobot_node.text.validation_messages import dotted, first_mistake
from octobot_plugins.replay.candle_sets import sets
from octobot_plugins.replay.candle_sets import statements as candle_statements
from octobot_plugins.replay.job_settings import ReplaysSettings
from octobot_plugins.replay.jobs import statements
from octobot_plugins.replay.jobs.jobs import detail
from octobot_plugins.replay.jobs.models import ReplayDetail, StartReplay

__all__ = ["mistakes_besides", "start"]

_ACCOUNT = "replay"
_MARKET = ("taker_fee", "maker_fee", "fee_in")
_TRADING = ("slippage", "volume_share")


def start(context: OperationContext, request: StartReplay) -> ReplayDetail:
    """Put a replay into the queue of the node that has its candles.

    Raises UsageError with the field that is wrong, InvalidRunFile, UnknownName for candles that there are not, TooMany.
    """
    wrong = _wrong(context, {name: getattr(request, name) for name in StartReplay.model_fields})
    if len(wrong) == 1:
        raise wrong[0]
    if wrong:
        raise UsageError.of([mistake for error in wrong for mistake in _mistakes_of(error)])
    candles = _candles(context, request.candles)
    run_file = _run_file(context, request, next(iter(candles.values())))
    _check(context, run_file, candles)
    values = {
        "id": new_id(),
        "owner": context.creator,
        "node_id": next(iter(candles.values())).node_id,
        "name": request.name or _name(run_file, candles, request.start),
        "notes": request.notes,
        "revision": 1,
        "reason": "",
        "run_file": json.dumps(run_file.model_dump(mode="json", exclude_none=True)),
        "candles": {symbol: row.id for symbol, row in candles.items()},
        "cancelling": False,
        "starts": 0,
        "done": 0,
        "total": sum(row.candles for row in candles.values()),
        "created_at": context.core.clock.now(),
    }
    settings = context.plugin_context.plugin_settings(ReplaysSettings)
    with context.core.storage.write(durable=True) as connection:
        _refuse_too_many(statements.count(connection, values["owner"], over=False), settings.per_user, "wait or run")
        kept = statements.count(connection, values["owner"], over=True)
        _refuse_too_many(kept, settings.kept_per_user, "are kept")
        # Who deletes them looks for replays in the transaction that deletes.
        there = candle_statements.by_ids(connection, list(values["candles"].values()))
        if len(there) < len(set(values["candles"].values())):
            raise UsageError(
                "candles: one of them was deleted just now", field="candles", reason="was deleted just now"
            )
        statements.add(connection, values)
        row = statements.job(connection, values["id"])
    assert row is not None
    context.core.storage.announce("replays")
    return detail(context, row)


def mistakes_besides(context: OperationContext, parts: Mapping[str, Any]) -> list[Mistake]:
    """Return what is wrong with those parts of a request that can be read, where others of it cannot."""
    return [mistake for error in _wrong(context, parts) for mistake in _mistakes_of(error)]


def _wrong(context: OperationContext, parts: Mapping[str, Any]) -> list[UsageError]:
    """Return what is wrong with each part by itself: somebody who fills in a form is told of all of it at once."""
    found: list[UsageError] = []
    rows: dict[str, AnyRow] = {}
    for each in parts.get("candles") or ():
        try:
            row = sets.find(context, each)
            rows.setdefault(row.symbol, row)
        except UnknownName as error:
            found.append(error)
    if parts.get("type") is not None:
        try:
            _check_config(context, parts["type"], parts.get("config") or {})
        except UsageError as error:
            found.append(error)
    times = {name: parts[name] for name in ("start", "end") if parts.get(name) is not None}
    # That they are in the wrong order is said by the request itself.
    if rows and times and not (len(times) == 2 and times["start"] >= times["end"]):
        try:
            _check_range({name: moment.isoformat() for name, moment in times.items()}, rows)
        except UsageError as error:
            found.append(error)
    return found


def _mistakes_of(error: UsageError) -> Sequence[Mistake]:
    return error.mistakes or (Mistake("candles", str(error)),)


def _refuse_too_many(there: int, most: int, how: str) -> None:
    if there >= most:
        raise TooMany(f"{there} of your replays {how}, and {most} may: cancel or delete some first")


# Candles ------------------------------------------------------------------------------------------------------------


def _candles(context: OperationContext, wanted: Sequence[str]) -> dict[str, AnyRow]:
    found: dict[str, AnyRow] = {}
    for each in wanted:
        row = sets.find(context, each)
        if row.symbol in found:
            raise _mistake("candles", f"two of them are of {row.symbol}: give one for each symbol")
        found[row.symbol] = row
    rows = list(found.values())
    for what, values in (
        ("are on different nodes", {row.node_id for row in rows}),
        ("are read in different ways (time_unit, zone, off_grid)", {_how(row) for row in rows}),
    ):
        if len(values) > 1:
            raise _mistake("candles", f"they {what}: import them anew, in the same way and on the same node")
    return found


def _how(row: AnyRow) -> tuple[str, str, str]:
    return row.time_unit, row.zone, row.off_grid


# The run file -------------------------------------------------------------------------------------------------------


def _run_file(context: OperationContext, request: StartReplay, candles: AnyRow) -> RunFile:
    """Return what is replayed as a run file, without the paths of candles."""
    market: dict[str, Any] = {name: getattr(request, name) for name in _MARKET if getattr(request, name) is not None}
    market |= {"time_unit": candles.time_unit, "zone": candles.zone, "off_grid": candles.off_grid}
    market |= {name: value.isoformat() for name in ("start", "end") if (value := getattr(request, name)) is not None}
    if request.gaps == "error":
        market["gaps"] = "error"
    trading = {name: getattr(request, name) for name in _TRADING if getattr(request, name) is not None}
    if request.run_file is None:
        return _of_type(request, market, trading)
    given = read_run_files([("run_file", request.run_file)], {})
    check_connectors(given, context.registry)
    for index, spec in enumerate(given.automations):
        if spec.signals is not None:
            text = "a file of this machine is not read for a replay that is started so: use `octobot-node run`"
            raise given.mistake(("automations", index, "signals"), text)
    accounts = {name: _replayed(context, spec, market, trading) for name, spec in given.accounts.items()}
    # A copy, so that what is wrong with it is said with the line of what was given.
    return given.model_copy(update={"accounts": accounts})


def _check_config(context: OperationContext, name: str, config: Mapping[str, Any]) -> None:
    """Say what is wrong with a type or its config where whoever asks wrote it, not where a run file would have it."""
    try:
        validate_config(context.registry, name, config)
    except UnknownType:
        raise _mistake("type", unknown_type(name, context.registry)) from None
    except InvalidConfig as error:
        raise UsageError.of(error.mistakes) from error.__cause__


def _of_type(request: StartReplay, market: Mapping[str, Any], trading: Mapping[str, Any]) -> RunFile:
    assert request.type is not None
    account = {
        "market_data": {"use": "replay", **market},
        "trading": {"use": "paper", **trading},
        "balances": request.budget,
    }
    automation = {
        "name": request.type.rpartition(".")[2],
        "type": request.type,
        "account": _ACCOUNT,
        "budget": request.budget,
        "config": request.config,
    }
    try:
        return RunFile.model_validate({"accounts": {_ACCOUNT: account}, "automations": [automation]})
    except ValidationError as error:
        place, text = first_mistake(error, RunFile)
        raise _mistake(dotted(place), text) from None


def _replayed(
    context: OperationContext, spec: AccountSpec, market: Mapping[str, Any], trading: Mapping[str, Any]
) -> AccountSpec:
    """Return an account on past candles with paper trading, whatever it was on."""
    kept = dict(spec.market_data.settings) if context.registry.market_data[spec.market_data.use].replay else {}
    kept.pop("data", None)
    paper = dict(spec.trading.settings) if spec.trading.use == "paper" else {}
    given = {
        "market_data": {"use": "replay", **kept, **market},
        "trading": {"use": "paper", **paper, **trading},
        "balances": spec.balances,
        "limits": spec.limits.model_dump(exclude_none=True),
    }
    return AccountSpec.model_validate(given)


def _check(context: OperationContext, run_file: RunFile, candles: Mapping[str, AnyRow]) -> None:
    files = {symbol: row.file_name for symbol, row in candles.items()}
    accounts = {}
    for name, spec in run_file.accounts.items():
        found = new_account(name, spec, context.registry)
        accounts[name] = replace(found, market_data_settings={**found.market_data_settings, "data": files})
    check_accounts(run_file, accounts, context.registry)
    configs = check_automations(run_file, context.registry)
    lengths = {name: {symbol: row.step for symbol, row in candles.items()} for name in run_file.accounts}
    check_candles(run_file, configs, lengths)
    for spec in run_file.accounts.values():
        _check_range(spec.market_data.settings, candles)


def _check_range(settings: Mapping[str, Any], candles: Mapping[str, AnyRow]) -> None:
    from octobot_plugins.replay.settings import ReplaySettings

    read = ReplaySettings.model_validate({**settings, "data": dict.fromkeys(candles, "candles")})
    for symbol, row in candles.items():
        first = row.start_at if read.start is None else max(row.start_at, to_ms(read.start))
        last = row.end_at if read.end is None else min(row.end_at, to_ms(read.end))
        if last - first < row.step:
            text = (
                f"no candle of {symbol} is between them: its candles go from {from_ms(row.start_at):%Y-%m-%d %H:%M} to"
                f" {from_ms(row.end_at):%Y-%m-%d %H:%M} UTC"
            )
            raise _mistake("start" if read.end is None or first > row.start_at else "end", text)


def _name(run_file: RunFile, candles: Mapping[str, AnyRow], start: datetime | None) -> str:
    first, *others = run_file.automations
    more = f" and {len(others)} more" if others else ""
    # The day on which it begins: the candles', or a later one that was asked for.
    begins = max(candles[min(candles)].start_at, 0 if start is None else to_ms(start))
    return f"{first.name}{more} on {', '.join(sorted(candles))} {from_ms(begins):%Y-%m-%d}"[:128]


def _mistake(field: str, text: str) -> UsageError:
    return UsageError(f"{field}: {text}", field=field, reason=text)
