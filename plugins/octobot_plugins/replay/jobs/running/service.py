"""What carries out a node's replays: a few at once, each in a process of its own, the others in order.

A row that is running while no process is, is of a node that died: it waits again, and goes on where it was.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog

from octobot_node.contracts.context import PluginContext
from octobot_node.errors import StorageUnavailable
from octobot_node.store.types import AnyRow
from octobot_plugins.replay.candle_sets.files import CandleFiles
from octobot_plugins.replay.job_settings import ReplaysSettings
from octobot_plugins.replay.jobs import statements
from octobot_plugins.replay.jobs.running import folders
from octobot_plugins.replay.jobs.running.process import ReplayProcess
from octobot_plugins.replay.jobs.status import ReplayStatus

__all__ = ["run"]

log = structlog.get_logger(__name__)
#: How often the queue is looked at, in seconds, and what is old, in hours.
_LOOK_S, _TIDY_H = 0.5, 1
_DAY_MS = 86_400_000
_PAGE = 100


async def run(context: PluginContext) -> None:
    """Carry out this node's replays until it stops; those under way go on at the next start."""
    await _Workshop(context).run()


class _Workshop:
    def __init__(self, context: PluginContext) -> None:
        self._context = context
        self._settings = context.plugin_settings(ReplaysSettings)
        self._data_dir = context.settings.data_dir
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._news = asyncio.Event()
        self._tidied_at = 0.0

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        end = self._context.storage.listen(lambda topic: self._hear(loop, topic))
        try:
            self._take_up()
            while True:
                self._begin()
                self._tidy(loop.time())
                self._news.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_S):
                        await self._news.wait()
        finally:
            end()
            for task in self._under_way.values():
                task.cancel()
            await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    def _hear(self, loop: asyncio.AbstractEventLoop, topic: str) -> None:
        if topic in ("", "replays"):
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._news.set)

    def _take_up(self) -> None:
        """Let what ran when this node ended wait again, or be cancelled if that was asked for."""
        now = self._context.clock.now()
        with self._context.storage.write(durable=True) as connection:
            for row in statements.standing(connection, self._context.node_id, ReplayStatus.RUNNING):
                if row.cancelling:
                    statements.change(connection, row, ReplayStatus.CANCELLED, ended_at=now)
                else:
                    reason = "its node ended: it goes on where it was"
                    statements.change(connection, row, ReplayStatus.QUEUED, reason=reason)

    def _begin(self) -> None:
        for job_id in [each for each, task in self._under_way.items() if task.done()]:
            task = self._under_way.pop(job_id)
            if task.exception() is not None:
                # The supervisor says what it was, and begins anew: what is running in the books waits again.
                task.result()
        while len(self._under_way) < self._settings.at_once:
            row = self._next()
            if row is None:
                return
            process = ReplayProcess(self._context, self._settings, row)
            self._under_way[row.id] = asyncio.create_task(process.carry_out())

    def _next(self) -> AnyRow | None:
        storage, now = self._context.storage, self._context.clock.now()
        with storage.read() as connection:
            found = statements.next_queued(connection, self._context.node_id)
        if found is None:
            return None
        with storage.write(durable=True) as connection:
            row = statements.job(connection, found.id)
            if row is None or row.status != ReplayStatus.QUEUED:
                return None
            began = now if row.started_at is None else row.started_at
            statements.change(connection, row, ReplayStatus.RUNNING, starts=row.starts + 1, started_at=began, reason="")
            return statements.job(connection, found.id)

    def _tidy(self, now: float) -> None:
        """Delete what is old, and files of what was deleted elsewhere, now and then."""
        if self._tidied_at and now < self._tidied_at + _TIDY_H * 3_600:
            return
        self._tidied_at = now
        with suppress(StorageUnavailable):
            if self._settings.keep_days:
                self._delete_old()
            with self._context.storage.read() as connection:
                gone = [each for each in folders.known(self._data_dir) if statements.job(connection, each) is None]
            for job_id in gone:
                folders.remove(self._data_dir, job_id)
        CandleFiles(self._data_dir).forget_broken_off()

    def _delete_old(self) -> None:
        before = self._context.clock.now() - int(self._settings.keep_days * _DAY_MS)
        with self._context.storage.write() as connection:
            for row in statements.old(connection, self._context.node_id, before, _PAGE):
                statements.delete(connection, row.id)
