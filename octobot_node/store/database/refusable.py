"""What is written for somebody who sends it again when it is refused: a signal, a request, whose senders give up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["patience", "refusable"]

_PATIENCE: ContextVar[float | None] = ContextVar("patience", default=None)
#: Senders of alerts give up after three seconds.
_WITHIN_S = 2.0


@contextmanager
def refusable(within: float | None = None) -> Iterator[None]:
    """Let each writing transaction in here raise StorageUnavailable rather than wait for others for longer."""
    before = _PATIENCE.set(_WITHIN_S if within is None else within)
    try:
        yield
    finally:
        _PATIENCE.reset(before)


def patience() -> float | None:
    """Return how long a writing transaction of the running context may wait for its turn, in seconds; None: as ever."""
    return _PATIENCE.get()
