"""Servers of tests in processes of their own, which end with whoever started them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from http.client import HTTPConnection
from typing import Any

__all__ = ["Child", "ask", "told_to_end"]


class Child:
    """``python -m module …`` as a process that says what it is on its first line, as JSON; started at once.

    The module has to take ``--tied``, and to end when its standard input closes.
    """

    def __init__(self, module: str, *arguments: str) -> None:
        self._module = module
        self._process, self.said = self._start(arguments)

    @property
    def pid(self) -> int:
        """The process, for tests that stop it in other ways."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def stop(self) -> int:
        """End it with SIGTERM and return its exit code."""
        self._process.terminate()
        return self._reap()

    def kill(self) -> None:
        """End it with SIGKILL."""
        self._process.kill()
        self._reap()

    def restart(self, *arguments: str) -> None:
        """Start it again, after stopping it if it runs."""
        if self.running:
            self.stop()
        self._process, self.said = self._start(arguments)

    def _reap(self) -> int:
        code = self._process.wait(timeout=10)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        return code

    def _start(self, arguments: tuple[str, ...]) -> tuple[subprocess.Popen[str], dict[str, Any]]:
        process = subprocess.Popen(
            [sys.executable, "-m", self._module, "--tied", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # It finds what this process does, an author's own package among it.
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            process.communicate()  # closes the pipes too
            raise RuntimeError(f"{self._module} did not start: exit code {process.returncode}, see its standard error")
        return process, json.loads(line)


def ask(port: int, path: str, body: dict[str, Any]) -> Any:
    """Post JSON to a server on this machine and return its answer; raise RuntimeError where it refuses."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", path, json.dumps(body))
        response = connection.getresponse()
        answer = json.loads(response.read())
    finally:
        connection.close()
    if response.status != 200:
        raise RuntimeError(f"the exchange refused {path}: {answer}")
    return answer


def told_to_end(*, tied: bool) -> asyncio.Event:
    """Return an event that SIGTERM, SIGINT and, if ``tied``, the end of standard input set; for the running loop."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, ended.set)
    if tied:
        loop.add_reader(sys.stdin.fileno(), ended.set)
    return ended
