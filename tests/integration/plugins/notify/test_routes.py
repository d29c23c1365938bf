"""Messages leave by a route that accounts may have, or not at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydantic import ValidationError

from octobot_node.errors import EgressRefused
from octobot_node.plugin_system.egress_routes import OpenedRoutes
from octobot_node.settings import Settings
from octobot_plugins.notify.courier import Courier, Reply, open_courier
from octobot_plugins.notify.settings import NotifySettings
from octobot_plugins.proxies.kinds import KINDS
from octobot_plugins.proxies.settings import ProxySettings
from tests.integration.plugins.notify.conftest import WebServer
from tests.support.proxies import SocksServer

pytestmark = pytest.mark.process


def opened(egress: str, socks: SocksServer) -> Courier:
    routes = OpenedRoutes(
        {kind.name: kind for kind in KINDS},
        Settings(),
        lambda _model: ProxySettings(tor_socks=f"127.0.0.1:{socks.port}"),
    )

    def proxy_url(name: str, *, isolation: str) -> str:
        return routes.find(name).url(f"octobot-{isolation}")

    return open_courier(NotifySettings(egress=egress), proxy_url)


def tell(courier: Courier, url: str) -> Reply:
    try:
        return courier.ask({"do": "tell", "url": url, "title": "T", "body": "B", "level": "info"})
    finally:
        courier.close()


def test_messages_leave_through_tor_on_a_circuit_of_their_own(web: WebServer) -> None:
    with SocksServer() as socks:
        reply = tell(opened("tor", socks), f"json://hook.example:{web.server_port}/hook")
        assert (reply, web.messages) == (Reply(ok=True, error="", service="JSON"), ["B"])
        assert [(each.user, each.host, each.by_name) for each in socks.asked] == [
            ("octobot-notify", "hook.example", True)
        ]


def test_messages_wait_for_a_route_that_is_down_or_not_there(web: WebServer, courier: Callable[..., Courier]) -> None:
    with SocksServer() as socks:
        socks.stop()
        url = f"json://127.0.0.1:{web.server_port}/hook"
        assert tell(opened("tor", socks), url).error == "the proxy does not let it through: check the proxy"
        lost = tell(opened("lost", socks), url)
    assert (lost.ok, lost.error.partition(" on ")[0]) == (False, "egress: there is no route 'lost'")
    assert web.paths == []


def test_one_way_is_given_not_two() -> None:
    with pytest.raises(ValidationError, match="give either a proxy or an egress"):
        NotifySettings.model_validate({"egress": "tor", "proxy": "socks5h://127.0.0.1:9050"})
    with pytest.raises(EgressRefused):
        OpenedRoutes({}, Settings(), lambda _model: ProxySettings()).find("tor")
