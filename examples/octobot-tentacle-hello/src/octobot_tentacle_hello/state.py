"""What it remembers from one tick to the next; the engine stores it as JSON."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

__all__ = ["HelloState"]


class HelloState(BaseModel):
    """How many rounds are done, and whether one is under way."""

    model_config = ConfigDict(frozen=True)

    rounds: int = 0
    holding: bool = False
