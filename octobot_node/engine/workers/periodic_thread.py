"""Threads that repeat a step, and can be hurried."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import structlog

from octobot_node.engine.workers.step_failures import StepFailures
from octobot_node.errors import StorageUnavailable

__all__ = ["PeriodicThread"]

log = structlog.get_logger(__name__)
#: Without a database every step is tried again after this.
_OUTAGE_S = 0.5


class PeriodicThread:
    """Runs ``step`` every ``interval`` seconds, or sooner when hurried, until it is stopped."""

    def __init__(self, name: str, step: Callable[[], Any], interval: float, *, at_once: bool = True) -> None:
        self._step = step
        #: Whether the first step is taken at the start, and not after the first interval.
        self._at_once = at_once
        self.interval = interval
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._name = name
        self._failures = StepFailures()
        #: When the last step ended well, on the monotonic clock: whether the engine goes round is seen by it.
        self.went_round = time.monotonic()
        self._thread = threading.Thread(target=self._run, name=f"octobot-{name}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def hurry(self) -> None:
        """Run the step now, or once more right after the one under way."""
        self._wake.set()

    def end_soon(self) -> None:
        """Make the step under way the last one."""
        self._stopping.set()
        self._wake.set()

    def stop(self, patience: float | None = None) -> None:
        """Wait for the step under way, then end; one that takes longer than ``patience`` seconds is left behind."""
        self.end_soon()
        if self._thread.is_alive():
            self._thread.join(patience)
            if self._thread.is_alive():
                log.error("step_abandoned", step=self._name)

    def _run(self) -> None:
        if not self._at_once:
            self._wake.wait(self.interval)
        while not self._stopping.is_set():
            self._wake.clear()
            if self._stopping.is_set():
                return  # asked to between the two lines above: nobody will set it again
            try:
                self._step()
                self.went_round = time.monotonic()
            except StorageUnavailable:
                # Said once by the storage. The engine is well: it goes round as soon as the database answers.
                self.went_round = time.monotonic()
                self._wake.wait(max(self.interval, _OUTAGE_S))
                continue
            except Exception as error:  # noqa: BLE001 - whatever it is, the next pass is to come
                # What was not done is done by a later pass.
                self._failures.tell(self._name, error)
            self._wake.wait(self.interval)
