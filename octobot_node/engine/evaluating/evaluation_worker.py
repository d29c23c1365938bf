"""The processes that evaluate: ``python -m octobot_node.engine.evaluating.evaluation_worker DESCRIPTOR``.

The one that the node starts is a nursery: it imports the plugins once, and then forks a worker whenever it is asked
for one. A worker that an automation killed, or that had to be killed, so costs milliseconds, and workers share memory.
"""

from __future__ import annotations

import gc
import os
import pickle
import resource
import signal
import sys
import threading
import time
import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from multiprocessing import reduction
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from octobot_node.automation import Automation
    from octobot_node.engine.evaluating.evaluation import Outcome, TickInput

__all__ = ["FORK", "KILL"]

#: What the nursery is asked; the socket of a new worker follows FORK.
FORK, KILL = b"fork", b"kill"
#: How long a worker keeps the first outcome of a group (s).
_KEEP = 0.02


def main(descriptor: int) -> NoReturn:
    """Serve forks on an inherited socket until it is closed, which ends every worker."""
    # Ctrl-C is for the node, which ends its children itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # One evaluation at a time: threads of a linear algebra library would only take memory.
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    fork_server = Connection(descriptor)
    workers: set[int] = set()
    try:
        modules, sys.path[:] = pickle.loads(fork_server.recv_bytes())  # noqa: S301 - from our own parent
        # Of what is imported nothing is garbage: looking for it was a fifth of the work.
        gc.disable()
        types = _types(modules)
        # What is shared stays shared: the collector would touch, and so copy, every page.
        gc.freeze()
        gc.enable()
        fork_server.send_bytes(b"ready")
        while True:
            _answer(fork_server, types, workers)
    except (EOFError, OSError):
        for pid in list(workers):
            _kill(pid, workers)
        os._exit(0)


def _types(modules: Sequence[str]) -> Mapping[str, Automation[Any, Any]]:
    # Imported for the workers: each would do it again, and have a copy of its own.
    import octobot_node.engine.evaluating.evaluation  # noqa: F401
    from octobot_node.plugin_system.discovery import load_named

    return load_named(modules).automations


def _answer(fork_server: Connection, types: Mapping[str, Automation[Any, Any]], workers: set[int]) -> None:
    command, _, argument = fork_server.recv_bytes().partition(b" ")
    if command == KILL:
        _kill(int(argument), workers)
        fork_server.send_bytes(b"dead")
        return
    memory_mb, timeout = pickle.loads(argument)  # noqa: S301 - from our own parent
    handle = reduction.recv_handle(fork_server)
    parent = os.getpid()
    with warnings.catch_warnings():
        # The threads that Python warns of are those of libraries, which know what a fork is.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        fork_server.close()
        _work(Connection(handle), types, parent, memory_mb, timeout)
    os.close(handle)
    workers.add(pid)
    fork_server.send_bytes(str(pid).encode())


def _kill(pid: int, workers: set[int]) -> None:
    """Kill and reap a worker; what is not ours, or was reaped, is left alone: its number may be another's."""
    if pid in workers:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        workers.discard(pid)


def _work(
    pipe: Connection, types: Mapping[str, Automation[Any, Any]], parent: int, memory_mb: int, timeout: float
) -> NoReturn:
    """Serve evaluations until the socket is closed."""
    from octobot_node.engine.evaluating.evaluation import diverted, evaluate

    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    resource.setrlimit(resource.RLIMIT_DATA, (memory_mb * 1_048_576, memory_mb * 1_048_576))
    while True:
        try:
            inputs, market, size, divert = pickle.loads(pipe.recv_bytes())  # noqa: S301 - the same
            answers = _Answers(pipe, size)
            slow: set[str] = set()
            for given in inputs:
                if given.type in slow:
                    answers.add(diverted(given))
                    continue
                outcome = evaluate(types, given, market, timeout, partial(answers.give_up, given))
                answers.add(outcome)
                # One bad release of a type, in use a hundred times, must not hold up the rest a hundred times.
                if divert and outcome.problem == "slow":
                    slow.add(given.type)
            answers.send()
        except (EOFError, OSError):
            os._exit(0)


class _Answers:
    """Outcomes on their way to the node, in groups: each message makes its threads take turns."""

    def __init__(self, pipe: Connection, size: int) -> None:
        self._pipe = pipe
        self._size = size
        self._group: list[Outcome] = []
        self._since = time.monotonic()

    def add(self, outcome: Outcome) -> None:
        from octobot_node.engine.evaluating.evaluation import OUT_OF_MEMORY

        self._group.append(outcome)
        # After the last kind the node goes on in a new worker.
        kept = time.monotonic() - self._since
        if len(self._group) >= self._size or kept > _KEEP or outcome.reason == OUT_OF_MEMORY:
            self.send()

    def send(self) -> None:
        if self._group:
            self._pipe.send_bytes(pickle.dumps(self._group, pickle.HIGHEST_PROTOCOL))
        self._group, self._since = [], time.monotonic()

    def give_up(self, given: TickInput) -> NoReturn:
        """Say who hangs, and end: only a new process gets past it."""
        from octobot_node.engine.evaluating.evaluation import HUNG, Outcome

        self._group.append(Outcome(given.automation_id, problem="failed", reason=HUNG, suspect=True))
        self.send()
        os._exit(0)


def _end_with(parent: int) -> None:
    """End this process when its parent is gone: an evaluation that hangs would not notice the closed socket."""
    while os.getppid() == parent:
        time.sleep(5)
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
