"""Whether there is a dashboard, and where."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["DashboardSettings"]


class DashboardSettings(BaseModel):
    """The section ``dashboard``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = Field(default=True, description="Whether the node serves the dashboard beside its API.")
    port: int = Field(
        default=5001,
        ge=0,
        le=65_535,
        description="The dashboard's port, on the address that the API listens on; 0 for any that is free, which it"
        " also takes where the API does and this is not set.",
    )
