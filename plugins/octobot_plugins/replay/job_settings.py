"""How many replays run at once, and what users may have of them and of candles."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["ReplaysSettings"]


class ReplaysSettings(BaseModel):
    """The section ``replays``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at_once: int = Field(
        default=1, ge=0, le=64, description="Replays that a node runs at once, each in a process of its own; 0: none."
    )
    niceness: int = Field(
        default=10, ge=0, le=19, description="By how much their processes give way to the node's own; 19 the most."
    )
    memory_mb: int = Field(default=2_048, ge=256, description="Memory of a replay's process at most.")
    per_user: int = Field(default=20, ge=1, description="Replays of one owner that wait or run.")
    kept_per_user: int = Field(default=500, ge=1, description="Replays of one owner that are over and kept.")
    keep_days: float = Field(
        default=90.0, ge=0, description="Replays are deleted so many days after they ended; 0: never."
    )
    upload_mb: int = Field(default=100, ge=1, le=10_000, description="Megabytes of one file of candles at most.")
    candles_mb_per_user: int = Field(default=2_000, ge=1, description="Megabytes of candles of one owner, together.")
    import_seconds: float = Field(
        default=25.0, ge=1, le=25, description="How long a file of candles may take to be read when it is imported."
    )
    streams_per_user: int = Field(
        default=10, ge=1, le=100, description="Readers of the progress of replays that one user may have on a node."
    )
