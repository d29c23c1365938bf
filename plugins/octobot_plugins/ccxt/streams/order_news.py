"""News of an account's orders: hints, and a check on whether there are any."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from octobot_node.clock import Clock
from octobot_node.contracts.streams import StreamState
from octobot_plugins.ccxt.reading import amount_of
from octobot_plugins.ccxt.remote import Remote
from octobot_plugins.ccxt.streams.listener import Listener, NotStreamed, WentSilent
from octobot_plugins.ccxt.streams.patience import Patience

__all__ = ["OrderListener"]


class OrderListener:
    """Listens for one account; ``saw`` and ``visible_after`` are how it learns that it hears nothing."""

    def __init__(self, remote: Remote, clock: Clock, visible_after: float) -> None:
        self._listener = Listener(remote, clock, "orders", Patience())
        self._title = remote.record.title
        #: How late (s) an exchange shows what it told.
        self.visible_after = visible_after
        self._tell: Callable[[], None] = lambda: None
        #: Seconds of the loop's clock: when an order's message came last, since when one is missed.
        self._told_at = 0.0
        self._missing_since: float | None = None
        self._asked_at: float | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def patience(self) -> Patience:
        """How long is waited for what."""
        return self._listener.patience

    @patience.setter
    def patience(self, patience: Patience) -> None:
        self._listener.patience = patience

    def states(self) -> Sequence[StreamState]:
        """Return how it is heard."""
        return self._listener.states

    async def hear(self, heard: Callable[[], None]) -> None:
        """Listen until cancelled or closed; ``heard`` is told of what may be a fill or an end."""
        self._tell = heard
        self._task = asyncio.ensure_future(self._listener.keep_up(self._watch, self._look, self._begun))
        try:
            await asyncio.wait({self._task})
        finally:
            await self.close()

    async def close(self) -> None:
        """Listen no more."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _watch(self, exchange: Any) -> None:
        if not exchange.has.get("watchOrders"):
            raise NotStreamed(f"ccxt has no stream of orders at {self._title}")
        orders = await exchange.watch_orders()
        self._told_at, self._missing_since = asyncio.get_running_loop().time(), None
        if any(_may_matter(order) for order in orders):
            self._tell()

    def _begun(self) -> None:
        self._missing_since = None
        self._tell()

    def asked(self, *, changed: bool) -> None:
        """Take note that the orders were asked for, and whether they had changed: what changed should be heard, too."""
        if self._listener.heard_since is None:
            self._asked_at = None
            return
        now, before = asyncio.get_running_loop().time(), self._asked_at
        self._asked_at = now
        # What was heard a while before that look may have been shown late.
        missed = before is not None and max(self._told_at, self._listener.heard_since) < before - self.visible_after
        if changed and missed and self._missing_since is None:
            self._missing_since = now

    def _look(self) -> None:
        since, grace = self._missing_since, self.patience.grace
        if since is not None and asyncio.get_running_loop().time() - since > grace:
            self._missing_since = None
            raise WentSilent(f"an order changed, and it said nothing of it for {grace:g} s")


def _may_matter(order: Any) -> bool:
    """Whether an order's message may be a fill or an end; what cannot be read may be anything."""
    try:
        return order.get("status") != "open" or bool(amount_of(order.get("filled")))
    except (AttributeError, ValueError):
        return True
