"""Find what each person wants to be told, put it into the outbox, and send it from there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import sqlalchemy as sa
import structlog

from octobot_node.contracts.context import PluginContext
from octobot_node.errors import SecretsLocked
from octobot_node.ids import new_id
from octobot_node.store.types import AnyRow
from octobot_plugins.notify.courier import Courier, Reply, open_courier
from octobot_plugins.notify.follower import KINDS, Follower
from octobot_plugins.notify.notifier import tell
from octobot_plugins.notify.people.kept_urls import unsealed
from octobot_plugins.notify.people.models import OwnRule
from octobot_plugins.notify.people.tables import outbox, targets
from octobot_plugins.notify.sentences import Happened, Message, Names, compose
from octobot_plugins.notify.settings import NotifySettings

__all__ = ["PEOPLE", "Outbox", "PeopleFollower", "tell_people"]

log = structlog.get_logger(__name__)
PEOPLE = "notify.people"
_LOOK_S = 1.0
_CLEANED_EVERY = 600
#: What an automation told, as the event log has it.
_OWN = "notice.told"
_RULES: Mapping[OwnRule, tuple[str, ...]] = {
    "fills": KINDS["fills"],
    "failures": KINDS["failures"],
    "unknown_orders": KINDS["unknown_orders"],
    "own": (_OWN,),
}
#: So many wait for a target at most: whoever does not take them is not told of them all at once a day later.
_WAITING_MAX = 200
_AT_ONCE = 4
#: What was tried for so long, and so often, is given up.
_GIVE_UP_MS, _TRIES_LEAST = 86_400_000, 5
_PAUSE_MAX_MS = 300_000
_t, _o = targets.c, outbox.c
_WANTED = sa.select(targets).where(_t.enabled, sa.not_(_t.disabled)).order_by(_t.id)
_FIRST = sa.select(_o.target_id, sa.func.min(_o.id).label("id")).group_by(_o.target_id).subquery()
#: The oldest of each target: those behind it wait for it.
_DUE = (
    sa.select(outbox, _t.url, _t.name, _t.user)
    .join(_FIRST, _o.id == _FIRST.c.id)
    .join(targets, _t.id == _o.target_id)
    .where(_o.retry_at <= sa.bindparam("now"), _t.enabled, sa.not_(_t.disabled))
    .order_by(_o.retry_at)
    .limit(_AT_ONCE)
)


class PeopleFollower(Follower):
    """Puts into the outbox what happened, for each target what its person wants to be told."""

    def __init__(self, context: PluginContext, settings: NotifySettings) -> None:
        super().__init__(context, settings, PEOPLE, sorted(kind for kinds in _RULES.values() for kind in kinds))

    def _tell_all(self, happened: Sequence[Happened], names: Names) -> None:
        with self._context.storage.write(durable=True) as connection:
            now = self._context.clock.now()
            for target in connection.execute(_WANTED).all():
                message = _message(target, happened, names)
                waiting = sa.select(sa.func.count()).select_from(outbox).where(_o.target_id == target.id)
                if message is None or (connection.scalar(waiting) or 0) >= _WAITING_MAX:
                    continue
                connection.execute(
                    outbox.insert().values(
                        id=new_id(),
                        target_id=target.id,
                        level=message.level,
                        message=message.text,
                        created_at=now,
                        retry_at=now,
                    )
                )
            # In the same transaction: what is in the outbox is not found again.
            self._events.keep(connection)


def _message(target: AnyRow, happened: Sequence[Happened], names: Names) -> Message | None:
    kinds = {kind for rule in json.loads(target.tell) for kind in _RULES.get(rule, ())}
    mine = [
        event
        for event in happened
        # Nobody is told of what was before they asked to be.
        if event.kind in kinds and event.at >= target.created_at and target.owner in ("", event.owner)
    ]
    told = compose(mine, names)
    own = [event for event in mine if event.kind == _OWN]
    lines = [f"{names.get(event.automation_id, event.automation_id)}: {event.data['message']}" for event in own]
    if not lines:
        return told
    worst = "error" if any(event.data.get("level") == "error" for event in own) else "info"
    if told is None:
        return Message(worst, "\n".join(lines))
    return Message("error" if "error" in (worst, told.level) else told.level, "\n\n".join([told.text, *lines]))


@dataclass(frozen=True, slots=True)
class _Sending:
    row: AnyRow
    reply: Reply


class Outbox:
    """Sends what waits, of several targets at once; one that does not answer holds up no other."""

    def __init__(self, context: PluginContext, settings: NotifySettings) -> None:
        self._context = context
        self._couriers = [open_courier(settings, context.proxy_url) for _ in range(_AT_ONCE)]
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="octobot-notify-people")

    def step(self) -> int:
        """Send the oldest that is due of some targets; return how many arrived."""
        now = self._context.clock.now()
        with self._context.storage.read() as connection:
            due = connection.execute(_DUE, {"now": now}).all()
        if not due:
            return 0
        sent = list(self._pool.map(self._send, self._couriers, due))
        with self._context.storage.write(durable=True) as connection:
            for each in sent:
                self._note(connection, each, self._context.clock.now())
        return sum(each.reply.ok for each in sent)

    def clean(self) -> None:
        """Forget what waits for nobody any more, or has waited for so long that it would mislead."""
        old = self._context.clock.now() - 2 * _GIVE_UP_MS
        lost = sa.or_(_o.created_at < old, _o.target_id.not_in(sa.select(_t.id)))
        with self._context.storage.write() as connection:
            connection.execute(outbox.delete().where(lost))

    def close(self) -> None:
        """End the processes that send, whatever they are doing."""
        for courier in self._couriers:
            courier.close()
        self._pool.shutdown()

    def _send(self, courier: Courier, row: AnyRow) -> _Sending:
        try:
            url = unsealed(self._context.secrets, row.user, row.target_id, row.url)
        except SecretsLocked as error:
            return _Sending(row, Reply(ok=False, error=str(error), service=""))
        return _Sending(row, tell(courier, url, "OctoBot Node", row.message, row.level))

    @staticmethod
    def _note(connection: sa.Connection, sending: _Sending, now: int) -> None:
        row, reply = sending.row, sending.reply
        here, target = _o.id == row.id, targets.update().where(_t.id == row.target_id)
        if reply.ok:
            connection.execute(outbox.delete().where(here))
            connection.execute(target.values(told_at=now, failed_at=None, error=""))
            return
        connection.execute(target.values(failed_at=now, error=reply.error[:500]))
        tries = row.tries + 1
        if tries >= _TRIES_LEAST and now - row.created_at >= _GIVE_UP_MS:
            log.error("message_given_up", target=row.name, error=reply.error)
            connection.execute(outbox.delete().where(here))
            return
        pause = min(1_000 * 2 ** min(tries, 20), _PAUSE_MAX_MS)
        connection.execute(outbox.update().where(here).values(tries=tries, retry_at=now + pause))


async def tell_people(context: PluginContext) -> None:
    """Follow the events and send, until cancelled."""
    settings = context.plugin_settings(NotifySettings)
    follower, sending = PeopleFollower(context, settings), Outbox(context, settings)
    try:
        looks = 0
        while True:
            if looks % _CLEANED_EVERY == 0:
                sending.clean()
            looks += 1
            follower.step()
            await asyncio.to_thread(sending.step)
            await asyncio.sleep(_LOOK_S)
    finally:
        sending.close()
