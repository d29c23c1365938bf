"""A replay in one expression: the real engine on given candles, for a type that no plugin needs to register."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from octobot_node.automation import Automation, Notify
from octobot_node.market import from_ms, to_ms
from octobot_node.orders import Fill, IntentStatus
from octobot_node.reports.models import AutomationReport
from octobot_node.testing.candles import Given, money, read_rows, write_csv
from octobot_node.testing.markets import START, Price

if TYPE_CHECKING:
    from octobot_node.contracts.exchanges import TradingFactory
    from octobot_node.contracts.storage import Storage
    from octobot_node.plugin_system.registry import Registry
    from octobot_node.store.rows.ledger import FillRow
    from octobot_node.store.rows.order import IntentRow
    from octobot_node.store.types import AnyRow

__all__ = ["PastEvent", "PastOrder", "PastReplay", "Replayed", "replay"]


@dataclass(frozen=True, slots=True)
class PastOrder:
    """An order of a replay as it ended; ``amount`` and ``filled`` in base, prices in quote per base."""

    symbol: str
    side: str
    type: str
    amount: Decimal | None
    spend: Decimal | None
    price: Decimal | None
    stop: Decimal | None
    status: IntentStatus
    reason: str
    filled: Decimal
    average: Decimal | None
    tag: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PastEvent:
    """What happened when: ``kind`` is dotted, such as "order.fill"; amounts in ``data`` are text."""

    at: datetime
    kind: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay came to. Lists are in the order things happened."""

    report: AutomationReport
    fills: list[Fill]
    orders: list[PastOrder]
    notices: list[Notify]
    events: list[PastEvent]
    #: (candle close, what the automation was worth at it), in the quote asset, of every candle.
    equity: list[tuple[datetime, Decimal]]
    #: The state it ended with, as JSON.
    state: Any


