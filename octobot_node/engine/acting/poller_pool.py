"""Keep one task per account that has live orders; an account without costs nothing."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from octobot_node.engine.acting.account_poller import AccountPoller
from octobot_node.engine.acting.order_news import OrderNews
from octobot_node.engine.workers.event_loop import ThreadedEventLoop
from octobot_node.engine.workers.step_failures import StepFailures
from octobot_node.errors import StorageUnavailable
from octobot_node.store import intents

if TYPE_CHECKING:
    from octobot_node.engine.core import Core

__all__ = ["PollerPool"]


class PollerPool:
    """One task per account with live orders, on the I/O loop; an account without costs nothing."""

    def __init__(self, core: Core, poller: AccountPoller, event_loop: ThreadedEventLoop) -> None:
        self._core = core
        self._poller = poller
        self._event_loop = event_loop
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._pokes: dict[str, asyncio.Event] = {}
        self._main: Future[Any] | None = None
        self._failures = StepFailures()

    def start(self) -> None:
        """Begin to look for accounts to watch."""
        self._main = self._event_loop.spawn(self._look())

    def stop(self) -> None:
        """End every task and wait for them."""

        async def end() -> None:
            tasks = list(self._tasks.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        if self._main is not None:
            self._main.cancel()
        self._event_loop.call(end())

    def poke(self, account_id: str) -> None:
        """Have an account watched soon, by the node that it falls to; from any thread."""
        if self._core.coordinator.watches(account_id):
            self.take_up(account_id)
        else:
            self._core.storage.announce(f"watch {account_id}")

    def take_up(self, account_id: str) -> None:
        """Watch an account soon, if it falls to this node; from any thread."""
        if not self._core.coordinator.watches(account_id):
            return
        self._event_loop.loop.call_soon_threadsafe(self._begin, account_id)

    def _begin(self, account_id: str) -> None:
        self._pokes.setdefault(account_id, asyncio.Event()).set()
        if account_id not in self._tasks:
            self._tasks[account_id] = self._event_loop.loop.create_task(self._watch(account_id))

    async def _look(self) -> None:
        while True:
            try:
                for account_id in await self._event_loop.blocking(self._accounts):
                    if account_id not in self._tasks:
                        self._begin(account_id)
            except StorageUnavailable:
                pass  # said once by the storage
            except Exception as error:  # noqa: BLE001 - whatever it is, the next pass is to come
                self._failures.tell("look for accounts", error)
            await asyncio.sleep(self._core.settings.sweep_interval)

    def _accounts(self) -> list[str]:
        with self._core.storage.read() as connection:
            found = intents.accounts_to_watch(connection)
        return [account_id for account_id in found if self._core.coordinator.watches(account_id)]

    async def _watch(self, account_id: str) -> None:
        settings = self._core.settings
        interval = settings.watch_interval
        news = OrderNews(self._pokes[account_id])
        try:
            while self._core.coordinator.watches(account_id):
                poke = self._pokes[account_id]
                poke.clear()
                news.asking()
                changed = await self._pass(account_id)
                if changed is None and not poke.is_set():
                    return
                news.listen_to(self._core.accounts.opened(account_id))
                news.settled(changed=bool(changed))
                interval = settings.watch_interval if changed else min(interval * 2, settings.watch_interval_max)
                await self._wait(poke, news, interval)
        finally:
            self._tasks.pop(account_id, None)
            await news.end()

    async def _pass(self, account_id: str) -> bool | None:
        try:
            return await self._poller.watch(account_id)
        except StorageUnavailable:
            return False  # said once by the storage
        except Exception as error:  # noqa: BLE001 - whatever it is, the next pass is to come
            self._failures.tell("watch", error, account=account_id)
            return False

    async def _wait(self, poke: asyncio.Event, news: OrderNews, interval: float) -> None:
        # Never faster than watch_interval, poked or not: sends come in bursts. What an exchange says by itself is rare.
        if await news.wait(min(interval, self._core.settings.watch_interval)):
            return
        try:
            async with asyncio.timeout(news.sooner(interval)):
                await poke.wait()
        except TimeoutError:
            pass
