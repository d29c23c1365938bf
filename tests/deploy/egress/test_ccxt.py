"""By packets, now with ccxt: what it asks and what it listens to, through proxies and through a Tor that dies."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from benchmarks.crash.exchanges import BooksOf
from benchmarks.crash.verify import looked_at, verify
from octobot_node.testing.exchange_emulators import EmulatorProcess
from tests.deploy.egress.conftest import NodeAtDesk, until
from tests.deploy.egress.desk import Desk, Packet, desk
from tests.deploy.egress.test_packets import place
from tests.deploy.egress.tor_network import BASE, TorNetwork
from tests.support.proxies import HttpProxyServer, ProxyServer, SocksServer

__all__ = ["place"]

#: A name that only the proxy can look up; it says of itself that it is private, so plain HTTP may be spoken.
NAME = "exchange.internal"
_GRID = {"lower": 38_000, "upper": 42_000, "levels": 21, "amount": "0.002", "max_orders_per_side": 3}
_SMART = {"spend": 100, "entry": {"limit": 39_900}, "take_profits": [{"percent": "0.4"}], "stop_loss": {"percent": 3}}
_DCA = {"amount": 100, "every": "1m", "take_profit": "0.3"}
#: How often Tor dies, after how many seconds of trading at the least.
DEATHS, AT_WORK_S = 3, 10.0


@pytest.fixture
def binance(tmp_path: Path) -> Iterator[EmulatorProcess]:
    money = {"USDT": 1_000_000, "BTC": 10}
    with EmulatorProcess.start("binance", tmp_path / "books", prices={"BTC/USDT": 40_000}, balances=money) as running:
        running.limit(weight=10**9, orders_10s=10**9)
        yield running


def traded_by(exchange: EmulatorProcess, url: str, egress: str) -> dict[str, Any]:
    """Return a run file of a grid, a smart trade and a DCA on the exchange as it is reached by ``url``."""
    here = {"use": "ccxt", "exchange": "binance", "base_url": url}
    keys = {"api_key": exchange.key, "secret": exchange.secret, "visibility_lag": 1.0}
    account = {"egress": egress, "market_data": here, "trading": {**here, **keys}}
    automations = [
        {"name": type_, "type": type_, "account": "main", "budget": {"USDT": 20_000}, "config": {**config}}
        for type_, config in (("grid", _GRID), ("smart_trade", _SMART), ("dca", _DCA))
    ]
    for each in automations:
        each["config"] = {"symbol": "BTC/USDT", **each["config"]}  # type: ignore[dict-item]
    return {"accounts": {"main": account}, "automations": automations}


def listened_to(exchange: EmulatorProcess) -> bool:
    """Whether its account's and its market's websockets are open."""
    asked = exchange.report().requests
    return asked.get("/ws-api/v3", 0) > 0 and any(path.startswith("/ws/") for path in asked)


def fills_in(database: Path) -> int:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        (found,) = connection.execute("SELECT count(*) FROM fills").fetchone()
    return int(found)


def _said(log: Path, words: str, times: int) -> Callable[[], bool]:
    return lambda: log.read_text().count(words) >= times


def _traded(exchange: EmulatorProcess) -> Callable[[], bool]:
    """Return whether more trades came since now."""
    known = len(exchange.trades())
    return lambda: len(exchange.trades()) > known + 3


@pytest.mark.parametrize(("scheme", "kind"), [("socks5", SocksServer), ("http", HttpProxyServer)])
def test_all_that_ccxt_asks_and_listens_to_goes_to_the_proxy(
    place: Desk, binance: EmulatorProcess, tmp_path: Path, scheme: str, kind: type[ProxyServer]
) -> None:
    port = urlsplit(binance.url).port
    with kind(host=place.gateway) as proxy:
        routes = {"OCTOBOT_EGRESS_ROUTES": f"vps={scheme}://{place.gateway}:{proxy.port}"}
        run = traded_by(binance, f"http://{NAME}:{port}", "vps")
        log = tmp_path / "node" / "log"
        with NodeAtDesk.running_file(place, tmp_path / "node", run, {**routes, "OCTOBOT_EGRESS_ALLOW_PRIVATE": "true"}):
            until(lambda: listened_to(binance) and binance.orders(), log)
            binance.wave("BTC/USDT", "0.01", 12_000)
            until(lambda: len(binance.trades()) > 5, log)
            proxy.stop()
            until(lambda: "the egress vps is down" in log.read_text(), log)
            proxy.start()
            until(_traded(binance), log)
        assert {each.host for each in proxy.asked} == {NAME}
    assert place.packets == {Packet("tcp", place.gateway, proxy.port)}


@pytest.mark.timeout(900)
def test_a_tor_that_dies_under_live_trading_costs_nothing_but_time(
    tor_network: TorNetwork, binance: EmulatorProcess, tmp_path: Path
) -> None:
    socks, control = f"{Desk.gateway}:{BASE + 70}", f"127.0.0.1:{BASE + 71}"
    traffic = {
        "OCTOBOT_PROXIES_TOR_SOCKS": socks,
        "OCTOBOT_EXCHANGE_TRAFFIC": "tor",
        "OCTOBOT_EGRESS_ALLOW_PRIVATE": "true",
    }
    # The exit's own machine: at the desk nothing is at this address.
    run, log = traded_by(binance, binance.url, "tor"), tmp_path / "node" / "log"
    database = tmp_path / "node" / "data" / "octobot.db"
    with desk(route=True) as place, tor_network.client("trading", socks, control) as tor:
        with NodeAtDesk.running_file(place, tmp_path / "node", run, traffic):
            until(lambda: listened_to(binance) and binance.orders(), log)
            binance.wave("BTC/USDT", "0.01", 12_000)
            for deaths in range(1, DEATHS + 1):
                until(_traded(binance), log)
                time.sleep(AT_WORK_S)
                tor.stop()
                until(_said(log, "the egress tor is down", deaths), log)
                tor.start()
                tor.wait()
                until(_said(log, "the egress tor is back", deaths), log)
            until(_traded(binance), log)
            binance.wave("BTC/USDT", "0")
            until(lambda: database.exists() and fills_in(database) >= len(binance.trades()), log)
        with looked_at(database) as connection:
            books = BooksOf(binance, connection)
        verdict = verify(database, books, all_known=True)
        assert (verdict.duplicates, verdict.losses, verdict.unknown, verdict.problems) == (0, 0, 0, [])
        assert verdict.orders > 10
        assert place.packets == {Packet("tcp", place.gateway, BASE + 70)}
