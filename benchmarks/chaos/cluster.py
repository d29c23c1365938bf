"""Real nodes on one real PostgreSQL, each behind a proxy of its own, and the hands to kill, freeze and cut them off."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

import psycopg
import sqlalchemy as sa
from pydantic import SecretStr

from benchmarks.chaos.proxy import ProxyProcess
from benchmarks.crash.exchanges import EMULATED, CrashExchange, Emulated, Hostile
from benchmarks.crash.verify import Exchange, StoppedExchange
from octobot_node.automation import AutomationStatus
from octobot_node.configuration import Configuration
from octobot_node.engine.commands.commands import NewAccount, NewAutomation
from octobot_node.errors import StorageBusy
from octobot_node.live.idle_folder import open_idle_folder
from octobot_node.operations.context import OperationContext
from octobot_node.plugin_system.discovery import load_plugins
from octobot_node.settings import Settings
from tests.support.postgres import Server

__all__ = ["CONSUMERS", "MASTER", "PLUGINS", "Cluster", "Node", "visiting", "wait_for"]

PLUGINS = ("octobot_node.testing.hostile_exchange", "benchmarks.crash.trader")
MASTER, CONSUMERS = "master", ("one", "two", "three")
_CHUNK = 500

#: Attempts to pause one automation.
_PAUSES = 10
#: Troubles of an emulated exchange, one after another: all of the crash rounds' but the clock that goes wrong, by which
#: orders would seem to arrive when they did not.
_TROUBLES = (0, 1, 2, 3, 4, 6, 7, 8)
_TRADERS = "automation_id IN (SELECT id FROM automations WHERE type LIKE '%%crash_trader')"


class Node:
    """A node as a service manager sees it: a folder, options, a process that is started again and again."""

    def __init__(self, name: str, folder: Path, url: str, options: tuple[str, ...], **environment: str) -> None:
        self.name, self.data = name, folder / name
        self.log = folder / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.lives = 0
        self._options = options
        # Without the API: the nodes are on one machine, and all of them would take its port.
        self._environment = {**os.environ, "OCTOBOT_API": "false", "OCTOBOT_DATABASE_URL": url, **environment}
        self._started_at_byte = 0

    def start(self) -> None:
        """Start it; its log goes on in the same file."""
        self.lives += 1
        self._started_at_byte = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as errors:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "octobot_node", "start", *self._options),
                    *("--data-dir", str(self.data), "--log", "json"),
                ],
                env=self._environment,
                stderr=errors,
            )

    @property
    def id(self) -> str:
        """The node's id, "" before its first start made one."""
        path = self.data / "node-id"
        return path.read_text() if path.exists() else ""

    def said(self, event: str) -> bool:
        """Whether this life of the node has logged ``event``."""
        with self.log.open("rb") as log:
            log.seek(self._started_at_byte)
            return f'"event": "{event}"'.encode() in log.read() if event else False

    def ended(self) -> int | None:
        """Return how the process ended, None while it runs."""
        return None if self.process is None else self.process.poll()

    def signal(self, number: signal.Signals) -> None:
        """Give the process a signal, if it runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def wait(self, seconds: float) -> int:
        """Wait for its end; raise TimeoutError with the end of its log."""
        assert self.process is not None
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"{self.name} did not end within {seconds:g} s: {self.tail()}") from None

    def wait_started(self, seconds: float = 60) -> None:
        """Wait until it works; raise RuntimeError when it ends instead."""

        def started() -> bool:
            if self.ended() is not None:
                raise RuntimeError(f"{self.name} ended with {self.ended()}: {self.tail()}")
            return self.said("node_started")

        wait_for(started, seconds, f"{self.name} did not start: see {self.log}")

    def tail(self) -> str:
        """Return the end of its log."""
        return self.log.read_text()[-1_500:]

    def stop(self, seconds: float = 45) -> int:
        """End it as a service manager does, and return its exit code."""
        self.signal(signal.SIGTERM)
        return self.wait(seconds)

    def kill(self) -> None:
        """End it at once."""
        if self.process is not None:
            self.signal(signal.SIGKILL)
            self.process.wait(30)


class Cluster:
    """A master, consumers, their database and their exchange; a context manager that leaves nothing running."""

    def __init__(
        self, folder: Path, *, automations: int, every: float, lease: float = 9.0, exchange: str = "hostile"
    ) -> None:
        self.folder, self.automations, self.every = folder, automations, every
        folder.mkdir(parents=True, exist_ok=True)
        self.server = Server()
        self.url = self.server.create_database("chaos")
        self.exchange: CrashExchange = (
            Emulated(exchange, folder, automations, every)
            if exchange in EMULATED
            else Hostile(folder, automations=automations, strong=True, every=every)
        )
        self.exchange.__enter__()
        self._job = self.exchange.job()
        # One for all of them: what one sealed the others open.
        self._key = folder / "secret-key"
        self._key.write_text(base64.b64encode(os.urandom(32)).decode())
        self._key.chmod(0o600)
        self.proxies: dict[str, ProxyProcess] = {}
        self.nodes: dict[str, Node] = {}
        self._environment = {
            "OCTOBOT_EXTRA_PLUGINS": ",".join(self._job["plugins"]),
            "OCTOBOT_EGRESS_ROUTES": ",".join(self._job.get("egress_routes", ())),
            "OCTOBOT_EGRESS_ALLOW_PRIVATE": str(self._job.get("allow_private", False)).lower(),
            # An exchange that takes all money away, or counts from nothing, would end all trading for minutes.
            "OCTOBOT_BALANCE_CHECK_INTERVAL": "0",
            "OCTOBOT_SECRET_KEY_FILE": str(self._key),
            "OCTOBOT_DISK_RESERVE_MB": "0",
            "OCTOBOT_LEASE_TTL": str(lease),
            "OCTOBOT_API_PORT": "0",
            "OCTOBOT_REQUEST_TTL": "2",
            "OCTOBOT_REQUEST_TIMEOUT": "3",
        }
        # A master that is started again waits for the lease that its earlier life, or another, still holds.
        self.add(MASTER, "--role", "master", "--standby")
        for name in CONSUMERS:
            self.add(name, "--role", "consumer")

    def add(self, name: str, *options: str) -> Node:
        """Make a node known, with a proxy of its own; it is not started."""
        self.proxies[name] = proxy = ProxyProcess(self.server.port)
        url = self.url.replace(f":{self.server.port}/", f":{proxy.port}/")
        self.nodes[name] = Node(name, self.folder, url, options, **self._environment)
        return self.nodes[name]

    def start(self) -> None:
        """Create the traders and start every node."""
        self._create()
        for node in self.nodes.values():
            node.start()
        for node in self.nodes.values():
            node.wait_started()

    def _create(self) -> None:
        job = self._job
        with self.context() as context:
            account = context.commands.create_account(
                NewAccount(
                    "crash",
                    job["connector"],
                    job["connector"],
                    job["market_data_settings"],
                    job["trading_settings"],
                    egress=job.get("egress", ""),
                )
            )
            new = [
                NewAutomation(
                    each["name"],
                    each["type"],
                    account,
                    {asset: Decimal(amount) for asset, amount in each["budget"].items()},
                    {**each["config"], **({"planned_only": True} if each["type"] == "crash_trader" else {})},
                )
                for each in job["automations"]
            ]
            for start in range(0, len(new), _CHUNK):
                context.commands.create_many(new[start : start + _CHUNK])

    def context(self) -> AbstractContextManager[OperationContext]:
        """Return the commands of a visitor, past the proxies."""
        return visiting(
            self.folder / "visitor",
            self.url,
            tuple(self._job["plugins"]),
            egress_routes=self._job.get("egress_routes", ()),
            key=self._key,
        )

    def trouble(self, number: int) -> None:
        """Have the exchange make the trouble of this number."""
        self.exchange.trouble(_TROUBLES[number % len(_TROUBLES)])

    def exchange_books(self) -> Exchange:
        """Return what really happened at the exchange; the hostile one is stopped for it."""
        if isinstance(self.exchange, Hostile):
            self.exchange.__exit__()
            return StoppedExchange(self.folder / "exchange")
        return self.exchange.books(self.url)

    @contextmanager
    def books(self) -> Iterator[sa.Connection]:
        """Yield one snapshot of the database, past the proxies."""
        engine = sa.create_engine(self.url.replace("postgresql:", "postgresql+psycopg:"))
        try:
            with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
                yield connection
        finally:
            engine.dispose()

    def query(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of one statement."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(statement.encode(), values).fetchall()

    def settle(self) -> list[str]:
        """Let every trader tick once more, then pause all, wait until nothing moves and stop the nodes.

        Returns what went wrong.
        """
        self.exchange.calm()
        problems = [
            *_told(self._all_tick, "not every automation ticks any more"),
            *_told(self._pause_all, "not every automation could be paused"),
            *_told(self._come_to_rest, "not every order came to its end"),
            *_told(self._all_heard, "not every execution was heard of"),
        ]
        time.sleep(1.5)  # cancelled orders end a watcher's pass later
        for node in self.nodes.values():
            if node.ended() is None:
                code = node.stop()
                if code:
                    problems.append(f"{node.name} was drained, but ended with {code}")
        return problems

    def _all_tick(self) -> None:
        # Others tick when something happens, and some are done.
        asked = f"SELECT automation_id, tick FROM schedule WHERE {_TRADERS}"
        before = dict(self.query(asked))

        def ticked() -> bool:
            now = dict(self.query(asked))
            return all(now[id_] > tick for id_, tick in before.items())

        wait_for(ticked, self.every * 2 + 60, "no tick", pause=0.5)

    def _pause_all(self) -> None:
        with self.context() as context:
            for automation_id, status in self.query("SELECT id, status FROM automations ORDER BY id"):
                if not AutomationStatus(status).pausable:
                    continue
                for attempt in range(1, _PAUSES + 1):
                    try:
                        context.commands.pause(automation_id)
                        break
                    except StorageBusy:
                        # What a person would do who is told to try again.
                        if attempt == _PAUSES:
                            raise

    def _all_heard(self) -> None:
        wait_for(lambda: self.exchange.settled(self.url), 120, "executions are missing", pause=0.5)

    def _come_to_rest(self) -> None:
        """Wait for as long as there is less and less to do: a storm may leave a machine with minutes of work."""
        while before := self._moving():
            wait_for(partial(self._fewer_than, before), 120, f"{before} still moving", pause=0.5)

    def _fewer_than(self, before: int) -> bool:
        return self._moving() < before

    def _moving(self) -> int:
        ((count,),) = self.query(
            "SELECT count(*) FROM intents WHERE status IN ('planned', 'sent', 'unknown')"
            " OR status = 'open' AND (type = 'market' OR kind = 'cancel')"
        )
        return int(count)

    def errors(self) -> dict[str, int]:
        """Return what the nodes logged as errors, and how often."""
        found: Counter[str] = Counter()
        for node in self.nodes.values():
            for line in node.log.read_text().splitlines() if node.log.exists() else ():
                try:
                    said = json.loads(line)
                except ValueError:
                    found[f"not JSON: {line[:80]}"] += 1
                    continue
                if said.get("level") in ("error", "critical") or "exception" in said:
                    found[str(said.get("event"))] += 1
        return dict(found)

    def keep(self) -> None:
        """Put the database and its log beside the nodes' logs, for whoever looks into a failure; it is stopped."""
        self.server.stop("fast")
        shutil.copytree(self.server.folder, self.folder / "postgres", dirs_exist_ok=True)

    def __enter__(self) -> Cluster:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for node in self.nodes.values():
            node.kill()
        for proxy in self.proxies.values():
            proxy.close()
        self.exchange.__exit__(kind, error, trace)
        self.server.close()


@contextmanager
def visiting(
    folder: Path, url: str, plugins: tuple[str, ...], *, egress_routes: Sequence[str] = (), key: Path | None = None
) -> Iterator[OperationContext]:
    """Yield the commands of a visitor on a database: a folder of its own, and no part in the work."""
    settings = Settings(
        data_dir=folder,
        database_url=url,
        role="master",
        extra_plugins=plugins,
        disk_reserve_mb=0,
        egress_routes=tuple(map(SecretStr, egress_routes)),
        secret_key_file=key,
    )
    registry = load_plugins(plugins, discover=False)
    with open_idle_folder(Configuration(settings), registry, by="benchmark", settings=settings) as context:
        yield context


def wait_for(condition: Callable[[], bool], seconds: float, what: str, *, pause: float = 0.05) -> None:
    """Wait for a condition; raise TimeoutError saying what did not happen."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}, within {seconds:g} s")
        time.sleep(pause)


def _told(step: Callable[[], None], what: str) -> list[str]:
    try:
        step()
    except Exception as error:
        return [f"{what}: {type(error).__name__}: {error}"]
    return []
