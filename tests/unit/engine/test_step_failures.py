"""A machine that has no more files, memory or room is an outage: a line with its cure, and no traceback each time."""

from __future__ import annotations

import errno
import os

import aiohttp
import pytest
import structlog
from aiohttp.client_reqrep import ConnectionKey

from octobot_node.engine.workers.periodic_thread import PeriodicThread
from octobot_node.engine.workers.step_failures import StepFailures, out_of


def failed(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def caused(error: BaseException) -> Exception:
    try:
        try:
            raise error
        except type(error) as inner:
            raise ValueError("something above it") from inner
    except ValueError as found:
        return found


@pytest.mark.parametrize(
    ("error", "cure"),
    [
        (failed(errno.EMFILE), "ulimit -n"),
        (caused(failed(errno.ENFILE)), "ulimit -n"),
        (
            aiohttp.ClientConnectorError(ConnectionKey("h", 1, False, True, None, None, None), failed(errno.EMFILE)),
            "ulimit -n",
        ),
        (failed(errno.EAGAIN), "ulimit -u"),
        (caused(RuntimeError("can't start new thread")), "ulimit -u"),
        (MemoryError(), "ulimit -u"),
        (failed(errno.ENOSPC), "make room"),
    ],
)
def test_what_the_machine_lacks_is_said_with_its_cure(error: Exception, cure: str) -> None:
    assert cure in (out_of(error) or "")


@pytest.mark.parametrize("error", [failed(errno.ECONNREFUSED), failed(errno.ENOENT), KeyError("x"), caused(KeyError())])
def test_a_mistake_keeps_its_traceback(error: Exception) -> None:
    with structlog.testing.capture_logs() as lines:
        StepFailures().tell("sweep", error)
    assert out_of(error) is None
    assert [(line["event"], line["exc_info"]) for line in lines] == [("step_failed", error)]


def test_a_step_that_finds_no_file_to_open_says_so_once_and_goes_on() -> None:
    left = iter(range(200))

    def step() -> None:
        if next(left, None) is None:
            thread.end_soon()
        raise failed(errno.EMFILE)

    thread = PeriodicThread("sweep", step, 0.0)
    with structlog.testing.capture_logs() as lines:
        thread.start()
        thread._thread.join(30)
    assert [(line["event"], line["step"], line["reason"]) for line in lines] == [
        ("step_waits", "sweep", "[Errno 24] Too many open files")
    ]
    assert "LimitNOFILE" in lines[0]["cure"]
