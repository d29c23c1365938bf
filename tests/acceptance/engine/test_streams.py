"""A node on an exchange that it listens to, all by a proxy: what it is told by itself it does not wait to ask for."""

from __future__ import annotations

import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from octobot_node.testing.exchange_emulators import EmulatorProcess
from tests.integration.cli.conftest import Folder, folder
from tests.support.proxies import SocksServer

__all__ = ["folder"]

LIMIT_S, INTERVAL_S = 60.0, 600
LEAVES_FROM = "127.0.0.9"
RUN = """\
accounts:
  binance:
    egress: tor
    market_data: {{use: ccxt, exchange: binance, base_url: "{url}"}}
    trading: {{use: ccxt, exchange: binance, base_url: "{url}", api_key: "{key}", secret: "{secret}"}}
automations:
  - name: trade
    type: smart_trade
    account: binance
    budget: {{USDT: 1000}}
    config: {{symbol: BTC/USDT, spend: 400, entry: {{limit: 39000}}, take_profits: [{{price: 41000}}]}}
"""


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[EmulatorProcess]:
    with EmulatorProcess.start("binance", prices={"BTC/USDT": 40_000}, balances={"USDT": 10_000}) as running:
        yield running


def until(holds: Callable[[], Any]) -> None:
    """Wait until something holds."""
    end = time.monotonic() + LIMIT_S
    while not holds():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


def _count(folder: Folder, statement: str) -> int:
    with closing(sqlite3.connect(f"file:{folder.state / 'octobot.db'}?mode=ro", uri=True)) as connection:
        (found,) = connection.execute(statement).fetchone()
    return int(found)


def _open(folder: Folder) -> int:
    return _count(folder, "SELECT count(*) FROM intents WHERE status = 'open'")


def _fills(folder: Folder) -> int:
    return _count(folder, "SELECT count(*) FROM fills")


def test_a_fill_is_booked_at_once_though_nobody_asks_for_ten_minutes(folder: Folder, exchange: EmulatorProcess) -> None:
    folder.write("run.yaml", RUN.format(url=exchange.url, key=exchange.key, secret=exchange.secret))
    (folder.path / "run.yaml").chmod(0o600)
    intervals = {"OCTOBOT_WATCH_INTERVAL": str(INTERVAL_S), "OCTOBOT_WATCH_INTERVAL_MAX": str(INTERVAL_S)}
    with SocksServer(leaves_from=LEAVES_FROM) as socks:
        environment = {
            **intervals,
            "OCTOBOT_PROXIES_TOR_SOCKS": f"127.0.0.1:{socks.port}",
            "OCTOBOT_EGRESS_ALLOW_PRIVATE": "true",
            "OCTOBOT_DISK_RESERVE_MB": "0",
            "PYTHONWARNINGS": "error::ResourceWarning",
        }
        with folder.start("run", "run.yaml", "--json", **environment) as process:
            until(lambda: (folder.state / "octobot.db").exists() and exchange.orders() and _open(folder))
            until(lambda: exchange.report().requests.get("/ws-api/v3"))
            began = time.monotonic()
            exchange.price("BTC/USDT", 38_900)
            until(lambda: _fills(folder) and len(exchange.orders()) > 1)
            took = time.monotonic() - began
            exchange.price("BTC/USDT", 41_500)
            until(lambda: _fills(folder) > 1)
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "ResourceWarning" not in errors
    assert "Unclosed" not in errors
    assert took < LIMIT_S < INTERVAL_S
    assert len(exchange.trades()) == _fills(folder) == 2
    # Prices, orders and both streams: by the proxy or not at all.
    assert {peer for peer, _ in exchange.report().peers} == {LEAVES_FROM}
