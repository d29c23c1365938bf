"""What is looked at again and again for all streams together: prices, and how far replays are."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Mapping
from typing import Generic, NamedTuple, TypeVar

import structlog
from anyio import CapacityLimiter, to_thread

from octobot_plugins.api_events.feed import Feed, Refusal

__all__ = ["Seen", "Watched", "Watching"]

log = structlog.get_logger(__name__)
K = TypeVar("K", bound=Hashable)


class Seen(NamedTuple):
    """What was seen of one thing, and how that is sent; it is sent where ``what`` is other than before."""

    what: object
    frame: bytes


class Watching(Generic[K]):
    """Looks at what somebody watches, once for all, each ``every`` seconds, and remembers the newest of each.

    ``look`` is called in a thread with what is watched, and returns what it saw by it; what it leaves out stays as it
    was. Everything else happens on the API's event loop. One user watches ``per_user`` at once, all together ``most``.
    """

    def __init__(
        self,
        feed: Feed,
        name: str,
        look: Callable[[Collection[K]], Mapping[K, Seen]],
        *,
        every: float,
        per_user: int,
        most: int,
    ) -> None:
        self._feed, self._name, self._look, self._every = feed, name, look, every
        self._per_user, self._most = per_user, most
        self._watched: Counter[K] = Counter()
        self._users: Counter[str] = Counter()
        #: The newest of each, with how many there were.
        self.newest: dict[K, tuple[int, Seen]] = {}
        self._lane = CapacityLimiter(1)
        self._task: asyncio.Task[None] | None = None

    def refusal(self, user: str, keys: Collection[K]) -> Refusal | None:
        """Return why a user cannot watch these, too, or None."""
        if self._users[user] + len(keys) > self._per_user:
            return Refusal(
                "throttled",
                f"{user} would follow more than {self._per_user} {self._name} at once: end one of the streams",
            )
        if len(self._watched.keys() | set(keys)) > self._most:
            return Refusal("unavailable", f"{self._most} {self._name} are followed on this node: try again later")
        return None

    def join(self, user: str, keys: Collection[K]) -> None:
        """Watch these, too."""
        self._watched.update(keys)
        self._users[user] += len(keys)
        if self._watched and self._task is None:
            self._task = asyncio.create_task(self._run())

    def leave(self, user: str, keys: Collection[K]) -> None:
        """Watch these no more; nothing is looked at once nobody watches."""
        self._watched -= Counter(keys)
        self._users -= Counter({user: len(keys)})
        for gone in self.newest.keys() - self._watched.keys():
            del self.newest[gone]
        if not self._watched and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self) -> None:
        while not self._feed.stopping:
            try:
                found = await to_thread.run_sync(self._look, tuple(self._watched), limiter=self._lane)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is looked again
                log.warning("not_looked", what=self._name, error=str(error) or type(error).__name__)
                found = {}
            if self._remember(found):
                self._feed.tell()
            await asyncio.sleep(self._every)

    def _remember(self, found: Mapping[K, Seen]) -> bool:
        """Remember what is new; return whether anything is."""
        news = False
        for key, seen in found.items():
            count, before = self.newest.get(key, (0, None))
            if key in self._watched and (before is None or before.what != seen.what):
                self.newest[key], news = (count + 1, seen), True
        return news


class Watched(Generic[K]):
    """One reader's part of what is watched."""

    def __init__(self, watching: Watching[K], user: str, keys: Collection[K]) -> None:
        self._watching, self._user, self._keys = watching, user, tuple(dict.fromkeys(keys))
        self._told: dict[K, int] = {}

    def join(self) -> Refusal | None:
        """Begin to watch, or return why not."""
        refusal = self._watching.refusal(self._user, self._keys) if self._keys else None
        if refusal is None:
            self._watching.join(self._user, self._keys)
        return refusal

    def leave(self) -> None:
        """Watch no more."""
        self._watching.leave(self._user, self._keys)

    def take(self) -> bytes:
        """Return the newest of those that have changed since; what came between is not told."""
        pieces = []
        for key in self._keys:
            count, seen = self._watching.newest.get(key, (0, None))
            if seen is not None and count > self._told.get(key, 0):
                self._told[key] = count
                pieces.append(seen.frame)
        return b"".join(pieces)