class PastReplay:
    """A replay being described; every method but ``run`` returns itself."""

    def __init__(self, automation_type: type[Automation[Any, Any]], config: Mapping[str, Any] | BaseModel) -> None:
        self._type = automation_type
        self._config = automation_type.Config.model_validate(config)
        self._candles: dict[str, tuple[Given, str]] = {}
        self._budget: dict[str, Decimal] = {}
        self._market: dict[str, Any] = {}
        self._trading: dict[str, Any] = {}
        self._signals: list[dict[str, Any]] = []
        self._connector: TradingFactory | None = None
        self._plugins: tuple[str, ...] = ()

    def candles(self, symbol: str, data: Given = None, *, closes: Given = None, timeframe: str = "1h") -> PastReplay:
        """Replay these candles of a symbol: ``closes``, rows of (open, high, low, close, volume), rows with the opening
        time in ms before, a numpy array of either, or the path of a CSV file.

        Those without a time begin on 2026-01-01 UTC. A file's candles have the timeframe that they have.
        """
        given = closes if data is None else data
        if given is None:
            raise ValueError(f"give the candles of {symbol}: closes=[…], rows, or the path of a CSV file")
        self._candles[symbol] = (given, timeframe)
        return self

    def budget(self, **amounts: Price) -> PastReplay:
        """Give it money, by asset: ``budget(USD=1000)``."""
        self._budget |= {asset: money(amount, f"the budget of {asset}") for asset, amount in amounts.items()}
        return self

    def fee(self, ratio: Price, *, fee_in: str = "received") -> PastReplay:
        """Set maker's and taker's fee as a ratio ("0.001" is 0.1 %) and whether "received" or "quote" pays it."""
        exact = format(money(ratio, "the fee"), "f")
        self._market |= {"taker_fee": exact, "maker_fee": exact, "fee_in": fee_in}
        return self

    def trading(self, **settings: Any) -> PastReplay:
        """Set what paper trading does, such as ``trading(fee="0.01", fee_in="quote", slippage="0.001")``."""
        self._trading |= settings
        return self

    def connector(self, factory: TradingFactory, **settings: Any) -> PastReplay:
        """Trade through another simulated connector than paper, with these settings: one that wraps it, say."""
        self._connector = factory
        self._trading = settings
        return self

    def plugins(self, *modules: str) -> PastReplay:
        """Load these plugins, too, by dotted name: their checks of orders, and what else they register."""
        self._plugins += modules
        return self

    def steps(self, *, price: Price | None = None, amount: Price | None = None) -> PastReplay:
        """Set the steps of prices and amounts; those of prices are the candles' decimals unless given."""
        for name, step in (("price_step", price), ("amount_step", amount)):
            if step is not None:
                self._market[name] = format(money(step, name), "f")
        return self

    def signal(self, at: datetime, payload: Any, *, channel: str = "default") -> PastReplay:
        """Let a message arrive at an aware time."""
        if at.tzinfo is None:
            raise ValueError(f"{at!r} has no time zone: give an aware time such as datetime.now(UTC)")
        self._signals.append({"at": at.astimezone(UTC).isoformat(), "payload": payload, "channel": channel})
        return self

    def run(self, folder: Path | str | None = None) -> Replayed:
        """Replay to the end of the candles, in ``folder`` or one that is deleted afterwards.

        Raises what a replay raises: InvalidMarketData, UsageError, each with its cure.
        """
        if folder is not None:
            return self._run(Path(folder))
        with tempfile.TemporaryDirectory(prefix="octobot-replay-") as made:
            return self._run(Path(made))

    def _run(self, folder: Path) -> Replayed:
        from octobot_node.plugin_system.discovery import load_plugins
        from octobot_node.run_files.run_file import RunFile
        from octobot_node.runs.options import RunOptions
        from octobot_node.runs.replay_run import ReplayRun
        from octobot_node.settings import Settings

        if not self._candles:
            raise ValueError('a replay needs candles: add .candles("BTC/USD", closes=[…])')
        if not self._budget:
            raise ValueError("a replay needs money: add .budget(USD=1000)")
        folder.mkdir(parents=True, exist_ok=True)
        files = {symbol: self._file(symbol, folder) for symbol in self._candles}
        registry = load_plugins(self._plugins, discover=False)
        for broken in registry.broken:
            raise ValueError(f"the plugin {broken.name} is broken: {broken.error}")
        if self._connector is not None:
            registry = replace(registry, trading={**registry.trading, self._connector.name: self._connector})
        name = f"{self._type.__module__.partition('.')[0]}.{self._type.name}"
        registry = replace(registry, automations={**registry.automations, name: self._type()})
        run_file = RunFile.model_validate(self._run_file(name, folder))
        settings = Settings(data_dir=folder, disk_reserve_mb=0)
        run = ReplayRun(run_file, RunOptions(data=files, data_dir=folder, fresh=True), _Silent(), settings, registry)
        (report,) = run.run().automations
        (database,) = (folder / "replays").glob("*/octobot.db")
        storage = registry.hook.open_storage(settings=settings.model_copy(update={"data_dir": database.parent}))
        try:
            return _read(storage, report, files, registry, self._time_unit())
        finally:
            storage.close()

    def _file(self, symbol: str, folder: Path) -> Path:
        given, timeframe = self._candles[symbol]
        if isinstance(given, str | Path):
            return Path(given)
        rows = read_rows(given, timeframe, start=to_ms(START))
        path = write_csv(folder / f"{symbol.replace('/', '-')}.csv", rows)
        # A candle of the very minute in which the test runs is as whole as the others.
        os.utime(path, (0, 0))
        return path

    def _time_unit(self) -> str:
        """Return the unit of the times: a person's file is read as any, and what we wrote may be of 1970."""
        return "auto" if any(isinstance(given, str | Path) for given, _ in self._candles.values()) else "ms"

    def _run_file(self, type_name: str, folder: Path) -> dict[str, Any]:
        automation = {
            "name": self._type.name.replace("_", "-"),
            "type": type_name,
            "account": "paper",
            "budget": self._budget,
            "config": self._config.model_dump(mode="json"),
        }
        if self._signals:
            path = folder / "signals.jsonl"
            path.write_text("".join(f"{json.dumps(signal)}\n" for signal in self._signals))
            automation["signals"] = str(path)
        trading = {"use": "paper" if self._connector is None else self._connector.name, **self._trading}
        market = {"use": "replay", "time_unit": self._time_unit(), **self._market}
        account = {"market_data": market, "trading": trading, "balances": self._budget}
        return {"accounts": {"paper": account}, "automations": [automation]}


