"""Run a run file: on past candles with a virtual clock, or live until it is done or stopped."""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

import octobot_node
from octobot_node.assembly import open_base
from octobot_node.clock import SystemClock
from octobot_node.engine.accounts import parse_settings
from octobot_node.engine.commands import Commands, NewAccount, NewAutomation, parse_config
from octobot_node.engine.core import Core
from octobot_node.engine.replay import Replay
from octobot_node.engine.reporting import automation_reports, equity_curve, live_rows
from octobot_node.errors import CommandRefused, UsageError
from octobot_node.exchanges import PastMarket
from octobot_node.limits import Limits
from octobot_node.market import from_ms
from octobot_node.node import Node
from octobot_node.plugins import Registry, load_plugins
from octobot_node.report import AutomationReport, GapReport, RunReport
from octobot_node.run_file import AccountSpec, AutomationSpec, RunFile
from octobot_node.run_view import RunOptions, RunView
from octobot_node.settings import Settings
from octobot_node.store.tables import automations

__all__ = ["run"]

_ENDED = ("stopped", "completed", "failed")
_TABLE_S = 0.5


def run(run_file: RunFile, options: RunOptions, view: RunView) -> RunReport:
    """Carry out ``run_file`` and report.

    With `replay` market data the clock is virtual and the run ends with the candles; otherwise it is real and the run
    ends when every automation has, after ``options.duration``, or on Ctrl-C. State lives in the data folder: run
    again, it goes on where it was.
    """
    settings = Settings() if options.data_dir is None else Settings(data_dir=options.data_dir)
    registry = load_plugins(settings.extra_plugins)
    for broken in registry.broken:
        view.message(f"plugin {broken.name} is left out: {broken.error}")
    replayed = _replayed(run_file, registry)
    if replayed:
        return _Past(run_file, options, view, settings, registry).run()
    if options.data:
        raise UsageError("--data gives candles for replay, but no account has `market_data: {use: replay}`")
    return _live(run_file, options, view, settings, registry)


def _replayed(run_file: RunFile, registry: Registry) -> bool:
    kinds = {
        name: registry.market_data_factory(account.market_data.use).replay
        for name, account in run_file.accounts.items()
    }
    if len(set(kinds.values())) > 1:
        past = ", ".join(name for name, replay in kinds.items() if replay)
        live = ", ".join(name for name, replay in kinds.items() if not replay)
        raise UsageError(f"accounts on past candles ({past}) and on live markets ({live}) cannot run together")
    return any(kinds.values())


