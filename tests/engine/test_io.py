"""The loop that the network lives on."""

from __future__ import annotations

import threading
import time

from octobot_node.engine.workers.event_loop import ThreadedIo


def test_a_loop_that_something_blocks_is_seen_to_stand_still_and_to_go_on() -> None:
    io, release = ThreadedIo(), threading.Event()

    async def wait() -> None:
        release.wait(30)  # as a connector does that sleeps, or asks over a blocking socket

    async def rest() -> str:
        return "went round"

    try:
        assert io.call(rest()) == "went round"
        assert io.still_for() == 0
        blocked = io.spawn(wait())
        _until(lambda: io.still_for() > 0.2)
        release.set()
        blocked.result(10)
        _until(lambda: io.still_for() == 0)
    finally:
        release.set()
        io.close()


def test_a_loop_that_only_waits_goes_round() -> None:
    io, done = ThreadedIo(), threading.Event()

    async def wait() -> None:
        await io.blocking(done.wait, 30)

    waiting = io.spawn(wait())
    stood = 0.0
    for _ in range(15):
        time.sleep(0.1)
        stood = max(stood, io.still_for())
    done.set()
    waiting.result(10)
    io.close()
    assert stood < 1


def _until(condition: object) -> None:
    assert callable(condition)
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
