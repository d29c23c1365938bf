"""How far an exchange's clock is from this machine's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from octobot_node.clock import Clock, steady_ms

__all__ = ["ServerClock"]

#: Compared anew after this: clocks drift by seconds a day.
_EVERY_MS = 600_000


class ServerClock:
    """The exchange's time, by what it said last, half of the way back taken off.

    ``step`` is how exactly (ms) it tells it: within what it leaves open, and the answer's way, clocks are not apart.
    """

    def __init__(self, clock: Clock, step: int = 1) -> None:
        self._clock = clock
        self._step = step
        self._compared_at: int | None = None
        self._turn = asyncio.Lock()
        #: How many ms the exchange's clock is ahead, and how long its answer took.
        self.ahead = 0
        self.took = 0

    def now(self) -> int:
        """Return the exchange's time in ms UTC."""
        return self._clock.now() + self.ahead

    def doubt(self) -> None:
        """Have it compared anew at the next chance."""
        self._compared_at = None

    @property
    def is_due(self) -> bool:
        """Whether it should be compared."""
        return self._compared_at is None or steady_ms(self._clock) - self._compared_at > _EVERY_MS

    async def compare(self, ask: Callable[[], Awaitable[int]]) -> None:
        """Ask for the exchange's time, where that is due."""
        async with self._turn:
            if not self.is_due:
                return
            sent = self._clock.now()
            theirs = await ask()
            came = self._clock.now()
            least, most = theirs - came, theirs + self._step - 1 - sent
            self.ahead = 0 if least <= 0 <= most else (least + most) // 2
            self.took = came - sent
            self._compared_at = steady_ms(self._clock)
