"""Carry out what automations asked for: taken from the event log once, noted before it is done, and after.

What was begun when a node ended may have been done: it is begun again only where twice does no harm, and is otherwise
left as of unknown outcome, and told.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError

from octobot_node.contracts.actions import ActionRefused, ActionType, AskedAction
from octobot_node.contracts.context import PluginContext
from octobot_node.errors import NotSent
from octobot_node.store import events
from octobot_node.store.tables import accounts, automations
from octobot_node.text.exact_json import decode
from octobot_node.text.validation_messages import sentence
from octobot_plugins.actions.tables import runs

__all__ = ["ASKED", "Carrier", "carry_out"]

ASKED = "action.asked"
_LOOK_S = 1.0
_TIMEOUT_S = 30.0
_READ_MAX = 500
_AT_ONCE = 8
_PAUSE_MAX_MS = 300_000
#: What could not be done for this long is given up: whoever is told by it then is misled.
_GIVE_UP_MS = 86_400_000
_KEPT_MS = 90 * 86_400_000
_FORGET_MS = 60_000
_FORGOTTEN_AT_ONCE = 500

_c = runs.c
_DUE = (
    sa.select(runs, automations.c.name.label("automation"), automations.c.account_id, accounts.c.egress)
    .join_from(runs, automations, _c.automation_id == automations.c.id)
    .join(accounts, automations.c.account_id == accounts.c.id)
    .where(_c.status == "waiting", _c.retry_at <= sa.bindparam("now"))
    .order_by(_c.retry_at, _c.event_id)
    .limit(_AT_ONCE)
)
_BEGUN = (
    sa.select(runs, automations.c.name.label("automation"), automations.c.account_id)
    .join_from(runs, automations, _c.automation_id == automations.c.id)
    .where(_c.status == "started")
)
_OLD = sa.select(_c.event_id).where(_c.status != "waiting", _c.updated_at < sa.bindparam("before"))


async def carry_out(context: PluginContext) -> None:
    """Carry out actions until cancelled."""
    carrier = Carrier(context)
    carrier.take_up_begun()
    while True:
        # Not in threads: the loop is this service's own, and one that waits for the database has nothing to do.
        await carrier.step()
        await asyncio.sleep(_LOOK_S)


class Carrier:
    """Takes actions in, and does those that are due."""

    def __init__(self, context: PluginContext) -> None:
        self._context = context
        self._asked = context.follow("actions.asked", [ASKED])
        self._forgot_at = 0

    def take_up_begun(self) -> None:
        """Decide about what was begun when a node ended."""
        with self._context.storage.read() as connection:
            begun = connection.execute(_BEGUN).all()
        for row in begun:
            kind, payload, _ = self._read(row)
            if kind is not None and kind.repeatable(payload):
                self._write(row, "waiting", "begun when the node ended", retry_at=self._context.clock.now())
            else:
                self._end(row, "unknown", "the node ended while it was done: see whether it was")

    async def step(self) -> int:
        """Take in what is new, and do some of what is due; return how many were done."""
        self._take_in()
        if self._context.clock.now() - self._forgot_at >= _FORGET_MS:
            self._forget()
        with self._context.storage.read() as connection:
            due = connection.execute(_DUE, {"now": self._context.clock.now()}).all()
        await asyncio.gather(*(self._one(row) for row in due))
        return len(due)

    def _take_in(self) -> None:
        found = self._asked.read(_READ_MAX)
        if not found:
            return
        now = self._context.clock.now()
        rows = [
            {
                "event_id": event.id,
                "owner": event.owner,
                "automation_id": event.automation_id,
                "action": event.data["action"],
                "payload": json.dumps(event.data["payload"]),
                "status": "waiting",
                "retry_at": now,
                "asked_at": event.at,
                "updated_at": now,
            }
            for event in found
        ]
        with self._context.storage.write(durable=True) as connection:
            connection.execute(runs.insert(), rows)
            self._asked.keep(connection)

    async def _one(self, row: Any) -> None:
        kind, payload, wrong = self._read(row)
        if kind is None:
            self._end(row, "failed", wrong)
            return
        asked = AskedAction(
            f"octobot-{row.event_id}-{row.automation_id}",
            *(row.owner, row.automation_id, row.automation, row.asked_at),
            account_id=row.account_id,
            egress=row.egress,
        )
        # Noted before anything is done: whoever finds it so does not know whether it was.
        self._write(row, "started", "")
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                answered = await kind.perform(self._context, payload, asked)
        except ActionRefused as error:
            self._end(row, "failed", str(error))
        except NotSent as error:
            self._later(row, str(error), error.retry_after)
        except Exception as error:  # noqa: BLE001 - whatever an action raises, its outcome is not known
            why = str(error) or type(error).__name__
            if kind.repeatable(payload):
                self._later(row, why, None)
            else:
                self._end(row, "unknown", why)
        else:
            self._end(row, "done", str(answered))

    def _read(self, row: Any) -> tuple[ActionType | None, Any, str]:
        """Return the action's type and what it is given as its model, or why there is none."""
        kind = self._context.offered(ActionType).get(row.action)
        if kind is None:
            there = ", ".join(sorted(self._context.offered(ActionType))) or "none"
            return None, None, f"no plugin has the action {row.action!r}; there are: {there}"
        try:
            return kind, kind.Payload.model_validate(decode(row.payload)), ""
        except ValidationError as error:
            return None, None, f"the action {row.action!r} refuses what it is given: {sentence(error)}"

    def _later(self, row: Any, reason: str, retry_after: float | None) -> None:
        now = self._context.clock.now()
        if now - row.asked_at > _GIVE_UP_MS:
            self._end(row, "failed", f"given up after a day: {reason}")
            return
        pause = max(min(1_000 * 2 ** min(row.tries, 20), _PAUSE_MAX_MS), int((retry_after or 0) * 1000))
        self._write(row, "waiting", reason, retry_at=now + pause)

    def _write(self, row: Any, status: str, reason: str, *, retry_at: int | None = None) -> None:
        with self._context.storage.write(durable=True) as connection:
            self._put(connection, row, status, reason, retry_at)

    def _put(self, connection: sa.Connection, row: Any, status: str, reason: str, retry_at: int | None) -> None:
        values: dict[str, Any] = {"status": status, "reason": reason[:500], "updated_at": self._context.clock.now()}
        values |= {} if retry_at is None else {"retry_at": retry_at}
        values |= {"tries": _c.tries + 1} if status == "started" else {}
        connection.execute(runs.update().where(_c.event_id == row.event_id).values(**values))

    def _end(self, row: Any, status: str, reason: str) -> None:
        data = {"action": row.action, "asked": row.event_id, "reason": reason[:500]}
        happened = events.Event(row.owner, row.account_id, row.automation_id, f"action.{status}", data)
        with self._context.storage.write(durable=True) as connection:
            self._put(connection, row, status, reason, None)
            events.append(connection, [happened], self._context.clock.now())
        if status != "done":
            said = "failed" if status == "failed" else "has an outcome that is not known"
            message = f"the action {row.action} {said}: {reason}"
            self._context.tell(message, level="error", automation_id=row.automation_id)

    def _forget(self) -> None:
        self._forgot_at = self._context.clock.now()
        before = self._forgot_at - _KEPT_MS
        with self._context.storage.read() as connection:
            old: Sequence[int] = connection.scalars(_OLD.limit(_FORGOTTEN_AT_ONCE), {"before": before}).all()
        if old:
            with self._context.storage.write() as connection:
                connection.execute(runs.delete().where(_c.event_id.in_(old)))
