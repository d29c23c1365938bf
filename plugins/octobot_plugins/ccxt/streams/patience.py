"""How long is waited for what."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Patience"]


@dataclass(frozen=True, slots=True)
class Patience:
    """Times of a stream, in seconds.

    After ``silence`` without any message, ping or pong a connection is taken for dead. Where an answer to a question
    shows what the stream should have told, it has ``grace`` to do so. A price is taken from a stream for ``fresh``
    after it was told, and then asked for. ``back_off`` is how long is waited after the first break, twice as long after
    each further one up to ``longest``, and after a refused key ``refused``.
    """

    silence: float = 40.0
    grace: float = 5.0
    fresh: float = 5.0
    back_off: float = 1.0
    longest: float = 60.0
    refused: float = 300.0
    #: How often is looked.
    look: float = 1.0
    #: A connection that was heard for so long begins anew without waiting.
    well: float = 60.0
    #: A price that nobody asked for in so long is not listened to any more.
    unused: float = 120.0
    #: Prices are listened to that were asked for three times, in no less than this.
    wanted: float = 3.0
