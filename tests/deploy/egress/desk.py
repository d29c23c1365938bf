"""A desk: a network namespace with one cable, on which every packet is seen that leaves it."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Desk", "Packet", "desk"]

#: Several may be set up side by side: names and addresses are this process's own.
_NAME = f"octobotdesk{os.getpid()}"
_CABLE = f"octodsk{os.getpid()}"
_NETWORK = ipaddress.ip_network((int(ipaddress.ip_address("10.77.0.0")) + os.getpid() % 16_384 * 4, 30))
_EVERYTHING = 3
_PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp"}


class Packet(NamedTuple):
    """Where a packet goes: protocol, address, port."""

    protocol: str
    to: str
    port: int


class Desk:
    """The namespace. Its gateway, this machine, is at the other end of the cable."""

    gateway, address = (str(each) for each in _NETWORK.hosts())

    def __init__(self) -> None:
        self.packets: set[Packet] = set()
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_EVERYTHING))
        self._socket.bind((_CABLE, 0))
        self._socket.settimeout(0.2)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="desk", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._ended.set()
        self._thread.join(10)
        self._socket.close()

    def _listen(self) -> None:
        while not self._ended.is_set():
            with suppress(TimeoutError):
                self._see(self._socket.recv(65_536))

    def _see(self, frame: bytes) -> None:
        # IPv4 from the desk; what asks for the gateway's hardware address is no traffic, and IPv6 is off there.
        if frame[12:14] != b"\x08\x00" or socket.inet_ntoa(frame[26:30]) != self.address:
            return
        protocol = _PROTOCOLS.get(frame[23], str(frame[23]))
        ports = 14 + (frame[14] & 15) * 4
        port = int.from_bytes(frame[ports + 2 : ports + 4], "big") if protocol in ("tcp", "udp") else 0
        self.packets.add(Packet(protocol, socket.inet_ntoa(frame[30:34]), port))

    def start(self, command: Sequence[Any], environment: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
        """Start a process at the desk."""
        with log.open("wb") as out:
            return subprocess.Popen(
                ["ip", "netns", "exec", _NAME, *map(str, command)],
                env={**os.environ, **environment},
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def run(self, *command: str) -> int:
        """Run a command at the desk and return its exit code."""
        return subprocess.run(["ip", "netns", "exec", _NAME, *command], capture_output=True, check=False).returncode


@contextmanager
def desk(*, route: bool) -> Iterator[Desk]:
    """Set one up; with a ``route`` and a resolver what would leak has a way, and is seen on it."""
    assert os.geteuid() == 0, "a network namespace takes root"
    assert shutil.which("ip") is not None, "ip: apt-get install iproute2"
    resolver = Path("/etc/netns") / _NAME
    _tear_down(resolver)
    try:
        _ip("netns", "add", _NAME)
        _ip("link", "add", _CABLE, "type", "veth", "peer", "name", "eth0", "netns", _NAME)
        _ip("addr", "add", f"{Desk.gateway}/30", "dev", _CABLE)
        _ip("link", "set", _CABLE, "up")
        _ip("-n", _NAME, "addr", "add", f"{Desk.address}/30", "dev", "eth0")
        _ip("-n", _NAME, "link", "set", "lo", "up")
        _ip("-n", _NAME, "link", "set", "eth0", "up")
        resolver.mkdir(parents=True)
        (resolver / "resolv.conf").write_text(f"nameserver {Desk.gateway}\noptions timeout:1 attempts:1\n" * route)
        if route:
            _ip("-n", _NAME, "route", "add", "default", "via", Desk.gateway)
        made = Desk()
        try:
            yield made
        finally:
            made.close()
    finally:
        _tear_down(resolver)


def _tear_down(resolver: Path) -> None:
    subprocess.run(["ip", "netns", "del", _NAME], capture_output=True, check=False)
    subprocess.run(["ip", "link", "del", _CABLE], capture_output=True, check=False)
    shutil.rmtree(resolver, ignore_errors=True)


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"ip {' '.join(words)}: {done.stderr}"
