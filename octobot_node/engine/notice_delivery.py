"""Deliver notices to the notifiers: durable, at least once to each, and never in the way of a tick.

Every notifier has a lane of its own, so that one which is slow or down holds up no other, and in it owners take turns,
so that one's flood holds up nobody else's. A notice is done when each lane has delivered it or given it up.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog

from octobot_node.clock import steady_ms
from octobot_node.contracts.notifiers import NotAllOpened, Notice, Notifier, NotifierFactory
from octobot_node.engine.workers.event_loop import InlineEventLoop
from octobot_node.plugin_system.plugin_failures import said
from octobot_node.store import events
from octobot_node.store.events import Event
from octobot_node.store.rows.automation import NamedNoticeRow
from octobot_node.store.sql.conditions import notice_waits
from octobot_node.store.statuses import NoticeStatus
from octobot_node.store.tables import automations, notices
from octobot_node.store.turns import in_turn

if TYPE_CHECKING:
    from octobot_node.engine.core import Core

__all__ = ["Lane", "NoticeDelivery", "open_notices"]

log = structlog.get_logger(__name__)
_TIMEOUT_S = 30.0
_LIMIT = 100
#: A notice that failed for this long, and this often, is given up: whoever reads it then is misled.
_GIVE_UP_MS = 86_400_000
_TRIES_LEAST = 5
_PAUSE_MAX_MS = 300_000

_WITH_NAME = (
    sa.select(notices, automations.c.name.label("automation"))
    .join_from(notices, automations, notices.c.automation_id == automations.c.id, isouter=True)
    .order_by(notices.c.id)
)
_ANY = sa.select(notices.c.id).where(notice_waits).limit(1)
_ONE = sa.select(notices.c.delivered, notices.c.tries).where(notices.c.id == sa.bindparam("one"), notice_waits)
_UNFINISHED = sa.select(notices.c.id, notices.c.delivered).where(notice_waits)


class _Nobody:
    """Takes notices where there is no notifier, so that they are not all told to the first that is installed."""

    name = "nobody"

    async def notify(self, notice: Notice) -> None:
        """Do nothing."""


@dataclass(slots=True)
class _Failing:
    """A notice that a notifier did not take."""

    tries: int
    again_at: int


class NoticeDelivery:
    """The waiting notices and one lane for each notifier."""

    def __init__(self, core: Core, notifiers: Sequence[tuple[Notifier, str]]) -> None:
        self._core = core
        opened = notifiers or [(_Nobody(), "")]
        names = frozenset(notifier.name for notifier, _ in opened)
        self.lanes = tuple(Lane(core, notifier, plugin, names) for notifier, plugin in opened)
        _finish_without_lane(core, names)

    def deliver(self) -> int:
        """Deliver what waits, one lane after another; return how many were delivered."""
        with self._core.storage.read() as connection:
            if connection.execute(_ANY).first() is None:
                return 0
        return sum(lane.deliver() for lane in self.lanes)

    def close(self) -> None:
        """Close the lanes' loops."""
        for lane in self.lanes:
            lane.close()


