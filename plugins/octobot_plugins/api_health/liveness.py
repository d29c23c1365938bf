"""Whether the engine goes round."""

from __future__ import annotations

import time

from octobot_node.engine.core import Core

__all__ = ["Liveness"]

#: A loop that has not gone round for so long hangs: whoever asks may start the process again.
_STUCK_S = 60.0
#: After an outage of the database loops wait for their next try, DBOS's for up to 90 s.
_GRACE_S = 120.0


class Liveness:
    """Remembers when the database was last away: without one nothing can go round, and no restart would help."""

    def __init__(self) -> None:
        self._lost_at = -_GRACE_S

    def is_stuck(self, core: Core) -> bool:
        """Whether the engine makes no progress, though it could; asks no database."""
        now = time.monotonic()
        if core.storage.lost():
            self._lost_at = now
        return core.still_for() > _STUCK_S and now - self._lost_at > _GRACE_S
