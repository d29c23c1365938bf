"""What an account's exchange says of orders by itself: a reason to ask it now, and nothing more."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import structlog

from octobot_node.engine.market.metered_connectors import hearing_orders

if TYPE_CHECKING:
    from octobot_node.engine.market.account import Account

__all__ = ["OrderNews"]

log = structlog.get_logger(__name__)
#: Many messages come together: the account is asked no more often than this because of them.
_LEAST_S = 0.5
#: What was heard may be shown later, as late as the exchange shows an order, and a little more.
_MARGIN_S = 2.0


class OrderNews:
    """One account's, while it is watched; used on the I/O loop alone."""

    def __init__(self, poke: asyncio.Event) -> None:
        self._poke = poke
        self._news = asyncio.Event()
        self._account: Account | None = None
        self._listening: asyncio.Task[None] | None = None
        self._asked_at = 0.0
        self._heard_at: float | None = None

    def listen_to(self, account: Account | None) -> None:
        """Listen to an account's connector as it is opened now, if it hears of orders."""
        if account is None or (self._account is not None and self._account.trading is account.trading):
            return
        self._stop()
        self._account = account
        trading = hearing_orders(account.trading)
        if trading is not None:
            self._listening = asyncio.get_running_loop().create_task(trading.hear_orders(self._heard))
            self._listening.add_done_callback(_said)

    def asking(self) -> None:
        """Take note that the account is asked now."""
        self._news.clear()
        self._asked_at = time.monotonic()

    def settled(self, *, changed: bool) -> None:
        """Take note of whether that brought anything new."""
        if changed:
            self._heard_at = None

    async def wait(self, seconds: float) -> bool:
        """Wait, or until something is heard; return whether it was."""
        try:
            async with asyncio.timeout(self.sooner(seconds)):
                await self._news.wait()
        except TimeoutError:
            return False
        await asyncio.sleep(max(self._asked_at + _LEAST_S - time.monotonic(), 0))
        return True

    def sooner(self, seconds: float) -> float:
        """Return how long to wait after something was heard that the exchange does not show yet: less than usual."""
        if self._heard_at is None or self._account is None:
            return seconds
        ago = time.monotonic() - self._heard_at
        if ago > self._account.capabilities.visibility_lag_ms / 1_000 + _MARGIN_S:
            self._heard_at = None
            return seconds
        return min(seconds, max(ago, _LEAST_S))

    def _heard(self) -> None:
        self._heard_at = time.monotonic()
        self._news.set()
        self._poke.set()

    async def end(self) -> None:
        """Listen no more."""
        listening = self._listening
        self._stop()
        if listening is not None:
            await asyncio.wait([listening])

    def _stop(self) -> None:
        if self._listening is not None:
            self._listening.cancel()
        self._account = self._listening = None


def _said(listening: asyncio.Task[None]) -> None:
    if not listening.cancelled() and (error := listening.exception()) is not None:
        log.warning("orders_not_heard", error=str(error) or type(error).__name__)
