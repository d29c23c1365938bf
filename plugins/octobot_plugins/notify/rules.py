"""The service that finds what is worth telling, and shows a service outside that the node is alive."""

from __future__ import annotations

import asyncio

import sqlalchemy as sa

from octobot_node.contracts.context import PluginContext
from octobot_node.store.tables import cursors
from octobot_plugins.notify.courier import open_courier
from octobot_plugins.notify.follower import Follower
from octobot_plugins.notify.lateness import Lateness
from octobot_plugins.notify.settings import NotifySettings

__all__ = ["HEARTBEAT", "Heartbeat", "follow_rules"]

_LOOK_S = 1.0
_SCHEDULE_EVERY = 5
_BEAT_S = 60.0
#: A heartbeat that is not taken so often in a row is told.
_FAILURES = 3
HEARTBEAT = "notify.heartbeat"


async def follow_rules(context: PluginContext) -> None:
    """Follow the events and the schedule until cancelled."""
    settings = context.plugin_settings(NotifySettings)
    follower, lateness = Follower(context, settings), Lateness(context, settings)
    heartbeat = Heartbeat(context, settings)
    beating = asyncio.create_task(heartbeat.beat())
    try:
        looks = 0
        while True:
            # Not in threads: the loop is this service's own, and one that waits for the database has nothing to do.
            follower.step()
            if looks % _SCHEDULE_EVERY == 0:
                heartbeat.alive = lateness.step()
            looks += 1
            if beating.done():
                beating.result()
            await asyncio.sleep(_LOOK_S)
    finally:
        heartbeat.close()
        beating.cancel()


class Heartbeat:
    """Fetches a URL every minute, but only while the node can write and is ``alive``."""

    def __init__(self, context: PluginContext, settings: NotifySettings) -> None:
        self.alive = True
        self._context = context
        self._url = settings.heartbeat_url.get_secret_value()
        self._courier = open_courier(settings, context.proxy_url)
        self._failures = 0

    async def beat(self) -> None:
        """Beat until cancelled."""
        while self._url:
            if self.alive:
                await asyncio.to_thread(self.once)
            await asyncio.sleep(_BEAT_S)
        await asyncio.Event().wait()

    def once(self) -> None:
        """Beat once; tell when it was not taken three times in a row, and when it is taken again."""
        _write_mark(self._context)
        reply = self._courier.ask({"do": "fetch", "url": self._url})
        failures, self._failures = self._failures, 0 if reply.ok else self._failures + 1
        if self._failures == _FAILURES:
            self._context.tell(f"The heartbeat was not taken {_FAILURES} times: {reply.error}.", level="warning")
        elif reply.ok and failures >= _FAILURES:
            self._context.tell("The heartbeat is taken again.")

    def close(self) -> None:
        """End the process that sends, whatever it is doing."""
        self._courier.close()


def _write_mark(context: PluginContext) -> None:
    """Prove that the database can be written."""
    columns = cursors.c
    with context.storage.write() as connection:
        now = context.clock.now()
        changed = connection.execute(
            cursors.update().where(columns.name == HEARTBEAT).values(position=columns.position + 1, updated_at=now)
        )
        if not changed.rowcount:
            connection.execute(sa.insert(cursors).values(name=HEARTBEAT, position=1, updated_at=now))
