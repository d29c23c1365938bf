"""The end of an engine whose connections other threads may still have in hand."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

__all__ = ["close_engine"]


def close_engine(engine: sa.Engine) -> None:
    """Close an engine's connections: those nobody has in hand now, every other one when it is given back.

    ``Engine.dispose`` alone forgets those in hand, and they stay open until the garbage collector happens on them: a
    thread that outlives its node would keep a server's session, or a file that is about to be moved.
    """
    sa.event.listen(engine, "checkin", _close)
    engine.dispose()


def _close(connection: Any, record: sa.pool.ConnectionPoolEntry) -> None:
    if connection is not None:
        record.invalidate()
