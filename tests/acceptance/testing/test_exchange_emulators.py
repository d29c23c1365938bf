"""An emulator as a process of its own, and its handle."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from pathlib import Path

import aiohttp
import pytest

from octobot_node.testing.exchange_emulators import EmulatorProcess
from tests.support.binance_client import BinanceClient, Said


def test_a_process_is_handled_as_one_in_the_test_s_own(tmp_path: Path) -> None:
    prices = {"BTC/USDT": "100"}
    with EmulatorProcess.start("binance", tmp_path, prices=prices, balances={"USDT": 1_000}, parts=2) as exchange:

        async def order(**params: str) -> Said:
            async with aiohttp.ClientSession() as session:
                return await BinanceClient(exchange.url, exchange.key, exchange.secret, session).order(**params)

        exchange.strike("error_after")
        assert asyncio.run(order(quantity="1", price="90", newClientOrderId="mine")).status == 502
        exchange.price("BTC/USDT", "89")
        exchange.deposit({"USDT": "10"})
        [accepted] = exchange.orders()
        assert (accepted.order.client_order_id, accepted.order.status, accepted.effective) == ("mine", "filled", True)
        assert [trade.trade.amount for trade in exchange.trades("main")] == [Decimal("0.5")] * 2
        assert exchange.balances() == {"BTC": Decimal("0.999"), "USDT": 920}
        exchange.change("BTC/USDT", step="0.1")
        exchange.limit(weight=100)
        exchange.revoke()
        assert asyncio.run(order(quantity="1", price="90")).code == -2015
        exchange.restore()
        exchange.wave("BTC/USDT", "0.01")
        exchange.depth("BTC/USDT", None)
        exchange.pardon()
        assert asyncio.run(order(quantity="1.05", price="90")).body["msg"] == "Filter failure: LOT_SIZE"
        assert exchange.set(clock_drift_ms=5).parts == 2
        report = exchange.report()
        assert (report.orders, report.trades, report.errors) == (1, 2, {"-1013": 1, "-2015": 1})
        assert report.connections == {"127.0.0.1": 3}
        with pytest.raises(RuntimeError, match="there is no limit 'height'"):
            exchange.limit(height=1)
        assert exchange.stop() == 0
    events = [json.loads(line)[0][0] for line in (tmp_path / "journal.jsonl").read_text().splitlines()]
    assert events == ["deposit", "order", "price", "fill", "fill", "close", "deposit"]


def test_one_that_cannot_be_started_says_so() -> None:
    with pytest.raises(ValueError, match="drop_often"):
        EmulatorProcess.start("binance", drop_often=1)
    with pytest.raises(RuntimeError, match="did not start"):
        EmulatorProcess.start("binance", prices={"BTC/USDT": "many"})