class Lane:
    """Delivers to one notifier, oldest first, on an event loop of its own; called from one thread at a time.

    After a failure it pauses, longer after each in a row; the notice that failed waits by itself, so that one which
    is never taken does not keep back those after it.
    """

    def __init__(self, core: Core, notifier: Notifier, plugin: str, names: frozenset[str]) -> None:
        self.name = notifier.name
        self._core = core
        self._notifier = notifier
        self._plugin = plugin
        self._names = names
        self._failing: dict[str, _Failing] = {}
        self._failures = 0
        self._paused_until = 0
        self._event_loop: InlineEventLoop | None = None
        self._wanted = _waiting_for(notifier.name)
        #: The owner who was last looked at, where there were more than fit into a pass.
        self._after = ""
        self._busy = threading.Lock()

    def deliver(self) -> int:
        """Deliver what waits and return how many."""
        core, done = self._core, 0
        with self._busy:
            if steady_ms(core.clock) < self._paused_until:
                return 0
            for row in self._waiting():
                if core.stopping.is_set() or not core.coordinator.may_dispatch():
                    break
                error = self._tell(row)
                if error is not None:
                    self._failed(row, error)
                    break
                self._failing.pop(row.id, None)
                self._failures = 0
                _record(core, row.id, self.name, self._names)
                done += 1
        return done

    def close(self) -> None:
        """Close the loop, unless the notifier still hangs in it."""
        if self._busy.acquire(timeout=0.1):
            if self._event_loop is not None:
                self._event_loop.close()
                self._event_loop = None
            self._busy.release()

    def _waiting(self) -> Sequence[NamedNoticeRow]:
        """Return what may be tried now: what never failed first, owners in turn, then what failed longest ago."""
        with self._core.storage.read() as connection:
            owners: Sequence[str] = (
                connection.scalars(_owners(self._after)).all() or connection.scalars(_owners()).all()
            )
            self._after = owners[-1] if len(owners) == _LIMIT else ""
            each = {"count": _LIMIT // max(len(owners), 1)}
            rows = [row for owner in owners for row in connection.execute(self._wanted, {**each, "owner": owner})]
        now = steady_ms(self._core.clock)
        ready = [row for row in rows if self._again_at(row) <= now]
        return sorted(in_turn(ready), key=self._again_at)

    def _again_at(self, row: NamedNoticeRow) -> int:
        failing = self._failing.get(row.id)
        return 0 if failing is None else failing.again_at

    def _tell(self, row: NamedNoticeRow) -> str | None:
        """Return why the notifier did not take it, or None."""
        about = row.automation or row.automation_id
        notice = Notice(row.id, row.owner, about, row.level, row.message, row.created_at)
        self._event_loop = self._event_loop or InlineEventLoop()
        try:
            self._event_loop.call(_within(self._notifier, notice))
        except TimeoutError:
            return f"no answer within {_TIMEOUT_S:g} s"
        except BaseException as error:
            if self._core.clock.virtual and isinstance(error, KeyboardInterrupt):
                raise  # a replay runs in the main thread, where Ctrl-C ends it
            return said(error)
        return None

    def _failed(self, row: NamedNoticeRow, error: str) -> None:
        core, now = self._core, self._core.clock.now()
        before = self._failing.get(row.id)
        tries = 1 if before is None else before.tries + 1
        self._failures += 1
        self._paused_until = steady_ms(core.clock) + _pause(self._failures)
        core.plugin_failures.record(self._plugin, f"the notifier {self.name}", error)
        if tries >= _TRIES_LEAST and now - row.created_at >= _GIVE_UP_MS:
            self._failing.pop(row.id, None)
            _record(core, row.id, self.name, self._names, gave_up=(row, error))
            return
        self._failing[row.id] = _Failing(tries, steady_ms(core.clock) + _pause(tries))
        with core.storage.write() as connection:
            values = {"tries": max(row.tries, tries), "retry_at": now + _pause(tries)}
            connection.execute(notices.update().where(notices.c.id == row.id).values(values))


def open_notices(core: Core) -> NoticeDelivery:
    """Open every notifier, once; one that cannot be opened is a trouble of its plugin and leaves the others."""
    owners = {
        name: plugin.name for plugin in core.registry.plugins for name in plugin.registers.get("register_notifiers", ())
    }
    opened: dict[str, tuple[Notifier, str]] = {}
    for factory in core.registry.notifiers:
        plugin = owners.get(factory.name, "")
        try:
            for notifier in _opened(core, factory, plugin):
                name = str(notifier.name)
                if name in opened:
                    raise ValueError(f"a notifier called {name!r} is open already: rename one of them")
                opened[name] = notifier, plugin
        except Exception as error:  # noqa: BLE001 - whatever a plugin raises, its notifiers alone are missing
            core.plugin_failures.record(plugin, f"the notifier {factory.name}", error)
    return NoticeDelivery(core, list(opened.values()))


def _opened(core: Core, factory: NotifierFactory, plugin: str) -> Sequence[Notifier]:
    try:
        return factory.open(core.context)
    except NotAllOpened as error:
        core.plugin_failures.record(plugin, f"the notifier {factory.name}", str(error))
        return error.opened


async def _within(notifier: Notifier, notice: Notice) -> None:
    async with asyncio.timeout(_TIMEOUT_S):
        await notifier.notify(notice)


def _owners(after: str = "") -> sa.Select[Any]:
    """Return what finds who has any, from after an owner on. Rides ix_notices_waiting.

    The next name after each is looked up: that takes as many steps as there are owners, however many notices.
    """
    lowest = sa.select(sa.func.min(notices.c.owner).label("owner")).where(notice_waits)
    found = (lowest.where(notices.c.owner > after) if after else lowest).cte("owners", recursive=True)
    following = lowest.where(notices.c.owner > found.c.owner).scalar_subquery()
    found = found.union_all(sa.select(following).where(found.c.owner.is_not(None)))
    return sa.select(found.c.owner).where(found.c.owner.is_not(None)).limit(_LIMIT)


def _waiting_for(name: str) -> sa.Select[Any]:
    """Return what reads a notifier's waiting notices of an owner. Rides ix_notices_waiting.

    What it has, or has given up, is not read: behind that newer ones would wait.
    """
    having = notices.c.delivered
    done = [having.contains(json.dumps(each), autoescape=True) for each in (name, _given_up(name))]
    whose = notices.c.owner == sa.bindparam("owner")
    return _WITH_NAME.where(notice_waits, whose, sa.not_(sa.or_(*done))).limit(sa.bindparam("count"))


def _pause(failures: int) -> int:
    milliseconds: int = 1_000 * 2 ** min(failures, 20)
    return min(milliseconds, _PAUSE_MAX_MS)


def _given_up(name: str) -> str:
    return f"!{name}"


def _record(
    core: Core, notice_id: str, name: str, names: frozenset[str], gave_up: tuple[NamedNoticeRow, str] | None = None
) -> None:
    """Note that a notifier has a notice, or gave it up; finish the notice if it was the last one."""
    with core.storage.write() as connection:
        row = connection.execute(_ONE.with_for_update(), {"one": notice_id}).first()
        if row is None:
            return
        having = [*json.loads(row.delivered), name if gave_up is None else _given_up(name)]
        _write(connection, notice_id, having, names)
        if gave_up is not None:
            about, error = gave_up
            data = {"notice": notice_id, "notifier": name, "message": about.message, "reason": error}
            event = Event(about.owner, about.account_id, about.automation_id, "notice.failed", data)
            events.append(connection, [event], core.clock.now())
    if gave_up is not None:
        log.error("notice_given_up", notice=notice_id, notifier=name, error=gave_up[1])


def _write(connection: sa.Connection, notice_id: str, having: Sequence[str], names: frozenset[str]) -> None:
    values: dict[str, Any] = {"delivered": json.dumps(having)}
    if names <= {name.removeprefix("!") for name in having}:
        given_up = any(name.startswith("!") for name in having)
        values["status"] = NoticeStatus.FAILED if given_up else NoticeStatus.SENT
        values["retry_at"] = None
    connection.execute(notices.update().where(notices.c.id == notice_id).values(values))


def _finish_without_lane(core: Core, names: frozenset[str]) -> None:
    """Finish what only waits for a notifier that is no longer there."""
    with core.storage.read() as connection:
        rows = connection.execute(_UNFINISHED).all()
    for row in rows:
        having = json.loads(row.delivered)
        if names <= {name.removeprefix("!") for name in having}:
            with core.storage.write() as connection:
                _write(connection, row.id, having, names)
