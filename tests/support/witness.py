"""Sees every connection and every look-up of a name that this process makes, whoever makes it.

But a test's own proxies, whose work it is to connect and to look up.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["PROXY_THREAD", "Seen", "watching"]

#: Where ``tests.support.proxies`` runs.
PROXY_THREAD = "test-proxy"


class Seen:
    """What was connected to, as (address, port), and which names were looked up."""

    def __init__(self) -> None:
        self.connected: list[tuple[str, int]] = []
        self.looked_up: list[str] = []
        self.looks = True

    @contextmanager
    def looking_away(self) -> Iterator[None]:
        """Note nothing meanwhile: what the test itself asks of a server."""
        self.looks = False
        try:
            yield
        finally:
            self.looks = True

    @property
    def ports(self) -> set[int]:
        """The ports that were connected to."""
        return {port for _, port in self.connected}


class _Witness:
    """One hook for the whole run: an audit hook cannot be taken away again."""

    def __init__(self) -> None:
        self.all: list[Seen] = []
        self.lock = threading.Lock()
        sys.addaudithook(self._hear)

    def _looking(self) -> list[Seen]:
        return [seen for seen in list(self.all) if seen.looks]

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.all or threading.current_thread().name == PROXY_THREAD:
            return
        if event in ("socket.connect", "socket.sendto") and isinstance(args[1], tuple):
            for seen in self._looking():
                seen.connected.append((str(args[1][0]), int(args[1][1])))
        elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr") and args[0] is not None:
            host = args[0] if isinstance(args[0], str) else bytes(args[0]).decode("ascii", "replace")
            for seen in self._looking():
                seen.looked_up.append(host)


_witness: list[_Witness] = []


@contextmanager
def watching() -> Iterator[Seen]:
    """Note what this process connects to and looks up meanwhile, in all its threads."""
    if not _witness:
        _witness.append(_Witness())
    seen = Seen()
    _witness[0].all.append(seen)
    try:
        yield seen
    finally:
        _witness[0].all.remove(seen)
