"""Where evaluations run: in this process (a replay), or in one that can be killed (a live node)."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import structlog

from octobot_node.automation import Automation
from octobot_node.engine.evaluating.evaluation import (
    HUNG,
    OUT_OF_MEMORY,
    Outcome,
    TickInput,
    definite,
    diverted,
    evaluate,
)
from octobot_node.engine.evaluating.fork_server import ForkServer, Worker
from octobot_node.market import Market
from octobot_node.plugin_system.registry import Registry
from octobot_node.settings import Settings

__all__ = ["Evaluator", "EvaluatorClosed", "InlineEvaluator", "ProcessEvaluator"]

log = structlog.get_logger(__name__)
_NOT_STARTED = "the process that evaluates does not start: see the node's log"
#: How long a healthy batch waits for one evaluation before it sends it to the suspects' process.
PATIENCE = 0.25
#: Outcomes a worker sends together: each message makes the node's threads take turns, which costs more than what is
#: in it.
_GROUP = 64


class EvaluatorClosed(Exception):
    """The node is stopping: what was being evaluated is nobody's fault, and is done after the next start."""


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
        return [definite(evaluate(self._types, given, market, self._timeout)) for given in inputs]

    def close(self) -> None:
        """Do nothing."""


class ProcessEvaluator:
    """Evaluates in two workers, one for healthy automations and one, started when needed, for suspects.

    A worker has a memory limit and an alarm per evaluation; one that does not answer is killed and the
    automation it was at takes the blame. The others of the batch go on in a new worker. In a healthy batch those of
    the same type do not: one bad release of a type, in use a hundred times, must not hold up the rest a hundred times.
    """

    def __init__(self, registry: Registry, settings: Settings) -> None:
        self._fork_server = ForkServer(registry.automation_modules)
        memory_mb, timeout = settings.evaluate_memory_mb, settings.evaluate_timeout
        self._healthy = _Lane(self._fork_server, memory_mb, min(PATIENCE, timeout), divert=True)
        self._suspects = _Lane(self._fork_server, memory_mb, timeout, divert=False)
        self._fork_server.start_early()

    def evaluate(self, inputs: Sequence[TickInput], market: Market, *, suspects: bool) -> list[Outcome]:
        """Return one outcome per input, in order; raise EvaluatorClosed."""
        if not suspects:
            return [_second_chance(outcome) for outcome in self._healthy.evaluate(inputs, market)]
        return [definite(outcome) for outcome in self._suspects.evaluate(inputs, market)]

    def close(self) -> None:
        """End every process; an evaluation under way raises EvaluatorClosed."""
        self._healthy.closed = self._suspects.closed = True
        self._fork_server.close()


def _second_chance(outcome: Outcome) -> Outcome:
    """Leave the verdict to the suspects' process where memory ran out: others may have used it up, over many ticks."""
    if outcome.reason != OUT_OF_MEMORY:
        return outcome
    return Outcome(outcome.automation_id, problem="slow", reason=outcome.reason)


class _Lane:
    """One worker at a time, replaced when it breaks down."""

    def __init__(self, fork_server: ForkServer, memory_mb: int, timeout: float, *, divert: bool) -> None:
        self.closed = False
        self._fork_server = fork_server
        self._memory_mb = memory_mb
        self._timeout = timeout
        self._divert = divert
        # The alarm acts first; the kill is for code that no alarm interrupts.
        self._deadline = timeout * 3 + 1.0
        self._lock = threading.Lock()
        self._worker: Worker | None = None

    def evaluate(self, inputs: Sequence[TickInput], market: Market) -> list[Outcome]:
        with self._lock:
            outcomes: list[Outcome] = []
            bad: set[str] = set()
            group = _GROUP
            while len(outcomes) < len(inputs):
                rest = inputs[len(outcomes) :]
                if rest[0].type in bad:
                    outcomes.append(diverted(rest[0]))
                    continue
                done, problem = self._attempt(_until_one_of(rest, bad), market, group)
                outcomes += done
                bad |= self._too_slow(rest, done)
                if not problem or len(done) == len(rest):
                    continue
                if group == 1:
                    outcomes.append(self._blame(rest[len(done)], problem))
                    bad |= {rest[len(done)].type} if self._divert else set()
                else:
                    # Answers went with the worker. Once more, one answer at a time, to see who is to blame.
                    self._end_worker()
                    group = 1
            return outcomes

    def _too_slow(self, rest: Sequence[TickInput], done: Sequence[Outcome]) -> set[str]:
        if not self._divert:
            return set()
        pairs = zip(rest, done, strict=False)
        return {given.type for given, outcome in pairs if outcome.problem == "slow" or outcome.suspect}

    def _attempt(self, inputs: Sequence[TickInput], market: Market, group: int) -> tuple[list[Outcome], str]:
        """Return the outcomes up to where the worker broke down, and how it did ("" if it did not)."""
        done: list[Outcome] = []
        try:
            pipe = self._ready_worker().pipe
        except OSError:
            self._raise_if_closed()
            log.exception("evaluator_not_started")
            # Nobody's fault among the automations: they wait.
            return [Outcome(given.automation_id, problem="waiting", reason=_NOT_STARTED) for given in inputs], ""
        try:
            pipe.send_bytes(pickle.dumps((inputs, market, group, self._divert), pickle.HIGHEST_PROTOCOL))
            while len(done) < len(inputs):
                if not pipe.poll(self._deadline):
                    return done, "hung"
                done += pickle.loads(pipe.recv_bytes())  # noqa: S301 - our own child, over a private socket
                if done[-1].reason in {OUT_OF_MEMORY, HUNG}:
                    # What was kept would be held against everybody after: the rest goes on in a new worker.
                    self._end_worker()
                    break
        except (EOFError, OSError):
            self._raise_if_closed()
            return done, "ended its process"
        return done, ""

    def _blame(self, given: TickInput, problem: str) -> Outcome:
        log.warning("evaluation_killed", automation=given.automation_id, type=given.type, problem=problem)
        self._end_worker()
        return Outcome(given.automation_id, problem="failed", reason=f"evaluate() {problem}", suspect=True)

    def _ready_worker(self) -> Worker:
        if self._worker is not None and self._worker.gone:
            self._end_worker()
        if self._worker is None:
            self._worker = self._fork_server.fork(self._memory_mb, self._timeout)
        return self._worker

    def _end_worker(self) -> None:
        if self._worker is not None:
            self._fork_server.kill(self._worker)
        self._worker = None

    def _raise_if_closed(self) -> None:
        if self.closed:
            raise EvaluatorClosed("the node is stopping")


def _until_one_of(inputs: Sequence[TickInput], types: set[str]) -> Sequence[TickInput]:
    """Return the inputs before the first of these types."""
    for index, given in enumerate(inputs):
        if given.type in types:
            return inputs[:index]
    return inputs
