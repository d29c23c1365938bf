"""What whoever runs the node may set."""

from __future__ import annotations

from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["HelloSettings"]


class HelloSettings(BaseModel):
    """The section ``hello``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    largest_order: Decimal | None = Field(
        default=None, gt=0, description="No order may cost more than this, in its quote asset; not set: any may."
    )
