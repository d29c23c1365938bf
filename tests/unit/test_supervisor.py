"""Services run until the node stops, and start again when they end."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from octobot_node.clock import SystemClock
from octobot_node.contracts.context import PluginContext
from octobot_node.contracts.services import Service
from octobot_node.plugin_system.plugin_failures import PluginFailures
from octobot_node.plugin_system.service_supervisor import ServiceSupervisor, pause_after


class Context:
    """What a service is lent here: a clock, and notices kept in a list."""

    def __init__(self) -> None:
        self.clock = SystemClock()
        self.told: list[str] = []


@pytest.fixture
def context() -> Context:
    return Context()


@pytest.fixture
def supervise(context: Context) -> Iterator[Callable[..., ServiceSupervisor]]:
    """Start supervisors; whatever a test does, they end."""
    made: list[ServiceSupervisor] = []

    def make(*services: Service, lead: Callable[[], bool] = lambda: True) -> ServiceSupervisor:
        plugin_failures = PluginFailures(context.clock, lambda message, _level: context.told.append(message))
        owners = {service.name: "tests" for service in services}
        lent = cast("PluginContext", context)
        made.append(
            ServiceSupervisor(
                services, lent, plugin_failures, may_lead=lead, owners=owners, pause=lambda _failures: 0.001
            )
        )
        made[-1].start()
        return made[-1]

    yield make
    for supervisor in made:
        supervisor.stop(0.2)


def until(condition: Callable[[], bool]) -> None:
    """Wait for what another thread does."""
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.001)


async def for_ever(_context: Any) -> None:
    await asyncio.Event().wait()


def test_a_service_runs_with_the_context_and_is_cancelled_at_the_end(
    supervise: Callable[..., ServiceSupervisor], context: Context
) -> None:
    seen: list[object] = []

    async def run(lent: Any) -> None:
        seen.append(lent)
        try:
            await asyncio.Event().wait()
        finally:
            seen.append("cancelled")

    supervisor = supervise(Service("s", run))
    until(lambda: bool(seen))
    assert [(state.name, state.plugin, state.status) for state in supervisor.states()] == [("s", "tests", "running")]
    supervisor.stop()
    assert seen == [context, "cancelled"]
    assert [state.status for state in supervisor.states()] == ["stopped"]


def test_a_service_that_raises_or_returns_is_started_again(
    supervise: Callable[..., ServiceSupervisor], context: Context
) -> None:
    runs: list[int] = []

    async def run(_context: Any) -> None:
        runs.append(len(runs))
        if len(runs) == 1:
            raise ValueError("no telex")
        if len(runs) == 2:
            return
        if len(runs) == 3:
            raise SystemExit
        await asyncio.Event().wait()

    supervisor = supervise(Service("s", run))
    until(lambda: len(runs) == 4 and supervisor.states()[0].status == "running")
    (state,) = supervisor.states()
    assert state.restarts == 3
    assert re.fullmatch(r"SystemExit \(test_supervisor\.py, line \d+, in run\)", state.error)
    (told,) = context.told
    assert re.fullmatch(
        "the plugin tests has trouble with the service s: ValueError: no telex"
        r" \(test_supervisor\.py, line \d+, in run\)",
        told,
    )


def test_a_service_that_blocks_is_left_behind_and_holds_up_no_other(
    supervise: Callable[..., ServiceSupervisor],
) -> None:
    release, blocked = threading.Event(), threading.Event()

    async def block(_context: Any) -> None:
        blocked.set()
        release.wait(30)

    supervisor = supervise(Service("bad", block), Service("good", for_ever))
    assert blocked.wait(10)
    until(lambda: supervisor.states()[1].status == "running")
    try:
        supervisor.stop(0.2)
        assert [state.status for state in supervisor.states()] == ["abandoned", "stopped"]
    finally:
        release.set()


def test_what_one_node_of_many_runs_waits_for_its_turn_and_ends_with_it(
    supervise: Callable[..., ServiceSupervisor],
) -> None:
    leads = threading.Event()
    supervisor = supervise(Service("s", for_ever, per="cluster"), lead=leads.is_set)
    until(lambda: supervisor.states()[0].status == "elsewhere")
    leads.set()
    until(lambda: supervisor.states()[0].status == "running")
    leads.clear()
    until(lambda: supervisor.states()[0].status == "elsewhere")
    assert supervisor.states()[0].restarts == 0


def test_pauses_grow_from_a_second_to_five_minutes() -> None:
    assert [pause_after(failures) for failures in (1, 2, 3, 9, 10, 1_000)] == [1, 2, 4, 256, 300, 300]
