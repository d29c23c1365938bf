"""Pick up what nobody carries, and end what is over; each pass is cheap when there is nothing to do."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import sqlalchemy as sa

from octobot_node.engine.commands.account_wakes import WAKES, AccountWakes
from octobot_node.engine.commands.automation_completion import AutomationCompletion
from octobot_node.engine.commands.automation_requests import AutomationRequests
from octobot_node.engine.commands.commands import Commands
from octobot_node.engine.commands.kill_switch import KillSwitch
from octobot_node.engine.deciding.dispatcher import Dispatcher
from octobot_node.engine.fair_turns import PASS_S, Rounds
from octobot_node.engine.workers.durable import ORDERS
from octobot_node.orders import IntentStatus
from octobot_node.store import intents
from octobot_node.store.kill_switches import BUSY
from octobot_node.store.sql.conditions import is_ending, is_live, is_planned, request_waits
from octobot_node.store.tables import accounts, automations, kill_switches, requests, schedule
from octobot_node.store.tables import intents as intents_table

if TYPE_CHECKING:
    from octobot_node.engine.core import Core

__all__ = ["Sweeper"]

_LIMIT = 1_000
_EXPIRED = sa.select(intents_table.c.automation_id, intents_table.c.id, intents_table.c.owner).where(
    is_live, intents_table.c.status == IntentStatus.OPEN, intents_table.c.expires_at <= sa.bindparam("now")
)
#: Whether there is a claim that ran out, a planned intent, an expired order, a request, an automation that is ending,
#: a kill switch to be settled, an account whose orders may leave again. One look instead of seven: most find nothing.
_ANYTHING = sa.select(
    sa.exists().where(schedule.c.claim.is_not(None), schedule.c.claim_until < sa.bindparam("now")).label("claims"),
    sa.exists().where(is_live, is_planned).select_from(intents_table).label("planned"),
    _EXPIRED.exists().label("expired"),
    sa.exists().where(request_waits).select_from(requests).label("requests"),
    sa.exists().where(is_ending).select_from(automations).label("ending"),
    sa.exists().where(BUSY).select_from(kill_switches).label("switches"),
    sa.exists().where(WAKES).select_from(accounts).label("wakes"),
)


class Sweeper:
    """Finds planned intents without a carrier, expired orders and claims, what automations asked of each other,
    automations that have ended, and kill switches that are not settled.
    """

    def __init__(self, core: Core, commands: Commands, dispatcher: Dispatcher) -> None:
        self._core = core
        self._commands = commands
        self._dispatcher = dispatcher
        self._requests = AutomationRequests(core, commands)
        self._completion = AutomationCompletion(core)
        self._kill_switch = KillSwitch(core)
        self._wakes = AccountWakes(core)
        self._rounds = Rounds(None if core.clock.virtual else PASS_S, time.monotonic)

    def sweep(self) -> int:
        """Make one pass; return how many things it moved."""
        if not self._core.coordinator.may_dispatch():
            return 0
        with self._core.storage.read() as connection:
            found = connection.execute(_ANYTHING, {"now": self._core.clock.now()}).one()
        # First: nothing else is in such a hurry.
        moved = self._kill_switch.move_on(self._goes_on) if found.switches else 0
        moved += self._wakes.move_on(self._goes_on) if found.wakes else 0
        moved += self._dispatcher.reclaim() if found.claims else 0
        moved += self.carry_adrift() if found.planned else 0
        moved += self._cancel_expired() if found.expired else 0
        # Before the endings, so that what is stopped here ends in the same pass.
        moved += self._requests.carry_out() if found.requests else 0
        return moved + (self._completion.settle() if found.ending or found.requests else 0)

    def _goes_on(self) -> bool:
        return not self._core.stopping.is_set() and self._core.coordinator.may_dispatch()

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
        with self._core.storage.read() as connection:
            expired = connection.execute(_EXPIRED, {"now": self._core.clock.now()}).all()
        cancelled = 0
        for row in self._rounds.through(expired):
            self._commands.cancel(row.automation_id, [row.id])
            cancelled += 1
        return cancelled
