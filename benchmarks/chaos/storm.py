"""The storm: one thing after another happens to nodes, network and database, while two thousand automations trade."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.chaos.cluster import CONSUMERS, MASTER, Cluster, Node
from benchmarks.chaos.observe import Delays, Observer, sent_after_the_fence, tick_delays
from benchmarks.crash.verify import Verdict, verify_books

__all__ = ["KINDS", "Happening", "Result", "Storm", "plan"]

#: ``kill`` and ``freeze`` (SIGSTOP) strike a node, ``cut`` its network; ``postgres`` is a database without a goodbye.
KINDS = ("kill", "freeze", "postgres", "cut")
_LOOK_S = 0.1
#: A target that is still down from the last time is waited for no longer than this.
_PATIENCE_S = 90.0
#: How long a node that is to be killed is watched for a moment at which it has claimed something.
_AT_WORK_S = 3.0


@dataclass(frozen=True, slots=True)
class Happening:
    """What happens, to whom, for how long, and how long it is quiet after."""

    kind: str
    target: str
    seconds: float
    pause: float


@dataclass
class Result:
    """What a storm came to."""

    happened: dict[str, int] = field(default_factory=dict)
    master_struck: int = 0
    restarts_by_themselves: dict[str, int] = field(default_factory=dict)
    rejoined: int = 0
    taken_over: list[float] = field(default_factory=list)
    delays: Delays = field(default_factory=Delays)
    expired_requests: int = 0
    unfenced: list[str] = field(default_factory=list)
    errors_logged: dict[str, int] = field(default_factory=dict)
    verdict: Verdict = field(default_factory=Verdict)
    #: Why it ended before its plan did, if it did: of what had happened until then the books are verified all the same.
    broken_off: str = ""

    @property
    def clean(self) -> bool:
        return self.verdict.clean and not self.unfenced and not self.broken_off


def plan(
    count: int, kinds: Sequence[str], seed: int, lease: float, pause: tuple[float, float], longest: float = 20.0
) -> list[Happening]:
    """Return what will happen; the same for the same seed. Each kind comes once before any comes twice.

    ``longest`` is for how many seconds a node is frozen or cut off at most.
    """
    dice = random.Random(seed)
    made = []
    for number in range(count):
        kind = kinds[number] if number < len(kinds) else dice.choice(kinds)
        target = "" if kind == "postgres" else dice.choice((MASTER, *CONSUMERS))
        made.append(Happening(kind, target, _seconds(kind, dice, lease, longest), dice.uniform(*pause)))
    return made


def _seconds(kind: str, dice: random.Random, lease: float, longest: float) -> float:
    if kind == "postgres":
        return dice.uniform(0.1, 3.0)
    if kind == "kill":
        # Half of the time it is started again at once, half of the time only after the others must have noticed.
        return dice.uniform(0.1, 1.0) if dice.random() < 0.5 else lease + dice.uniform(4.0, 8.0)
    return dice.uniform(0.5 if kind == "freeze" else 1.0, longest)


class Storm:
    """Carries out a plan on a cluster, starts again what ends, looks on, and verifies."""

    def __init__(self, cluster: Cluster, told: Callable[[str], None] = lambda _text: None) -> None:
        self._cluster = cluster
        self._told = told
        self._observer = Observer(cluster.url)
        #: What is to be undone, or started again: (moment, what).
        self._later: list[tuple[float, Callable[[], None]]] = []
        self._struck: set[str] = set()
        self._ended: Counter[str] = Counter()
        self.result = Result()

    @property
    def epochs(self) -> Mapping[int, tuple[str, int | None]]:
        """Epoch -> (node, when it had ended, in ms; None: never)."""
        return self._observer.epochs

    def run(self, happenings: Sequence[Happening], *, quiet_first: float = 5.0, minutes: float = 0) -> Result:
        """Start everything, let it all happen, or what does within ``minutes`` (0: all), settle and verify."""
        until_at = time.monotonic() + minutes * 60 if minutes else float("inf")
        cluster = self._cluster
        cluster.start()
        since = self._observer.now()
        self._look_on(quiet_first)
        moments = []
        for number, happening in enumerate(happenings):
            if time.monotonic() > until_at:
                break
            try:
                self._await_target(happening)
                cluster.trouble(number)
                moments.append((happening.kind, self._observer.now()))
                self._strike(happening)
            except (RuntimeError, TimeoutError, OSError) as error:
                self.result.broken_off = f"at {number + 1}/{len(happenings)}, {happening.kind}: {error}"[:2_000]
                self._told(f"broken off {self.result.broken_off}")
                break
            self._told(f"{number + 1}/{len(happenings)}: {happening.kind} {happening.target}")
            self._look_on(happening.pause)
        self._calm()
        until = self._observer.now()
        problems = cluster.settle()
        self._observer.look()
        self._observer.close()
        self._verify(since, until, moments)
        self.result.verdict.problems += problems
        return self.result

    def _verify(self, since: int, until: int, moments: Sequence[tuple[str, int]]) -> None:
        cluster, result = self._cluster, self.result
        exchange = cluster.exchange_books()
        with cluster.books() as connection:
            result.verdict = verify_books(connection, exchange, all_known=True, order_each_tick=False)
            result.unfenced = sent_after_the_fence(connection, exchange, self._observer.epochs)
            result.delays = tick_delays(connection, since, until, moments)
        result.verdict.problems += cluster.exchange.problems()
        result.expired_requests = exchange.report().expired
        result.taken_over = self._observer.taken_over
        result.restarts_by_themselves = dict(self._ended)
        result.errors_logged = cluster.errors()
        result.rejoined = sum(node.log.read_text().count('"node_rejoined"') for node in cluster.nodes.values())

    # -- what happens

    def _strike(self, happening: Happening) -> None:
        result, kind = self.result, happening.kind
        result.happened[kind] = result.happened.get(kind, 0) + 1
        result.master_struck += happening.target == MASTER
        if kind == "postgres":
            self._cluster.server.stop("immediate")
            time.sleep(happening.seconds)
            self._cluster.server.start()
            return
        node = self._cluster.nodes[happening.target]
        self._struck.add(node.name)
        if kind == "kill":
            self._observer.await_work(node.id, _AT_WORK_S)
            node.kill()
            self._observer.killed(node.id)
            self._in(happening.seconds, lambda: self._start(node))
        elif kind == "freeze":
            node.signal(signal.SIGSTOP)
            self._in(happening.seconds, lambda: self._thaw(node))
        else:
            self._cluster.proxies[node.name].cut()
            self._in(happening.seconds, lambda: self._heal(node))

    def _in(self, seconds: float, what: Callable[[], None]) -> None:
        self._later.append((time.monotonic() + seconds, what))

    def _start(self, node: Node) -> None:
        node.start()
        self._struck.discard(node.name)

    def _thaw(self, node: Node) -> None:
        node.signal(signal.SIGCONT)
        self._struck.discard(node.name)

    def _heal(self, node: Node) -> None:
        self._cluster.proxies[node.name].heal()
        self._struck.discard(node.name)

    # -- meanwhile

    def _look_on(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while True:
            self._step()
            left = until - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(_LOOK_S, left))

    def _step(self) -> None:
        now = time.monotonic()
        due = [item for item in self._later if item[0] <= now]
        self._later = [item for item in self._later if item[0] > now]
        for _, what in due:
            what()
        self._observer.look()
        for node in self._cluster.nodes.values():
            code = node.ended()
            if code is not None and node.name not in self._struck:
                # As a service manager would: whatever ended is started again a moment later.
                self._ended[f"{node.name}: {code}"] += 1
                self._struck.add(node.name)
                self._in(1.0, partial(self._start, node))

    def _ready(self, node: Node) -> bool:
        return node.name not in self._struck and node.ended() is None and node.said("node_started")

    def _await_target(self, happening: Happening) -> None:
        """Wait until the target works again: what is down cannot be struck."""
        until = time.monotonic() + _PATIENCE_S
        nodes: Sequence[Any] = [self._cluster.nodes[happening.target]] if happening.target else ()
        while not all(self._ready(node) for node in nodes):
            if time.monotonic() > until:
                raise TimeoutError(f"{happening.target} did not come back within {_PATIENCE_S:g} s: {nodes[0].tail()}")
            self._look_on(_LOOK_S)

    def _calm(self) -> None:
        """Wait until all that was done is undone, and every node works."""
        until = time.monotonic() + _PATIENCE_S
        while self._later or not all(self._ready(node) for node in self._cluster.nodes.values()):
            if time.monotonic() > until:
                down = [node.name for node in self._cluster.nodes.values() if not self._ready(node)]
                raise TimeoutError(f"{', '.join(down)} did not come back within {_PATIENCE_S:g} s: {_tails(self)}")
            self._look_on(_LOOK_S)


def _tails(storm: Storm) -> str:
    return "\n".join(node.tail() for node in storm._cluster.nodes.values())


def write_down(result: Result, folder: Path) -> None:
    """Keep the verdict beside the logs."""
    lines = [*result.verdict.problems, *result.unfenced]
    (folder / "problems.txt").write_text("\n".join(lines) + "\n")
