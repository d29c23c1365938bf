"""How routes stand: what Tor's control port says, which address others see, and who is told of what is down."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from octobot_node.contracts.proxies import ProxyStanding
from octobot_node.errors import EgressDown
from octobot_node.plugin_system.egress_routes import OpenedRoutes
from octobot_plugins.proxies.control import ControlPort, Told
from octobot_plugins.proxies.settings import ProxySettings
from tests.integration.plugins.proxies.conftest import at_site, open_routes
from tests.support.listening import listened_out
from tests.support.proxies import HttpProxyServer, SocksServer
from tests.support.witness import watching

__all__ = ["open_routes"]

OpenRoutes = Callable[..., OpenedRoutes]
_SERVER = b"Tor safe cookie authentication server-to-controller hash"
_CLIENT = b"Tor safe cookie authentication controller-to-server hash"
READY = 'NOTICE BOOTSTRAP PROGRESS=100 TAG=done SUMMARY="Done"'


class FakeTor:
    """A control port that answers as Tor's does, from what a test sets."""

    def __init__(self, cookie: Path | None = None, password: str = "") -> None:
        self.cookie, self.password = cookie, password
        self.phase, self.circuits, self.ports = READY, "1", ["9050"]
        self.impostor = False
        self.port = 0
        self.asked: list[str] = []
        self.serving: set[asyncio.Task[None] | None] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.serving.add(asyncio.current_task())
        try:
            await self._serve(reader, writer)
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        let_in, proof = False, ""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                line = (await reader.readuntil(b"\r\n")).decode().strip()
                self.asked.append(line.partition(" ")[0])
                word, _, rest = line.partition(" ")
                if word == "PROTOCOLINFO":
                    methods = f'SAFECOOKIE,COOKIE COOKIEFILE="{self.cookie}"' if self.cookie else "HASHEDPASSWORD"
                    answer = f'250-PROTOCOLINFO 1\r\n250-AUTH METHODS={methods}\r\n250-VERSION Tor="0.4.9.11"\r\n250 OK'
                elif word == "AUTHCHALLENGE":
                    assert self.cookie is not None
                    both = self.cookie.read_bytes() + bytes.fromhex(rest.split()[1]) + b"n" * 32
                    proof = hmac.new(_CLIENT, both, hashlib.sha256).hexdigest()
                    told = hmac.new(b"?" if self.impostor else _SERVER, both, hashlib.sha256).hexdigest()
                    answer = f"250 AUTHCHALLENGE SERVERHASH={told} SERVERNONCE={(b'n' * 32).hex()}"
                elif word == "AUTHENTICATE":
                    let_in = rest in (proof, f'"{self.password}"') and bool(rest)
                    answer = "250 OK" if let_in else "515 Authentication failed"
                elif not let_in:
                    answer = "514 Authentication required"
                elif word == "GETINFO":
                    lines = ["version=0.4.9.11", f"status/bootstrap-phase={self.phase}"]
                    lines.append(f"status/circuit-established={self.circuits}")
                    answer = "\r\n".join([*(f"250-{each}" for each in lines), "250 OK"])
                else:
                    *first, last = [f"SocksPort={each}" for each in self.ports]
                    answer = "\r\n".join([*(f"250-{each}" for each in first), f"250 {last}"])
                writer.write(f"{answer}\r\n".encode())
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@asynccontextmanager
async def running(tor: FakeTor) -> AsyncIterator[FakeTor]:
    server = await asyncio.start_server(tor.serve, "127.0.0.1", 0)
    async with server:
        tor.port = server.sockets[0].getsockname()[1]
        yield tor
        await listened_out(server)
        ended, tor.serving = tor.serving, set()
        await asyncio.gather(*(task for task in ended if task is not None))


def ask(tor: FakeTor, **given: Any) -> Told:
    async def both() -> Told:
        async with running(tor):
            return await ControlPort(f"127.0.0.1:{tor.port}", **given).ask()

    return asyncio.run(both())


@pytest.fixture
def cookie(tmp_path: Path) -> Path:
    path = tmp_path / "control.cookie"
    path.write_bytes(bytes(range(32)))
    return path


def test_the_control_port_lets_in_by_cookie_and_by_password(cookie: Path) -> None:
    told = Told("0.4.9.11", 100, "Done", "", True, ("9050",))
    assert ask(FakeTor(cookie)) == told
    assert ask(FakeTor(password=r"p\"w"), password='p"w') == told
    # In a container the file is elsewhere than Tor says.
    moved = FakeTor(cookie)
    copied = cookie.with_name("copied")
    copied.write_bytes(cookie.read_bytes())
    assert ask(moved, cookie=str(copied)) == told


def test_an_impostor_learns_nothing_of_the_cookie(cookie: Path) -> None:
    tor = FakeTor(cookie)
    tor.impostor = True
    with pytest.raises(EgressDown, match="what listens there does not know Tor's cookie"):
        ask(tor)
    assert tor.asked == ["PROTOCOLINFO", "AUTHCHALLENGE"]