def replay(automation_type: type[Automation[Any, Any]], config: Mapping[str, Any] | BaseModel) -> PastReplay:
    """Describe a replay: ``replay(Momentum, {…}).candles("BTC/USD", closes=[…]).budget(USD=1000).run()``.

    The engine, its database and the fills are those of ``octobot-node run``; the type needs no plugin to register it.
    """
    return PastReplay(automation_type, config)


class _Silent:
    """A view of a replay that nobody looks at."""

    def progress(self, done: int, total: int, now: datetime) -> None:
        """Show nothing."""

    def table(self, rows: Sequence[Any], now: datetime) -> None:
        """Show nothing."""

    def message(self, text: str) -> None:
        """Show nothing."""


def _read(
    storage: Storage, report: AutomationReport, files: Mapping[str, Path], registry: Registry, time_unit: str
) -> Replayed:
    import sqlalchemy as sa

    from octobot_node.store import tables

    def rows(table: sa.Table, *order: Any) -> Sequence[AnyRow]:
        mine = sa.select(table).where(table.c.automation_id == report.id)
        return connection.execute(mine.order_by(*order, table.c.id)).all()

    with storage.read() as connection:
        state = connection.scalar(sa.select(tables.automations.c.state).where(tables.automations.c.id == report.id))
        return Replayed(
            report=report,
            fills=[_fill(row) for row in rows(tables.fills, tables.fills.c.at)],
            orders=[_order(row) for row in rows(tables.intents) if row.kind == "order"],
            notices=[Notify(row.message, row.level) for row in rows(tables.notices)],
            events=[PastEvent(from_ms(row.at), row.kind, json.loads(row.data)) for row in rows(tables.events)],
            equity=_equity(connection, report, files, registry, time_unit),
            state=None if state is None else json.loads(state),
        )


def _fill(row: FillRow) -> Fill:
    names = ("id", "symbol", "side", "amount", "price", "cost", "fee", "fee_asset", "liquidity", "tag")
    return Fill(order_id=row.intent_id, at=from_ms(row.at), **{name: getattr(row, name) for name in names})


def _order(row: IntentRow) -> PastOrder:
    names = ("symbol", "side", "type", "amount", "spend", "price", "stop", "reason", "filled", "tag")
    return PastOrder(
        status=IntentStatus(row.status),
        average=row.cost / row.filled if row.filled else None,
        created_at=from_ms(row.created_at),
        **{name: getattr(row, name) for name in names},
    )


def _equity(
    connection: Any, report: AutomationReport, files: Mapping[str, Path], registry: Registry, time_unit: str
) -> list[tuple[datetime, Decimal]]:
    from octobot_node.clock import SystemClock
    from octobot_node.reports.equity_curve import equity_curve

    factory = registry.market_data_factory("replay")
    quoted = {symbol: os.fspath(path) for symbol, path in files.items()}
    if not quoted:
        return []
    settings = factory.Settings.model_validate({"data": quoted, "time_unit": time_unit})
    market = factory.open(settings, _Clock(SystemClock()))
    closes = {}
    for symbol in quoted:
        times, prices = market.closes(symbol)
        closes[symbol] = {int(time): price for time, price in zip(times, prices, strict=True)}
    times = sorted({time for series in closes.values() for time in series})
    curve = equity_curve(connection, report.id, report.asset, closes)
    return [(from_ms(time), worth) for time, worth in zip(times, curve, strict=True)]


@dataclass(frozen=True, slots=True)
class _Clock:
    """A connector context for reading candles without a node."""

    clock: Any
