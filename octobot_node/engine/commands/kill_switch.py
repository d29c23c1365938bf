"""The kill switch: sending is off when ``throw`` returns, then own orders are cancelled until all is confirmed.

The first transaction switches off and notes which orders are live. It locks what every passage through the send fence
holds shared, so each passage has either committed before, and its orders are noted, or finds sending off. All that
follows is done in small transactions by the node that leads (``move_on``), from what the tables say: whoever dies in
the middle is followed by whoever leads next.

Locks: ``schedule``, ``automations``, then the installation, then ``accounts``; of a kill switch itself before them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Literal

import sqlalchemy as sa

from octobot_node.engine.acting.own_orders import OwnOrders
from octobot_node.engine.acting.send_fence import THROWN
from octobot_node.engine.workers.durable import ORDERS
from octobot_node.errors import CommandRefused
from octobot_node.ids import new_id
from octobot_node.orders import IntentStatus
from octobot_node.store import automations, events, intents, kill_switches, schedules
from octobot_node.store.events import Event
from octobot_node.store.rows.order import KillSwitchRow
from octobot_node.store.statuses import NoticeStatus

if TYPE_CHECKING:
    from octobot_node.engine.core import Core

__all__ = ["KillSwitch", "Scope", "Target", "name_of"]

Scope = Literal["everything", "account", "automation"]
#: Orders cancelled in one transaction, and automations woken in one.
_CHUNK = 200
_WOKEN = 1_000
#: An order that is open this long after its cancel was answered is cancelled once more.
_AGAIN_MS = 10_000


@dataclass(frozen=True, slots=True)
class Target:
    """What a kill switch stops: of ``everything`` the id and name are "", and the owner too where it is everybody's."""

    scope: Scope
    owner: str
    id: str = ""
    name: str = ""


def name_of(switch: KillSwitchRow) -> str:
    """Return what a kill switch stops, in words."""
    if switch.scope != "everything":
        return f"the {switch.scope} {switch.target!r}"
    return f"everything of {switch.owner}" if switch.owner else "everything"


