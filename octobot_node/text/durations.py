"""Durations as people write them: ``30s``, ``5m``, ``1h30m``."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

from octobot_node.text.patterns import told_as

__all__ = ["DURATION_PATTERN", "parse_duration"]

_UNITS_MS = {"w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
_PIECE = r"[0-9]{1,9}(?:\.[0-9]{1,3})?(?:ms|w|d|h|m|s)"

#: A regular expression that matches what ``parse_duration`` reads.
DURATION_PATTERN = told_as("a duration: write one such as 30s, 5m or 1h30m", rf"^(?:{_PIECE})+$")


def parse_duration(text: str) -> timedelta:
    """Return the duration that ``text`` names, to the millisecond: numbers with ms, s, m, h, d or w.

    Raises ValueError, with what to write instead, for anything else and for a duration of nothing.
    """
    if not re.fullmatch(DURATION_PATTERN, text):
        raise ValueError(
            f"{text!r} is not a valid duration: write a number and a unit (ms, s, m, h, d, w), such as '30s' or '5m'"
        )
    total = Decimal(0)
    for piece in re.findall(_PIECE, text):
        unit = piece.lstrip("0123456789.")
        total += Decimal(piece.removesuffix(unit)) * _UNITS_MS[unit]
    if total < 1:
        raise ValueError(f"{text!r} is too short: give at least '1ms'")
    try:
        return timedelta(milliseconds=int(total))
    except OverflowError:
        raise ValueError(f"{text!r} is longer than time itself: give less than a million years") from None
