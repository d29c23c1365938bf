"""What goes over this machine's interfaces meanwhile: whoever runs it is root."""

from __future__ import annotations

import socket
import threading
from types import TracebackType

__all__ = ["Packets"]

_ALL = 0x0003


class Packets:
    """Keeps, while it is open, which interfaces packets with a mark in them passed."""

    def __init__(self, mark: bytes) -> None:
        self._mark = mark
        self.seen: set[str] = set()
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(_ALL))
        self._socket.settimeout(0.1)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> Packets:
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self._ending.set()
        self._thread.join()
        self._socket.close()

    def _read(self) -> None:
        while not self._ending.is_set():
            try:
                content, address = self._socket.recvfrom(65_535)
            except TimeoutError:
                continue
            if self._mark in content:
                self.seen.add(str(address[0]))