class KillSwitch:
    """Throws, settles and releases."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._own_orders = OwnOrders(core)

    # -- what a person does

    def throw(self, target: Target, reason: str, *, by: str, authority: str) -> tuple[str, bool]:
        """Stop all sending of a target; return the kill switch's id and whether it was thrown just now.

        One that is in force already is returned as it is. ``authority`` is the owner who may release it, "" where
        only who sees everything may.
        """
        now = self._core.clock.now()
        with self._core.storage.write(durable=True) as connection:
            _lock(connection, target.scope, target.owner, target.id)
            known = kill_switches.in_force(connection, target.owner, target.scope, target.id)
            if known is not None:
                if not authority and known.authority:
                    # Thrown again by who sees everything: its owner alone does not undo that.
                    kill_switches.update(connection, known.id, authority="")
                return known.id, False
            switch_id = new_id()
            row = {
                "id": switch_id, "owner": target.owner, "scope": target.scope, "target_id": target.id,
                "target": target.name, "authority": authority, "by": by, "reason": reason, "thrown_at": now,
                "busy": True,
            }  # fmt: skip
            kill_switches.insert(connection, row)
            switch = kill_switches.lock(connection, switch_id)
            _switch(connection, switch)
            kill_switches.note_orders(connection, switch)
            noted = sum(kill_switches.totals(connection, switch_id, None).values())
            data = {"id": switch_id, "scope": target.scope, "target": target.name, "by": by, "reason": reason}
            message = f"The kill switch is thrown for {name_of(switch)} by {by}: {reason}. Orders live then: {noted}."
            _tell(connection, switch, "thrown", {**data, "orders": noted}, "warning", message, now)
        return switch_id, True

    def release(self, switch_id: str, *, by: str, even_if_unsettled: bool) -> None:
        """Let a target send again, where no other kill switch stops it; its automations are told what became of their
        orders. Raises CommandRefused for one that is released, or not settled.
        """
        now = self._core.clock.now()
        with self._core.storage.write(durable=True) as connection:
            switch = kill_switches.lock(connection, switch_id)
            if switch.released_at is not None:
                raise CommandRefused(f"the kill switch for {name_of(switch)} was released by {switch.released_by}")
            left = _unsettled(connection, switch)
            if left and not even_if_unsettled:
                raise CommandRefused(
                    f"the kill switch for {name_of(switch)} is not settled ({left}): see `octobot-node kill-switch"
                    " show` and wait until it is, settle unknown orders by hand, or give --even-if-unsettled"
                )
            _lock(connection, switch.scope, switch.owner, switch.target_id)
            kill_switches.update(connection, switch_id, released_at=now, released_by=by, busy=True)
            _switch(connection, switch)
            data = {"id": switch_id, "scope": switch.scope, "target": switch.target, "by": by, "unsettled": left}
            message = f"The kill switch for {name_of(switch)} is released by {by}: orders are sent again."
            _tell(connection, switch, "released", data, "info", message, now)

    # -- what the node that leads does about it

    def move_on(self, go_on: Callable[[], bool] = lambda: True) -> int:
        """Do what there is to do about every kill switch, in small transactions, while ``go_on()``; return how much."""
        with self._core.storage.read() as connection:
            found = kill_switches.busy(connection)
        moved = 0
        for switch in found:
            moved += self._wake(switch, go_on) if switch.released_at is not None else self._settle(switch, go_on)
        return moved

    def _settle(self, switch: KillSwitchRow, go_on: Callable[[], bool]) -> int:
        moved = self._cancel(switch, go_on)
        with self._core.storage.read() as connection:
            left = _unsettled(connection, switch)
        if not left:
            return moved + self._say_settled(switch)
        return moved + self._cancel_again(switch)

    def _cancel_again(self, switch: KillSwitchRow) -> int:
        """Have those cancelled once more, in the next pass, whose cancel was answered and came to nothing."""
        with self._core.storage.read() as connection:
            ids = kill_switches.resting(connection, switch.id, self._core.clock.now() - _AGAIN_MS, _CHUNK)
        if ids:
            with self._core.storage.write() as connection:
                kill_switches.wait_again(connection, switch.id, ids)
        return len(ids)

    def _cancel(self, switch: KillSwitchRow, go_on: Callable[[], bool]) -> int:
        with self._core.storage.read() as connection:
            accounts = kill_switches.waiting_accounts(connection, switch.id)
        moved = self._cancel_on_paper(switch)
        for account_id in accounts:
            while go_on() and (some := self._cancel_some(switch, account_id)):
                moved += some
        if moved:
            self._core.kick(ORDERS)
        return moved

    def _cancel_some(self, switch: KillSwitchRow, account_id: str) -> int:
        now = self._core.clock.now()
        with self._core.storage.write(durable=True) as connection:
            some = kill_switches.waiting(connection, switch.id, account_id, _CHUNK)
            if not some:
                return 0
            schedules.lock(connection, {row.automation_id for row in some})
            live = intents.lock(connection, [row.intent_id for row in some])
            self._own_orders.cancel(connection, live, now, THROWN)
            kill_switches.asked(connection, switch.id, [row.intent_id for row in some], now)
        return len(some)

    def _cancel_on_paper(self, switch: KillSwitchRow) -> int:
        """Have what rests of shadows be cancelled, too: nothing waits for it, and no checklist names it."""
        with self._core.storage.read() as connection:
            resting = kill_switches.resting_on_paper(connection, switch) if automations.any_shadows(connection) else []
        for _, orders in groupby(resting, key=itemgetter(0)):
            some, now = list(orders), self._core.clock.now()
            with self._core.storage.write(durable=True) as connection:
                schedules.lock(connection, {automation_id for _, automation_id, _ in some})
                live = intents.lock(connection, [order_id for _, _, order_id in some])
                self._own_orders.cancel(connection, live, now, THROWN)
        return len(resting)

    def _say_settled(self, switch: KillSwitchRow) -> int:
        now = self._core.clock.now()
        with self._core.storage.write(durable=True) as connection:
            if not kill_switches.settle(connection, switch.id, now):
                return 0
            totals = kill_switches.totals(connection, switch.id, None)
            data = {"id": switch.id, "scope": switch.scope, "target": switch.target, "orders": totals}
            counts = ", ".join(f"{count} {status}" for status, count in sorted(totals.items())) or "there were none"
            message = f"The kill switch for {name_of(switch)} is settled: what became of its orders: {counts}."
            _tell(connection, switch, "settled", data, "info", message, now)
        return 1

    def _wake(self, switch: KillSwitchRow, go_on: Callable[[], bool]) -> int:
        """Let automations see what became of their orders: what was skipped woke nobody."""
        with self._core.storage.read() as connection:
            ids = kill_switches.with_news(connection, switch)
        for start in range(0, len(ids), _WOKEN):
            if not go_on():
                return start
            with self._core.storage.write() as connection:
                schedules.wake(connection, ids[start : start + _WOKEN], self._core.clock.now())
        with self._core.storage.write() as connection:
            kill_switches.update(connection, switch.id, busy=False)
        return len(ids) + 1


def _lock(connection: sa.Connection, scope: str, owner: str, target_id: str) -> None:
    """Lock what passages through the fence hold shared, in the order in which they take it.

    The installation's row always: two who throw or release at once take turns.
    """
    if scope == "automation":
        schedules.lock(connection, [target_id])
        kill_switches.lock_automation(connection, target_id)
    kill_switches.lock_installation(connection)
    if scope == "account":
        kill_switches.lock_accounts(connection, account_id=target_id)
    elif owner and scope == "everything":
        kill_switches.lock_accounts(connection, owner=owner)


def _switch(connection: sa.Connection, switch: KillSwitchRow) -> None:
    """Make the columns that the fence reads say what the kill switches in force say."""
    if switch.scope == "automation":
        kill_switches.switch_automation(connection, switch.target_id)
    elif switch.scope == "account":
        kill_switches.switch_account(connection, switch.target_id)
    elif switch.owner:
        for account_id in kill_switches.lock_accounts(connection, owner=switch.owner):
            kill_switches.switch_account(connection, account_id)
    else:
        kill_switches.switch_installation(connection)


def _unsettled(connection: sa.Connection, switch: KillSwitchRow) -> str:
    """Return what is not confirmed yet, in words, or ""."""
    noted = kill_switches.totals(connection, switch.id, None)
    under_way = kill_switches.underway(connection, switch, None)
    parts = [f"{count} {status}" for status, count in noted.items() if not IntentStatus(status).terminal]
    if under_way.orders and not (noted.get(IntentStatus.SENT) or noted.get(IntentStatus.UNKNOWN)):
        parts.append(f"{under_way.orders} others sent or unknown")
    if under_way.cancels:
        parts.append(f"{under_way.cancels} cancels under way")
    return ", ".join(parts)


def _tell(
    connection: sa.Connection,
    switch: KillSwitchRow,
    what: str,
    data: Mapping[str, object],
    level: str,
    message: str,
    now: int,
) -> None:
    """Leave an event, and a notice for the notifiers."""
    about = {
        "owner": switch.owner or "local",
        "account_id": switch.target_id if switch.scope == "account" else "",
        "automation_id": switch.target_id if switch.scope == "automation" else "",
    }
    events.append(connection, [Event(**about, kind=f"kill_switch.{what}", data=data)], now)
    notice = {"id": new_id(), **about, "shard": 0, "level": level, "message": message}
    automations.add_notices(connection, [{**notice, "status": NoticeStatus.WAITING, "created_at": now}])
