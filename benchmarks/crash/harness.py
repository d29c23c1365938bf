"""Run a node, crash it in a chosen way, and do it again."""

from __future__ import annotations

import json
import os
import queue
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.crash.exchanges import EMULATED, CrashExchange, Emulated, Hostile
from benchmarks.crash.verify import Verdict, verify

if TYPE_CHECKING:
    from tests.support.postgres import Server

#: The named points of the send fence and of settlement.
POINTS = (
    "before-fence",
    "after-fence",
    "before-request",
    "after-request",
    "before-record",
    "after-record",
    "before-settle",
    "after-settle",
)


#: A round does not wait longer than this for orders to arrive.
_AT_WORK_S = 12.0


@dataclass
class Result:
    """What a run of rounds came to."""

    rounds: int = 0
    by_kind: dict[str, int] = field(default_factory=dict)
    by_trouble: dict[str, int] = field(default_factory=dict)
    recoveries: list[float] = field(default_factory=list)
    verdict: Verdict = field(default_factory=Verdict)


class CrashRun:
    """One data folder and one exchange, through any number of crashes."""

    def __init__(
        self,
        folder: Path,
        *,
        automations: int,
        strong: bool,
        seed: int,
        every: float = 1.0,
        exchange: str = "hostile",
        server: Server | None = None,
    ) -> None:
        self._folder = folder
        self._data = folder / "node"
        #: Where the node's database is: on a server that loses its power with the node, or a file in its data folder.
        self._server = server
        self._url = server.create_database() if server is not None else ""
        self._database = self._url or self._data / "octobot.db"
        self._strong = strong
        self._exchange: CrashExchange = (
            Emulated(exchange, folder, automations, every)
            if exchange in EMULATED
            else Hostile(folder, automations=automations, strong=strong, every=every)
        )
        self._emulated = exchange in EMULATED
        # What a real exchange lets an account ask is soon used up by one that starts again and again: Kraken's a third
        # of a request a second.
        self._patience = 5 if self._emulated else 1
        self._dice = random.Random(seed)
        self._crashed_at = time.monotonic()
        self.result = Result()

    def run(self, rounds: int, kinds: tuple[str, ...], told: Callable[[str], None] = lambda _text: None) -> Result:
        """Crash ``rounds`` times in turn by ``kinds`` (kill, freeze, power, point), then settle and verify."""
        with self._exchange as exchange:
            for number in range(rounds):
                kind = kinds[number % len(kinds)]
                trouble = self._round(exchange, kind, number)
                self.result.rounds += 1
                self.result.by_kind[kind] = self.result.by_kind.get(kind, 0) + 1
                self.result.by_trouble[trouble] = self.result.by_trouble.get(trouble, 0) + 1
                told(f"round {number + 1}/{rounds}: {kind}, {trouble}")
            exchange.calm()
            self._settle(exchange)
            self.result.verdict = verify(self._database, exchange.books(self._database), all_known=self._strong)
            self.result.verdict.problems += exchange.problems()
        return self.result

    def _round(self, exchange: CrashExchange, kind: str, number: int) -> str:
        power = None
        if kind == "power":
            from tests.support.powerloss import PowerLoss

            power = PowerLoss(self._folder / "power")
        point = POINTS[self.result.by_kind.get("point", 0) % len(POINTS)] if kind == "point" else None
        node = self._start(exchange, power=power, point=point)
        node.wait_for("ready", 60)
        if number % 4 == 3:
            # Now and then let it come to rest, to know how long recovery takes.
            if self._emulated:
                exchange.calm()
            node.wait_for("recovered", 60 * self._patience)
        trouble = exchange.trouble(number)
        if number % 4 != 3 or self._emulated:
            self._await_orders(exchange, node)
            node.sleep(self._dice.uniform(0.05, 2.5))
        if kind == "freeze":
            node.signal(signal.SIGSTOP)
            time.sleep(self._dice.uniform(0.2, 4.0))
            node.signal(signal.SIGCONT)
            node.sleep(self._dice.uniform(0.1, 1.5))
        if kind == "point":
            node.sleep(3.0)
        node.signal(signal.SIGKILL)
        node.reap()
        self._crashed_at = time.monotonic()
        self.result.recoveries += node.recovered
        if power is not None:
            power.cut(keep=self._dice if self._dice.random() < 0.5 else None)
            if self._server is not None:
                self._server.stop("immediate")
                self._server.start()
        return trouble

    def _await_orders(self, exchange: CrashExchange, node: _Node) -> None:
        """Wait until orders arrive: a node that is crashed before it sends anything shows nothing, and a busy machine
        takes its time. In some troubles nothing is sent.
        """
        before, until = exchange.orders_asked(), time.monotonic() + _AT_WORK_S
        while exchange.orders_asked() < before + 2 and node.running and time.monotonic() < until:
            node.sleep(0.1)

    def _settle(self, exchange: CrashExchange) -> None:
        node = self._start(exchange)
        node.wait_for("recovered", 120 * self._patience)
        self.result.recoveries += node.recovered
        node.tell("drain")
        node.wait_for("drained", 180 * self._patience)
        deadline = time.monotonic() + 60 * self._patience
        while not exchange.settled(self._database) and time.monotonic() < deadline:
            node.sleep(0.2)
        node.tell("stop")
        node.reap()

    def _start(self, exchange: CrashExchange, *, power: Any | None = None, point: str | None = None) -> _Node:
        job = {
            **exchange.job(),
            "data_dir": str(self._data),
            "database_url": self._url,
            "request_ttl": 2.0,
            "unknown_after": 4.0,
            "point": point,
            "nth": self._dice.randrange(1, 20),
            "crashed_at": self._crashed_at,
        }
        path = self._folder / "job.json"
        path.write_text(json.dumps(job))
        self._data.mkdir(exist_ok=True)
        environment = {**os.environ, **(power.environment(self._data) if power else {})}
        return _Node(path, environment, self._folder / "node.log")


class _Node:
    """The node's process, and what it says."""

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def __init__(self, job: Path, environment: dict[str, str], log: Path) -> None:
        self.recovered: list[float] = []
        self._said: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._seen: set[str] = set()
        self._log = log
        with log.open("a") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.crash.node", str(job)],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._said.put(json.loads(line))
        self._said.put(None)

    def wait_for(self, event: str, timeout: float) -> None:
        """Wait until the node says ``event``; a node that ended instead may have been meant to (at a point)."""
        deadline = time.monotonic() + timeout
        while event not in self._seen:
            try:
                said = self._said.get(timeout=max(deadline - time.monotonic(), 0.01))
            except queue.Empty:
                tail = self._log.read_text()[-2_000:]
                self.signal(signal.SIGKILL)
                raise TimeoutError(
                    f"the node did not say {event!r} within {timeout:g} s; its log ends: {tail}"
                ) from None
            if said is None:
                code = self._process.wait()
                if code != -signal.SIGKILL:
                    raise RuntimeError(f"the node ended with {code}: {self._log.read_text()[-2_000:]}")
                return
            self._seen.add(said["event"])
            if said["event"] == "recovered":
                self.recovered.append(said["seconds"])

    def sleep(self, seconds: float) -> None:
        """Let it work for a while, less if it ends by itself."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return

    def tell(self, word: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()

    def signal(self, number: signal.Signals) -> None:
        if self._process.poll() is None:
            self._process.send_signal(number)

    def reap(self) -> None:
        self._process.wait(60)
        self._reader.join(10)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        while not self._said.empty():
            said = self._said.get()
            if said is not None and said["event"] == "recovered":
                self.recovered.append(said["seconds"])
