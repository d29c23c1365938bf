"""What an automation does next, as a sentence for people: its author's words where there are some."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["NextStep", "in_words", "next_step"]

#: What an author writes where the time belongs.
WHEN = "{when}"
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
_ENDED = {"stopped": "does nothing any more: it has stopped", "completed": "does nothing any more: it has completed"}
_ENDING = "ends once its orders are settled"


@dataclass(frozen=True, slots=True)
class NextStep:
    """What is known of an automation: its author's words, "" for none, and how many seconds it is to its next run."""

    status: str
    reason: str = ""
    described: str = ""
    #: None: only something else wakes it.
    due_in: float | None = None
    #: {"above": {symbol: price}, "below": {…}}
    levels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def next_step(known: NextStep) -> str:
    """Return it without subject and full stop; ``{when}`` in it is to be replaced by ``in_words``."""
    why = f": {known.reason}" if known.reason else ""
    match known.status:
        case "active":
            return known.described or _by_itself(known)
        case "waiting":
            return f"waits{why}"
        case "paused":
            return "does nothing until it is resumed"
        case "held":
            return f"does nothing: it is held{why}"
        case "failed":
            return f"does nothing until it is resumed: it has failed{why}"
        case "stopping" | "completing":
            return _ENDING
        case _:
            return _ENDED.get(known.status, f"is {known.status}")


def in_words(seconds: float | None) -> str:
    """Return how long it is until then: ``in 41 s``, ``in 3 h 20 min``; None is when something wakes it."""
    if seconds is None:
        return "when something wakes it"
    left = round(seconds)
    if left <= 0:
        return "now"
    told: list[str] = []
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        if count:
            told.append(f"{count} {unit}")
        if told and len(told) == 2:
            break
    return f"in {' '.join(told)}"


def _by_itself(known: NextStep) -> str:
    levels = [
        f"{symbol} is at {price} or {side}"
        for side in ("below", "above")
        for symbol, price in known.levels.get(side, {}).items()
    ]
    at_a_price = f"when {' or '.join(levels)}" if levels else ""
    if known.due_in is None:
        return f"decides again {at_a_price or 'when a fill or a signal wakes it'}"
    return f"decides again {WHEN}{f', or {at_a_price}' if at_a_price else ''}"
