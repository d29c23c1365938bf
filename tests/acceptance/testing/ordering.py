"""Orders as the tests of the hostile exchange send them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from octobot_node.contracts.exchanges import ExchangeOrder, OrderRequest
from octobot_node.errors import ExchangeError

Play = Callable[..., Any]


def now() -> int:
    return time.time_ns() // 1_000_000


def market(client: str = "c1", *, intent: str = "", symbol: str = "BTC/USD", **changes: Any) -> OrderRequest:
    order = OrderRequest(
        intent_id=intent or f"intent of {client}",
        client_order_id=client,
        symbol=symbol,
        side="buy",
        type="market",
        amount=Decimal("0.1"),
        spend=None,
        price=None,
        stop=None,
        tif="gtc",
        post_only=False,
        expires_at=now() + 5_000,
    )
    return replace(order, **changes)


def limit(client: str = "c1", *, price: int = 100, **changes: Any) -> OrderRequest:
    return market(client, type="limit", price=Decimal(price), **changes)


async def outcome(attempt: Awaitable[Any]) -> Any:
    """Return the answer's status, or the kind of error that an attempt ended in."""
    try:
        found = await attempt
    except ExchangeError as error:
        return type(error)
    return found.status if isinstance(found, ExchangeOrder) else found


async def until(question: Callable[[], Awaitable[Any]], seconds: float = 5) -> Any:
    """Ask again and again until there is an answer."""
    deadline = time.monotonic() + seconds
    while not (answer := await question()):
        assert time.monotonic() < deadline, "it never happened"
        await asyncio.sleep(0.005)
    return answer
