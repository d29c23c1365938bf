"""Run the health checks for whoever asks all the time: each as often as it says, never two at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace

from octobot_node.contracts.context import PluginContext
from octobot_node.contracts.health import Health, HealthCheck
from octobot_node.plugin_system.health_runner import Answer, run_checks

__all__ = ["Readiness"]

#: Answers are repeated for this long, whoever asks.
_FRESH_S = 2.0
#: Load balancers wait for some seconds.
_TIMEOUT_S = 3.0


class Readiness:
    """The latest answers of health checks; from any thread."""

    def __init__(self, checks: Sequence[HealthCheck], context: PluginContext, timeout: float = _TIMEOUT_S) -> None:
        self._checks = [check for check in checks if check.every is not None]
        self._context = context
        self._timeout = timeout
        self._lock = threading.Lock()
        self._look: Future[list[Answer]] | None = None
        self._began = 0.0
        self._answers: dict[str, tuple[Answer | None, float]] = {}
        #: Those that were begun and have not come back.
        self._out: set[str] = set()

    def look(self) -> Future[list[Answer]]:
        """Return the answers, or those to come: of the look under way, or of a new one where the last is too old."""
        with self._lock:
            now = self._context.clock.monotonic()
            if self._look is None or (self._look.done() and now - self._began >= _FRESH_S):
                self._look, self._began = Future(), now
                # Running from the start: whoever waits no more cancels it for nobody else.
                self._look.set_running_or_notify_cancel()
                threading.Thread(target=self._run, args=(self._look,), name="octobot-ready", daemon=True).start()
            return self._look

    def _run(self, look: Future[list[Answer]]) -> None:
        try:
            due = [check for check in self._checks if self._is_due(check)]
            began = self._context.clock.monotonic()
            guarded = [replace(check, check=self._coming_back(check)) for check in due]
            answers = {answer.check.name: answer for answer in run_checks(guarded, self._context, self._timeout)}
            for check in due:
                answer = answers.get(check.name)
                self._answers[check.name] = (answer and replace(answer, check=check), began)
            look.set_result([answer for check in self._checks if (answer := self._answers[check.name][0])])
        except BaseException as error:  # noqa: BLE001 - whoever waits is told, and the next look is a new one
            look.set_exception(error)

    def _is_due(self, check: HealthCheck) -> bool:
        if check.name in self._out:
            return False
        if check.name not in self._answers:
            return True
        answer, at = self._answers[check.name]
        # What is not well is looked at again each time, so that its cure is seen at once.
        age = self._context.clock.monotonic() - at
        return (answer is not None and answer.health.status != "ok") or age >= (check.every or 0)

    def _coming_back(self, check: HealthCheck) -> Callable[[PluginContext], Health | None]:
        self._out.add(check.name)

        def run(context: PluginContext) -> Health | None:
            try:
                return check.check(context)
            finally:
                self._out.discard(check.name)

        return run
