"""One reader of the stream: where it is, and what it gets next."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol

from anyio import to_thread

from octobot_node.errors import StorageUnavailable
from octobot_node.operations.context import OperationContext
from octobot_node.operations.node.events import cursor_of
from octobot_node.store.queries.event_cursor import Gap, Position, follow_wanted, tail
from octobot_node.store.queries.lists import EventFilter
from octobot_plugins.api_events import frames
from octobot_plugins.api_events.feed import Feed
from octobot_plugins.api_events.live.gathering import Gathering
from octobot_plugins.api_events.ring import Ring

__all__ = ["Reader"]

#: What one reader is given at once; what it has not taken yet is all that it costs.
_BYTES_MAX = 65_536
_LOOK_MAX = 2_000
_PAGE = 200
_PAUSE_S = 1.0


class Other(Protocol):
    """Something beside events that a reader is told."""

    def take(self) -> bytes:
        """Return what is new since it was asked last."""
        ...


class Reader:
    """Takes events from the feed's memory; from the database, page by page in turn with others, while it is behind.

    ``check`` says whether the caller may go on; it is asked in a thread, and may raise StorageUnavailable. With
    ``gathering`` events are told as what they changed, and ``others`` are told beside them.
    """

    def __init__(
        self,
        feed: Feed,
        context: OperationContext,
        event_filter: EventFilter,
        start: tuple[Position, Gap | None],
        check: Callable[[], bool],
        *,
        gathering: Gathering | None = None,
        others: Sequence[Other] = (),
    ) -> None:
        self.position, self._gap = start
        #: Up to where it was told what happened.
        self._told = self.position
        self._feed, self._context, self._event_filter, self._check = feed, context, event_filter, check
        self._gathering, self._others = gathering, others
        self._check_at = 0.0

    async def frames(self) -> AsyncIterator[bytes]:
        """Yield pieces of the stream until the caller may read no more, or the node stops."""
        clock = asyncio.get_running_loop().time
        self._plan_check()
        # Where it begins is told last: one that leaves before it knows of a gap is told of it again.
        gap = b"" if self._gap is None else frames.gap(self._gap)
        yield frames.hello() + gap + frames.alive(self._cursor)
        sent_at = clock()
        while await self._may_go_on():
            news = self._feed.news
            piece = await self._read_on() + b"".join(other.take() for other in self._others)
            silent_until = sent_at + self._feed.settings.keep_alive
            if not piece and clock() >= silent_until:
                piece = frames.alive(self._cursor)
            if piece:
                sent_at = clock()
                yield piece
            elif not self._is_behind():
                due_at = float("inf") if self._gathering is None else self._gathering.due_at
                await self._feed.wait(news, min(silent_until, self._check_at, due_at) - clock())

    @property
    def _cursor(self) -> str:
        # What is gathered and not told yet is told to whoever comes again.
        waits = self._gathering is not None and not self._gathering.is_empty
        return cursor_of(self._context, self._told if waits else self.position)

    def _is_behind(self) -> bool:
        ring = self._feed.ring
        return ring is not None and self.position < ring.head

    async def _may_go_on(self) -> bool:
        while not self._feed.stopping:
            if asyncio.get_running_loop().time() < self._check_at:
                return True
            try:
                allowed = await to_thread.run_sync(self._check)
            except StorageUnavailable:
                # Nobody is let go on unchecked; and nothing new is to be had before it is back.
                await asyncio.sleep(_PAUSE_S)
                continue
            self._plan_check()
            return allowed
        return False

    def _plan_check(self) -> None:
        # Those who came together are not all checked at once.
        seconds = self._feed.settings.check_callers * random.uniform(0.5, 1)
        self._check_at = asyncio.get_running_loop().time() + seconds

    async def _read_on(self) -> bytes:
        ring = self._feed.ring
        if ring is None:
            return b"" if self._gathering is None else self._changed(self._gathering)
        if ring.covers(self.position):
            return self._from_memory(ring) if self._gathering is None else self._gather(self._gathering, ring)
        try:
            return await self._catch_up()
        except StorageUnavailable:
            await asyncio.sleep(_PAUSE_S)
            return b""

    def _from_memory(self, ring: Ring) -> bytes:
        taken: list[bytes] = []
        size = 0
        for entry in ring.after(self.position, _LOOK_MAX):
            self.position = entry.position
            if self._event_filter.takes(entry.owner, entry.automation_id, entry.kind):
                taken.append(entry.frame)
                size += len(entry.frame)
                if size >= _BYTES_MAX:
                    break
        return b"".join(taken)

    def _gather(self, gathering: Gathering, ring: Ring) -> bytes:
        """Take note of what happened, and tell it where its time has come."""
        for entry in ring.after(self.position, _LOOK_MAX):
            self.position = entry.position
            if self._event_filter.takes(entry.owner, entry.automation_id, entry.kind):
                gathering.add(entry.kind, entry.automation_id, entry.account_id)
        return self._changed(gathering)

    def _changed(self, gathering: Gathering) -> bytes:
        told = gathering.take(asyncio.get_running_loop().time())
        if told is None:
            return b""
        self._told = self.position
        return frames.changed(told, self._cursor)

    async def _catch_up(self) -> bytes:
        clock = asyncio.get_running_loop().time
        async with self._feed.turn:
            began = clock()
            piece = await to_thread.run_sync(self._from_database, limiter=self._feed.lane)
            # However many are behind, half of the time is left to the node.
            await asyncio.sleep(clock() - began)
        return piece

    def _from_database(self) -> bytes:
        with self._context.core.storage.read() as connection:
            page = follow_wanted(connection, self.position, self._event_filter, _PAGE)
            end = page.position
            if self._gathering is not None and len(page.rows) == _PAGE:
                # Whoever is told what to read again need not be told of each.
                self._gathering.add_everything()
                end = tail(connection)
        if self._gathering is not None:
            if page.gap is not None:
                self._gathering.add_everything()
            for row in page.rows:
                self._gathering.add(row.kind, row.automation_id, row.account_id)
            self.position = end
            return b""
        gap = b"" if page.gap is None else frames.gap(page.gap)
        self.position = page.position
        return gap + b"".join(
            frames.event(row, cursor_of(self._context, Position(row.txid, row.id))) for row in page.rows
        )
