"""The rules as a service of a real node, and the sign of life that it gives."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from octobot_node.engine.commands.commands import NewAccount, NewAutomation
from octobot_node.live.node import Node
from octobot_node.settings import Settings
from octobot_node.store import tables
from octobot_plugins.notify.rules import HEARTBEAT, Heartbeat
from octobot_plugins.notify.settings import NotifySettings
from tests.integration.plugins.notify.conftest import WebServer
from tests.support.bench import Bench

pytestmark = pytest.mark.process


def until(condition: Callable[[], bool]) -> None:
    """Wait for what other threads and processes do."""
    end = time.monotonic() + 45
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def beats(bench: Bench) -> int:
    return sum(row.position for row in bench.rows(tables.cursors) if row.name == HEARTBEAT)


def test_a_heartbeat_fetches_its_url_after_it_has_written_to_the_database(bench: Bench, web: WebServer) -> None:
    settings = NotifySettings.model_validate({"heartbeat_url": web.url("beat", "http"), "allow_private": True})
    heartbeat = Heartbeat(bench.core.context, settings)
    heartbeat.once()
    heartbeat.once()
    heartbeat.close()
    assert (web.paths, beats(bench)) == (["/beat", "/beat"], 2)


def test_a_heartbeat_that_is_not_taken_is_told_once_without_its_url_and_again_when_it_is(
    bench: Bench, web: WebServer
) -> None:
    web.status = 404
    settings = NotifySettings.model_validate({"heartbeat_url": web.url("sekret", "http"), "allow_private": True})
    heartbeat = Heartbeat(bench.core.context, settings)
    for _ in range(5):
        heartbeat.once()
    web.status = 200
    for _ in range(2):
        heartbeat.once()
    heartbeat.close()
    assert [row.message for row in bench.rows(tables.notices, tables.notices.c.id)] == [
        "The heartbeat was not taken 3 times: it answered HTTP 404.",
        "The heartbeat is taken again.",
    ]


def test_a_heartbeat_s_url_has_to_be_one_of_the_web() -> None:
    with pytest.raises(ValueError, match="must begin with https"):
        NotifySettings.model_validate({"heartbeat_url": "ftp://host"})


def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, web: WebServer) -> Node:
    monkeypatch.setenv("OCTOBOT_NOTIFY_URLS", web.url())
    monkeypatch.setenv("OCTOBOT_NOTIFY_ALLOW_PRIVATE", "true")
    monkeypatch.setenv("OCTOBOT_NOTIFY_TELL", "fills,failures,own")
    monkeypatch.setenv("OCTOBOT_NOTIFY_TOGETHER", "1")
    monkeypatch.setenv("OCTOBOT_NOTIFY_HEARTBEAT_URL", web.url("beat", "http"))
    return Node(Settings(data_dir=tmp_path / "node", disk_reserve_mb=0))


def test_a_real_node_tells_of_real_fills_and_goes_on_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, web: WebServer
) -> None:
    with start(tmp_path, monkeypatch, web) as node:
        account = node.commands.create_account(NewAccount("main", "simulated", "paper", {}, {}))
        budget = {"USDT": Decimal(1_000)}
        config = {"symbol": "BTC/USDT", "amount": "50", "every": "1h"}
        node.commands.create(NewAutomation("dca", "octobot_tentacles.dca", account, budget, config))
        node.hurry()
        until(lambda: any(message.startswith("dca bought") for message in web.messages))
        until(lambda: "/beat" in web.paths)
        states = {state.name: state.status for state in node.core.services()}
        assert (states["notify-rules"], set(states.values())) == ("running", {"running"})
        assert node.core.plugin_failures.all() == ()
    assert len([each for each in web.messages if each.startswith("dca bought")]) == 1
    with start(tmp_path, monkeypatch, web) as node:
        node.core.context.tell("up again")
        until(lambda: "up again" in web.messages)
        assert {state.status for state in node.core.services()} == {"running"}
    assert len([each for each in web.messages if each.startswith("dca bought")]) == 1
