"""Every command at a node that runs: a real process, asked over its socket."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from octobot_node.cli import main
from octobot_node.cli.completion import automation_names
from octobot_node.contracts.exchanges import OrderRequest
from octobot_node.live import control_client
from octobot_node.live.control_client import socket_path
from octobot_node.testing import HostileExchange
from octobot_node.testing.hostile_exchange.wire import request_to_json
from tests.integration.cli.conftest import LIVE, Folder

Octobot = Callable[..., tuple[int, str, str]]
ENVIRONMENT = {"OCTOBOT_DISK_RESERVE_MB": "0", "OCTOBOT_WATCH_INTERVAL_MAX": "0.5"}
#: An order is unknown within seconds.
QUICK = {
    "OCTOBOT_EXTRA_PLUGINS": "octobot_node.testing.hostile_exchange",
    "OCTOBOT_REQUEST_TTL": "0.5",
    "OCTOBOT_REQUEST_TIMEOUT": "1",
    "OCTOBOT_UNKNOWN_AFTER": "1",
}


@pytest.fixture
def octobot(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Octobot:
    """Return a function that gives a command in this process and returns (exit code, stdout, stderr)."""
    monkeypatch.setenv("OCTOBOT_DISK_RESERVE_MB", "0")

    def give(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(arguments)
        said = capsys.readouterr()
        return code, said.out, said.err

    return give


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Folder, subprocess.Popen[str]]]:
    """A node for the module, started on an empty folder, which ends cleanly."""
    folder = Folder(tmp_path_factory.mktemp("service"))
    with running(folder, "start", "--log", "json", **QUICK) as process:
        yield folder, process
        process.send_signal(signal.SIGTERM)
        out, log = process.communicate(timeout=30)
    assert (process.returncode, out, socket_path(folder.state).exists()) == (0, "", False)
    lines = [json.loads(line) for line in log.splitlines()]
    assert [line["event"] for line in lines if line["event"].startswith("node_")] == [
        *("node_starting", "node_started", "node_stopping", "node_stopped"),
    ]
    assert lines[0]["data_dir"] == str(folder.state)
    assert {line["level"] for line in lines} <= {"info", "warning"}


@pytest.fixture
def node(service: tuple[Folder, subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch) -> subprocess.Popen[str]:
    monkeypatch.chdir(service[0].path)
    monkeypatch.setenv("OCTOBOT_DATA_DIR", str(service[0].state))
    return service[1]


@contextmanager
def running(folder: Folder, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """Start a process, wait until its node answers, and see that it ends with the block."""
    with folder.start(*arguments, **ENVIRONMENT, **environment) as process:
        try:
            until(lambda: answers(folder.state))
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def told(folder: Folder, operation: str, **arguments: Any) -> Any:
    """Return what the node answers: cheaper than a command, for whoever asks again and again."""
    return control_client.ask(folder.state, operation, arguments)


def answers(state: Path) -> bool:
    try:
        control_client.ask(state, "node.status", {})
    except control_client.NoNode:
        return False
    return True


def until(condition: Callable[[], Any], seconds: float = 30) -> Any:
    """Return what ``condition`` returns once that is true; another process needs its time."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return found


def ask(octobot: Octobot, *arguments: str) -> Any:
    code, out, said = octobot(*arguments, "--json")
    assert code == 0, said
    return json.loads(out)


