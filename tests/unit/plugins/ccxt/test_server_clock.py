"""How far an exchange's clock is from this machine's, as far as its answer tells."""

from __future__ import annotations

import asyncio

import pytest

from octobot_node.clock import VirtualClock
from octobot_plugins.ccxt.server_clock import ServerClock

NOW = 1_796_000_000_000


@pytest.mark.parametrize(
    ("step", "theirs", "took", "ahead"),
    [
        # Half of the way there and back.
        (1, NOW + 5_050, 100, 5_000),
        (1, NOW - 2_950, 100, -3_000),
        # Within the time that its answer took nothing is told.
        (1, NOW + 60, 100, 0),
        # Whole seconds: 853 ms ago was the same second.
        (1_000, NOW - 853, 40, 0),
        (1_000, NOW + 10_000, 0, 10_499),
    ],
)
def test_clocks_are_apart_by_what_no_delay_explains(step: int, theirs: int, took: int, ahead: int) -> None:
    clock = VirtualClock(NOW)
    server = ServerClock(clock, step)
    asked = []

    async def ask() -> int:
        asked.append(clock.now())
        clock.advance_to(clock.now() + took)
        return theirs

    async def twice() -> None:
        await server.compare(ask)
        await server.compare(ask)

    asyncio.run(twice())
    assert (server.ahead, server.took, server.now()) == (ahead, took, NOW + took + ahead)
    # Once in ten minutes, or when it is doubted.
    assert asked == [NOW]
    due = [server.is_due]
    server.doubt()
    due.append(server.is_due)
    asyncio.run(server.compare(ask))
    due.append(server.is_due)
    clock.advance_to(clock.now() + 600_001)
    assert [*due, server.is_due] == [False, True, False, True]
