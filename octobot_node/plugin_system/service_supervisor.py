"""Plugins' services: each on a thread and an event loop of its own, started again when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import structlog

from octobot_node.clock import Clock
from octobot_node.contracts.context import PluginContext
from octobot_node.contracts.services import Service
from octobot_node.plugin_system.plugin_failures import PluginFailures, said

__all__ = ["ServiceState", "ServiceSupervisor", "pause_after"]

log = structlog.get_logger(__name__)
_PAUSE_MAX_S = 300.0
#: A service that ran this long had recovered from whatever ended it before.
_RECOVERED_S = 600.0
#: How long a service has to end once it is cancelled.
_PATIENCE_S = 5.0
_LOOK_S = 1.0


def pause_after(failures: int) -> float:
    """Return how long to wait, in seconds, before a service that ended ``failures`` times in a row is started again."""
    return min(2.0 ** (failures - 1), _PAUSE_MAX_S) if failures < 32 else _PAUSE_MAX_S


@dataclass(frozen=True, slots=True)
class ServiceState:
    """How a service is, since when (ms UTC), and how often and why it was started again.

    ``elsewhere`` is one that another node runs for all; ``restarting`` waits for its next start; ``abandoned`` did not
    end when it was cancelled.
    """

    name: str
    plugin: str
    status: Literal["starting", "running", "restarting", "elsewhere", "stopped", "abandoned"]
    since: int
    restarts: int = 0
    error: str = ""


class ServiceSupervisor:
    """Runs every service until ``stop``. ``owners`` maps service to the plugin that registered it.

    ``may_lead`` says whether this node runs what one node of all that share a database runs; ``pause`` is in seconds,
    by how often in a row a service ended.
    """

    def __init__(
        self,
        services: Sequence[Service],
        context: PluginContext,
        plugin_failures: PluginFailures,
        *,
        may_lead: Callable[[], bool],
        owners: Mapping[str, str],
        pause: Callable[[int], float] = pause_after,
    ) -> None:
        self._running = [
            _Supervised(service, owners.get(service.name, ""), context, plugin_failures, may_lead, pause)
            for service in services
        ]

    def start(self) -> None:
        """Start every service."""
        for each in self._running:
            each.thread.start()

    def stop(self, patience: float = _PATIENCE_S) -> None:
        """Cancel every service and wait for them, ``patience`` seconds for all; leave behind what does not end."""
        for each in self._running:
            each.cancel()
        until = time.monotonic() + patience
        for each in self._running:
            each.join(max(until - time.monotonic(), 0))

    def states(self) -> tuple[ServiceState, ...]:
        """Return how each service is."""
        return tuple(each.state for each in self._running)


class _Supervised:
    """One service and its thread."""

    def __init__(
        self,
        service: Service,
        plugin: str,
        context: PluginContext,
        plugin_failures: PluginFailures,
        may_lead: Callable[[], bool],
        pause: Callable[[int], float],
    ) -> None:
        self._service = service
        self._context = context
        self._clock: Clock = context.clock
        self._troubles = plugin_failures
        self._may_lead = may_lead
        self._pause = pause
        self._stopping = threading.Event()
        self._cancel: Callable[[], object] = lambda: None
        self._lock = threading.Lock()
        self.state = ServiceState(service.name, plugin, "starting", self._clock.now())
        # A daemon: one that blocks keeps no process from ending.
        self.thread = threading.Thread(target=self._supervise, name=f"octobot-service-{service.name}", daemon=True)

    def cancel(self) -> None:
        """Ask the service to end."""
        self._stopping.set()
        with self._lock:
            self._cancel()

    def join(self, patience: float) -> None:
        """Wait for the service to end, ``patience`` seconds at most."""
        if self.thread.ident is None:
            return
        self.thread.join(patience)
        if self.thread.is_alive():
            self._become("abandoned")
            log.error("service_abandoned", service=self._service.name, why="it did not end when cancelled")

    def _become(self, status: str, **changes: object) -> None:
        self.state = replace(self.state, status=status, since=self._clock.now(), **changes)  # type: ignore[arg-type]  # callers name its fields

    def _supervise(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            if not self._is_ours():
                if self.state.status != "elsewhere":
                    self._become("elsewhere")
                self._stopping.wait(_LOOK_S)
                continue
            started = time.monotonic()
            error = self._run_once()
            if self._stopping.is_set() or error is None:
                continue
            failures = 1 if time.monotonic() - started > _RECOVERED_S else failures + 1
            self._become("restarting", restarts=self.state.restarts + 1, error=error)
            self._troubles.record(self.state.plugin, f"the service {self._service.name}", error)
            self._stopping.wait(self._pause(failures))
        self._become("stopped")

    def _is_ours(self) -> bool:
        return self._service.per == "node" or self._may_lead()

    def _run_once(self) -> str | None:
        """Run the service until it ends and return why it did; None: it was cancelled, here or elsewhere it goes on."""
        self._become("running")
        try:
            with asyncio.Runner() as runner:
                return runner.run(self._until_it_ends(runner.get_loop()))
        except BaseException as error:  # noqa: BLE001 - a plugin's SystemExit ends the plugin's service alone
            return said(error)

    async def _until_it_ends(self, loop: asyncio.AbstractEventLoop) -> str | None:
        task = asyncio.ensure_future(self._service.run(self._context))
        with self._lock:
            self._cancel = lambda: loop.call_soon_threadsafe(task.cancel)
        if self._stopping.is_set():
            task.cancel()
        watch = asyncio.ensure_future(self._cancel_when_another_leads(task))
        try:
            await asyncio.wait([task])
        finally:
            with self._lock:
                self._cancel = lambda: None
            watch.cancel()
            if task.done() and not task.cancelled():
                # SystemExit leaves the loop past here: asked for, it is not told once more when it is collected.
                task.exception()
        if task.cancelled():
            return None if self._stopping.is_set() or not self._is_ours() else "it was cancelled by itself"
        failure = task.exception()
        return "it returned, though a service runs as long as the node does" if failure is None else said(failure)

    async def _cancel_when_another_leads(self, task: asyncio.Future[None]) -> None:
        while self._service.per == "cluster":
            await asyncio.sleep(_LOOK_S)
            with contextlib.suppress(Exception):
                if not self._may_lead():
                    task.cancel()
