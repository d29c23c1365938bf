"""Where the sending process may connect to. Enforced inside it, below every library that it uses.

An audit hook sees each connection with the address that is really connected to, after names are resolved, and it
cannot be removed. It governs Python code: a library in C that opens sockets by itself is not seen.
"""

from __future__ import annotations

import ipaddress
import socket
import sys
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from octobot_node.egress import is_public

__all__ = ["Egress", "EgressRefused"]

#: Another process would not be held to these rules.
_PROCESSES = frozenset(
    {"subprocess.Popen", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "pty.spawn"}
)
#: What reaches the machine itself without a socket of ours.
_LOCAL = frozenset({"syslog.openlog", "syslog.syslog"})
_PORTS = {"socks5h": 1080, "http": 80, "https": 443}


class EgressRefused(OSError):
    """A connection that the rules forbid; libraries see it as one that failed."""


class Egress:
    """The rules: with a ``proxy`` (URL or "") to it alone; without one to public addresses, or with ``allow_private``
    to any.
    """

    def __init__(self, proxy: str, *, allow_private: bool) -> None:
        self.refusal = ""
        #: The proxy's own name could not be looked up: nothing can be reached.
        self.proxy_is_unknown = False
        self._allow_private = allow_private
        self._proxy_names: frozenset[str] = frozenset()
        self._proxy_port = 0
        if proxy:
            parts = urlsplit(proxy)
            host = str(parts.hostname)
            self._proxy_port = parts.port or _PORTS[parts.scheme]
            addresses = _addresses(host, self._proxy_port)
            self._proxy_names = frozenset({host, *addresses})
            self.proxy_is_unknown = not addresses

    def enforce(self) -> None:
        """Hold this process to the rules, for ever."""
        checks: Mapping[str, Callable[[tuple[Any, ...]], str]] = {
            "socket.connect": lambda args: self._connection(args[0], args[1]),
            "socket.sendto": lambda args: self._connection(args[0], args[1]),
            "socket.sendmsg": lambda args: "" if args[1] is None else self._connection(args[0], args[1]),
            "socket.getaddrinfo": lambda args: self._look_up(args[0]),
            "socket.gethostbyname": lambda args: self._look_up(args[0]),
            "socket.gethostbyaddr": lambda args: self._look_up(args[0]),
        }

        def audit(event: str, args: tuple[Any, ...]) -> None:
            check = checks.get(event)
            if check is not None:
                refusal = check(args)
            else:
                refusal = self._process() if event in _PROCESSES else self._local() if event in _LOCAL else ""
            if refusal:
                self.refusal = refusal
                raise EgressRefused(refusal)

        sys.addaudithook(audit)

    def _connection(self, connecting: socket.socket, address: Any) -> str:
        """Return why ``address`` may not be connected to, or ""."""
        if connecting.family not in (socket.AF_INET, socket.AF_INET6):
            return self._local()
        host, port = _text(address[0]), address[1]
        if self._proxy_names:
            through = host in self._proxy_names and port == self._proxy_port
            return "" if through else "it does not go through the proxy, as everything has to: take another service"
        if self._allow_private:
            return ""
        try:
            public = is_public(host)
        except ValueError:
            return "it connects to a name instead of an address that can be checked"
        return (
            "" if public else "its host has a private address: set OCTOBOT_NOTIFY_ALLOW_PRIVATE=true if that is meant"
        )

    def _look_up(self, host: Any) -> str:
        if not self._proxy_names or host is None or _text(host) in self._proxy_names or _is_address(_text(host)):
            return ""
        return "it looks up a name itself, which would tell where it goes past the proxy: take another service"

    def _local(self) -> str:
        allowed = self._allow_private and not self._proxy_names
        return "" if allowed else "it is told by local means, which only allow_private permits, without a proxy"

    def _process(self) -> str:
        allowed = self._allow_private and not self._proxy_names
        return "" if allowed else "it starts a process, which only allow_private permits, without a proxy"


def _addresses(host: str, port: int) -> set[str]:
    try:
        return {str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except OSError:
        return set()


def _text(host: str | bytes | bytearray) -> str:
    return host if isinstance(host, str) else bytes(host).decode("ascii", "replace")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
