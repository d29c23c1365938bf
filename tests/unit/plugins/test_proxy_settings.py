"""What an operator writes about routes is read exactly, and what is wrong is said without its secrets."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from octobot_node.configuration import Configuration
from octobot_node.contracts.proxies import ProxyAddress
from octobot_node.egress.addresses import says_private
from octobot_node.errors import InvalidSettings
from octobot_node.plugin_system.egress_routes import OpenedRoutes, address_of
from octobot_node.settings import Settings
from octobot_plugins.proxies.kinds import KINDS
from octobot_plugins.proxies.settings import ProxySettings, host_and_port


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("socks5://me:s3cret@192.0.2.1:1080", "route 1 is not NAME=URL"),
        ("Vps=socks5://me:s3cret@192.0.2.1:1080", "route 1 is not NAME=URL"),
        ("vps=me:s3cret@192.0.2.1:1080", "route 1 is not NAME=URL"),
        ("vps=socks5://me:s3cret@192.0.2.1", "the route vps needs a host and a port"),
        ("vps=socks5://me:s3cret@:1080", "the route vps needs a host and a port"),
        ("vps=socks5://me:s3cret@192.0.2.1:port", "the route vps has no host and port that can be read"),
        ("vps=http://me:s3cret@192.0.2.1:3128/path", "the route vps has more than a host and a port"),
        ("direct=http://me:s3cret@192.0.2.1:3128", "route 1 is called direct, as another one is"),
    ],
)
def test_a_route_that_is_written_wrongly_is_refused_without_its_password(
    monkeypatch: pytest.MonkeyPatch, given: str, why: str
) -> None:
    monkeypatch.setenv("OCTOBOT_EGRESS_ROUTES", given)
    with pytest.raises(InvalidSettings, match="OCTOBOT_EGRESS_ROUTES") as refused:
        Configuration.load()
    assert (why in str(refused.value), "s3cret" in str(refused.value)) == (True, False)


def test_routes_are_read_and_shown_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOBOT_EGRESS_ROUTES", "vps=socks5://me:s3cret@192.0.2.1:1080, office=http://192.0.2.2:3128")
    configuration = Configuration.load()
    assert "s3cret" not in repr(configuration.rows([])) + repr(configuration.settings)
    routes = OpenedRoutes({kind.name: kind for kind in KINDS}, configuration.settings, lambda _model: ProxySettings())
    assert routes.names() == ["direct", "office", "tor", "vps"]
    assert [routes.find(name).shown for name in routes.names()] == [
        "straight to the Internet",
        "http://192.0.2.2:3128",
        "tor://127.0.0.1:9050",
        "socks5://192.0.2.1:1080",
    ]
    assert routes.find("vps").url("octobot-notify") == "socks5h://me:s3cret@192.0.2.1:1080"
    assert routes.find("tor").url("octobot-notify") == "socks5h://octobot-notify:octobot@127.0.0.1:9050"
    assert (routes.find("office").url("x"), routes.find("direct").url("x")) == ("http://192.0.2.2:3128", "")


def test_an_address_shows_neither_user_nor_password() -> None:
    found = address_of("socks5://us%40er:s3%3Acret@[2001:db8::1]:1080")
    assert found == ProxyAddress("socks5", "2001:db8::1", 1080, "us@er", "s3:cret")
    assert (str(found), "cret" in repr(found), "us@er" in repr(found)) == ("socks5://[2001:db8::1]:1080", False, False)


@pytest.mark.parametrize(
    ("traffic", "routes", "default"),
    [
        ("any", (), "direct"),
        ("tor", (), "tor"),
        ("socks5", ("vps=socks5://192.0.2.1:1080", "a=http://192.0.2.2:3128"), "vps"),
        ("socks5", (), "socks5"),
    ],
)
def test_an_account_that_names_no_route_has_the_one_that_may_be(
    traffic: str, routes: tuple[str, ...], default: str
) -> None:
    settings = Settings(exchange_traffic=traffic, egress_routes=routes)
    found = OpenedRoutes({kind.name: kind for kind in KINDS}, settings, lambda _model: ProxySettings())
    assert found.default() == default


@pytest.mark.parametrize(
    "text", ["", "9050", "host", "host:", ":9050", "host:port", "a/b:1", "u@host:1", "socks5://h:1"]
)
def test_where_tor_is_must_be_a_host_and_a_port(text: str) -> None:
    with pytest.raises(ValueError, match="is not HOST:PORT"):
        host_and_port(text)
    with pytest.raises(ValidationError):
        ProxySettings(tor_socks=text)


@pytest.mark.parametrize(
    ("host", "private"),
    [
        ("api.example.com", False),
        ("198.51.100.1", True),
        ("8.8.8.8", False),
        ("127.0.0.1", True),
        ("2130706433", True),
        ("0x7f.1", True),
        ("134744072", False),
        ("[::1]", True),
        ("localhost", True),
        ("LOCALHOST.", True),
        ("router", True),
        ("nas.local", True),
        ("metadata.google.internal", True),
        ("local.example.com", False),
        ("abcdefgh.onion", False),
    ],
)
def test_a_host_says_that_it_is_private(host: str, private: bool) -> None:
    assert says_private(host) is private
