"""The kill switch on the command line: real nodes, that run, hang or are dead, on an exchange that misbehaves."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from octobot_node.cli import main
from octobot_node.live import control_client
from octobot_node.testing import HostileExchange
from tests.integration.cli.conftest import Folder
from tests.support.postgres import Server

pytestmark = pytest.mark.timeout(180)

#: What decides how long things take, the node's and the command's alike.
QUICK = {
    "OCTOBOT_EXTRA_PLUGINS": '["octobot_node.testing.hostile_exchange", "tests.acceptance.cli.resting"]',
    "OCTOBOT_DISK_RESERVE_MB": "0",
    # A third of a second of CPU at each start; the commands ask by the control socket.
    "OCTOBOT_API": "false",
    "OCTOBOT_REQUEST_TTL": "1",
    "OCTOBOT_REQUEST_TIMEOUT": "2",
    "OCTOBOT_UNKNOWN_AFTER": "2",
    "OCTOBOT_WATCH_INTERVAL_MAX": "0.5",
    "OCTOBOT_SWEEP_INTERVAL": "0.3",
}
RUN = """\
accounts:
  main:
    market_data: {use: hostile, %s}
    trading: {use: hostile, %s}
automations:
"""
AUTOMATION = """\
  - name: %s
    type: rester
    account: main
    budget: {USD: 100000}
    config: {symbol: %s, orders: %d, every: %g}
