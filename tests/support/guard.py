"""Holds a layer of tests to its promise: what it must not do fails at the very line that does it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

__all__ = ["DATABASES", "PROCESSES", "SOCKETS", "forbidden"]

#: Names of audit events (https://docs.python.org/3/library/audit_events.html).
PROCESSES = frozenset({"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.system", "pty.spawn"})
SOCKETS = frozenset({"socket.bind", "socket.connect"})
DATABASES = frozenset({"sqlite3.connect"})


class _Guard:
    """One hook for the whole run: an audit hook cannot be taken away again."""

    def __init__(self) -> None:
        self.events: frozenset[str] = frozenset()
        self.found: list[str] = []
        self.layer = "no layer"
        # A process that a test forks is another one.
        self._process = os.getpid()
        sys.addaudithook(self._hear)

    def _hear(self, event: str, _arguments: object) -> None:
        if event in self.events and os.getpid() == self._process:
            self.found.append(event)
            raise AssertionError(self.message(event))

    def message(self, event: str) -> str:
        return f'{event} in a test of {self.layer}: CONTRIBUTING.md, "Tests", says which layer it belongs in'


_guard: list[_Guard] = []


@contextmanager
def forbidden(layer: str, events: frozenset[str]) -> Iterator[None]:
    """Let events fail while a test of a layer runs, and the test if it hides them."""
    if not _guard:
        _guard.append(_Guard())
    guard = _guard[0]
    before = guard.layer, guard.events, guard.found
    guard.layer, guard.events, guard.found = layer, events, []
    try:
        yield
        if guard.found:
            pytest.fail(guard.message(guard.found[0]))
    finally:
        guard.layer, guard.events, guard.found = before
