"""How many may read events live, and how."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["EventsSettings"]


class EventsSettings(BaseModel):
    """The section ``events``. Durations are in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    streams: int = Field(default=200, ge=1, le=900, description="Readers of live events that a node takes at once.")
    streams_per_user: int = Field(default=20, ge=1, le=900, description="So many of them of one user.")
    remembered: int = Field(
        default=10_000,
        ge=100,
        le=1_000_000,
        description="Newest events that a node with readers keeps in memory; readers further behind read the database.",
    )
    prices_per_user: int = Field(
        default=200, ge=1, le=10_000, description="Symbols whose prices one user follows live, over all their streams."
    )
    prices: int = Field(default=2_000, ge=1, le=100_000, description="Symbols whose prices are followed live in all.")
    replays: int = Field(default=500, ge=1, le=10_000, description="Replays that are followed on live streams in all.")
    keep_alive: float = Field(
        default=15.0, ge=0.1, le=300, description="A sign of life is sent when nothing happened for so long."
    )
    check_callers: float = Field(
        default=30.0, ge=0.1, le=60, description="A reader's key or session is checked again after so long at most."
    )
