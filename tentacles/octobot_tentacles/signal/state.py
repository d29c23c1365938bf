"""What a signal trader remembers between two ticks."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["SignalState"]


class SignalState(BaseModel):
    """Counts of signals for people, and what the position rules need."""

    model_config = ConfigDict(frozen=True)

    traded: int = 0
    ignored: int = 0
    refused: int = 0
    #: symbol -> when its last buy was ordered, for the cool-down.
    bought_at: dict[str, datetime] = Field(default_factory=dict)
    #: Symbols to be sold out: what a buy still brings in is sold too, until nothing is held or under way.
    closing: tuple[str, ...] = ()
    #: Open orders we have asked to cancel.
    cancelling: tuple[str, ...] = ()
