"""Ctrl-C and SIGTERM: the first waits to be asked for, the second does not."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from octobot_node.live.stopping import asked_to_stop


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_breaks_nothing_off_and_the_second_does(number: signal.Signals) -> None:
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    lock = threading.Lock()
    with asked_to_stop() as asked:
        assert not asked()
        with lock:
            os.kill(os.getpid(), number)
        assert asked()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == before
