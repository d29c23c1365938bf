"""Write down, and tell, that an account's exchange does not answer, or does not say what was executed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import structlog

from octobot_node.clock import steady_ms
from octobot_node.store import automations, events
from octobot_node.store.events import Event
from octobot_node.store.standings.standing_changes import note_changed

if TYPE_CHECKING:
    from octobot_node.engine.core import Core

__all__ = ["UnreadExecutions", "write_silence"]

log = structlog.get_logger(__name__)
#: Told once it lasted so long: a lost answer, a ban of seconds or a restart of the exchange is nobody's business.
_TOLD_AFTER_MS = 60_000


def write_silence(
    core: Core, account_id: str, about: Literal["unanswered", "executions_unread"], reason: str, since: int | None
) -> bool:
    """Write why an exchange is silent about something, or "" that it is not any more; return whether that is news.

    ``about`` is the column of ``accounts``, ``since`` ms UTC. One event tells of the first silence of an account, and
    one of the end of the last.
    """
    with core.storage.write(durable=True) as connection:
        row = automations.lock_account(connection, account_id)
        if row is None or bool(getattr(row, about)) == bool(reason):
            return False
        automations.update_account(connection, account_id, {about: reason, f"{about}_since": since})
        note_changed(connection, [account_id])
        data = {"account": row.name} | ({"reason": reason} if reason else {})
        other = row.executions_unread if about == "unanswered" else row.unanswered
        if not other:
            kind = "account.unanswered" if reason else "account.answered"
            events.append(connection, [Event(row.owner, row.id, "", kind, data)], core.clock.now())
    if reason:
        log.warning("account_unanswered", **data)
    else:
        log.info("account_answered", **data)
    return True


class UnreadExecutions:
    """Notes how each pass over an account went, and writes only where that is news.

    Orders go on though what was executed cannot be read: whatever rests stays reserved until its executions are booked,
    so that nothing is spent twice. But positions and results are those of before, and somebody has to know.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        #: When the first of the passes failed that failed in a row, by account: in steady ms, and in ms UTC.
        self._failing: dict[str, tuple[int, int]] = {}

    def failed(self, account_id: str, reason: str, told: bool) -> None:
        """Note that open orders or executions could not be read; ``told`` says that the account's row has it."""
        steady = steady_ms(self._core.clock)
        began, at = self._failing.setdefault(account_id, (steady, self._core.clock.now()))
        if not told and steady - began >= _TOLD_AFTER_MS:
            unread = f"what was executed cannot be read: {reason}"
            write_silence(self._core, account_id, "executions_unread", unread, at)

    def read(self, account_id: str, told: bool) -> None:
        """Note that they could be read, or that there is nothing left to read."""
        self._failing.pop(account_id, None)
        if told:
            write_silence(self._core, account_id, "executions_unread", "", None)
