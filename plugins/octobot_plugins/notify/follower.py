"""Follow the event log, durably: each event is told at least once, and those of a short time together."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from octobot_node.contracts.context import PluginContext
from octobot_node.store.tables import automations, intents
from octobot_plugins.notify.sentences import Happened, Names, compose
from octobot_plugins.notify.settings import NotifySettings, Rule

__all__ = ["CURSOR", "KINDS", "Follower"]

CURSOR = "notify.rules"
#: Which events a rule is about.
KINDS: Mapping[Rule, tuple[str, ...]] = {
    "fills": ("order.fill",),
    "failures": (
        *("tick.failed", "automation.failed", "automation.held"),
        *("account.unanswered", "account.answered", "account.short", "account.covered"),
    ),
    "unknown_orders": ("order.unknown",),
}
#: These are told soon, unless something was just told.
_URGENT = frozenset({"automation.failed", "automation.held", "order.unknown", "account.unanswered"})
_SOON_MS = 3_000
_JUST_MS = 60_000
#: So many are read at once, and told together at most.
_READ_MAX = 2_000
#: How far the cursor falls behind before it is written though nothing was told.
_BEHIND = 1_000
_IDS_MAX = 500

_i = intents.c
_NAMES = sa.select(automations.c.id, automations.c.name).where(
    automations.c.id.in_(sa.bindparam("ids", expanding=True))
)
_ORDERS = sa.select(_i.id, _i.amount, _i.spend, _i.price, _i.stop).where(_i.id.in_(sa.bindparam("ids", expanding=True)))


class Follower:
    """Reads events from where it stopped; what it has read but not told is read again after a restart."""

    def __init__(
        self, context: PluginContext, settings: NotifySettings, cursor: str = CURSOR, kinds: Sequence[str] | None = None
    ) -> None:
        self._context = context
        wanted = sorted(kind for rule, those in KINDS.items() if rule in settings.tell for kind in those)
        self._kinds = wanted if kinds is None else kinds
        self._together = int(settings.together * 1000)
        self._waiting: list[Happened] = []
        self._told_at = 0
        self._events = context.follow(cursor, self._kinds)

    def step(self) -> int:
        """Read what is new, and tell what has waited long enough; return how many events were told."""
        if not self._kinds:
            return 0
        self._take_in()
        if not self._is_time():
            if not self._waiting and self._events.unkept >= _BEHIND:
                self._events.keep()
            return 0
        told = len(self._waiting)
        self._tell()
        self._waiting = []
        self._told_at = self._context.clock.now()
        self._events.keep()
        return told

    def _take_in(self) -> None:
        room = _READ_MAX - len(self._waiting)
        if room <= 0:
            return
        found = self._events.read(room)
        with self._context.storage.read() as connection:
            orders = _by_id(connection, [event.data["id"] for event in found if event.kind == "order.unknown"])
        for event in found:
            order = orders.get(event.data.get("id", ""))
            about = (event.id, event.owner, event.automation_id, event.kind, event.data, event.at)
            self._waiting.append(Happened(*about, order))

    def _is_time(self) -> bool:
        if not self._waiting:
            return False
        now = self._context.clock.now()
        patience = self._together
        if now - self._told_at >= _JUST_MS and any(event.kind in _URGENT for event in self._waiting):
            patience = min(patience, _SOON_MS)
        return len(self._waiting) >= _READ_MAX or now - self._waiting[0].at >= patience

    def _tell(self) -> None:
        with self._context.storage.read() as connection:
            names = _names(connection, {event.automation_id for event in self._waiting})
        self._tell_all(self._waiting, names)

    def _tell_all(self, happened: Sequence[Happened], names: Names) -> None:
        """Tell everybody whom it concerns."""
        for owner in sorted({event.owner for event in happened}):
            message = compose([event for event in happened if event.owner == owner], names)
            if message is not None:
                self._context.tell(message.text, level=message.level, owner=owner)


def _names(connection: sa.Connection, ids: Collection[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for some in _portions(sorted(ids)):
        found |= {row.id: row.name for row in connection.execute(_NAMES, {"ids": some})}
    return found


def _by_id(connection: sa.Connection, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for some in _portions(ids):
        found |= {row["id"]: dict(row) for row in connection.execute(_ORDERS, {"ids": some}).mappings()}
    return found


def _portions(ids: Sequence[str]) -> list[Sequence[str]]:
    return [ids[start : start + _IDS_MAX] for start in range(0, len(ids), _IDS_MAX)]
