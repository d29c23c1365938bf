"""Where evaluations run: in this process (a replay), or in one that can be killed (a live node)."""

from __future__ import annotations

import os
import pickle
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from multiprocessing.connection import Connection
from typing import Any, Protocol

import structlog

from octobot_node.automation import Automation
from octobot_node.engine.evaluation import OUT_OF_MEMORY, Outcome, TickInput, evaluate
from octobot_node.market import Market
from octobot_node.plugins import Registry
from octobot_node.settings import Settings

__all__ = ["Evaluator", "InlineEvaluator", "ProcessEvaluator"]

log = structlog.get_logger(__name__)
_NOT_STARTED = "the process that evaluates does not start: see the node's log"
#: How long a healthy batch waits for one evaluation before it sends it to the suspects' process.
PATIENCE = 0.25
#: Outcomes a child sends together, and how long it keeps the first of them (s).
#: Each message makes the node's threads take turns, which costs more than what is in it.
_GROUP, _KEEP = 64, 0.02


class Evaluator(Protocol):
    """Evaluates a batch; whatever an automation does, it hurts only its own outcome."""

    def evaluate(self, inputs: Sequence[TickInput], market: Market, *, suspects: bool) -> list[Outcome]:
        """Return one outcome per input, in order."""
        ...

    def close(self) -> None:
        """Let go of processes."""
        ...


class InlineEvaluator:
    """Evaluates in the calling thread; an alarm interrupts what hangs if that is the main thread."""

    def __init__(self, types: Mapping[str, Automation[Any, Any]], timeout: float) -> None:
        self._types = types
        self._timeout = timeout

    def evaluate(self, inputs: Sequence[TickInput], market: Market, *, suspects: bool) -> list[Outcome]:
        """Return one outcome per input, in order."""
        del suspects
        return [_definite(evaluate(self._types, given, market, self._timeout)) for given in inputs]

    def close(self) -> None:
        """Do nothing."""


class ProcessEvaluator:
    """Evaluates in two child processes, one for healthy automations and one, started when needed, for suspects.

    A child has a memory limit and an alarm per evaluation; one that does not answer is killed and the
    automation it was at takes the blame. The others of the batch go on in a new child.
    """

    def __init__(self, registry: Registry, settings: Settings) -> None:
        self._healthy = _Child(registry.modules, settings, min(PATIENCE, settings.evaluate_timeout))
        self._suspects = _Child(registry.modules, settings, settings.evaluate_timeout)
        self._healthy.start_early()

    def evaluate(self, inputs: Sequence[TickInput], market: Market, *, suspects: bool) -> list[Outcome]:
        """Return one outcome per input, in order."""
        if not suspects:
            return [_second_chance(outcome) for outcome in self._healthy.evaluate(inputs, market)]
        return [_definite(outcome) for outcome in self._suspects.evaluate(inputs, market)]

    def close(self) -> None:
        """End both children."""
        self._healthy.close()
        self._suspects.close()


def _second_chance(outcome: Outcome) -> Outcome:
    """Leave the verdict to the suspects' process where memory ran out: others may have used it up, over many ticks."""
    if outcome.reason != OUT_OF_MEMORY:
        return outcome
    return Outcome(outcome.automation_id, problem="slow", reason=outcome.reason)


def _definite(outcome: Outcome) -> Outcome:
    """Read "slow" as a failure: there is nobody more patient to ask."""
    if outcome.problem != "slow":
        return outcome
    return Outcome(outcome.automation_id, problem="failed", reason=f"evaluate() {outcome.reason}")


