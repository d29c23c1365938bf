"""The node's side of the processes that evaluate: ask for a worker, give it ticks, end it.

multiprocessing's forkserver with a preload was tried instead (2026-11-30, Python 3.11). A worker of it runs `__main__`
again: of a node in a script without a guard, or read from stdin, none works; within a multiprocessing pool none starts.
A server that hangs is waited for without end; it is one for the process, with one engine's plugins, until the process
ends, and has a tracker beside it. From fork to first outcome: 36 ms, here 16 (medians of eight runs of 20 each); with
two workers 86 MB, here 74.
"""

from __future__ import annotations

import pickle
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from multiprocessing import reduction
from multiprocessing.connection import Connection

from octobot_node.engine.evaluating.evaluation_worker import FORK, KILL

__all__ = ["ForkServer", "Worker"]

_START_S = 60
_ANSWER_S = 10


class Worker:
    """A process that evaluates, and the socket to it."""

    def __init__(self, pid: int, pipe: Connection) -> None:
        self.pid = pid
        self.pipe = pipe

    @property
    def gone(self) -> bool:
        """Whether an idle worker has ended: only then is there anything to read."""
        try:
            return self.pipe.poll(0)
        except (EOFError, OSError):
            return True


class ForkServer:
    """Starts workers; all of them end with it, and with the node, however that ends."""

    def __init__(self, modules: Sequence[str]) -> None:
        self._modules = tuple(modules)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self._ready = False
        self._closed = False

    def start_early(self) -> None:
        """Start without waiting: importing takes a while."""
        with self._lock:
            self._start()

    def fork(self, memory_mb: int, timeout: float) -> Worker:
        """Return a new worker with a memory limit and a time-out (s) for each evaluation; raise OSError."""
        ours, theirs = socket.socketpair()
        with self._lock, theirs:
            try:
                fork_server = self._connection()
                fork_server.send_bytes(FORK + b" " + pickle.dumps((memory_mb, timeout)))
                reduction.send_handle(fork_server, theirs.fileno(), self._process.pid if self._process else 0)
                pid = int(self._answer(fork_server))
            except (EOFError, OSError):
                ours.close()
                self._end()
                raise OSError("the process that starts evaluating processes does not answer") from None
        return Worker(pid, Connection(ours.detach()))

    def kill(self, worker: Worker) -> None:
        """End a worker, whatever it is doing."""
        worker.pipe.close()
        with self._lock:
            if self._pipe is None:
                return  # the nursery is gone, and its workers with it
            try:
                self._pipe.send_bytes(KILL + b" " + str(worker.pid).encode())
                self._answer(self._pipe)
            except (EOFError, OSError):
                self._end()

    def close(self) -> None:
        """End every worker and the nursery, and start none any more."""
        with self._lock:
            self._closed = True
            self._end()

    def _connection(self) -> Connection:
        if self._process is None or self._process.poll() is not None:
            self._end()
            self._start()
        assert self._pipe is not None
        if not self._ready:
            if not self._pipe.poll(_START_S):
                raise OSError(f"no answer within {_START_S} s")
            self._pipe.recv_bytes()
            self._ready = True
        return self._pipe

    def _answer(self, fork_server: Connection) -> bytes:
        if not fork_server.poll(_ANSWER_S):
            raise OSError(f"no answer within {_ANSWER_S} s")
        return fork_server.recv_bytes()

    def _start(self) -> None:
        if self._closed:
            raise OSError("the node is stopping")
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", "octobot_node.engine.evaluating.evaluation_worker", str(theirs.fileno())]
            # What an author prints goes to stderr: stdout may be somebody's JSON.
            # In a session of its own: Ctrl-C on the node's terminal is for the node, which ends its children itself.
            self._process = subprocess.Popen(
                command, pass_fds=[theirs.fileno()], stdout=2, stdin=subprocess.DEVNULL, start_new_session=True
            )
        self._pipe = Connection(ours.detach())
        self._pipe.send_bytes(pickle.dumps((self._modules, sys.path)))
        self._ready = False

    def _end(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None:
            try:
                # The closed socket ends it, and it ends its workers first.
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._pipe = self._process = None
        self._ready = False
