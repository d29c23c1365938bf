"""What is opened on a route leaves by its proxy, names unasked for, or not at all."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
import trustme
from aiohttp import ClientSession

from octobot_node.egress import HttpClient, WebSocketClient, open_session
from octobot_node.errors import EgressDown, EgressRefused, NotSent, Unresolved
from octobot_node.plugin_system.egress_routes import OpenedRoutes
from octobot_plugins.proxies import http_proxy
from octobot_plugins.proxies.settings import ProxySettings
from tests.integration.plugins.proxies.conftest import Site, at_site, open_routes
from tests.support.proxies import Asked, HttpProxyServer, SocksServer
from tests.support.witness import watching

__all__ = ["open_routes"]

OpenRoutes = Callable[..., OpenedRoutes]
NAME = "exchange.example"


@pytest.fixture
def socks() -> Iterator[SocksServer]:
    with SocksServer() as server:
        yield server


@pytest.fixture
def forward() -> Iterator[HttpProxyServer]:
    with HttpProxyServer() as server:
        yield server


def through_tor(open_routes: OpenRoutes, socks: SocksServer, **settings: Any) -> OpenedRoutes:
    return open_routes(ProxySettings(tor_socks=f"127.0.0.1:{socks.port}"), **settings)


async def get(routes: OpenedRoutes, name: str, url: str, isolation: str = "octobot-a", private: bool = True) -> Any:
    async with HttpClient(routes.find(name).egress(isolation, private=private)) as client:
        return (await client.request("GET", url, within=5)).json()


def test_tor_is_told_names_and_whose_account_it_is(open_routes: OpenRoutes, socks: SocksServer) -> None:
    routes = through_tor(open_routes, socks)

    async def use(site: Site) -> list[str]:
        for isolation in ("octobot-one", "octobot-two"):
            assert await get(routes, "tor", f"http://{NAME}:{site.port}/ip", isolation) == {"ip": "198.51.100.9"}
        return site.asked

    with watching() as seen:
        asked = at_site(use)
    assert [name.partition(":")[0] for name in asked] == [NAME, NAME]
    assert [(each.user, each.host, each.by_name) for each in socks.asked] == [
        ("octobot-one", NAME, True),
        ("octobot-two", NAME, True),
    ]
    assert (NAME in seen.looked_up, seen.connected) == (False, [("127.0.0.1", socks.port)] * 2)


def test_a_websocket_goes_the_same_way(open_routes: OpenRoutes, socks: SocksServer) -> None:
    routes = through_tor(open_routes, socks)

    async def use(site: Site) -> str | bytes:
        async with (
            WebSocketClient(routes.find("tor").egress("octobot-a", private=True)) as client,
            client.connect(f"ws://{NAME}:{site.port}/echo") as opened,
        ):
            await opened.send("hello")
            return await opened.receive(5)

    with watching() as seen:
        assert at_site(use) == "you said hello"
    assert [(each.user, each.host) for each in socks.asked] == [("octobot-a", NAME)]
    assert (NAME in seen.looked_up, seen.ports) == (False, {socks.port})


def test_socks5_gives_its_user_and_password(open_routes: OpenRoutes) -> None:
    with SocksServer(user="us er", password="p@ss:word") as server:
        routes = open_routes(egress_routes=(f"vps=socks5://us%20er:p%40ss%3Aword@127.0.0.1:{server.port}",))
        at_site(lambda site: get(routes, "vps", f"http://{NAME}:{site.port}/ip"))
        assert [(each.user, each.host) for each in server.asked] == [("us er", NAME)]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_http_proxy_is_asked_in_whole_urls_and_by_connect(open_routes: OpenRoutes, scheme: str) -> None:
    authority = trustme.CA()
    served, trusted = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert(NAME).configure_cert(served)
    authority.configure_trust(trusted)

    async def use(site: Site) -> Any:
        async with (
            open_session(routes.find("office").egress("octobot-a", private=True)) as session,
            session.get(f"{scheme}://{NAME}:{site.port}/ip", ssl=trusted) as answer,
        ):
            return await answer.json()

    with HttpProxyServer(user="me", password="secret") as server, watching() as seen:
        routes = open_routes(egress_routes=(f"office=http://me:secret@127.0.0.1:{server.port}",))
        assert at_site(use, served if scheme == "https" else None) == {"ip": "198.51.100.9"}
        assert [(each.user, each.host, each.by_name) for each in server.asked] == [("me", NAME, True)]
    assert (NAME in seen.looked_up, seen.ports) == (False, {server.port})


def test_a_websocket_goes_through_an_http_proxy(open_routes: OpenRoutes, forward: HttpProxyServer) -> None:
    authority = trustme.CA()
    served, trusted = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert(NAME).configure_cert(served)
    authority.configure_trust(trusted)
    routes = open_routes(egress_routes=(f"office=http://127.0.0.1:{forward.port}",))

    async def use(site: Site) -> str:
        async with (
            open_session(routes.find("office").egress("octobot-a", private=True)) as session,
            session.ws_connect(f"wss://{NAME}:{site.port}/echo", ssl=trusted) as opened,
        ):
            await opened.send_str("hello")
            return str((await opened.receive()).data)

    assert at_site(use, served) == "you said hello"
    assert [each.host for each in forward.asked] == [NAME]


ROUTES = ["tor", "vps", "office"]


def all_routes(open_routes: OpenRoutes, port: int) -> OpenedRoutes:
    """Return a route of each kind, all of whose proxies are at one port."""
    return open_routes(
        ProxySettings(tor_socks=f"127.0.0.1:{port}"),
        egress_routes=(f"vps=socks5://127.0.0.1:{port}", f"office=http://127.0.0.1:{port}"),
    )


def error_of(use: Callable[[Site], Awaitable[Any]]) -> Exception:
    async def caught(site: Site) -> Exception:
        try:
            await use(site)
        except Exception as error:
            assert site.asked == []
            return error
        raise AssertionError("it went out")

    return at_site(caught)


@pytest.mark.parametrize("name", ROUTES)
def test_nothing_goes_around_a_proxy_that_is_not_there(open_routes: OpenRoutes, socks: SocksServer, name: str) -> None:
    socks.stop()
    routes = all_routes(open_routes, socks.port)
    with watching() as seen:
        error = error_of(lambda site: get(routes, name, f"http://127.0.0.1:{site.port}/ip"))
    assert type(error) is EgressDown
    assert str(error).startswith(f"egress: the route {name} is down, ")
    assert "and nothing goes another way" in str(error)
    assert (seen.ports, seen.looked_up) == ({socks.port}, [])
    assert routes.find(name).problem() == str(error)


@pytest.mark.parametrize("name", ROUTES)
@pytest.mark.parametrize("wrong", [b"", b"HTTP/1.1 200 OK\r\n\r\n", b"\x04\x00", b"\x05\xff", b"\x00" * 40])
def test_nothing_goes_around_a_proxy_that_answers_nonsense(open_routes: OpenRoutes, name: str, wrong: bytes) -> None:
    kind = HttpProxyServer if name == "office" else SocksServer
    with kind() as server:
        server.answer = wrong if wrong[:4] != b"HTTP" or name != "office" else b"SSH-2.0-OpenSSH\r\n"
        routes = all_routes(open_routes, server.port)
        with watching() as seen:
            error = error_of(lambda site: get(routes, name, f"http://{NAME}:{site.port}/ip"))
    # A proxy that takes a whole request, as one in clear does, may have passed it on.
    assert isinstance(error, EgressDown if name != "office" else Unresolved)
    assert (seen.ports, NAME in seen.looked_up) == ({server.port}, False)


@pytest.mark.parametrize(("reply", "why"), [(1, "it failed there"), (2, "its rules"), (5, "refused there")])
def test_what_is_wrong_behind_a_proxy_is_not_the_proxy_s(
    open_routes: OpenRoutes, socks: SocksServer, reply: int, why: str
) -> None:
    socks.answer = reply
    routes = through_tor(open_routes, socks)
    error = error_of(lambda site: get(routes, "tor", f"http://{NAME}:{site.port}/ip"))
    assert (type(error), why in str(error)) == (NotSent, True)
    assert routes.find("tor").problem() == ""


def test_a_refused_password_is_the_proxy_s_and_is_told_without_it(open_routes: OpenRoutes) -> None:
    with SocksServer(user="me", password="right") as socks, HttpProxyServer(user="me", password="right") as forward:
        routes = open_routes(
            egress_routes=(
                f"vps=socks5://me:wr0ng-secret@127.0.0.1:{socks.port}",
                f"office=http://me:wr0ng-secret@127.0.0.1:{forward.port}",
            )
        )
        for name, url in (("vps", f"http://{NAME}/"), ("office", f"https://{NAME}/")):
            error = error_of(lambda _site, name=name, url=url: get(routes, name, url))  # type: ignore[misc]
            told = f"{error!r} {routes.find(name).shown} {routes.find(name).standing} {error.__context__!r}"
            assert (type(error), "wr0ng" in told, "refuses" in str(error)) == (EgressDown, False, True)


def test_a_proxy_that_says_nothing_is_given_up_in_time(open_routes: OpenRoutes, socks: SocksServer) -> None:
    socks.silent = True
    routes = through_tor(open_routes, socks)

    async def use(site: Site) -> None:
        async with HttpClient(routes.find("tor").egress("octobot-a", private=True)) as client:
            await client.request("GET", f"http://{NAME}:{site.port}/ip", within=0.3)

    with watching() as seen:
        assert isinstance(error_of(use), NotSent | Unresolved)
    assert (seen.ports, NAME in seen.looked_up) == ({socks.port}, False)


def test_a_proxy_that_dies_breaks_what_is_open_and_what_comes_after_waits_for_it(
    open_routes: OpenRoutes, socks: SocksServer
) -> None:
    routes = through_tor(open_routes, socks)

    async def use(site: Site) -> list[str]:
        told = []
        async with HttpClient(routes.find("tor").egress("octobot-a", private=True)) as client:
            url = f"http://{NAME}:{site.port}/ip"
            assert (await client.request("GET", url)).ok
            socks.stop()
            for _ in range(3):
                try:
                    await client.request("GET", url)
                except NotSent as error:
                    told.append(type(error).__name__)
                except Unresolved as error:
                    told.append(str(error))
            socks.start()
            assert (await client.request("GET", url)).ok
            assert len(site.asked) == 2
        return told

    told = at_site(use)
    # The kept connection broke, or was gone already.
    assert told[-2:] == ["EgressDown", "EgressDown"]
    assert routes.find("tor").problem() == ""


def test_the_machine_s_own_proxies_change_nothing(
    open_routes: OpenRoutes, socks: SocksServer, forward: HttpProxyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "WS_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{forward.port}")
    monkeypatch.setenv("NO_PROXY", "*")
    routes = through_tor(open_routes, socks)

    async def use(site: Site) -> None:
        for name in ("tor", "direct"):
            await get(routes, name, f"http://127.0.0.1:{site.port}/ip")

    at_site(use)
    assert (forward.taken, len(socks.asked)) == (0, 1)


@pytest.mark.parametrize("name", ["direct", *ROUTES])
def test_what_a_library_sets_of_proxies_by_itself_is_refused(
    open_routes: OpenRoutes, socks: SocksServer, forward: HttpProxyServer, name: str
) -> None:
    routes = all_routes(open_routes, socks.port)
    other = f"http://127.0.0.1:{forward.port}"

    async def use(site: Site) -> None:
        async with open_session(routes.find(name).egress("octobot-a", private=True)) as session:
            with pytest.raises(EgressRefused, match="a proxy of its own"):
                await session.get(f"http://127.0.0.1:{site.port}/ip", proxy=other)
            with pytest.raises(EgressRefused, match="a proxy of its own"):
                await session.ws_connect(f"ws://127.0.0.1:{site.port}/echo", proxy=other)
        for given in ("proxy", "connector", "trust_env"):
            with pytest.raises(EgressRefused, match="its way out is given"):
                open_session(routes.find(name).egress("octobot-a", private=True), **{given: None})  # type: ignore[arg-type]  # as a library would
        assert site.asked == []

    at_site(use)
    assert (forward.taken, socks.taken) == (0, 0)


def test_no_redirect_is_followed_whoever_asks(open_routes: OpenRoutes, socks: SocksServer) -> None:
    routes = through_tor(open_routes, socks)

    async def use(site: Site) -> None:
        way = routes.find("tor").egress("octobot-a", private=True)
        base = f"{NAME}:{site.port}/elsewhere"
        async with open_session(way) as session, WebSocketClient(way) as sockets:
            with pytest.raises(EgressRefused, match="redirects elsewhere"):
                await session.get(f"http://{base}")
            with pytest.raises(EgressRefused, match="redirects elsewhere"):
                async with sockets.connect(f"ws://{base}"):
                    raise AssertionError

    at_site(use)
    assert {each.host for each in socks.asked} == {NAME}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
def test_a_kept_connection_that_breaks_has_nothing_sent_twice(open_routes: OpenRoutes, method: str) -> None:
    routes = open_routes()

    async def use(site: Site) -> list[str]:
        async with open_session(routes.find("direct").egress("octobot-a", private=True)) as session:
            url = f"http://127.0.0.1:{site.port}/drop"
            async with session.request(method, url):
                pass
            with pytest.raises(Exception, match="disconnected"):
                await _again(session, method, url)
        return site.asked

    assert at_site(use) == [f"{method} /drop"] * 2


async def _again(session: ClientSession, method: str, url: str) -> None:
    async with session.request(method, url):
        pass


@pytest.mark.parametrize("name", ["direct", *ROUTES])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "router", "nas.local", "[::1]", "10.0.0.1"])
def test_private_hosts_are_refused_on_every_route(
    open_routes: OpenRoutes, socks: SocksServer, name: str, host: str
) -> None:
    routes = all_routes(open_routes, socks.port)
    if name == "direct" and host in ("router", "nas.local"):
        return  # looked up here, and refused by their address: tests/integration/test_egress.py

    async def use(site: Site) -> None:
        await get(routes, name, f"http://{host}:{site.port}/ip", private=False)

    error = error_of(use)
    assert isinstance(error, NotSent)
    assert (isinstance(error, EgressRefused) or name == "direct", socks.taken) == (True, 0)


def test_an_unknown_route_and_an_unusable_one_lead_nowhere(open_routes: OpenRoutes) -> None:
    routes = open_routes(egress_routes=("odd=gopher://192.0.2.1:70", "half=socks5://user@192.0.2.1:1080"))
    with pytest.raises(EgressRefused, match="there is no route 'nowhere' on this node, only direct, half, odd, tor"):
        routes.find("nowhere")
    for name, why in (("odd", "no plugin has proxies of its scheme"), ("half", "its user is without a password")):
        with pytest.raises(EgressRefused, match=f"the route {name} cannot be used: {why}"):
            routes.find(name).egress("octobot-a", private=True).connector()
        assert why in routes.find(name).problem()


def test_names_of_asked_hosts_are_given_as_they_are_written(open_routes: OpenRoutes, socks: SocksServer) -> None:
    routes = through_tor(open_routes, socks)
    at_site(lambda site: get(routes, "tor", f"http://127.0.0.1:{site.port}/ip"))
    assert [each._replace(port=0) for each in socks.asked] == [Asked("octobot-a", "127.0.0.1", 0, False)]


@pytest.mark.parametrize("host", [NAME, "127.0.0.1"])
def test_a_connector_that_were_not_told_of_its_proxy_could_go_nowhere_else(
    open_routes: OpenRoutes, forward: HttpProxyServer, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    # As a release of aiohttp would do it that asks its requests in another way.
    monkeypatch.setattr(http_proxy._HttpProxyConnector, "prepare", lambda _self, _request: None)
    routes = open_routes(egress_routes=(f"office=http://127.0.0.1:{forward.port}",))
    with watching() as seen:
        error = error_of(lambda site: get(routes, "office", f"http://{host}:{site.port}/ip"))
    assert (type(error), "past the proxy" in str(error)) == (EgressRefused, True)
    assert (seen.connected, NAME in seen.looked_up, forward.taken) == ([], False, 0)
