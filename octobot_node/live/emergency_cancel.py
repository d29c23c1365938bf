"""Carry a kill switch's cancels to the exchanges where no node runs: sends and watches, and decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import structlog
from pydantic import BaseModel

from octobot_node.clock import SystemClock
from octobot_node.configuration import Configuration
from octobot_node.engine.acting.account_poller import AccountPoller
from octobot_node.engine.acting.order_sender import OrderSender
from octobot_node.engine.base import open_base
from octobot_node.engine.commands.kill_switch import KillSwitch
from octobot_node.engine.core import Core
from octobot_node.engine.workers.event_loop import ThreadedEventLoop
from octobot_node.errors import UsageError
from octobot_node.ids import new_id
from octobot_node.live.control_server import ControlServer
from octobot_node.live.idle_folder import operation_context_over
from octobot_node.operations.context import OperationContext
from octobot_node.operations.perform import perform_named
from octobot_node.plugin_system.registry import Registry
from octobot_node.store import intents, kill_switches

__all__ = ["EmergencyCancel", "open_for_emergency_cancel"]

log = structlog.get_logger(__name__)
_AT_ONCE = 1_000


@contextmanager
def open_for_emergency_cancel(
    configuration: Configuration, registry: Registry, *, by: str
) -> Iterator[OperationContext]:
    """Yield a context over a data folder on which no node runs, which may send; other commands reach it meanwhile.

    So an order of unknown outcome can be settled by hand while it is waited for. Raises NodeError where the folder or
    the database cannot be used, or a node leads on the database.
    """
    # The reserve of the disk is kept for this very moment. Alone: whoever leads carries cancels by himself.
    settings = configuration.settings.model_copy(
        update={"disk_reserve_mb": 0, "role": "standalone", "standby": False, "work": True}
    )
    base = open_base(settings, registry, SystemClock().now())
    with operation_context_over(base, configuration, ThreadedEventLoop(), by=by) as context:
        control = ControlServer(settings.data_dir, _performing(context))
        control.start()
        try:
            yield context
        finally:
            control.stop()


def _performing(context: OperationContext) -> Callable[[str, Mapping[str, Any], str], BaseModel]:
    return lambda operation, arguments, by: perform_named(replace(context, by=by), operation, arguments)


class EmergencyCancel:
    """Carries what is planned in the scope of one kill switch, and watches the accounts in it."""

    def __init__(self, core: Core, switch_id: str) -> None:
        self._core = core
        self._switch_id = switch_id
        self._kill_switch = KillSwitch(core)
        self._order_sender = OrderSender(core)
        self._poller = AccountPoller(core)

    def step(self, go_on: Callable[[], bool]) -> None:
        """Do what there is to do now: plan cancels, send them, and ask what came of them."""
        self._kill_switch.move_on(go_on)
        for account_id, ids in self._planned().items():
            if go_on():
                self._guarded(account_id, partial(self._send, account_id, ids))
        for account_id in self._watched():
            if go_on():
                self._guarded(account_id, partial(self._watch, account_id))

    def _planned(self) -> dict[str, list[str]]:
        """Return account -> what may be sent now: with sending off, what leaves of it are cancels."""
        found: dict[str, list[str]] = {}
        with self._core.storage.read() as connection:
            switch = kill_switches.get(connection, self._switch_id, None)
            if switch is None or switch.released_at is not None:
                return {}
            for row in kill_switches.planned(connection, switch, self._core.clock.now(), _AT_ONCE):
                found.setdefault(row.account_id, []).append(row.id)
        return found

    def _send(self, account_id: str, ids: list[str]) -> None:
        carrier = new_id()
        with self._core.storage.write() as connection:
            intents.carry(connection, ids, carrier)
        self._order_sender.run(carrier, account_id)

    def _watched(self) -> list[str]:
        with self._core.storage.read() as connection:
            switch = kill_switches.get(connection, self._switch_id, None)
            return [] if switch is None else kill_switches.accounts_to_watch(connection, switch)

    def _watch(self, account_id: str) -> None:
        self._core.event_loop.call(self._poller.watch(account_id))

    def _guarded(self, account_id: str, work: Callable[[], None]) -> None:
        try:
            work()
        except (UsageError, LookupError) as error:
            # Its connector cannot be opened: it waits, and holds up no other account.
            log.warning("kill_switch_waits", account=account_id, reason=str(error))
