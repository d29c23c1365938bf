"""A network that can fail: between a client and a server of this machine, by TCP."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

__all__ = ["Proxy"]

_RETRY_S = 0.05


class Proxy:
    """Passes connections on to a port of 127.0.0.1; a context manager.

    ``cut`` is a network that died without a word: connections stay, new ones are taken, and nothing arrives. ``heal``
    passes on what was held back.
    """

    def __init__(self, target_port: int) -> None:
        self._target = target_port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._forwarding = threading.Event()
        self._forwarding.set()
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._closed = False
        self.port: int = self._listening.getsockname()[1]
        #: How many pieces clients have sent; of a client that waits for each answer, its round trips.
        self.sent = 0
        self._begin(self._accept)

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def cut(self) -> None:
        """Pass nothing on any more, and close nothing."""
        self._forwarding.clear()

    def heal(self) -> None:
        """Pass on what was held back, and everything after it."""
        self._forwarding.set()

    def close(self) -> None:
        """Close every connection and the port."""
        with self._lock:
            self._closed = True
            for each in (self._listening, *self._open):
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
        self._forwarding.set()
        for thread in list(self._threads):
            thread.join(5)
        for each in (self._listening, *self._open):
            each.close()

    def answered(self, data: bytes) -> bytes:
        """Return what a client gets of what the server sent: to be overridden by a server's disguise."""
        return data

    def _begin(self, target: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=target, args=arguments, name="octobot-proxy", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                if self._closed:
                    return
                time.sleep(_RETRY_S)  # no descriptor is free just now
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self._target), timeout=5)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            for each in (client, server):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._open += [client, server]
                if self._closed:
                    return
            self._begin(self._serve, client, server)

    def _serve(self, client: socket.socket, server: socket.socket) -> None:
        """Pass on both ways, and leave nothing open: in hours there are more connections than descriptors."""
        back = threading.Thread(
            target=self._pass_on, args=(server, client, False), name="octobot-proxy-back", daemon=True
        )
        back.start()
        self._pass_on(client, server, True)
        back.join()
        with self._lock:
            for each in (client, server):
                self._open.remove(each)
                each.close()
            self._threads.remove(threading.current_thread())

    def _pass_on(self, source: socket.socket, target: socket.socket, asking: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                self._forwarding.wait()
                self.sent += asking
                target.sendall(data if asking else self.answered(data))
        # A connection's end is news as well, which a dead network does not bring.
        self._forwarding.wait()
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
