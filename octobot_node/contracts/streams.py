"""What exchanges say by themselves: prices and news of orders that nobody asked for just now.

A stream is never the truth: messages are lost, doubled and out of order. What is booked is asked for, and goes on being
asked for while a stream is heard; a stream only makes it sooner, or spares requests.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

__all__ = ["HearsOrders", "StreamState", "Streams"]


@dataclass(frozen=True, slots=True)
class StreamState:
    """One stream of a connector's that is in use.

    ``opening``: not heard yet. ``heard``: messages come, or its connection answers. ``down``: it broke, went silent or
    was refused, as ``reason`` says, and is opened again after a while; what it told is asked for meanwhile. ``since``
    is in ms UTC; ``breaks`` is how often it went down since the connector was opened.
    """

    of: Literal["prices", "orders"]
    status: Literal["opening", "heard", "down"]
    since: int
    reason: str = ""
    breaks: int = 0


@runtime_checkable
class Streams(Protocol):
    """A connector, of market data or trading, that listens to its exchange; for health and metrics."""

    def streams(self) -> Sequence[StreamState]:
        """Return the streams in use, at once and without asking anybody."""
        ...


@runtime_checkable
class HearsOrders(Protocol):
    """Trading that may hear of its account's orders before anybody asks."""

    async def hear_orders(self, heard: Callable[[], None]) -> None:
        """Listen until cancelled, and call ``heard`` whenever an order may have been filled or have ended.

        It is called, too, each time listening begins: what happened before was not heard. The account is asked then,
        soon; a call too many costs a few requests, one that is missing some seconds. What breaks is the connector's to
        mend. It returns by itself only where there is nothing to listen to.
        """
        ...
