"""When an account's exchange answered last, and what it said: for people who look, never for decisions."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

__all__ = ["Contact"]

#: So often at most it is written down that an exchange answered: an account with resting orders is asked all the time.
_NOTED_MS = 60_000


@dataclass(slots=True)
class Contact:
    """What this process knows of an account's exchange; moments are ms UTC, 0 is never."""

    answered_at: int = 0
    failed_at: int = 0
    #: How the last request failed that did; what looks like a secret in it is masked.
    error: str = ""
    #: What it said that the account has, and when.
    balances: Mapping[str, Decimal] = field(default_factory=dict)
    balances_at: int = 0
    #: Held while it is asked for balances: whoever waited finds what the one before was told.
    asking: threading.Lock = field(default_factory=threading.Lock)
    noted_at: int = 0

    def is_news(self) -> bool:
        """Whether an answer is to be written down that is newer than the last one that was."""
        return self.answered_at > 0 and self.answered_at - self.noted_at >= _NOTED_MS