def test_commands_take_effect_at_once_on_a_running_node(
    service: tuple[Folder, Any], octobot: Octobot, node: subprocess.Popen[str]
) -> None:
    folder = service[0]
    status = ask(octobot, "status")
    assert (status["running"], status["process"], status["automations"]) == (True, node.pid, {})
    folder.write("run.yaml", LIVE)
    follower = folder.start("automations", "events", "--follow", "--json", "--kind", "order.", **ENVIRONMENT)
    with follower:
        code, _, said = octobot("automations", "create", "run.yaml")
        assert (code, said) == (0, "")
        # It ticks and buys at once: nobody waits for a poll.
        until(lambda: told(folder, "automations.show", automation="dca", include=["report"])["report"]["fills"] == 1)
        assert follower.stdout is not None
        kinds = [json.loads(follower.stdout.readline())["kind"] for _ in range(3)]
        assert kinds == ["order.planned", "order.fill", "order.filled"]
        follower.send_signal(signal.SIGINT)
        assert follower.wait(timeout=60) == 130

    _, said, _ = octobot("automations", "show", "dca")
    assert "octobot_tentacles.dca" in said
    assert "positions" in said
    # The fill woke it once more; from then on it waits for its day.
    until(lambda: told(folder, "automations.show", automation="dca")["ticks"] == 2)
    plan = ask(octobot, "automations", "plan", "dca")
    assert (plan["tick"], plan["scheduled"], plan["outcome"]) == (2, True, "decides")
    assert [order["type"] for order in plan["orders"]] == ["market"]
    assert octobot("automations", "pause", "dca")[1] == "dca is paused\n"
    assert octobot("automations", "edit", "dca", "--set", "amount=60.5")[1] == "dca is paused\n"
    assert ask(octobot, "automations", "show", "dca")["config"]["amount"] == "60.5"
    assert octobot("automations", "resume", "dca")[1] == "dca is active\n"
    assert ask(octobot, "signals", "send", "dca", '{"a": 0.1}')["accepted"] is True
    ticks = ask(octobot, "automations", "show", "dca")["ticks"]
    octobot("automations", "run-now", "dca")
    until(lambda: told(folder, "automations.show", automation="dca")["ticks"] > ticks)
    assert ask(octobot, "accounts")["accounts"][0]["name"] == "paper"
    assert {row["name"] for row in ask(octobot, "plugins")["plugins"]} >= {"octobot_tentacles.dca"}
    # The node's own settings, not this process's.
    rows = {row["name"]: row["origin"] for row in ask(octobot, "settings")["settings"]}
    assert (rows["data_dir"], rows["disk_reserve_mb"]) == ("OCTOBOT_DATA_DIR", "OCTOBOT_DISK_RESERVE_MB")
    assert set(ask(octobot, "doctor")) == {"status", "checks"}
    assert automation_names(folder.state, "d") == ["dca"]
    assert automation_names(folder.path / "nowhere", "d") == []

    # Errors are the same as without a node, exit codes included.
    for arguments, expected, text in (
        (["automations", "show", "dac"], 2, "there is no automation 'dac': did you mean 'dca'?"),
        (["automations", "resume", "dca"], 1, "'dca' is active already"),
        (["automations", "create", "run.yaml"], 2, "run.yaml, line 7: automations[0].name: an automation is called"),
        (["automations", "rm", "dca", "--yes"], 1, "'dca' is active: stop it and let its orders settle first"),
        (["start"], 1, f"the data folder {folder.state} is in use by process {node.pid}"),
        (["run", "run.yaml"], 1, f"the data folder {folder.state} is in use by process {node.pid}"),
    ):
        code, out, said = octobot(*arguments)
        assert (code, out) == (expected, "")
        assert said.splitlines()[-1].startswith(f"octobot-node: error: {text}"), said

    octobot("automations", "stop", "dca", "--close", "--yes")
    until(lambda: told(folder, "automations.show", automation="dca")["status"] == "stopped")
    assert ask(octobot, "automations", "show", "dca")["report"]["fills"] >= 2
    assert octobot("automations", "rm", "dca", "--yes")[1] == "dca is deleted\n"
    assert ask(octobot, "automations", "list")["automations"] == []


def test_a_second_start_on_the_folder_says_that_it_is_in_use_and_nothing_else(
    node: subprocess.Popen[str], octobot: Octobot
) -> None:
    code, out, said = octobot("start", "--log", "json")
    assert (code, out, said.count("\n")) == (1, "", 1)
    assert f"is in use by process {node.pid}: stop that node" in said


