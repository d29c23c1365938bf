"""Routes in use are looked at: `doctor` says what is down and who waits, and a person is told once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from octobot_node.contracts.health import Health
from octobot_node.engine.commands.commands import NewAccount
from octobot_node.store.tables import notices
from octobot_plugins.proxies.health import check_routes
from octobot_plugins.proxies.watching import RouteWatcher
from tests.integration.engine.conftest import make_bench, registry, template
from tests.support.bench import Bench
from tests.support.proxies import SocksServer

__all__ = ["make_bench", "registry", "template"]


@pytest.fixture
def bench(make_bench: Callable[..., Bench]) -> Bench:
    return make_bench(egress_routes=("vps=socks5://127.0.0.1:1", "idle=socks5://127.0.0.1:2"))


def account(bench: Bench, name: str, egress: str, prices: str = "") -> None:
    bench.commands.create_account(NewAccount(name, "fake", "fake", {}, {}, egress=egress, market_data_egress=prices))


def test_where_all_goes_directly_there_is_nothing_to_check(bench: Bench) -> None:
    assert check_routes(bench.core.context) is None
    assert RouteWatcher(bench.core.context).step() == {}


def test_a_route_that_is_down_is_said_with_who_waits_and_what_to_do(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SocksServer() as socks:
        monkeypatch.setenv("OCTOBOT_PROXIES_TOR_SOCKS", f"127.0.0.1:{socks.port}")
        account(bench, "one", "tor")
        found = check_routes(bench.core.context)
        assert found == Health("ok", f"tor: tor://127.0.0.1:{socks.port} answers")
        account(bench, "two", "direct", "vps")
        account(bench, "three", "lost")
        found = check_routes(bench.core.context)
        assert found is not None
        assert (found.status, "vps: socks5://127.0.0.1:1 cannot be connected to" in found.detail) == ("failed", True)
        assert "(nothing goes another way, what waits is on: two)" in found.detail
        assert "lost: there is no route 'lost' on this node" in found.detail
        assert "idle: " not in found.detail
        assert found.cure == "start the proxy, or correct its route in OCTOBOT_EGRESS_ROUTES"


def test_a_person_is_told_once_that_a_route_is_down_and_once_that_it_is_back(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SocksServer() as socks:
        monkeypatch.setenv("OCTOBOT_PROXIES_TOR_SOCKS", f"127.0.0.1:{socks.port}")
        account(bench, "one", "tor")
        watcher = RouteWatcher(bench.core.context)
        assert [each.status for each in watcher.step().values()] == ["up"]
        socks.stop()
        for _ in range(2):
            assert [each.status for each in watcher.step().values()] == ["down"]
        socks.start()
        for _ in range(2):
            assert [each.status for each in watcher.step().values()] == ["up"]
    assert [row.message for row in bench.rows(notices, notices.c.id)] == [
        (
            f"the egress tor is down, what goes by it waits: tor://127.0.0.1:{socks.port} cannot be connected to"
            " (Connection refused): start Tor, or say where it is: OCTOBOT_PROXIES_TOR_SOCKS"
        ),
        "the egress tor is back",
    ]
