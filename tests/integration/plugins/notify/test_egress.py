"""The sending process connects to where it may, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from octobot_node.egress import is_public
from octobot_plugins.notify.courier import Courier, Reply
from tests.integration.plugins.notify.conftest import Proxy, WebServer

pytestmark = pytest.mark.process

PRIVATE = "its host has a private address: set OCTOBOT_NOTIFY_ALLOW_PRIVATE=true if that is meant"


def tell(courier: Courier, url: str) -> Reply:
    return courier.ask({"do": "tell", "url": url, "title": "T", "body": "B", "level": "info"})


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::10.0.0.1", False),
        ("64:ff9b::8.8.8.8", True),
        ("2002:0a00:0001::", False),
    ],
)
def test_an_address_is_public_whatever_it_is_wrapped_in(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_private_address_is_refused_after_its_name_was_looked_up(
    courier: Callable[..., Courier], web: WebServer, host: str
) -> None:
    reply = tell(courier(), web.url(host=host))
    assert reply == Reply(ok=False, error=PRIVATE, service="JSON")
    assert web.paths == []


def test_a_private_address_is_reached_where_that_is_allowed(courier: Callable[..., Courier], web: WebServer) -> None:
    assert tell(courier(allow_private=True), web.url()) == Reply(ok=True, error="", service="JSON")
    assert web.messages == ["B"]


def test_a_heartbeat_is_held_to_the_rules_too(courier: Callable[..., Courier], web: WebServer) -> None:
    assert courier().ask({"do": "fetch", "url": web.url(scheme="http")}).error == PRIVATE
    assert courier(allow_private=True).ask({"do": "fetch", "url": web.url(scheme="http")}).ok
    assert web.paths == ["/hook"]


@pytest.mark.parametrize("url", ["syslog://", "rsyslog://127.0.0.1", "mailto://user:pass@localhost?smtp=127.0.0.1"])
def test_other_ways_than_the_web_are_held_to_the_rules(courier: Callable[..., Courier], url: str) -> None:
    reply = tell(courier(), url)
    assert (reply.ok, "allow_private" in reply.error.lower()) == (False, True)


def test_through_a_socks_proxy_everything_goes_and_names_are_looked_up_there(
    courier: Callable[..., Courier], web: WebServer, socks: Proxy
) -> None:
    reply = tell(courier(proxy=f"socks5h://127.0.0.1:{socks.port}"), "json://no-such-name.invalid/hook")
    assert reply == Reply(ok=True, error="", service="JSON")
    assert (socks.asked, web.messages) == (["no-such-name.invalid:80"], ["B"])


def test_through_an_http_proxy_everything_goes_and_names_are_looked_up_there(
    courier: Callable[..., Courier], web: WebServer, forward: Proxy
) -> None:
    reply = tell(courier(proxy=f"http://127.0.0.1:{forward.port}"), "json://no-such-name.invalid/hook")
    assert reply == Reply(ok=True, error="", service="JSON")
    assert (forward.asked, web.messages) == (["http://no-such-name.invalid/hook"], ["B"])


def test_a_proxy_may_be_given_by_name(courier: Callable[..., Courier], web: WebServer, socks: Proxy) -> None:
    assert tell(courier(proxy=f"socks5h://localhost:{socks.port}"), "json://somewhere.invalid").ok
    assert len(web.messages) == 1


@pytest.mark.parametrize("url", ["mailto://user:pass@gmail.com", "rsyslog://8.8.8.8", "syslog://"])
def test_what_would_go_past_a_proxy_is_refused(courier: Callable[..., Courier], socks: Proxy, url: str) -> None:
    reply = tell(courier(proxy=f"socks5h://127.0.0.1:{socks.port}", allow_private=True), url)
    assert (reply.ok, "proxy" in reply.error, socks.asked) == (False, True, [])


def test_a_proxy_that_is_not_there_is_not_gone_around(courier: Callable[..., Courier], web: WebServer) -> None:
    reply = tell(courier(proxy="socks5h://127.0.0.1:1", allow_private=True), web.url())
    assert (reply.ok, reply.error) == (False, "the proxy does not let it through: check the proxy")
    assert web.paths == []


def test_the_machine_s_own_proxy_is_not_used(
    courier: Callable[..., Courier], web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert tell(courier(allow_private=True), web.url()).ok


@pytest.mark.parametrize(
    "proxy", ["socks5://127.0.0.1:9050", "127.0.0.1:9050", "socks5h://127.0.0.1", "http://", "http://host:port"]
)
def test_a_proxy_that_leaks_or_is_half_written_is_refused(courier: Callable[..., Courier], proxy: str) -> None:
    with pytest.raises(ValueError, match="the proxy"):
        courier(proxy=proxy)


def test_a_proxy_whose_name_is_unknown_is_not_gone_around_and_says_nothing_about_urls(
    courier: Callable[..., Courier], web: WebServer
) -> None:
    sender = courier(proxy="socks5h://no-such-proxy.invalid:9050", allow_private=True)
    assert sender.ask({"do": "check", "url": web.url()}).ok
    assert tell(sender, web.url()).error == "the proxy's own name cannot be looked up: check the proxy"
    assert tell(sender, web.url()).error == "the proxy's own name cannot be looked up: check the proxy"
    assert web.paths == []
