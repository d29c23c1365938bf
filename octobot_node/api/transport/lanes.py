"""Whose request is worked on next: nobody's many keep others waiting, and a kill switch has a lane of its own.

A request takes a turn once it is known who makes it and its body is there; whoever only looks for a way in, or sends
slowly, takes none. Each user has a few turns at once, and all together as many as threads and the database bear.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar
from weakref import WeakKeyDictionary

import anyio.to_thread
from anyio import CapacityLimiter

from octobot_node.api.problems import ApiProblem

__all__ = ["THREADS", "Lanes", "LanesOfLoops"]

T = TypeVar("T")
#: Requests that work at once, and those that ask who makes them: of the pool of connections each takes one.
_TURNS, _URGENT_TURNS = 6, 2
_ASKING, _ASKING_URGENTLY = 3, 1
#: What FastAPI runs routes and dependencies in: more than there are turns, so that no turn waits for a thread.
THREADS = _TURNS + _URGENT_TURNS + 2
#: Requests of one user that wait for a turn; more are told to come back.
_WAITING_MAX = 100
_PATIENCE_S = 60.0
#: Users without a request under way that are remembered, with what they may do at once.
_USERS_MAX = 1_000


@dataclass(slots=True)
class _User:
    turns: asyncio.Semaphore
    urgent: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    under_way: int = 0


class Lanes:
    """The turns of one event loop."""

    def __init__(self, per_user: int) -> None:
        self._per_user = per_user
        self._turns = asyncio.Semaphore(_TURNS)
        self._urgent = asyncio.Semaphore(_URGENT_TURNS)
        self._asking = CapacityLimiter(_ASKING)
        self._asking_urgently = CapacityLimiter(_ASKING_URGENTLY)
        self._users: OrderedDict[str, _User] = OrderedDict()

    async def ask(self, who: Callable[[], T], *, urgent: bool) -> T:
        """Return what ``who`` finds out in a thread."""
        return await anyio.to_thread.run_sync(who, limiter=self._asking_urgently if urgent else self._asking)

    @asynccontextmanager
    async def turn(self, user: str, *, urgent: bool) -> AsyncIterator[None]:
        """Wait for a turn of ``user``'s; raise ApiProblem where too many wait already, or for too long."""
        known = self._user(user)
        own, all_ = (known.urgent, self._urgent) if urgent else (known.turns, self._turns)
        if known.under_way >= _WAITING_MAX:
            raise _too_many(f"{known.under_way} of your requests are under way already: let some of them end first")
        known.under_way += 1
        try:
            async with _within(own), _within(all_):
                yield
        finally:
            known.under_way -= 1

    def _user(self, name: str) -> _User:
        found = self._users.pop(name, None) or _User(asyncio.Semaphore(self._per_user))
        self._users[name] = found
        if len(self._users) > _USERS_MAX:
            for idle in [each for each, user in self._users.items() if not user.under_way and each != name]:
                del self._users[idle]
        return found


@asynccontextmanager
async def _within(turns: asyncio.Semaphore) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            await turns.acquire()
    except TimeoutError:
        raise _too_many("the node has more to do than it can: try again later") from None
    try:
        yield
    finally:
        turns.release()


def _too_many(why: str) -> ApiProblem:
    return ApiProblem("throttled", why, headers={"Retry-After": "1"})


class LanesOfLoops:
    """The lanes of each event loop that serves the application: turns cannot be handed from one to another."""

    def __init__(self, per_user: int) -> None:
        self._per_user = per_user
        self._found: WeakKeyDictionary[asyncio.AbstractEventLoop, Lanes] = WeakKeyDictionary()

    def here(self) -> Lanes:
        """Return the lanes of the loop that runs."""
        loop = asyncio.get_running_loop()
        if loop not in self._found:
            self._found[loop] = Lanes(self._per_user)
        return self._found[loop]
