"""What shapes a simulated market."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from octobot_node.fields import Symbol

__all__ = ["SimulatedSettings", "step_problem"]

Price = Annotated[Decimal, Field(ge=Decimal("1e-12"), le=Decimal("1e9"), allow_inf_nan=False)]
Ratio = Annotated[Decimal, Field(ge=0, lt=1, allow_inf_nan=False)]
Least = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]
#: No step is coarser than this part of a price: a target that is a few percent away would be rounded beyond it.
_COARSEST = Decimal("0.01")


class SimulatedSettings(BaseModel):
    """Settings of the ``simulated`` market data."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(default=0, description="Another seed is another history of every symbol.")
    prices: dict[Symbol, Price] = Field(
        default_factory=dict,
        description="The price around which a symbol moves, in quote; by default near the real one of BTC, ETH and a"
        " few others, else derived from the symbol.",
    )
    volatility: Decimal = Field(
        default=Decimal("0.6"),
        ge=0,
        le=5,
        allow_inf_nan=False,
        description="Volatility of a year, as a ratio: 0.6 is 60 %.",
    )
    trend: Decimal = Field(
        default=Decimal(0),
        ge=-3,
        le=3,
        allow_inf_nan=False,
        description="Growth of the price's logarithm in a year, from 2025-01-01 UTC; 0 moves around the start price.",
    )
    spread_bps: Decimal = Field(
        default=Decimal(2),
        ge=0,
        le=1_000,
        allow_inf_nan=False,
        description="Ask minus bid, in hundredths of a percent.",
    )
    price_step: Decimal | None = Field(
        default=None,
        gt=0,
        allow_inf_nan=False,
        description="Smallest step of a price, at most 1 % of it; by default a cent, and finer below 10,000.",
    )
    amount_step: Decimal = Field(
        default=Decimal("0.00000001"), gt=0, allow_inf_nan=False, description="Smallest step of an amount, in base."
    )
    min_amount: Least = Field(default=Decimal(0), description="Smallest amount of an order, in base.")
    min_notional: Least = Field(
        default=Decimal(0), description="Smallest order, amount times price, in quote: what an exchange would refuse."
    )
    taker_fee: Ratio = Field(default=Decimal("0.001"), description="Fee of an order that takes; 0.001 is 0.1 %.")
    maker_fee: Ratio = Field(default=Decimal("0.001"), description="Fee of an order that rested; 0.001 is 0.1 %.")
    fee_in: Literal["received", "quote"] = Field(
        default="received", description="The asset that pays the fee: the one received, or always the quote asset."
    )

    @model_validator(mode="after")
    def _fits_the_prices(self) -> SimulatedSettings:
        for symbol, price in self.prices.items():
            problem = step_problem(self.price_step, symbol, price)
            if problem is not None:
                raise ValueError(problem)
        return self


def step_problem(step: Decimal | None, symbol: str, price: Decimal) -> str | None:
    """Return why ``step`` is too coarse for a market around ``price``, or None."""
    if step is None or step <= price * _COARSEST:
        return None
    return (
        f"price_step {step:f} is {step / price:.3g} of {symbol}'s price {price:f}, and 0.01 is the most: every limit"
        " order would be rounded away from where it belongs; make it finer, or leave it out"
    )