class _Child:
    def __init__(self, modules: Sequence[str], settings: Settings, timeout: float) -> None:
        self._modules = modules
        self._settings = settings
        self._timeout = timeout
        # The alarm acts first; the kill is for code that no alarm interrupts.
        self._deadline = timeout * 2 + 1.0
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self._ready = False

    def start_early(self) -> None:
        """Start before the first batch, without waiting: importing takes a while."""
        with self._lock:
            self._spawn()

    def evaluate(self, inputs: Sequence[TickInput], market: Market) -> list[Outcome]:
        with self._lock:
            outcomes: list[Outcome] = []
            group = _GROUP
            while len(outcomes) < len(inputs):
                rest = inputs[len(outcomes) :]
                done, problem = self._attempt(rest, market, group)
                outcomes += done
                if not problem or len(done) == len(rest):
                    continue
                if group == 1:
                    outcomes.append(self._blame(rest[len(done)], problem))
                else:
                    # Answers went with the child. Once more, one answer at a time, to see who is to blame.
                    self._kill()
                    group = 1
            return outcomes

    def _attempt(self, inputs: Sequence[TickInput], market: Market, group: int) -> tuple[list[Outcome], str]:
        """Return the outcomes up to where the child broke down, and how it did ("" if it did not)."""
        done: list[Outcome] = []
        try:
            pipe = self._connection()
        except OSError:
            log.exception("evaluator_not_started")
            # Nobody's fault among the automations: they wait.
            return [Outcome(given.automation_id, problem="waiting", reason=_NOT_STARTED) for given in inputs], ""
        try:
            pipe.send_bytes(pickle.dumps((inputs, market, group), pickle.HIGHEST_PROTOCOL))
            while len(done) < len(inputs):
                if not pipe.poll(self._deadline):
                    return done, "hung"
                # Our own child, running plugins that are trusted code, over a private socket.
                done += pickle.loads(pipe.recv_bytes())  # noqa: S301
                if done[-1].reason == OUT_OF_MEMORY:
                    # What was kept would be held against everybody after: the rest goes on in a new child.
                    self._kill()
                    break
        except (EOFError, OSError):
            return done, "ended its process"
        return done, ""

    def _blame(self, given: TickInput, problem: str) -> Outcome:
        log.warning("evaluation_killed", automation=given.automation_id, type=given.type, problem=problem)
        self._kill()
        return Outcome(given.automation_id, problem="failed", reason=f"evaluate() {problem}")

    def _connection(self) -> Connection:
        if self._pipe is None or self._process is None or self._process.poll() is not None:
            self._kill()
            self._spawn()
        assert self._pipe is not None
        if not self._ready:
            self._await_start(self._pipe)
        return self._pipe

    def _await_start(self, pipe: Connection) -> None:
        try:
            if not pipe.poll(60):
                raise OSError("no answer within 60 s")
            pipe.recv_bytes()
        except (EOFError, OSError):
            self._kill()
            raise OSError("the evaluating process did not start") from None
        self._ready = True

    def _spawn(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", "octobot_node.engine.evaluate_worker", str(theirs.fileno())]
            # What an author prints goes to stderr: stdout may be somebody's JSON.
            self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdout=2, stdin=subprocess.DEVNULL)
        self._pipe = Connection(ours.detach())
        limits = (self._settings.evaluate_memory_mb, self._timeout)
        self._pipe.send_bytes(pickle.dumps((tuple(self._modules), sys.path, *limits)))
        self._ready = False

    def _kill(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._pipe = self._process = None

    def close(self) -> None:
        with self._lock:
            self._kill()


def _end_with(parent: int) -> None:
    """End this process when its parent is gone: an evaluation that hangs would not notice the closed socket."""
    while os.getppid() == parent:
        time.sleep(5)
    os._exit(0)


def worker_main(descriptor: int) -> None:
    """Serve evaluations on an inherited socket until it is closed; the main function of a child process."""
    import resource
    import signal

    from octobot_node.plugins import load_named

    # Ctrl-C is for the node, which ends its children itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pipe = Connection(descriptor)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    try:
        modules, path, memory_mb, timeout = pickle.loads(pipe.recv_bytes())  # noqa: S301 - from our own parent
        sys.path[:] = path
        types = load_named(modules).automations
        pipe.send_bytes(b"ready")
    except (EOFError, OSError):
        os._exit(0)  # the node was gone before this process had started
    resource.setrlimit(resource.RLIMIT_DATA, (memory_mb * 1_048_576, memory_mb * 1_048_576))
    while True:
        try:
            inputs, market, group = pickle.loads(pipe.recv_bytes())  # noqa: S301
            outcomes = (evaluate(types, given, market, timeout) for given in inputs)
            for some in _in_groups(outcomes, group):
                pipe.send_bytes(pickle.dumps(some, pickle.HIGHEST_PROTOCOL))
        except (EOFError, OSError):
            os._exit(0)


def _in_groups(outcomes: Iterable[Outcome], size: int) -> Iterator[list[Outcome]]:
    group: list[Outcome] = []
    started = time.monotonic()
    for outcome in outcomes:
        group.append(outcome)
        # After the last kind the parent goes on in a new child.
        if len(group) >= size or time.monotonic() - started > _KEEP or outcome.reason == OUT_OF_MEMORY:
            yield group
            group, started = [], time.monotonic()
    if group:
        yield group
