"""Read the event log once for all readers of a node, only while there are any."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import Counter
from typing import NamedTuple

import structlog
from anyio import CapacityLimiter, to_thread

from octobot_node.errors import StorageUnavailable
from octobot_node.operations.context import OperationContext
from octobot_node.operations.node.events import cursor_of
from octobot_node.store.queries.event_cursor import Page, Position, follow_wanted, tail
from octobot_node.store.queries.lists import EventFilter
from octobot_node.store.rows.node import ListedEventRow
from octobot_plugins.api_events import frames
from octobot_plugins.api_events.ring import Entry, Ring
from octobot_plugins.api_events.settings import EventsSettings

__all__ = ["Feed", "Refusal"]

log = structlog.get_logger(__name__)
_LOOK_S = 0.25
_PAGE = 1_000
_BYTES_MAX = 16_000_000
#: After a failure it is tried again after this.
_PAUSE_S = 1.0


class Refusal(NamedTuple):
    """Why there is no seat: the kind of problem, and the cause with its cure."""

    kind: str
    detail: str


class Feed:
    """The newest events, and who waits for them or other news. All but ``_read`` happens on the API's event loop."""

    def __init__(self, context: OperationContext, settings: EventsSettings, stopping: threading.Event) -> None:
        self.settings = settings
        #: None until the feed has begun to read.
        self.ring: Ring | None = None
        #: Set and replaced whenever there is more in the ring.
        self.news = asyncio.Event()
        #: Readers that are behind take turns, on a thread of their own: those of requests are not theirs to take.
        self.turn = asyncio.Lock()
        self.lane = CapacityLimiter(1)
        self._context = context
        self._stopping = stopping
        self._seats: Counter[str] = Counter()
        self._task: asyncio.Task[None] | None = None

    @property
    def stopping(self) -> bool:
        """Whether the node is about to end."""
        return self._stopping.is_set()

    @property
    def readers(self) -> int:
        """How many read."""
        return self._seats.total()

    def join(self, caller: str) -> Refusal | None:
        """Give a reader a seat, or return why not; whoever got one gives it back with ``leave``."""
        settings = self.settings
        if self._seats[caller] >= settings.streams_per_user:
            return Refusal(
                "throttled",
                f"{caller} reads events {settings.streams_per_user} times already: end one of the streams, or let an"
                " admin set OCTOBOT_EVENTS_STREAMS_PER_USER",
            )
        if self.readers >= settings.streams:
            return Refusal(
                "unavailable",
                f"{settings.streams} streams of events are open on this node: try again later, at another node, or let"
                " an admin set OCTOBOT_EVENTS_STREAMS",
            )
        self._seats[caller] += 1
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        return None

    def leave(self, caller: str) -> None:
        """Give a seat back; nobody reads the log when there is no reader left."""
        self._seats -= Counter({caller: 1})
        if not self._seats and self._task is not None:
            self._task.cancel()
            self._task = self.ring = None

    async def wait(self, news: asyncio.Event, seconds: float) -> None:
        """Wait for news, which were taken from here before anything was read, for so long at most."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await news.wait()

    async def _run(self) -> None:
        limiter = CapacityLimiter(1)
        while not self.stopping:
            try:
                full = await self._step(limiter)
            except StorageUnavailable:
                # The storage has said so itself; what was not read yet is read when it is back.
                await asyncio.sleep(_PAUSE_S)
            except Exception:
                log.exception("events_not_read")
                await asyncio.sleep(_PAUSE_S)
            else:
                await asyncio.sleep(0 if full else _LOOK_S)
        self.tell()

    async def _step(self, limiter: CapacityLimiter) -> bool:
        """Read on; return whether there may be more at once."""
        if self.ring is None:
            start = await to_thread.run_sync(self._tail, limiter=limiter)
            self.ring = Ring(start, self.settings.remembered, _BYTES_MAX)
            self.tell()
        page, entries = await to_thread.run_sync(self._read, self.ring.head, limiter=limiter)
        if page.gap is not None:
            # It lagged by days: readers find out from the database what they missed.
            self.ring = None
        elif entries:
            self.ring.add(entries, page.position)
            self.tell()
        return len(entries) == _PAGE

    def _tail(self) -> Position:
        with self._context.core.storage.read() as connection:
            return tail(connection)

    def _read(self, after: Position) -> tuple[Page, list[Entry]]:
        with self._context.core.storage.read() as connection:
            page = follow_wanted(connection, after, EventFilter(), _PAGE)
        return page, [self._entry(row) for row in page.rows]

    def _entry(self, row: ListedEventRow) -> Entry:
        position = Position(row.txid, row.id)
        frame = frames.event(row, cursor_of(self._context, position))
        return Entry(position, row.owner, row.automation_id, row.account_id, row.kind, frame)

    def tell(self) -> None:
        """Say that there is news: every reader looks for what is its own."""
        news, self.news = self.news, asyncio.Event()
        news.set()
