"""Candles of two hours, and what carries out a node's replays, at work on a bench."""

from __future__ import annotations

import asyncio
import gzip
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from octobot_node.operations.context import OperationContext
from octobot_node.operations.perform import perform_named
from octobot_plugins.replay.jobs.running.service import run
from tests.integration.operations.conftest import Office, bench, make_bench, office, open_office, registry, template

__all__ = [
    "BEGIN",
    "Office",
    "at_work",
    "bench",
    "csv",
    "make_bench",
    "office",
    "open_office",
    "registry",
    "template",
    "until",
]

#: 2022-01-01T00:00:00Z
BEGIN = 1_640_995_200_000
PATIENCE_S = 90.0


def csv(minutes: int = 120, *, without: int | None = None) -> str:
    """Return candles of a minute whose price goes up and down between 90 and 110; one may be missing."""
    rows = ["timestamp,open,high,low,close,volume"]
    for number in range(minutes):
        opened, closed = (100 + 10 * ((each * 7) % 20 - 10) // 10 for each in (number, number + 1))
        if number != without:
            high, low = max(opened, closed) + 1, min(opened, closed) - 1
            rows.append(f"{BEGIN + 60_000 * number},{opened},{high},{low},{closed},5")
    return "\n".join([*rows, ""])


@pytest.fixture(autouse=True)
def nearly_as_fast_as_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside other tests a process that gives way to everybody would hardly get on."""
    monkeypatch.setenv("OCTOBOT_REPLAYS_NICENESS", "1")


@pytest.fixture
def candles(tmp_path: Path) -> Path:
    path = tmp_path / "btc.csv.gz"
    path.write_bytes(gzip.compress(csv().encode()))
    return path


@pytest.fixture
def as_owner(office: Office) -> Callable[..., Any]:
    """Carry out an operation as the owner called so sees the node."""

    def do(owner: str, name: str, /, **arguments: Any) -> Any:
        return perform_named(office.context(owner=owner, by=owner), name, arguments)

    return do


@contextmanager
def at_work(context: OperationContext) -> Iterator[None]:
    """Carry out this node's replays meanwhile; leaving, the node ends as one that is stopped."""
    loop, task = asyncio.new_event_loop(), None

    def work() -> None:
        nonlocal task
        asyncio.set_event_loop(loop)
        task = loop.create_task(run(context.plugin_context))
        began.set()
        loop.run_until_complete(asyncio.wait([task]))

    began = threading.Event()
    thread = threading.Thread(target=work)
    thread.start()
    began.wait()
    try:
        yield
        assert task is not None
        assert not task.done() or task.exception() is None
    finally:
        assert task is not None
        loop.call_soon_threadsafe(task.cancel)
        thread.join(PATIENCE_S)
        loop.close()


def until(condition: Callable[[], Any]) -> None:
    """Wait for what is to come."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)