def test_who_is_not_let_in_is_told_why_without_the_password(cookie: Path) -> None:
    with pytest.raises(EgressDown, match=r"it refuses \(515\)") as refused:
        ask(FakeTor(password="right"), password="wr0ng")
    assert "wr0ng" not in str(refused.value)
    with pytest.raises(EgressDown, match="it wants a password: OCTOBOT_PROXIES_TOR_CONTROL_PASSWORD"):
        ask(FakeTor())
    cookie.unlink()
    with pytest.raises(EgressDown, match=r"its cookie file .*control.cookie cannot be read"):
        ask(FakeTor(cookie))
    assert "wr0ng" not in repr(ControlPort("127.0.0.1:9051", password="wr0ng"))


def look(open_routes: OpenRoutes, tor: FakeTor, socks: SocksServer, **given: Any) -> ProxyStanding:
    async def both() -> ProxyStanding:
        async with running(tor):
            settings = ProxySettings(tor_socks=f"127.0.0.1:{socks.port}", tor_control=f"127.0.0.1:{tor.port}", **given)
            return await asyncio.to_thread(open_routes(settings).find("tor").look)

    return asyncio.run(both())


def test_tor_is_down_until_it_has_started(open_routes: OpenRoutes, cookie: Path) -> None:
    tor = FakeTor(cookie)
    tor.phase = 'NOTICE BOOTSTRAP PROGRESS=45 TAG=loading_descriptors SUMMARY="Loading relay descriptors"'
    with SocksServer() as socks:
        found = look(open_routes, tor, socks)
        assert (found.status, "it is at 45 % (Loading relay descriptors)" in found.detail) == ("down", True)
        tor.phase = READY
        found = look(open_routes, tor, socks)
        assert (found.status, found.detail) == ("up", f"tor://127.0.0.1:{socks.port} (Tor 0.4.9.11) has circuits")
        # What was looked at was asked to go nowhere.
        assert socks.asked == []


def test_tor_that_keeps_nobody_apart_or_has_no_circuit_is_doubtful(open_routes: OpenRoutes, cookie: Path) -> None:
    tor = FakeTor(cookie)
    with SocksServer() as socks:
        tor.ports = [f"127.0.0.1:{socks.port} NoIsolateSOCKSAuth", "9052"]
        found = look(open_routes, tor, socks)
        assert (found.status, "does not keep accounts apart" in found.detail) == ("doubtful", True)
        tor.ports, tor.circuits = [f"127.0.0.1:{socks.port}", "9052 NoIsolateSOCKSAuth"], "0"
        found = look(open_routes, tor, socks)
        assert (found.status, "no circuit just now" in found.detail) == ("doubtful", True)


def test_without_its_socks_port_tor_is_down_whatever_its_control_port_says(
    open_routes: OpenRoutes, cookie: Path
) -> None:
    with SocksServer() as socks:
        socks.stop()
        found = look(open_routes, FakeTor(cookie), socks)
    assert (found.status, found.cure) == ("down", "start Tor, or say where it is: OCTOBOT_PROXIES_TOR_SOCKS")


@pytest.mark.parametrize("answer", [b"\x05\xff", b"HTTP/1.1 400 Bad\r\n\r\n", b""])
def test_what_is_no_socks_proxy_is_down(open_routes: OpenRoutes, answer: bytes) -> None:
    with SocksServer() as socks:
        socks.answer = answer
        routes = open_routes(egress_routes=(f"vps=socks5://127.0.0.1:{socks.port}",))
        assert routes.find("vps").look().status == "down"


def test_the_address_that_others_see_is_shown(open_routes: OpenRoutes) -> None:
    with SocksServer() as socks, HttpProxyServer() as forward:

        async def use(site: Any) -> list[ProxyStanding]:
            settings = ProxySettings(
                tor_socks=f"127.0.0.1:{socks.port}", check_url=f"http://check.example:{site.port}/ip"
            )
            routes = open_routes(settings, egress_routes=(f"office=http://127.0.0.1:{forward.port}",))
            return [await asyncio.to_thread(routes.find(name).look) for name in ("tor", "office")]

        with watching() as seen:
            found = at_site(use)
    assert [(each.status, each.exit_address) for each in found] == [("up", "198.51.100.9")] * 2
    assert ([each.user for each in socks.asked], seen.ports) == (["octobot-look"], {socks.port, forward.port})


def test_a_check_that_fails_is_doubtful_and_no_reason_to_go_another_way(open_routes: OpenRoutes) -> None:
    with SocksServer() as socks:
        socks.answer = 5
        settings = ProxySettings(tor_socks=f"127.0.0.1:{socks.port}", check_url="http://check.example/ip")
        with watching() as seen:
            found = open_routes(settings).find("tor").look()
    assert (found.status, "the check of its exit address failed" in found.detail) == ("doubtful", True)
    assert seen.ports == {socks.port}
