"""How many addresses for signals there may be."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["WebhookSettings"]


class WebhookSettings(BaseModel):
    """Addresses for signals."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    per_owner: int = Field(default=200, ge=1, description="Addresses to the automations of one owner.")
