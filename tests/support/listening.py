"""The end of a server of a test's own."""

from __future__ import annotations

import asyncio

__all__ = ["ROUNDS", "listened_out"]

#: Rounds of the loop in which a connection that was taken is handed to whoever serves it.
ROUNDS = 5


async def listened_out(server: asyncio.Server) -> None:
    """Listen no more, and see every connection that was taken just now in its handler's hands.

    One that is taken while the loop ends belongs to nobody, who would close it.
    """
    server.close()
    for _ in range(ROUNDS):
        await asyncio.sleep(0)
