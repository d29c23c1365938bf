"""A run on past candles: its own folder, a virtual clock, and a report of where it came to."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

import octobot_node
from octobot_node.clock import SystemClock
from octobot_node.configuration import Configuration
from octobot_node.contracts.replays import PastMarket
from octobot_node.engine.base import open_base
from octobot_node.engine.commands.commands import NewAccount
from octobot_node.engine.core import Core
from octobot_node.engine.evaluating.decision_checks import load_needs
from octobot_node.engine.market.lent_context import parse_settings
from octobot_node.engine.replay import PastSignal, Replay
from octobot_node.errors import UsageError
from octobot_node.live.stopping import asked_to_stop
from octobot_node.market import from_ms
from octobot_node.plugin_system.discovery import source_files
from octobot_node.plugin_system.registry import Registry
from octobot_node.reports.automation_reports import automation_reports
from octobot_node.reports.models import GapReport, RunReport
from octobot_node.reports.problems import with_problems
from octobot_node.reports.run_view import RunView
from octobot_node.run_files.apply import create_missing, new_account
from octobot_node.run_files.checks import check_accounts, check_automations, check_candles
from octobot_node.run_files.run_file import RunFile
from octobot_node.run_files.signal_files import read_signals
from octobot_node.runs.options import RunOptions
from octobot_node.runs.replay_results import (
    FinishedReplay,
    ReplayedAccount,
    assumptions_of,
    measured,
    replayed_account,
)
from octobot_node.settings import Settings
from octobot_node.store.tables import automations

__all__ = ["ReplayRun"]

#: Longer candles than this are coarser than what automations look at.
_FINE_MS = 60_000


class ReplayRun:
    """One replay. Everything that can be wrong with it is found before its folder is made."""

    def __init__(
        self,
        run_file: RunFile,
        options: RunOptions,
        view: RunView,
        settings: Settings,
        registry: Registry,
        configuration: Configuration | None = None,
    ) -> None:
        if options.duration is not None:
            raise UsageError("--for ends a live run; a replay ends with its candles: leave it out")
        self._run_file = run_file
        self._options = options
        self._view = view
        self._registry = registry
        self._configuration = configuration
        self._accounts = {name: self._account(name) for name in run_file.accounts}
        check_accounts(run_file, self._accounts, registry)
        self._configs = check_automations(run_file, registry)
        self._markets = self._open_markets()
        self._signals = read_signals(run_file)
        lengths = {name: self._lengths(name) for name in self._accounts}
        check_candles(run_file, self._configs, lengths)
        folder = (options.replays or settings.data_dir / "replays") / self._fingerprint()
        # A database of its own in a folder of its own: replays neither meet each other nor what runs live.
        self._settings = settings.alone_in(folder)

    def run(self, keep: Callable[[FinishedReplay], None] | None = None) -> RunReport:
        """Replay to the end of the candles, or until Ctrl-C, and report.

        ``keep`` is given what there is beside the report, while the replay's books are open.
        """
        if self._options.fresh and self._settings.data_dir.exists():
            shutil.rmtree(self._settings.data_dir)
        started = from_ms(SystemClock().now())
        start = min(market.start for market in self._markets.values())
        end = max(market.end for market in self._markets.values())
        base = open_base(self._settings, self._registry, start)
        for line in self._notes():
            self._view.message(line)
        try:
            replay = Replay(base, start, end, self._configuration)
            try:
                self._say_where(replay.clock.now(), start, end)
                create_missing(replay.core, replay.commands, self._run_file, self._configs, self._accounts, self._view)
                finished = self._replay(replay, start, end)
                found = self._finished(replay.core, started, start, finished=finished)
                if keep is not None:
                    keep(found)
                return found.report
            finally:
                replay.close()
        finally:
            base.close()

    def _say_where(self, now: int, start: int, end: int) -> None:
        if now >= end:
            self._view.message("this replay was complete: here is its report again; --fresh runs it anew")
        elif now > start:
            self._view.message(f"goes on at {from_ms(now):%Y-%m-%d %H:%M:%S} UTC; --fresh starts over")

    def _replay(self, replay: Replay, start: int, end: int) -> bool:
        """Return whether it came to the end."""
        total = sum(len(times) for times, _ in self._series().values())
        with asked_to_stop() as asked:

            def show(now: int) -> None:
                self._view.progress(total * (now - start) // max(end - start, 1), total, from_ms(now))
                if asked():
                    raise KeyboardInterrupt

            try:
                replay.run(show, self._signals_of(replay.core, start, end))
            except KeyboardInterrupt:
                self._view.message("stopped: state is kept, the same command goes on")
                return False
        return True

    def _signals_of(self, core: Core, start: int, end: int) -> list[tuple[str, PastSignal]]:
        """Return the signals by automation id, and say how many will never arrive."""
        columns = automations.c
        wanted = sa.select(columns.name, columns.id).where(columns.name.in_(self._signals))
        with core.storage.read() as connection:
            rows = connection.execute(wanted).all() if self._signals else []
        for name, signals in self._signals.items():
            outside = sum(not start <= signal.at <= end for signal in signals)
            if outside:
                self._view.message(f"{name}: {outside} of {len(signals)} signals lie outside the candles")
        return [(row.id, signal) for row in rows for signal in self._signals[row.name]]

    def _account(self, name: str) -> NewAccount:
        account = new_account(name, self._run_file.accounts[name], self._registry)
        given = dict(account.market_data_settings)
        candles = given.get("data", {})
        if isinstance(candles, Mapping):
            candles = {**candles, **{symbol: str(path) for symbol, path in self._options.data.items()}}
        if not candles:
            raise UsageError(f"account {name!r} replays candles: say which with --data SYMBOL=PATH")
        if self._options.gaps == "error":
            given["gaps"] = "error"
        return replace(account, market_data_settings={**given, "data": candles})

    def _fingerprint(self) -> str:
        """Return a name for exactly this replay: other candles, another run file, other code of a plugin or another
        setting are another one.
        """
        digest = hashlib.sha256(self._run_file.model_dump_json().encode())
        digest.update(octobot_node.__version__.encode())
        for account in self._accounts.values():
            digest.update(json.dumps(account.market_data_settings, sort_keys=True, default=str).encode())
            for path in account.market_data_settings["data"].values():
                digest.update(Path(path).read_bytes())
        for spec in self._run_file.automations:
            digest.update(Path(spec.signals).read_bytes() if spec.signals is not None else b"")
        for path in source_files(self._registry.modules):
            digest.update(path.read_bytes())
        digest.update(self._settings_in_force().encode())
        return digest.hexdigest()[:16]

    def _settings_in_force(self) -> str:
        """Return what plugins are told to do, secrets masked: another order rule is another replay."""
        if self._configuration is None:
            return ""
        rows = self._configuration.rows(self._registry.settings_models)
        return json.dumps([(row.section, row.name, row.value) for row in rows if row.name != "data_dir"])

    def _open_markets(self) -> dict[str, Any]:
        """Open every account's candles, so that a malformed file is found now; equal ones are read once."""
        opened: dict[str, Any] = {}
        found = {}
        for name, account in self._accounts.items():
            key = json.dumps([account.market_data, account.market_data_settings], sort_keys=True, default=str)
            if key not in opened:
                opened[key] = self._open_market(account)
            found[name] = opened[key]
        return found

    def _open_market(self, account: NewAccount) -> Any:
        factory = self._registry.market_data_factory(account.market_data)
        settings = parse_settings(factory.Settings, account.market_data_settings, f"account {account.name!r}")
        market = factory.open(settings, _NoContext())
        if not isinstance(market, PastMarket):
            raise UsageError(f"{account.market_data!r} cannot be replayed")
        return market

    def _symbols(self, account: str) -> list[str]:
        return sorted(self._accounts[account].market_data_settings["data"])

    def _lengths(self, account: str) -> dict[str, int]:
        """Return symbol -> length of its candles in ms; of a single candle nothing is known, and 1 fits everything."""
        found = {}
        for symbol in self._symbols(account):
            times, _ = self._markets[account].closes(symbol)
            found[symbol] = int(np.diff(times).min()) if len(times) > 1 else 1
        return found

    def _series(self) -> dict[tuple[int, str], tuple[Any, list[Decimal]]]:
        """Return the closing times and prices of every series, of two accounts' shared one once."""
        return {
            (id(market), symbol): market.closes(symbol)
            for name, market in self._markets.items()
            for symbol in self._symbols(name)
        }

    def _finished(self, core: Core, started: datetime, start: int, *, finished: bool) -> FinishedReplay:
        now = core.clock.now()
        accounts = {name: self._replayed(core, name, now) for name in self._accounts}
        on = {spec.name: accounts[spec.account] for spec in self._run_file.automations}
        specs = zip(self._run_file.automations, self._configs, strict=True)
        symbols = {spec.name: load_needs(config.needs).symbols for spec, config in specs}
        reports, courses, holdings = [], {}, {}
        for each in with_problems(core.storage, automation_reports(core)):
            told, courses[each.name], holding = measured(core, each, on[each.name], symbols[each.name], start)
            reports.append(told)
            if holding is not None:
                holdings[each.name] = holding
        report = RunReport(
            version=octobot_node.__version__,
            clock="virtual",
            started_at=started,
            ended_at=from_ms(SystemClock().now()),
            finished=finished,
            candles=sum(int((times <= now).sum()) for times, _ in self._series().values()),
            gaps=self._gaps(),
            notes=self._notes(),
            assumptions=assumptions_of(list(accounts.values())),
            automations=reports,
        )
        return FinishedReplay(core, report, courses, holdings)

    def _replayed(self, core: Core, account: str, now: int) -> ReplayedAccount:
        market = self._markets[account]
        closes = {symbol: _closes(market, symbol, now) for symbol in self._symbols(account)}
        return replayed_account(core, account, market, closes, self._lengths(account))

    def _notes(self) -> list[str]:
        """Return what the markets say of the candles that they were given, each once."""
        markets = {id(market): market for market in self._markets.values()}
        said = [str(note) for market in markets.values() for note in getattr(market, "notes", ())]
        return [*said, *self._coarse()]

    def _coarse(self) -> list[str]:
        """Return what is to be known of candles in which much may happen between two looks at them."""
        found = {}
        for account in self._accounts:
            for symbol, length in self._lengths(account).items():
                if length > _FINE_MS:
                    found[symbol, length] = (
                        f"{symbol}: its candles are {length // _FINE_MS:,} minutes long, and a running node looks every"
                        " second: what comes first inside a candle is not known, so its low is taken to come before its"
                        " high; candles of one minute come closer to what a node would do"
                    )
        return list(found.values())

    def _gaps(self) -> list[GapReport]:
        found = {}
        for name, market in self._markets.items():
            for symbol in self._symbols(name):
                missing, first = market.gaps(symbol)
                if missing:
                    moment = None if first is None else from_ms(first)
                    found[id(market), symbol] = GapReport(symbol=symbol, missing=missing, first=moment)
        return list(found.values())


class _NoContext:
    """A connector context for reading candles before there is a node."""

    clock = SystemClock()


def _closes(market: Any, symbol: str, now: int) -> dict[int, Decimal]:
    times, prices = market.closes(symbol)
    return {int(moment): price for moment, price in zip(times, prices, strict=True) if moment <= now}
