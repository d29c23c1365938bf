"""Ctrl-C and SIGTERM for what must not be broken off just anywhere."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["asked_to_stop"]


@contextmanager
def asked_to_stop() -> Iterator[Callable[[], bool]]:
    """Let the first Ctrl-C or SIGTERM wait until it is asked for; the second one does not wait.

    Yields a function that tells whether there was one. Ask it at least once a second: the kernel may give the signal to
    another thread, and a long sleep of this one, in which Python runs the handler, would go on.
    """
    # A list, no Event: the handler runs between any two steps of this thread, and would wait for ever for an Event's
    # lock that this thread holds.
    received: list[int] = []

    def remember(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        if len(received) > 1:
            raise KeyboardInterrupt

    before = {number: signal.signal(number, remember) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(received)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
