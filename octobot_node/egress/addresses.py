"""Which addresses belong to the Internet, and which hosts say by themselves that they do not."""

from __future__ import annotations

import ipaddress
import socket

__all__ = ["is_public", "says_private"]

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
#: Names that no resolver outside knows, or that mean whoever is asked.
_LOCAL_NAMES = ("localhost", "local", "localdomain", "internal", "intranet", "lan", "home.arpa")


def is_public(text: str) -> bool:
    """Whether an IP address belongs to the Internet, whatever it is wrapped in."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is None and address.teredo is not None:
            inner = address.teredo[1]
        if inner is not None:
            return inner.is_global and not inner.is_multicast
    return address.is_global and not address.is_multicast


def says_private(host: str) -> bool:
    """Whether a host that is looked up elsewhere, by a proxy, is private as far as can be told without asking."""
    plain = host.strip("[]").rstrip(".").lower()
    try:
        return not is_public(plain)
    except ValueError:
        pass
    try:
        # As C libraries read it: 2130706433 and 0x7f.1 are addresses, too.
        return not is_public(socket.inet_ntoa(socket.inet_aton(plain)))
    except OSError:
        pass
    return "." not in plain or any(plain == name or plain.endswith(f".{name}") for name in _LOCAL_NAMES)
