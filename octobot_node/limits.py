"""Risk limits that an account or an automation may have."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Limits"]


class Limits(BaseModel):
    """What no decision may exceed; each is off unless given. The account's limits and the automation's both hold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_order_notional: Decimal | None = Field(
        default=None, gt=0, allow_inf_nan=False, description="The most one order may cost or bring, in its quote asset."
    )
    max_orders_per_minute: int | None = Field(
        default=None, ge=1, le=1_000_000, description="Orders sent in any minute at most."
    )
    max_open_orders: int | None = Field(
        default=None, ge=1, le=1_000_000, description="Orders planned, sent or resting at most."
    )
    price_collar: Decimal | None = Field(
        default=None,
        gt=0,
        allow_inf_nan=False,
        description="How far past the last price a limit order may go, as a ratio: 0.05 is 5 %.",
    )
    max_first_day: Decimal | None = Field(
        default=None,
        gt=0,
        allow_inf_nan=False,
        description="The most that all buys together may cost, in each quote asset, within 24 hours after the account"
        " went live, and by which sales may bring more than that: what was bought can be sold again.",
    )
    max_data_age: timedelta | None = Field(
        default=None, gt=timedelta(0), description="An order decided on older market data than this is not sent."
    )

    def tightened_by(self, account: Limits) -> Limits:
        """Return these limits of an automation with the account's limits on single orders in force as well.

        What the account limits by counting, over all its automations, stays apart.
        """
        stricter = {}
        for name in ("max_order_notional", "price_collar", "max_data_age"):
            pair = [value for value in (getattr(self, name), getattr(account, name)) if value is not None]
            stricter[name] = min(pair) if pair else None
        return self.model_copy(update=stricter)
