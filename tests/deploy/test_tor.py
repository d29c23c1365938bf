"""EXCHANGE_TRAFFIC=tor: the node has no way out but Tor, proved by packets and not by settings."""

from __future__ import annotations

import http.client
import json
import re
import secrets
import subprocess
from collections.abc import Iterator

import pytest

from tests.deploy.conftest import Make
from tests.deploy.packets import Packets
from tests.deploy.stacks import Stack, docker

#: Tries to reach an address by UDP and TCP, and a name by the resolver, with a mark in whatever would leave.
LEAVE = """
import socket, sys
mark, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
reached = []
try:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.sendto(mark.encode(), (address, port))
except OSError: pass
try:
    with socket.create_connection((address, port), 2) as tcp:
        tcp.sendall(mark.encode()); reached.append("tcp")
except OSError: pass
if "names" in sys.argv:
    try:
        socket.getaddrinfo(mark + ".example.com", 80); reached.append("name")
    except OSError: pass
print(reached)
"""


@pytest.fixture(scope="module")
def stack(make_stack: Make) -> Stack:
    stack = make_stack("onion", COMPOSE_PROFILES="nginx,tor", EXCHANGE_TRAFFIC="tor")
    # Without the public network Tor is never well: nothing here waits for it.
    stack.compose("up", "--detach", "--no-build")
    stack.healthy("octobot")
    stack.healthy("nginx")
    stack.sign_in()
    return stack


@pytest.fixture(scope="module")
def outside(node_image: str) -> Iterator[tuple[str, str]]:
    """Return a network that is none of the stack's, and the address of a server in it."""
    name = f"octobot-test-outside-{secrets.token_hex(3)}"
    docker("network", "create", name)
    docker(
        "run",
        "--detach",
        "--name",
        name,
        "--network",
        name,
        "--entrypoint",
        "/opt/octobot/bin/python",
        node_image,
        "-m",
        "http.server",
        "8000",
        "--directory",
        "/tmp",
    )
    try:
        yield name, docker("inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", name)
    finally:
        docker("rm", "--force", name)
        docker("network", "rm", name)


def left(stack: Stack, address: str, port: int, *more: str) -> tuple[list[str], set[str]]:
    """Try to leave from a container; return what was reached, and the interfaces that the mark was seen on."""
    mark = f"mark{secrets.token_hex(8)}"
    with Packets(mark.encode()) as packets:
        said = stack.inside("octobot", "/opt/octobot/bin/python", "-c", LEAVE, mark, address, str(port), *more)
    return json.loads(said.replace("'", '"')), packets.seen


def test_the_capture_sees_what_leaves(stack: Stack, outside: tuple[str, str], node_image: str) -> None:
    """The same from a container that has a way out: else the tests below could not fail."""
    network, address = outside
    mark = f"mark{secrets.token_hex(8)}"
    with Packets(mark.encode()) as packets:
        said = docker(
            "run",
            "--rm",
            "--network",
            network,
            "--entrypoint",
            "/opt/octobot/bin/python",
            node_image,
            "-c",
            LEAVE,
            mark,
            address,
            "8000",
            "names",
        )
    assert "tcp" in said
    assert packets.seen


def test_nothing_leaves_the_node_to_another_network(stack: Stack, outside: tuple[str, str]) -> None:
    assert left(stack, outside[1], 8_000) == ([], set())


def test_nothing_leaves_the_node_to_the_world(stack: Stack) -> None:
    assert left(stack, "198.51.100.1", 443) == ([], set())
    assert left(stack, "1.1.1.1", 53, "names") == ([], set())


def test_nothing_leaves_the_node_to_the_host_at_any_of_its_addresses(stack: Stack) -> None:
    listed = subprocess.run(["ip", "-4", "-o", "address"], capture_output=True, text=True, check=True).stdout
    addresses = [each for each in re.findall(r"inet ([\d.]+)/", listed) if not each.startswith("127.")]
    assert addresses
    # Something listens at each of them.
    port = int(stack.settings["HTTPS_PORT"])
    for address in addresses:
        assert left(stack, address, port) == ([], set()), address


def test_tor_is_reached_and_takes_sockets(stack: Stack) -> None:
    script = (
        "import socket; s = socket.create_connection(('tor', 9050), 5); s.sendall(b'\\x05\\x01\\x00'); print(s.recv(2))"
    )
    assert stack.python(script) == "b'\\x05\\x00'"


def test_without_tor_there_is_nothing_instead_of_it(stack: Stack, outside: tuple[str, str]) -> None:
    stack.compose("stop", "tor")
    assert left(stack, outside[1], 8_000) == ([], set())
    assert stack.python("import socket\ntry: socket.getaddrinfo('tor', 9050)\nexcept OSError: print('gone')") == "gone"


def test_nginx_is_the_way_in(stack: Stack) -> None:
    assert stack.ask("GET", "/api/v1/node", tls=True).status == 200
    # Published it is, and what is published answers nobody.
    with pytest.raises((ConnectionError, TimeoutError, http.client.HTTPException)):
        stack.ask("GET", "/api/v1/node")


def test_tor_may_as_little_as_the_node(stack: Stack) -> None:
    stack.compose("start", "tor")
    status = dict(line.split(":\t", 1) for line in stack.inside("tor", "cat", "/proc/1/status").splitlines())
    assert (status["CapEff"].strip(), status["CapBnd"].strip(), status["Uid"].split()[0]) == (
        "0" * 16,
        "0" * 16,
        "10002",
    )