"""
TROUBLE: dict[str, Any] = {"drop_before": 0.1, "drop_after": 0.1, "error_5xx": 0.1, "rate_limited": 0.1}
THROW = ("kill-switch", "throw", "--everything", "--reason", "it buys and buys", "--yes")


class Scene:
    """A data folder, an exchange, and the commands; ``orders`` an automation keeps resting, one more every ``every``
    s.
    """

    def __init__(self, folder: Folder, exchange: HostileExchange) -> None:
        self.folder = folder
        self.exchange = exchange
        folder.environment.update(QUICK)

    def create(self, *names: str, orders: int = 3, every: float = 3600, symbol: str = "BTC/USD") -> None:
        settings = [self.exchange.market_data_settings(), self.exchange.trading_settings("main")]
        text = RUN % tuple(json.dumps(each)[1:-1] for each in settings)
        text += "".join(AUTOMATION % (name, symbol, orders, every) for name in names)
        self.folder.write("run.yaml", text)
        self.folder.prepare("automations", "create", "run.yaml")

    @contextmanager
    def node(self) -> Iterator[subprocess.Popen[str]]:
        """Run a node, however it ends."""
        with self.folder.start("start", "--log", "json") as process:
            try:
                self.until(self.answers)
                yield process
            finally:
                if process.poll() is None:
                    process.send_signal(signal.SIGCONT)
                    process.kill()
                process.communicate(timeout=30)

    def answers(self) -> bool:
        try:
            control_client.ask(self.folder.state, "node.status", {}, timeout=30)
        except control_client.NoNode:
            return False
        return True

    def told(self, operation: str, **arguments: Any) -> Any:
        return control_client.ask(self.folder.state, operation, arguments)

    def until(self, condition: Callable[[], Any], seconds: float = 60) -> Any:
        deadline = time.monotonic() + seconds
        while not (found := condition()):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        return found

    def resting(self) -> int:
        """Return how many orders really rest at the exchange."""
        return sum(order.order.status == "open" for order in self.exchange.orders())

    def accepted(self) -> int:
        return len(self.exchange.orders())

    def throw(self, *more: str) -> tuple[int, Any, str]:
        done = self.folder.run(*THROW, *more, "--json")
        return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr

    def intents(self) -> dict[str, str]:
        """Return id -> status of every order, from the database itself."""
        with sqlite3.connect(f"file:{self.folder.state / 'octobot.db'}?mode=ro", uri=True) as connection:
            rows = connection.execute("SELECT id, status FROM intents WHERE kind = 'order'").fetchall()
        connection.close()
        return dict(rows)

    def skipped(self) -> int:
        return list(self.intents().values()).count("skipped")

    def agrees_with_the_exchange(self) -> None:
        """Compare what the node believes of each order with what really happened, once nothing is in flight."""
        mine = self.intents()
        really: dict[str, set[str]] = {}
        for order in self.exchange.orders():
            really.setdefault(order.intent_id, set()).add(order.order.status)
        assert {id_: status for id_, status in mine.items() if id_ in really} == {
            id_: next(iter(statuses)) for id_, statuses in really.items() if len(statuses) == 1
        }
        assert {status for id_, status in mine.items() if id_ not in really} <= {"skipped", "refused"}
        assert self.exchange.report().duplicates == 0


@pytest.fixture
def scene(folder: Folder) -> Iterator[Callable[..., Scene]]:
    """Return a function that starts an exchange and makes a scene of it."""
    started: list[HostileExchange] = []

    def make(**behaviour: Any) -> Scene:
        started.append(HostileExchange.start(folder.path / "exchange", **behaviour))
        return Scene(folder, started[-1])

    yield make
    for exchange in started:
        exchange.stop()


def test_at_a_running_node_it_waits_until_the_exchange_confirmed_every_end(scene: Callable[..., Scene]) -> None:
    at = scene(visibility_lag_ms=300, cancel_race=0.2, latency_ms=20, **TROUBLE)
    at.create("a", "b", orders=6, every=1)
    with at.node():
        at.until(lambda: at.accepted() >= 16)
        code, found, said = at.throw()
        assert (code, found["switch"]["settled"], found["lines"]) == (0, True, []), said
        assert found["switch"]["in_force"] is True
        assert said.startswith("sending is off\n")
        accepted = at.accepted()
        assert at.resting() == 0
        # The automations go on deciding, an order a second each, and nothing of it leaves.
        at.until(lambda: at.skipped() >= 6)
        assert (at.accepted(), at.resting()) == (accepted, 0)
        shown = at.told("kill_switch.show", limit=500)
        assert {line["confirmed_at"] is not None for line in shown["lines"]} == {True}
        at.exchange.reset()
        at.folder.prepare("kill-switch", "release", "--yes")
        at.until(lambda: at.resting() >= 12)
    # A passage with its bounds: drops, races and late visibility left nothing sent twice.
    assert at.exchange.report().duplicates == 0


def test_ctrl_c_ends_the_waiting_and_not_the_switch(scene: Callable[..., Scene]) -> None:
    at = scene(strikes=["cancel"])
    at.create("a", orders=2)
    with at.node():
        at.until(lambda: at.resting() == 2)
        at.exchange.set(drop_before=1)
        with at.folder.start(*THROW) as command:
            at.until(lambda: at.told("kill_switch.list")["switches"])
            assert command.stderr is not None
            assert command.stderr.readline() == "sending is off\n"
            at.until(lambda: at.exchange.report().requests.get("cancel"))
            command.send_signal(signal.SIGINT)
            out, said = command.communicate(timeout=30)
        assert command.returncode == 130
        assert "not settled" in out
        assert "not confirmed yet (it stays thrown; `octobot-node kill-switch show" in said
        assert said.count("still open; its cancel is ") == 2
        assert at.told("node.status")["sending"] is False
        at.exchange.set(drop_before=0)
        done = at.folder.run("kill-switch", "throw", "--everything", "--reason", "again", "--yes")
        assert (done.returncode, at.resting()) == (0, 0), done.stderr
        assert done.stderr.startswith("sending is off already, since 20")
        assert len(at.told("kill_switch.list")["switches"]) == 1


def freeze(process: subprocess.Popen[str], database: Path) -> None:
    """Stop a node with SIGSTOP where it holds no lock on its database."""
    while True:
        process.send_signal(signal.SIGSTOP)
        connection = sqlite3.connect(database, timeout=0.1, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError:
            process.send_signal(signal.SIGCONT)
            time.sleep(0.05)
            continue
        finally:
            connection.close()
        return


def test_a_node_that_hangs_sends_nothing_new_when_it_wakes_and_cancels(scene: Callable[..., Scene]) -> None:
    at = scene(latency_ms=20, drop_after=0.1)
    at.create("a", "b", orders=5, every=1)
    with at.node() as process:
        at.until(lambda: at.accepted() >= 14)
        freeze(process, at.folder.state / "octobot.db")
        code, found, said = at.throw("--no-wait")
        assert (code, found["switch"]["settled"], found["switch"]["in_force"]) == (1, False, True)
        assert f"the node (process {process.pid}) does not answer: the switch is written into its database" in said
        # What was on its way when it froze has arrived; what was about to be has a second to live.
        time.sleep(2)
        accepted = at.accepted()
        assert at.resting() > 0
        shown = at.folder.run("kill-switch", "show", "--live")
        assert (shown.returncode, "not settled" in shown.stdout) == (0, True)
        with at.folder.start(*THROW) as command:
            told = command.stderr
            assert told is not None
            # It has looked in vain, and waits.
            at.until(lambda: "does not answer" in told.readline())
            process.send_signal(signal.SIGCONT)
            out, said = command.communicate(timeout=90)
        assert (command.returncode, "settled: nothing of it may still move" in out) == (0, True), said
        assert (at.accepted(), at.resting()) == (accepted, 0)
        at.agrees_with_the_exchange()


def test_a_node_that_froze_in_the_middle_of_writing_is_to_be_ended(scene: Callable[..., Scene]) -> None:
    at = scene()
    at.create("a")
    with at.node() as process:
        at.until(lambda: at.resting() == 3)
        freeze(process, at.folder.state / "octobot.db")
        # As if it had been stopped between the beginning and the end of a transaction.
        writing = sqlite3.connect(at.folder.state / "octobot.db", isolation_level=None)
        writing.execute("BEGIN IMMEDIATE")
        code, found, said = at.throw()
        writing.close()
        assert (code, found) == (1, None)
        assert said.splitlines()[-1].startswith(
            f"octobot-node: error: the node (process {process.pid}) stopped in the middle of writing"
        )
        process.kill()
        process.wait()
        code, found, said = at.throw()
        assert (code, found["switch"]["now"], at.resting()) == (0, {"cancelled": 3}, 0), said


def test_without_a_node_the_command_itself_cancels(scene: Callable[..., Scene]) -> None:
    at = scene(visibility_lag_ms=300, latency_ms=20, **TROUBLE)
    at.create("a", "b", orders=6, every=1)
    with at.node() as process:
        at.until(lambda: at.accepted() >= 16)
        # In the middle of everything: some orders are planned, some sent, some rest.
        process.kill()
    accepted = at.accepted()
    code, found, said = at.throw()
    assert (code, found["switch"]["settled"]) == (0, True), said
    assert "no node runs: this command cancels" in said
    assert (at.accepted(), at.resting()) == (accepted, 0)
    at.agrees_with_the_exchange()
    # A node that starts finds it thrown.
    with at.node():
        assert at.told("node.status")["sending"] is False
        before = at.skipped()
        at.until(lambda: at.skipped() >= before + 4)
        assert at.accepted() == accepted


def test_a_command_that_dies_while_it_cancels_is_followed_by_the_next(scene: Callable[..., Scene]) -> None:
    at = scene(strikes=["cancel"])
    at.create("a", orders=4)
    with at.node() as process:
        at.until(lambda: at.resting() == 4)
        process.kill()
    at.exchange.set(drop_before=1)
    with at.folder.start(*THROW) as command:
        at.until(lambda: at.exchange.report().requests.get("cancel"))
        command.kill()
        command.communicate()
    assert at.resting() == 4
    at.exchange.set(drop_before=0)
    with at.node():
        at.until(lambda: at.told("kill_switch.show")["switch"]["settled_at"])
        assert at.resting() == 0


def test_of_one_automation_nothing_else_leaves_though_it_was_planned(scene: Callable[..., Scene]) -> None:
    at = scene()
    at.create("a", "b", orders=2)
    with at.node() as process:
        at.until(lambda: at.resting() == 4)
        process.kill()
    at.folder.prepare("automations", "stop", "b")
    done = at.folder.run("kill-switch", "throw", "--automation", "a", "--reason", "odd", "--yes", "--json")
    assert (done.returncode, json.loads(done.stdout)["switch"]["target"]) == (0, "a"), done.stderr
    # The other one's cancels wait for a node, as every command on a folder at rest says.
    assert at.resting() == 2


def test_an_order_whose_outcome_stays_unknown_is_never_called_confirmed(scene: Callable[..., Scene]) -> None:
    at = scene(dedupe="none", lookup="none", request_expiry=False, strikes=["create"])
    at.create("a", orders=1)
    at.exchange.set(drop_before=1)
    with at.node() as process:
        at.until(lambda: at.told("orders.list", status="unknown")["orders"])
        process.kill()
    with at.folder.start(*THROW) as command:
        # While it waits the command answers others, as a node would: it is settled by hand.
        order = at.until(lambda: [id_ for id_, status in at.intents().items() if status == "unknown"])[0]
        at.until(at.answers)
        at.until(lambda: at.told("kill_switch.list")["switches"])
        shown = at.told("kill_switch.show")
        assert (shown["switch"]["settled"], shown["lines"][0]["status"]) == (False, "unknown")
        assert f"octobot-node orders declare-not-sent {order}" in shown["lines"][0]["advice"]
        refused = at.folder.run("kill-switch", "release", "--yes")
        assert (refused.returncode, "is not settled (1 unknown" in refused.stderr) == (1, True)
        assert command.poll() is None
        assert at.folder.run("orders", "declare-not-sent", order, "--yes").returncode == 0
        out, said = command.communicate(timeout=60)
    assert (command.returncode, "1 refused" in out) == (0, True), said


def test_it_asks_first_and_says_what_is_missing(
    scene: Callable[..., Scene], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    at = scene()
    for name, value in QUICK.items():
        monkeypatch.setenv(name, value)

    def give(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(("kill-switch", *arguments))
        said = capsys.readouterr()
        return code, said.out, said.err

    for arguments, text in (
        (("throw", "--reason", "x", "--yes"), "say what to stop: one of --account ACCOUNT"),
        (("throw", "--everything", "--account", "main", "--reason", "x", "--yes"), "say what to stop"),
        (("throw", "--everything", "--yes"), "say why, with --reason TEXT"),
        (("throw", "--everything", "--reason", "x"), "there is no terminal to ask on whether you are sure"),
        (("throw", "--everything", "--reason", "x", "--yes"), "nothing is in "),
        (("release",), "there is no terminal to ask on"),
    ):
        code, out, said = give(*arguments)
        assert (code, out, text in said) == (2, "", True), said
    at.create("a")
    code, out, said = give("throw", "--account", "mian", "--reason", "x", "--yes")
    assert (code, out) == (2, "")
    assert "there is no account 'mian': did you mean 'main'?" in said
    assert give("list")[1] == "no kill switch\n"
    code, out, said = give("throw", "--account", "main", "--reason", "x", "--yes", "--no-wait")
    assert (code, "the account 'main', in force" in out, "no node runs: what rests" in said) == (0, True, True), said
    listed = json.loads(give("list", "--in-force", "--json")[1])["switches"]
    assert [(row["target"], row["in_force"], row["settled"]) for row in listed] == [("main", True, True)]
    assert "in force, settled" in give("list")[1]
    code, out, said = give("release", "--yes")
    assert (code, "released" in out, "orders are sent again when one does" in said) == (0, True, True)


@pytest.fixture
def shared(scene: Callable[..., Scene], postgres: Server) -> Iterator[Scene]:
    """A scene on PostgreSQL; a node is dead to the others after two seconds."""
    at, url = scene(latency_ms=20), postgres.create_database()
    at.folder.environment |= {"OCTOBOT_DATABASE_URL": url, "OCTOBOT_LEASE_TTL": "2"}
    yield at
    postgres.drop_database(url)


def test_on_a_shared_database_it_works_with_a_node_that_runs_hangs_or_is_dead(shared: Scene) -> None:
    at = shared
    at.create("a", orders=4, every=1)
    with at.node() as process:
        at.until(lambda: at.accepted() >= 6)
        code, found, said = at.throw()
        assert (code, found["switch"]["settled"], at.resting()) == (0, True, 0), said
        at.folder.prepare("kill-switch", "release", "--yes")
        at.until(lambda: at.resting() >= 4)
        process.send_signal(signal.SIGSTOP)
        code, found, said = at.throw("--no-wait")
        assert (code, "does not answer" in said) == (1, True)
        # What was on its way when it froze has arrived; what was about to be has a second to live.
        time.sleep(2)
        accepted = at.accepted()
        process.send_signal(signal.SIGCONT)
        code, found, said = at.throw()
        assert (code, found["switch"]["settled"], at.accepted(), at.resting()) == (0, True, accepted, 0), said
        at.folder.prepare("kill-switch", "release", "--yes")
        at.until(lambda: at.resting() >= 4)
        process.kill()
    accepted = at.accepted()
    code, found, said = at.throw()
    assert (code, found["switch"]["settled"], at.accepted(), at.resting()) == (0, True, accepted, 0), said


def test_from_a_folder_without_a_node_the_one_that_leads_elsewhere_cancels(shared: Scene) -> None:
    at = shared
    at.create("a", orders=4, every=1)
    with at.node():
        at.until(lambda: at.accepted() >= 6)
        code, found, said = at.throw("--data-dir", str(at.folder.path / "other"))
        assert (code, found["switch"]["settled"], at.resting()) == (0, True, 0), said
        assert "another node leads on the database: it cancels" in said
