"""By packets: what a node with a proxy sends goes to the proxy alone, names and all; without it nothing leaves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from octobot_node.testing import HostileExchange
from tests.deploy.egress.conftest import NodeAtDesk, until
from tests.deploy.egress.desk import Desk, Packet, desk
from tests.deploy.egress.tor_network import BASE, TorNetwork
from tests.support.proxies import HttpProxyServer, ProxyServer, SocksServer

NAME = "exchange.example"


@pytest.fixture(params=[False, True], ids=["only-the-proxy", "a-way-to-leak"])
def place(request: pytest.FixtureRequest) -> Iterator[Desk]:
    with desk(route=request.param) as made:
        yield made


@pytest.mark.parametrize(("scheme", "kind"), [("socks5", SocksServer), ("http", HttpProxyServer)])
def test_all_of_a_node_s_packets_go_to_its_proxy(
    place: Desk, exchange: HostileExchange, tmp_path: Path, scheme: str, kind: type[ProxyServer]
) -> None:
    with kind(host=place.gateway) as proxy:
        routes = {"OCTOBOT_EGRESS_ROUTES": f"vps={scheme}://{place.gateway}:{proxy.port}"}
        url = f"http://{NAME}:{exchange.port}"
        with NodeAtDesk.running(place, tmp_path / "node", url, "vps", routes):
            until(exchange.orders, tmp_path / "node" / "log")
        assert {each.host for each in proxy.asked} == {NAME}
    assert place.packets == {Packet("tcp", place.gateway, proxy.port)}


def test_without_its_proxy_a_node_waits_and_nothing_else_leaves(
    place: Desk, exchange: HostileExchange, tmp_path: Path
) -> None:
    with SocksServer(host=place.gateway) as proxy:
        proxy.stop()
        routes = {"OCTOBOT_EGRESS_ROUTES": f"vps=socks5://{place.gateway}:{proxy.port}"}
        url, log = f"http://{NAME}:{exchange.port}", tmp_path / "node" / "log"
        with NodeAtDesk.running(place, tmp_path / "node", url, "vps", routes) as node:
            status, reason = until(lambda: (told := node.told())[0] == "waiting" and told, log)
            assert (status, reason.partition(", ")[0]) == ("waiting", "egress: the route vps is down")
            # Until it was looked at again, too.
            until(lambda: "node: the egress vps is down" in log.read_text(), log)
            assert (node.told(), exchange.orders()) == ((status, reason), [])
            proxy.start()
            until(exchange.orders, log)
    assert place.packets == {Packet("tcp", place.gateway, proxy.port)}


def test_the_same_node_without_an_egress_would_be_seen(exchange: HostileExchange, tmp_path: Path) -> None:
    # What the others rest on: a name that is looked up, and a host that is connected to, are packets that are seen.
    with desk(route=True) as place:
        url, log = f"http://{NAME}:{exchange.port}", tmp_path / "named" / "log"
        with NodeAtDesk.running(place, tmp_path / "named", url, "direct", {}):
            until(lambda: Packet("udp", place.gateway, 53) in place.packets, log)
        with NodeAtDesk.running(place, tmp_path / "numbered", "http://198.51.100.7:8000", "direct", {}):
            until(lambda: Packet("tcp", "198.51.100.7", 8000) in place.packets, tmp_path / "numbered" / "log")


def test_through_tor_nothing_but_tor_is_spoken_to(
    tor_network: TorNetwork, exchange: HostileExchange, tmp_path: Path
) -> None:
    socks, control = f"{Desk.gateway}:{BASE + 50}", f"127.0.0.1:{BASE + 51}"
    traffic = {"OCTOBOT_PROXIES_TOR_SOCKS": socks, "OCTOBOT_EXCHANGE_TRAFFIC": "tor"}
    # The exit's own machine: at the desk nothing is at this address.
    url = f"http://127.0.0.1:{exchange.port}"
    with desk(route=True) as place, tor_network.client("desk", socks, control) as tor:
        with NodeAtDesk.running(place, tmp_path / "one", url, "tor", traffic):
            until(exchange.orders, tmp_path / "one" / "log")
        orders = len(exchange.orders())
        tor.stop()
        with NodeAtDesk.running(place, tmp_path / "two", url, "tor", traffic) as node:
            told = until(lambda: (told := node.told())[0] == "waiting" and told, tmp_path / "two" / "log")
            assert told[1].startswith("egress: the route tor is down, ")
        assert (place.packets, len(exchange.orders())) == ({Packet("tcp", place.gateway, BASE + 50)}, orders)
