"""Say of an account that what was executed on it cannot be read, and that it can be read again.

Orders go on meanwhile: whatever rests stays reserved until its executions are booked, so that nothing is spent twice.
But results and positions are those of before, and somebody has to know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from octobot_node.clock import steady_ms
from octobot_node.store import automations, events
from octobot_node.store.events import Event
from octobot_node.store.standings.standing_changes import note_changed

if TYPE_CHECKING:
    from octobot_node.engine.core import Core

__all__ = ["UnreadExecutions"]

log = structlog.get_logger(__name__)
#: Told once it lasted so long: a lost answer, a ban of seconds or a restart of the exchange is nobody's business.
_TOLD_AFTER_MS = 60_000


class UnreadExecutions:
    """Notes how each pass over an account went; writes only where that is news."""

    def __init__(self, core: Core) -> None:
        self._core = core
        #: When the first of the passes failed that failed in a row, by account: in steady ms, and in ms UTC.
        self._failing: dict[str, tuple[int, int]] = {}

    def failed(self, account_id: str, reason: str, told: bool) -> None:
        """Note that open orders or executions could not be read; ``told`` says that the account's row has it."""
        steady = steady_ms(self._core.clock)
        began, at = self._failing.setdefault(account_id, (steady, self._core.clock.now()))
        if not told and steady - began >= _TOLD_AFTER_MS:
            self._write(account_id, reason, at)

    def read(self, account_id: str, told: bool) -> None:
        """Note that they could be read, or that there is nothing left to read."""
        self._failing.pop(account_id, None)
        if told:
            self._write(account_id, "", None)

    def _write(self, account_id: str, reason: str, since: int | None) -> None:
        with self._core.storage.write(durable=True) as connection:
            row = automations.lock_account(connection, account_id)
            if row is None or bool(row.executions_unread) == bool(reason):
                return
            change = {"executions_unread": reason, "executions_unread_since": since}
            automations.update_account(connection, account_id, change)
            note_changed(connection, [account_id])
            kind = "account.unanswered" if reason else "account.answered"
            data = {"account": row.name} | ({"reason": f"what was executed cannot be read: {reason}"} if reason else {})
            events.append(connection, [Event(row.owner, row.id, "", kind, data)], self._core.clock.now())
        if reason:
            log.warning("executions_unread", account=row.name, error=reason)
        else:
            log.info("executions_read", account=row.name)
