"""What tells a person something: a notifier, and the notice it is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

__all__ = ["Notice", "Notifier"]


@dataclass(frozen=True, slots=True)
class Notice:
    """One message of an automation to its owner; ``at`` is in ms UTC."""

    id: str
    owner: str
    automation: str
    level: str
    message: str
    at: int


class Notifier(Protocol):
    """A way to reach a person."""

    name: str

    async def notify(self, notice: Notice) -> None:
        """Deliver ``notice``; an exception means it is tried again later."""
        ...