def test_a_live_run_takes_commands_and_what_was_told_before_is_carried_out(folder: Folder, octobot: Octobot) -> None:
    ladder = "safety_orders: {count: 2, step: 20, amount: 50}, take_profit: 50"
    folder.write("run.yaml", LIVE.replace("every: 1d", f"every: 1d, {ladder}"))
    with running(folder, "run", "run.yaml", "--quiet", "--json") as process:
        until(lambda: len(told(folder, "orders.list", status="open")["orders"]) == 3)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
    # Told to a folder at rest: the orders rest on.
    _, said, _ = octobot("automations", "stop", "dca")
    assert said == (
        "dca is stopping; its orders are being cancelled; no node runs on this data folder:"
        " it is carried out when one runs next\n"
    )
    assert len(ask(octobot, "orders", "list", "--status", "open")["orders"]) == 3
    with running(folder, "start") as process:
        until(lambda: told(folder, "automations.show", automation="dca")["status"] == "stopped")
        process.send_signal(signal.SIGINT)
        _, log = process.communicate(timeout=30)
    assert (process.returncode, "node_started" in log, "Traceback" in log) == (0, True, False)
    statuses = [order["status"] for order in ask(octobot, "orders", "list")["orders"]]
    assert sorted(statuses) == ["cancelled", "cancelled", "cancelled", "filled"]


HOSTILE = """\
accounts:
  hostile:
    market_data: {use: hostile, %s}
    trading: {use: hostile, %s}
automations:
  - name: lost
    type: dca
    account: hostile
    budget: {USD: 500}
    config: {symbol: BTC/USD, amount: 100, every: 1d}
"""


@pytest.mark.usefixtures("node")
def test_orders_of_unknown_outcome_are_settled_by_hand_at_a_running_node(
    service: tuple[Folder, Any], octobot: Octobot
) -> None:
    folder = service[0]

    def unknown() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = told(folder, "orders.list", status="unknown")["orders"]
        return found

    blind: dict[str, Any] = {"lookup": "none", "dedupe": "none", "request_expiry": False, "strikes": ["create"]}
    with HostileExchange.start(folder.path / "exchange", drop_after=1, **blind) as exchange:
        exchange.set_price("BTC/USD", 100)
        settings = [exchange.market_data_settings(), exchange.trading_settings("person")]
        text = HOSTILE % tuple(json.dumps(each)[1:-1] for each in settings)
        folder.write("hostile.yaml", text)
        assert octobot("automations", "create", "hostile.yaml")[0] == 0
        (accepted,) = until(lambda: exchange.orders("person"))
        # Its answer was lost; the person's own order beside it looks the same, so that nobody can tell them apart.
        exchange.set(drop_after=0)
        twin = OrderRequest(
            "by-hand", "by-hand", "BTC/USD", "buy", "market", None, Decimal(100), None, None, "gtc", False, 0
        )
        exchange._post("/create", request_to_json("person", twin))
        (order,) = until(unknown)
        code, out, said = octobot("orders", "adopt", order["id"], "nothing-of-ours")
        assert (code, out) == (1, "")
        assert "'hostile' knows no order 'nothing-of-ours' on BTC/USD: check the id" in said
        adopted = ask(octobot, "orders", "adopt", order["id"], accepted.order.id)["order"]
        assert (adopted["status"], adopted["exchange_order_id"]) == ("filled", accepted.order.id)
        assert ask(octobot, "automations", "show", "lost")["report"]["fills"] == 1

        exchange.set(drop_before=1)
        folder.write("hostile.yaml", text.replace("name: lost", "name: never"))
        octobot("automations", "create", "hostile.yaml")
        (order,) = until(unknown)
        declared = ask(octobot, "orders", "declare-not-sent", order["id"], "--yes")["order"]
        assert (declared["status"], declared["reserved"]) == ("refused", "0")
        assert declared["reason"].startswith("declared not sent by ")
        until(lambda: told(folder, "automations.show", automation="never")["balances"]["USD"]["free"] == "500")
        events = ask(octobot, "automations", "events", "--kind", "order.")["events"]
        audit = [event["kind"] for event in events if "by" in event["data"]]
        assert audit == ["order.adopted", "order.declared_not_sent"]
        # The exchange goes: what still trades on it is stopped first, so that the node has nothing to complain of.
        for name in ("lost", "never"):
            octobot("automations", "stop", name)
        until(lambda: told(folder, "node.status")["automations"] == {"stopped": 2})
