"""Where the network lives: one event loop, in a thread of its own on a live node, in the caller's for a replay."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, Protocol, TypeVar

__all__ = ["EventLoop", "InlineEventLoop", "ThreadedEventLoop"]

T = TypeVar("T")
#: So often the loop says that it goes round.
_ROUND_S = 1.0


class EventLoop(Protocol):
    """Runs coroutines for synchronous callers, and synchronous database work for coroutines."""

    def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end and return what it returns."""
        ...

    async def blocking(self, function: Callable[..., T], *args: Any) -> T:
        """Run a blocking function without holding up the loop."""
        ...

    def close(self) -> None:
        """Stop the loop."""
        ...


class ThreadedEventLoop:
    """A loop in its own thread, so that workflows in DBOS's threads and account pollers share connections."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._went_round = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="octobot-io", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self._go_round()
        self.loop.run_forever()

    def _go_round(self) -> None:
        self._went_round = time.monotonic()
        self.loop.call_later(_ROUND_S, self._go_round)

    def still_for(self) -> float:
        """Return for how long, in seconds, the loop has not gone round: something in it blocks."""
        return max(time.monotonic() - self._went_round - _ROUND_S, 0.0)

    def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the loop from any other thread."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> Future[Any]:
        """Start a coroutine on the loop and return at once."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    async def blocking(self, function: Callable[..., T], *args: Any) -> T:
        """Run a blocking function in a thread of the loop's pool."""
        return await asyncio.to_thread(function, *args)

    def close(self) -> None:
        """Cancel what runs, stop the loop and end its thread."""

        async def cancel_all() -> None:
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.loop.shutdown_default_executor()

        self.call(cancel_all())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


class InlineEventLoop:
    """A loop that runs in the caller's thread, only while something is called."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._loop = self._runner.get_loop()
        self._turn = threading.Lock()

    def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine here and now, one at a time."""
        # Not the runner's `run`: it changes the handler of SIGINT for each coroutine, and there are thousands.
        with self._turn:
            return self._loop.run_until_complete(coroutine)

    async def blocking(self, function: Callable[..., T], *args: Any) -> T:
        """Call the function: nothing else is waiting for the loop."""
        return function(*args)

    def close(self) -> None:
        """Close the loop."""
        self._runner.close()
