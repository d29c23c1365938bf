"""An account's traffic leaves by its route, or waits: on a real exchange of this machine, behind a real proxy."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from octobot_node import Decision, MarketOrder, Tick
from octobot_node.engine.commands.commands import NewAccount
from octobot_node.plugin_system.discovery import load_plugins
from octobot_node.plugin_system.registry import Registry
from octobot_node.testing import HostileExchange
from tests.integration.engine.conftest import registry, template
from tests.support.bench import Bench
from tests.support.proxies import SocksServer
from tests.support.witness import Seen, watching

__all__ = ["registry", "template"]

pytestmark = pytest.mark.process

BUY = MarketOrder("BTC/USDT", "buy", spend=Decimal(10))


@pytest.fixture(scope="module")
def hostile() -> Registry:
    return load_plugins(extra=("octobot_node.testing.hostile_exchange",), discover=False)


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileExchange]:
    with HostileExchange.start(tmp_path_factory.mktemp("exchange"), request_expiry=False) as running:
        yield running


@pytest.fixture
def socks() -> Iterator[SocksServer]:
    with SocksServer() as server:
        yield server


@pytest.fixture
def make_bench(
    tmp_path: Path, template: Path, hostile: Registry, monkeypatch: pytest.MonkeyPatch, socks: SocksServer
) -> Iterator[Callable[..., Bench]]:
    monkeypatch.setenv("OCTOBOT_PROXIES_TOR_SOCKS", f"127.0.0.1:{socks.port}")
    made: list[Bench] = []

    def make(**settings: Any) -> Bench:
        made.append(Bench(tmp_path / f"node{len(made)}", template, hostile, **settings))
        return made[-1]

    yield make
    for bench in made:
        bench.close()


@pytest.fixture
def seen() -> Iterator[Seen]:
    with watching() as found:
        yield found


Account = Callable[..., str]


@pytest.fixture
def account(exchange: HostileExchange, seen: Seen) -> Account:
    """Return what makes an account on the exchange, whose prices go their own way if one is given."""

    def made(bench: Bench, name: str, egress: str = "", prices: str = "") -> str:
        with seen.looking_away():
            settings = exchange.market_data_settings(), exchange.trading_settings()
        new = NewAccount(name, "hostile", "hostile", *settings, egress=egress, market_data_egress=prices)
        return bench.commands.create_account(new)

    return made


def orders_at(exchange: HostileExchange, seen: Seen) -> int:
    with seen.looking_away():
        return len(exchange.orders())


def buys_once(tick: Tick[Any, Any]) -> Decision:
    return Decision(orders=[] if tick.number else [BUY])


def follow(bench: Bench, account_id: str) -> None:
    bench.account = account_id
    bench.run(2_000)


def test_orders_and_prices_leave_by_the_account_s_route_each_account_apart(
    make_bench: Callable[..., Bench], account: Account, exchange: HostileExchange, socks: SocksServer, seen: Seen
) -> None:
    bench = make_bench()
    ids = [account(bench, name, "tor") for name in ("one", "two")]
    for id_ in ids:
        bench.automation(f"who-{id_}", buys_once, account=id_, symbols=("BTC/USDT",))
        follow(bench, id_)
    assert bench.statuses() == ["filled", "filled"]
    users = {each.user for each in socks.asked}
    assert {f"octobot-{id_}" for id_ in ids} < users
    # The prices are both accounts', and of neither.
    (prices,) = users - {f"octobot-{id_}" for id_ in ids}
    assert prices.startswith("octobot-market-hostile-")
    assert seen.ports == {socks.port}


def test_prices_may_be_shared_with_others(
    make_bench: Callable[..., Bench], account: Account, exchange: HostileExchange, socks: SocksServer, seen: Seen
) -> None:
    bench = make_bench()
    id_ = account(bench, "one", "tor", "direct")
    bench.automation("who", buys_once, account=id_)
    follow(bench, id_)
    assert bench.statuses() == ["filled"]
    assert {each.user for each in socks.asked} == {f"octobot-{id_}"}
    assert seen.ports == {socks.port, exchange.port}


def test_without_its_proxy_an_account_waits_and_goes_on_when_it_is_back(
    make_bench: Callable[..., Bench], account: Account, exchange: HostileExchange, socks: SocksServer, seen: Seen
) -> None:
    socks.stop()
    bench = make_bench()
    id_ = account(bench, "one", "tor")
    automation = bench.automation("who", buys_once, account=id_)
    orders = orders_at(exchange, seen)
    route = bench.core.accounts.routes.find("tor")
    follow(bench, id_)
    row = bench.row(automation)
    assert (row.status, row.reason) == ("waiting", bench.core.accounts.egress_problem(id_))
    assert row.reason.startswith("egress: the route tor is down, tor://127.0.0.1:")
    assert (seen.ports, orders_at(exchange, seen), bench.intents()) == ({socks.port}, orders, [])
    socks.start()
    route.believed = 0.0
    until_it_is_back(route)
    # By a virtual clock it is tried again at the next whole minute.
    bench.run(60_000, step=30_000)
    assert (bench.row(automation).status, bench.row(automation).reason, bench.statuses()) == ("active", "", ["filled"])
    assert seen.ports == {socks.port}


def test_a_proxy_that_dies_before_an_order_is_sent_holds_it_back(
    make_bench: Callable[..., Bench], account: Account, exchange: HostileExchange, socks: SocksServer, seen: Seen
) -> None:
    bench = make_bench()
    id_ = account(bench, "one", "tor")
    bench.automation("who", buys_once, account=id_)
    bench.account = id_
    orders = orders_at(exchange, seen)
    bench.tick()
    socks.stop()
    bench.send()
    (intent,) = bench.intents()
    assert (intent.status, intent.reason.partition(", ")[0]) == ("planned", "egress: the route tor is down")
    socks.start()
    route = bench.core.accounts.routes.find("tor")
    route.believed = 0.0
    until_it_is_back(route)
    bench.run(8_000)
    assert (bench.statuses(), orders_at(exchange, seen)) == (["filled"], orders + 1)
    assert seen.ports == {socks.port}


def test_where_all_goes_through_tor_no_other_egress_is_taken(
    make_bench: Callable[..., Bench], account: Account, exchange: HostileExchange, socks: SocksServer, seen: Seen
) -> None:
    bench = make_bench(exchange_traffic="tor")
    before = account(bench, "before", "direct")
    automation = bench.automation("who", buys_once, account=before)
    follow(bench, before)
    row = bench.row(automation)
    assert (row.status, row.reason) == (
        "waiting",
        (
            "egress: exchange traffic may only go through tor (OCTOBOT_EXCHANGE_TRAFFIC), and the route direct is"
            " direct: `octobot-node accounts edit NAME --egress tor`"
        ),
    )
    assert (seen.ports, seen.looked_up) == (set(), [])
    bench.commands.edit_account(before, egress="tor", market_data_egress="tor")
    bench.run(60_000, step=30_000)
    assert (bench.row(automation).status, bench.row(automation).reason, bench.statuses()) == ("active", "", ["filled"])
    assert seen.ports == {socks.port}


def test_an_account_that_names_no_egress_has_the_one_that_is_prescribed(
    make_bench: Callable[..., Bench], account: Account, exchange: HostileExchange, socks: SocksServer, seen: Seen
) -> None:
    bench = make_bench(exchange_traffic="tor")
    id_ = account(bench, "one")
    bench.automation("who", buys_once, account=id_)
    follow(bench, id_)
    assert (bench.statuses(), seen.ports) == (["filled"], {socks.port})


def test_an_account_that_changes_its_egress_leaves_the_new_way_from_then_on(
    make_bench: Callable[..., Bench], account: Account, exchange: HostileExchange, socks: SocksServer, seen: Seen
) -> None:
    bench = make_bench()
    id_ = account(bench, "one")
    bench.automation("who", lambda _tick: Decision(orders=[BUY]), account=id_)
    follow(bench, id_)
    assert (seen.ports, socks.taken) == ({exchange.port}, 0)
    bench.commands.edit_account(id_, egress="tor", market_data_egress="tor")
    seen.connected.clear()
    bench.run(4_000)
    assert (seen.ports, {each.user for each in socks.asked} > {f"octobot-{id_}"}) == ({socks.port}, True)


def until_it_is_back(route: Any) -> None:
    ends = time.monotonic() + 30
    while route.problem():
        assert time.monotonic() < ends, route.problem()
        time.sleep(0.01)