class _Past:
    """One replay: its own folder, its candles, its report."""

    def __init__(
        self, run_file: RunFile, options: RunOptions, view: RunView, settings: Settings, registry: Registry
    ) -> None:
        self._run_file = run_file
        self._options = options
        self._view = view
        self._registry = registry
        self._accounts = {name: self._account(name, spec) for name, spec in run_file.accounts.items()}
        folder = settings.data_dir / "replays" / self._fingerprint()
        self._settings = settings.model_copy(update={"data_dir": folder})

    def run(self) -> RunReport:
        """Replay to the end of the candles and report."""
        market = self._open_market()
        if self._options.fresh and self._settings.data_dir.exists():
            shutil.rmtree(self._settings.data_dir)
        started = from_ms(SystemClock().now())
        base = open_base(self._settings, self._registry, market.start)
        try:
            replay = Replay(base, market.start, market.end)
            try:
                _create_missing(replay.core, replay.commands, self._run_file, self._accounts, self._view)
                replay.run(self._progress(market))
                return self._report(replay.core, market, started)
            finally:
                replay.close()
        finally:
            base.close()

    def _account(self, name: str, spec: AccountSpec) -> NewAccount:
        account = _new_account(name, spec, self._registry)
        data = {symbol: str(path) for symbol, path in self._options.data.items()}
        given = {**account.market_data_settings.get("data", {}), **data}
        settings = {"gaps": self._options.gaps, **account.market_data_settings, "data": given}
        if not given:
            raise UsageError(f"account {name!r} replays candles: say which with --data SYMBOL=PATH")
        return NewAccount(
            name, account.market_data, account.trading, settings, account.trading_settings, account.limits
        )

    def _fingerprint(self) -> str:
        """Return a name for exactly this replay: other candles, or another run file, are another one."""
        digest = hashlib.sha256(self._run_file.model_dump_json().encode())
        digest.update(octobot_node.__version__.encode())
        for account in self._accounts.values():
            digest.update(json.dumps(account.market_data_settings, sort_keys=True, default=str).encode())
            for path in account.market_data_settings["data"].values():
                digest.update(Path(path).read_bytes() if Path(path).is_file() else b"")
        return digest.hexdigest()[:16]

    def _open_market(self) -> Any:
        """Open the candles once before anything is made, so that a malformed file leaves nothing behind."""
        account = next(iter(self._accounts.values()))
        factory = self._registry.market_data_factory(account.market_data)
        settings = parse_settings(factory.Settings, account.market_data_settings, f"account {account.name!r}")
        market = factory.open(settings, _NoContext())
        if not isinstance(market, PastMarket):
            raise UsageError(f"{account.market_data!r} cannot be replayed")
        return market

    def _progress(self, market: Any) -> Callable[[int], None]:
        total = sum(market.count(symbol) for symbol in _symbols(self._accounts))
        span = max(market.end - market.start, 1)

        def show(now: int) -> None:
            self._view.progress(total * (now - market.start) // span, total, from_ms(now))

        return show

    def _report(self, core: Core, market: Any, started: Any) -> RunReport:
        symbols = sorted(_symbols(self._accounts))
        closes = {symbol: _closes(market, symbol) for symbol in symbols}
        with core.storage.read() as connection:
            reports = [
                _with_drawdown(report, equity_curve(connection, report.id, report.asset, _of(report, closes)))
                for report in automation_reports(core)
            ]
        return RunReport(
            version=octobot_node.__version__,
            clock="virtual",
            started_at=started,
            ended_at=from_ms(SystemClock().now()),
            finished=True,
            candles=sum(market.count(symbol) for symbol in symbols),
            gaps=[_gap(market, symbol) for symbol in symbols if market.gaps(symbol)[0]],
            automations=reports,
        )


class _NoContext:
    """A connector context for reading candles before there is a node."""

    clock = SystemClock()


def _symbols(accounts: Mapping[str, NewAccount]) -> set[str]:
    return {symbol for account in accounts.values() for symbol in account.market_data_settings["data"]}


def _closes(market: Any, symbol: str) -> dict[int, Decimal]:
    times, prices = market.closes(symbol)
    return dict(zip((int(moment) for moment in times), prices, strict=True))


def _of(report: AutomationReport, closes: Mapping[str, Mapping[int, Decimal]]) -> dict[str, Mapping[int, Decimal]]:
    return {symbol: series for symbol, series in closes.items() if symbol.partition("/")[2] == report.asset}


def _gap(market: Any, symbol: str) -> GapReport:
    missing, first = market.gaps(symbol)
    return GapReport(symbol=symbol, missing=missing, first=None if first is None else from_ms(first))


def _with_drawdown(report: AutomationReport, curve: list[Decimal]) -> AutomationReport:
    """Return the report with its largest fall from a peak: max over t of (highest equity up to t) - (equity at t)."""
    peak, worst, worst_peak = Decimal(0), Decimal(0), Decimal(0)
    for equity in curve:
        peak = max(peak, equity)
        if peak - equity > worst:
            worst, worst_peak = peak - equity, peak
    ratio = worst / worst_peak if worst_peak else Decimal(0)
    return report.model_copy(update={"max_drawdown": worst, "max_drawdown_ratio": ratio})


def _live(run_file: RunFile, options: RunOptions, view: RunView, settings: Settings, registry: Registry) -> RunReport:
    clock = SystemClock()
    started = from_ms(clock.now())
    accounts = {name: _new_account(name, spec, registry) for name, spec in run_file.accounts.items()}
    with Node(settings, registry=registry) as node:
        _create_missing(node.core, node.commands, run_file, accounts, view)
        node.hurry()
        deadline = None if options.duration is None else clock.monotonic() + options.duration
        try:
            with _sigterm_is_ctrl_c():
                _follow(node, view, deadline, clock)
        except KeyboardInterrupt:
            view.message("stopping: state is kept, run it again to go on")
        reports = automation_reports(node.core)
    return RunReport(
        version=octobot_node.__version__,
        clock="real",
        started_at=started,
        ended_at=from_ms(clock.now()),
        finished=all(report.status in _ENDED for report in reports),
        candles=None,
        gaps=[],
        automations=reports,
    )


@contextmanager
def _sigterm_is_ctrl_c() -> Iterator[None]:
    def interrupt(_signal: int, _frame: Any) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _follow(node: Node, view: RunView, deadline: float | None, clock: SystemClock) -> None:
    while deadline is None or clock.monotonic() < deadline:
        rows = live_rows(node.core)
        view.table(rows, from_ms(clock.now()))
        if all(row.status in _ENDED for row in rows):
            return
        left = _TABLE_S if deadline is None else min(_TABLE_S, deadline - clock.monotonic())
        time.sleep(max(left, 0))


def _new_account(name: str, spec: AccountSpec, registry: Registry) -> NewAccount:
    trading = {key: _plain(value) for key, value in spec.trading.settings.items()}
    if registry.trading_factory(spec.trading.use).simulated:
        trading.setdefault("balances", {asset: format(amount, "f") for asset, amount in spec.balances.items()})
    return NewAccount(
        name=name,
        market_data=spec.market_data.use,
        trading=spec.trading.use,
        market_data_settings={key: _plain(value) for key, value in spec.market_data.settings.items()},
        trading_settings=trading,
        limits=Limits.model_validate(spec.limits.model_dump(exclude_none=True)),
    )


def _plain(value: Any) -> Any:
    """Return a value of a run file as JSON, its Decimals as text."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _create_missing(
    core: Core, commands: Commands, run_file: RunFile, accounts: Mapping[str, NewAccount], view: RunView
) -> None:
    """Create what the data folder lacks, bring changed configs up to date, leave the rest as it is."""
    ids = {name: commands.create_account(account) for name, account in accounts.items()}
    with core.storage.read() as connection:
        existing = {row.name: row for row in connection.execute(sa.select(automations))}
    new = [spec for spec in run_file.automations if spec.name not in existing]
    commands.create_many([_new_automation(spec, ids) for spec in new])
    for spec in run_file.automations:
        if spec.name in existing:
            _bring_up_to_date(core, commands, spec, existing[spec.name], view)
    others = sorted(set(existing) - {spec.name for spec in run_file.automations})
    if others:
        view.message(f"also in this data folder, and running: {', '.join(others)}")


def _new_automation(spec: AutomationSpec, ids: Mapping[str, str]) -> NewAutomation:
    return NewAutomation(
        name=spec.name,
        type=spec.type,
        account_id=ids[spec.account],
        budget=spec.budget,
        config=spec.config,
        limits=Limits.model_validate(spec.limits.model_dump(exclude_none=True)),
    )


def _bring_up_to_date(core: Core, commands: Commands, spec: AutomationSpec, row: Any, view: RunView) -> None:
    full_name, automation = core.registry.automation(spec.type)
    if row.type != full_name:
        raise UsageError(f"automation {spec.name!r} is a {row.type} in this data folder: choose another name")
    config = parse_config(automation, spec.config, spec.name)
    if config.model_dump_json() == row.config or row.status in _ENDED:
        return
    try:
        commands.edit(row.id, spec.config)
        view.message(f"{spec.name}: its config changed, it goes on with the new one")
    except CommandRefused as error:
        view.message(str(error))
