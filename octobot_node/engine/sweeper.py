"""Pick up what nobody carries, and end what is over; each pass is cheap when there is nothing to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from octobot_node.engine.commands import Commands
from octobot_node.engine.dispatcher import Dispatcher
from octobot_node.engine.durable import ORDERS
from octobot_node.engine.endings import Endings
from octobot_node.engine.requests import Requests
from octobot_node.store import intents
from octobot_node.store.tables import intents as intents_table

if TYPE_CHECKING:
    from octobot_node.engine.core import Core

__all__ = ["Sweeper"]

_LIMIT = 1_000


class Sweeper:
    """Finds planned intents without a carrier, expired orders and claims, what automations asked of each other, and
    automations that have ended.
    """

    def __init__(self, core: Core, commands: Commands, dispatcher: Dispatcher) -> None:
        self._core = core
        self._commands = commands
        self._dispatcher = dispatcher
        self._requests = Requests(core, commands)
        self._endings = Endings(core)

    def sweep(self) -> int:
        """Make one pass; return how many things it moved."""
        moved = self._dispatcher.reclaim()
        moved += self.carry_adrift()
        moved += self._cancel_expired()
        # Before the endings, so that what is stopped here ends in the same pass.
        moved += self._requests.carry_out()
        return moved + self._endings.settle()

    def carry_adrift(self) -> int:
        """Give planned intents that may be sent, and that no live workflow carries, to a new one per account."""
        core, now = self._core, self._core.clock.now()
        with core.storage.read() as connection:
            given = intents.carriers(connection)
            dead = given - core.carried(connection, given)
            if not intents.adrift(connection, now, dead, 1):
                return 0
        # A carrier that was dead stays dead: what is adrift now may only have become less.
        with core.storage.write() as connection:
            rows = intents.adrift(connection, now, dead, _LIMIT)
            for account_id in sorted({row.account_id for row in rows}):
                carrier = core.deliver(connection, ORDERS, account_id)
                intents.carry(connection, [row.id for row in rows if row.account_id == account_id], carrier)
        core.kick(ORDERS)
        return len(rows)

    def _cancel_expired(self) -> int:
        columns = intents_table.c
        statement = sa.select(columns.automation_id, columns.id).where(
            sa.text("intents.status IN ('planned', 'sent', 'open', 'unknown')"),
            columns.status == "open",
            columns.expires_at <= self._core.clock.now(),
        )
        with self._core.storage.read() as connection:
            expired = connection.execute(statement).all()
        for row in expired:
            self._commands.cancel(row.automation_id, [row.id])
        return len(expired)
