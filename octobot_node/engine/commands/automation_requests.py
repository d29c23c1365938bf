"""Carry out what automations decided about others: stop them, or pause them.

A request is written by the commit of the tick that asked, so it is neither lost nor made twice. It is carried out
first and marked after: a node that dies between the two carries it out again, and finds nothing left to do.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import structlog

from octobot_node.automation import AutomationStatus
from octobot_node.engine.commands.commands import Commands
from octobot_node.engine.fair_turns import PASS_S, Rounds
from octobot_node.errors import CommandRefused, UsageError
from octobot_node.ids import new_id
from octobot_node.store import automations, events
from octobot_node.store.events import Event
from octobot_node.store.rows.automation import AutomationRow, RequestRow
from octobot_node.store.statuses import NoticeStatus, RequestStatus
from octobot_node.text.event_sentences import REQUESTS
from octobot_node.text.said_once import SaidOnce

if TYPE_CHECKING:
    from octobot_node.engine.core import Core

__all__ = ["AutomationRequests"]

log = structlog.get_logger(__name__)
_LIMIT = 1_000


class AutomationRequests:
    """Does for automations what a person would do by command."""

    def __init__(self, core: Core, commands: Commands) -> None:
        self._core = core
        self._commands = commands
        self._said = SaidOnce()
        self._rounds = Rounds(None if core.clock.virtual else PASS_S, time.monotonic)

    def carry_out(self) -> int:
        """Carry out waiting requests, each owner's oldest first, for as long as a pass may take; return how many ended.

        One that waits for its target's connector is tried again, and must not keep others' from being tried.
        """
        with self._core.storage.read() as connection:
            ids = automations.waiting_request_ids(connection, _LIMIT)
            waiting = automations.requests_by_id(connection, ids)
        return sum(self._carry_out_one(request) for request in self._rounds.through(waiting))

    def _carry_out_one(self, request: RequestRow) -> bool:
        with self._core.storage.read() as connection:
            target = automations.named(connection, request.owner, request.target)
        if target is None:
            return self._end(request, RequestStatus.FAILED, f"there is no automation {request.target!r}")
        try:
            done = self._obey(request.command, target)
        except (CommandRefused, UsageError) as error:
            # Its status changed this moment, or its connector cannot be opened: it is looked at again, and holds up
            # no other.
            if self._said.is_news(request.id, str(error)):
                log.warning("request_waits", target=request.target, command=request.command, reason=str(error))
            return False
        return self._end(request, RequestStatus.DONE, "" if done else f"it was {target.status} already")

    def _obey(self, command: str, target: AutomationRow) -> bool:
        """Return whether there was anything to do."""
        status = AutomationStatus(target.status)
        if command == "pause":
            if not status.pausable:
                return False
            self._commands.pause(target.id)
            return True
        stopped = status.over or status is AutomationStatus.STOPPING
        if stopped and not (command == "close" and self._can_still_sell(target)):
            return False
        self._commands.stop(target.id, close=command == "close")
        return True

    def _can_still_sell(self, target: AutomationRow) -> bool:
        """Whether it has ended and holds something; one that a person is stopping is left to that person."""
        if target.status == AutomationStatus.STOPPING:
            return False
        with self._core.storage.read() as connection:
            return self._commands.holds(connection, target.id)

    def _end(self, request: RequestRow, status: RequestStatus, reason: str) -> bool:
        now = self._core.clock.now()
        asker = {
            "owner": request.owner,
            "account_id": request.account_id,
            "shard": request.shard,
            "automation_id": request.automation_id,
        }
        data = {"target": request.target, "command": request.command, "reason": reason}
        with self._core.storage.write(durable=True) as connection:
            if not automations.end_request(connection, request.id, status, reason):
                return False
            kind = f"request.{status.value}"
            event = Event(request.owner, request.account_id, request.automation_id, kind, data)
            events.append(connection, [event], now)
            if status is RequestStatus.FAILED:
                message = f"asked {request.target!r} {REQUESTS[request.command]}, but {reason}"
                notice = {"id": new_id(), **asker, "level": "error", "message": message}
                automations.add_notices(connection, [{**notice, "status": NoticeStatus.WAITING, "created_at": now}])
        return True
