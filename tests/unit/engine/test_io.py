"""The loop that the network lives on."""

from __future__ import annotations

import threading
import time

from octobot_node.engine.workers.event_loop import ThreadedEventLoop


def test_a_loop_that_something_blocks_is_seen_to_stand_still_and_to_go_on() -> None:
    event_loop, release = ThreadedEventLoop(), threading.Event()

    async def wait() -> None:
        release.wait(30)  # as a connector does that sleeps, or asks over a blocking socket

    async def rest() -> str:
        return "went round"

    try:
        assert event_loop.call(rest()) == "went round"
        assert event_loop.still_for() == 0
        blocked = event_loop.spawn(wait())
        _until(lambda: event_loop.still_for() > 0.2)
        release.set()
        blocked.result(10)
        _until(lambda: event_loop.still_for() == 0)
    finally:
        release.set()
        event_loop.close()


def test_a_loop_that_only_waits_goes_round() -> None:
    event_loop, done = ThreadedEventLoop(), threading.Event()

    async def wait() -> None:
        await event_loop.blocking(done.wait, 30)

    waiting = event_loop.spawn(wait())
    stood = 0.0
    for _ in range(15):
        time.sleep(0.1)
        stood = max(stood, event_loop.still_for())
    done.set()
    waiting.result(10)
    event_loop.close()
    assert stood < 1


def _until(condition: object) -> None:
    assert callable(condition)
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
