"""The hostile exchange's process, its command, its behaviour's file, and the plugin that asks it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.request import urlopen

import pluggy
import pytest
from pydantic import ValidationError

from octobot_node import hookspecs
from octobot_node.contracts.exchanges import Capabilities, ExchangeOrder, Lookup, MarketDataFactory, TradingFactory
from octobot_node.errors import DataUnavailable
from octobot_node.market import MarketRules
from octobot_node.testing import Behaviour, HostileExchange, hostile_exchange
from octobot_node.testing.hostile_exchange.client import open_directly
from octobot_node.testing.hostile_exchange.connector import HostileMarketData, HostileTrading
from octobot_node.testing.hostile_exchange.settings import HostileMarketSettings, HostileTradingSettings
from tests.acceptance.testing.ordering import limit, market

# -- the process


def test_a_killed_exchange_remembers_everything_when_it_is_started_again(tmp_path: Path) -> None:
    behaviour: dict[str, Any] = {
        "partial_fills": 2,
        "fill_interval_ms": 60_000,
        "limit_fill": "never",
        "dedupe": "open",
    }

    async def trade(exchange: HostileExchange) -> Any:
        trading = HostileTrading(HostileTradingSettings(**exchange.trading_settings("one")), "", open_directly)
        try:
            await trading.create_order(market("partial"))
            cancelled = await trading.create_order(limit("cancelled"))
            await trading.cancel_order("BTC/USD", cancelled.id)
            await trading.create_order(limit("resting", intent="intent of partial"))
            exchange.set(partial_fills=1)
            return await trading.create_order(market("whole", side="sell"))
        finally:
            await trading.close()

    async def ask(exchange: HostileExchange) -> Any:
        trading = HostileTrading(HostileTradingSettings(**exchange.trading_settings("one")), "", open_directly)
        try:
            return await trading.open_orders(), await trading.trades(0), await trading.balances()
        finally:
            await trading.close()

    def memory(exchange: HostileExchange) -> Any:
        return exchange.behaviour(), exchange.orders(), exchange.trades(), exchange.report()

    with HostileExchange.start(tmp_path, **behaviour) as exchange:
        exchange.set_price("BTC/USD", 50_000)
        asyncio.run(trade(exchange))
        before, answers, url = memory(exchange), asyncio.run(ask(exchange)), exchange.url
        exchange.kill()
        # What a kill leaves of a line that was being written was never answered.
        with (tmp_path / "journal.jsonl").open("ab") as journal:
            journal.write(b'[["order","9')
        exchange.restart()
        after = memory(exchange)

        assert exchange.url == url
        assert asyncio.run(ask(exchange)) == answers
        assert after[:3] == before[:3]
        asked = dict(before[3].requests)
        asked |= {kind: asked.get(kind, 0) + 1 for kind in ("open", "trades", "balances")}
        assert after[3] == before[3].model_copy(update={"requests": asked})
        assert (after[3].orders, after[3].duplicates) == (4, 1)
        exchange.restart()
        assert memory(exchange)[:3] == before[:3]


def test_fills_that_were_planned_happen_after_a_restart(tmp_path: Path) -> None:
    async def trade(exchange: HostileExchange) -> ExchangeOrder:
        trading = HostileTrading(HostileTradingSettings(**exchange.trading_settings("one")), "", open_directly)
        try:
            return await trading.create_order(limit())
        finally:
            await trading.close()

    with HostileExchange.start(tmp_path, limit_fill="after", limit_fill_after_ms=100) as exchange:
        order = asyncio.run(trade(exchange))
        exchange.restart()
        deadline = time.monotonic() + 5
        while not (trades := exchange.trades()) and time.monotonic() < deadline:
            time.sleep(0.01)

    assert (order.status, [seen.trade.at - order.created_at for seen in trades]) == ("open", [100])


def test_the_command_says_its_port_takes_behaviour_from_a_file_and_ends_on_sigterm(tmp_path: Path) -> None:
    behaviour = tmp_path / "behaviour.json"
    behaviour.write_text('{"dedupe": "none", "fee": "0.5"}')

    with _command(tmp_path, "--behaviour", str(behaviour)) as process:
        with urlopen(f"http://127.0.0.1:{_port(process)}/control") as answer:
            told = Behaviour.model_validate_json(answer.read())
        process.terminate()
        code = process.wait(timeout=30)

    assert (told, code) == (Behaviour(dedupe="none", fee=Decimal("0.5")), 0)


def test_a_tied_exchange_ends_with_whoever_started_it(tmp_path: Path) -> None:
    with _command(tmp_path, "--tied") as process:
        assert _port(process) > 0
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=30) == 0


def _command(data: Path, *options: str) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-m",
        "octobot_node.testing.hostile_exchange",
        "--port",
        "0",
        "--data",
        str(data),
        *options,
    ]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def _port(process: subprocess.Popen[bytes]) -> int:
    assert process.stdout is not None
    port: int = json.loads(process.stdout.readline())["port"]
    return port


def test_a_behaviour_that_does_not_exist_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="drop_everything"):
        HostileExchange.start(tmp_path / "exchange", drop_everything=1)
    assert not (tmp_path / "exchange").exists()


def test_an_exchange_that_cannot_start_says_so(exchange: HostileExchange, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="did not start: exit code 1"):
        HostileExchange.start(tmp_path, port=exchange.port)


def test_every_field_of_the_behaviour_says_what_it_is() -> None:
    assert [name for name, field in Behaviour.model_fields.items() if not field.description] == []


# -- prices and the plugin


def test_market_data_tells_prices_and_rules_but_no_candles(exchange: HostileExchange) -> None:
    exchange.set(fee=Decimal("0.002"), fee_in="quote")
    exchange.set_price("SET/USD", "12.34")

    async def scenario() -> Any:
        prices = HostileMarketData(HostileMarketSettings(**exchange.market_data_settings()), open_directly)
        try:
            tickers = await prices.tickers(["BTC/USDT", "SET/USD", "DOGE/EUR", "unlisted"])
            with pytest.raises(DataUnavailable, match="1h candles of BTC/USDT"):
                await prices.candles("BTC/USDT", "1h", 10)
            with pytest.raises(DataUnavailable, match="unlisted"):
                await prices.tickers(["unlisted"])
            return tickers, await prices.rules(["BTC/USDT", "unlisted"])
        finally:
            await prices.close()

    tickers, rules = asyncio.run(scenario())

    assert {symbol: (each.last, each.bid, each.ask) for symbol, each in tickers.items()} == {
        "BTC/USDT": (40_000, 40_000, 40_000),
        "SET/USD": (Decimal("12.34"),) * 3,
        "DOGE/EUR": (Decimal("7612.61"),) * 3,
    }
    assert rules == {
        "BTC/USDT": MarketRules(
            "BTC/USDT", "BTC", "USDT", taker_fee=Decimal("0.002"), maker_fee=Decimal("0.002"), fee_in="quote"
        )
    }


def test_no_prices_from_nobody(free_port: int) -> None:
    async def scenario() -> None:
        prices = HostileMarketData(HostileMarketSettings(url=f"http://127.0.0.1:{free_port}"), open_directly)
        try:
            with pytest.raises(DataUnavailable, match="no connection"):
                await prices.tickers(["BTC/USD"])
        finally:
            await prices.close()

    asyncio.run(scenario())


def test_the_plugin_offers_both_halves_and_the_connector_tells_the_truth(exchange: HostileExchange) -> None:
    exchange.set(dedupe="open", lookup="recent", recent_ms=5, request_expiry=False, visibility_lag_ms=7)
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(hostile_exchange)
    offered: list[MarketDataFactory | TradingFactory] = []
    manager.hook.register_market_data(register=offered.append)
    manager.hook.register_trading(register=offered.append)
    prices, trading = offered

    lent = SimpleNamespace(session=open_directly)
    opened = trading.open(trading.Settings(**exchange.trading_settings()), "account", lent)

    assert [(type(each), each.name) for each in offered] == [
        (MarketDataFactory, "hostile"),
        (TradingFactory, "hostile"),
    ]
    assert isinstance(prices.open(prices.Settings(**exchange.market_data_settings()), lent), HostileMarketData)
    assert isinstance(opened, HostileTrading)
    assert opened.capabilities == Capabilities(
        dedupe="open",
        lookup=Lookup("recent", 5),
        request_expiry=False,
        visibility_lag_ms=7,
        market_spend=True,
        post_only=True,
    )


def test_settings_are_json_as_run_files_and_tables_hold_them(exchange: HostileExchange) -> None:
    exchange.set(fee=Decimal("0.002"))
    for settings in (exchange.trading_settings("one"), exchange.market_data_settings()):
        assert json.loads(json.dumps(settings)) == settings
