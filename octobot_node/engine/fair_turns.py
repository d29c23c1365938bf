"""A pass over what many owners have ends in time, however much there is to do, and the next one goes on with it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator

from octobot_node.store.turns import OwnedT, in_turn

__all__ = ["PASS_S", "Rounds"]

#: What a pass may take at what waits for networks: kill switches are moved on in the next one.
PASS_S = 1.0


class Rounds:
    """Goes through what there is for so many seconds at once, and the next time on from where it was."""

    def __init__(self, seconds: float | None, monotonic: Callable[[], float]) -> None:
        #: None: until the end.
        self._seconds = seconds
        self._monotonic = monotonic
        self._tried: set[Hashable] = set()

    def through(self, rows: Iterable[OwnedT]) -> Iterator[OwnedT]:
        """Yield rows, owners in turn: those first that this round has not come to."""
        found = in_turn(rows)
        self._tried &= {row.id for row in found}
        if len(self._tried) == len(found):
            self._tried.clear()
        until = None if self._seconds is None else self._monotonic() + self._seconds
        for row in [row for row in found if row.id not in self._tried]:
            self._tried.add(row.id)
            yield row
            if until is not None and self._monotonic() >= until:
                return
