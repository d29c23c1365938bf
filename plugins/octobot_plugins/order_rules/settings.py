"""What may be traded; without any setting, everything."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field, field_validator

__all__ = ["OrderRulesSettings"]


class OrderRulesSettings(BaseModel):
    """The section ``order_rules``. Patterns are those of file names, such as ``*/USDT`` or ``BTC/*``.

    What is denied or limited is so in any case of letters (``btc/usdt``); what is allowed is so to the letter.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    allow: tuple[str, ...] = Field(
        default=(), description="Patterns of symbols that may be traded; none: all that are not denied."
    )
    deny: tuple[str, ...] = Field(default=(), description="Patterns of symbols that may not be traded.")
    max_order_quote: Mapping[str, Decimal] = Field(
        default={}, description="The largest order by its quote asset, such as {USDT = 1000}; fees not included."
    )

    @field_validator("max_order_quote")
    @classmethod
    def _check_sizes(cls, sizes: Mapping[str, Decimal]) -> Mapping[str, Decimal]:
        for asset, size in sizes.items():
            if not size.is_finite() or size < 0:
                raise ValueError(f"the largest order in {asset} must be a number that is not negative")
        return sizes
