"""What a user fills in."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from octobot_node.fields import Symbol, either, form, hint

__all__ = ["DIGITS", "MOST_LEVELS", "GridConfig"]

#: Sums of money are exact with as many: products of amounts, prices and fees have fewer.
DIGITS = 60

#: Keeps products of amounts and prices far inside the digits that a tick computes with.
_MOST = Decimal(1_000_000_000_000)
MOST_LEVELS = 201


class GridConfig(BaseModel):
    """Buy ``amount`` on every level below the price, sell it one level higher, and again."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra=form(
            either("Range", {"Two prices": ["lower", "upper"], "Around the price": ["around"]}),
            either("Levels", {"How many": ["levels"], "How far apart": ["step"]}),
            either("Size", {"Amount": ["amount"], "Money": ["spend"]}),
            groups=["Range", "Levels", "Size", "Start", "Exits"],
        ),
    )

    symbol: Symbol = Field(title="Market", description="What to trade, as BASE/QUOTE.", examples=["BTC/USD"])
    lower: Decimal | None = Field(
        default=None,
        title="Lowest price",
        gt=0,
        le=_MOST,
        description="The lowest level, in quote; give this and `upper`, or `around`.",
        examples=["40000"],
        json_schema_extra=hint(group="Range", unit="quote", widget="price"),
    )
    upper: Decimal | None = Field(
        default=None,
        title="Highest price",
        gt=0,
        le=_MOST,
        description="The highest level, in quote; give this and `lower`, or `around`.",
        examples=["50000"],
        json_schema_extra=hint(group="Range", unit="quote", widget="price"),
    )
    around: Decimal | None = Field(
        default=None,
        title="Percent around the price",
        gt=0,
        lt=100,
        description="Lay the levels out from so many percent below the price at which the grid starts to as many above"
        " it, instead of `lower` and `upper`.",
        examples=["5"],
        json_schema_extra=hint(group="Range", unit="%", widget="percent"),
    )
    levels: int | None = Field(
        default=None,
        title="Levels",
        ge=2,
        le=MOST_LEVELS,
        description="How many levels, both ends included; give this or `step`.",
        examples=[21],
        json_schema_extra=hint(group="Levels"),
    )
    step: Decimal | None = Field(
        default=None,
        title="Step in percent",
        gt=0,
        le=1000,
        description="Percent between neighbouring levels, of the level below (geometric) or of `lower` (arithmetic);"
        " give this or `levels`.",
        examples=["0.5"],
        json_schema_extra=hint(group="Levels", unit="%", widget="percent"),
    )
    spacing: Literal["arithmetic", "geometric"] = Field(
        default="arithmetic",
        title="Spacing",
        description="Neighbouring levels are the same distance apart (arithmetic) or the same percentage (geometric).",
        json_schema_extra=hint(
            group="Levels", advanced=True, labels={"arithmetic": "Same distance", "geometric": "Same percentage"}
        ),
    )
    amount: Decimal | None = Field(
        default=None,
        title="Amount per level",
        gt=0,
        le=_MOST,
        description="Base bought on each level; give this or `spend`.",
        examples=["0.001"],
        json_schema_extra=hint(group="Size", unit="base"),
    )
    spend: Decimal | None = Field(
        default=None,
        title="Spend per level",
        gt=0,
        le=_MOST,
        description="Quote spent on each level, before fees; give this or `amount`.",
        examples=["50"],
        json_schema_extra=hint(group="Size", unit="quote"),
    )
    start: Literal["buy", "wait"] = Field(
        default="buy",
        title="Start",
        description="buy: begin by buying at market what the levels above the price are to sell."
        " wait: buy nothing at market; levels above the price begin once it has risen past them.",
        json_schema_extra=hint(
            group="Start",
            labels={"buy": "Buy at market what the upper levels are to sell", "wait": "Buy nothing at market"},
        ),
    )
    stop_loss_price: Decimal | None = Field(
        default=None,
        title="Stop-loss price",
        gt=0,
        le=_MOST,
        description="At or below this price, close the grid.",
        json_schema_extra=hint(group="Exits", unit="quote", widget="price"),
    )
    stop_loss_percent: Decimal | None = Field(
        default=None,
        title="Stop-loss in percent",
        gt=0,
        le=100,
        description="Once the whole has lost this many percent of what the grid is worth at its start, close it.",
        json_schema_extra=hint(group="Exits", unit="%", widget="percent"),
    )
    take_profit_price: Decimal | None = Field(
        default=None,
        title="Take-profit price",
        gt=0,
        le=_MOST,
        description="At or above this price, close the grid.",
        json_schema_extra=hint(group="Exits", unit="quote", widget="price"),
    )
    take_profit_percent: Decimal | None = Field(
        default=None,
        title="Take-profit in percent",
        gt=0,
        le=10_000,
        description="Once the whole has gained this many percent of what the grid is worth at its start, close it.",
        json_schema_extra=hint(group="Exits", unit="%", widget="percent"),
    )
    max_orders_per_side: int | None = Field(
        default=None,
        title="Orders per side at most",
        ge=1,
        le=MOST_LEVELS,
        description="Only this many buys and this many sells rest at a time, those nearest to the price; all, if left"
        " out.",
        json_schema_extra=hint(group="Exits", advanced=True),
    )

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        if (self.levels is None) == (self.step is None):
            raise ValueError("levels and step are two ways to space the grid: give one of them")
        if (self.amount is None) == (self.spend is None):
            raise ValueError("amount (in base) and spend (in quote) are two ways to size a level: give one of them")
        return self

    @model_validator(mode="after")
    def _one_range(self) -> Self:
        fixed = self.lower is not None, self.upper is not None
        if fixed != (self.around is None,) * 2:
            raise ValueError("the range is either lower and upper, or around: give the two prices, or the percentage")
        if self.around is not None and (self.stop_loss_price is not None or self.take_profit_price is not None):
            raise ValueError(
                "a range around the price has no fixed price to stop at: use stop_loss_percent and the like"
            )
        return self

    @model_validator(mode="after")
    def _range_fits(self) -> Self:
        if self.lower is None or self.upper is None:
            return self
        if self.lower >= self.upper:
            raise ValueError(f"lower {self.lower:f} is not below upper {self.upper:f}: swap them or widen the range")
        if self.stop_loss_price is not None and self.stop_loss_price > self.lower:
            raise ValueError(
                f"stop_loss_price {self.stop_loss_price:f} is inside the range:"
                f" set it to {self.lower:f} (lower) or less"
            )
        if self.take_profit_price is not None and self.take_profit_price < self.upper:
            raise ValueError(
                f"take_profit_price {self.take_profit_price:f} is inside the range:"
                f" set it to {self.upper:f} (upper) or more"
            )
        return self

    @model_validator(mode="after")
    def _step_fits(self) -> Self:
        if self.step is None:
            return self
        # How many there are does not depend on where a range around the price lies.
        count = len(self.laid_out(Decimal(1)).prices(MOST_LEVELS + 1))
        if count < 2:
            raise ValueError(f"a step of {self.step:f} % is wider than the range: lower it or widen the range")
        if count > MOST_LEVELS:
            raise ValueError(
                f"a step of {self.step:f} % makes more than {MOST_LEVELS} levels: raise it or narrow the range"
            )
        return self

    @property
    def base(self) -> str:
        """The asset that is traded."""
        return self.symbol.partition("/")[0]

    @property
    def quote(self) -> str:
        """The asset that it is paid with."""
        return self.symbol.partition("/")[2]

    def laid_out(self, center: Decimal) -> GridConfig:
        """Return the config with its range in prices; one around the price lies around ``center``."""
        if self.around is None:
            return self
        with localcontext(prec=DIGITS):
            reach = center * self.around / 100
            return self.model_copy(update={"lower": center - reach, "upper": center + reach})

    @property
    def ends(self) -> tuple[Decimal, Decimal]:
        """The lowest and the highest level, of a config that is laid out."""
        assert self.lower is not None
        assert self.upper is not None
        return self.lower, self.upper

    @property
    def layout(self) -> str:
        """What the levels and their sizes depend on: an edit that leaves it alone leaves the orders alone."""
        sizes = (self.lower, self.upper, self.step, self.amount, self.spend)
        numbers = [format(size.normalize(), "f") if size is not None else "" for size in sizes]
        return " ".join([self.spacing, str(self.levels or ""), *numbers])

    def prices(self, most: int = MOST_LEVELS) -> list[Decimal]:
        """Return the levels of a config that is laid out, lowest first, at most so many; not on the price step yet."""
        geometric = self.spacing == "geometric"
        lower, upper = self.ends
        # The same digits whoever asks: a level that just fits when validated must fit in a tick.
        with localcontext(prec=DIGITS):
            if self.levels is not None:
                return _between(lower, upper, self.levels, geometric=geometric)
            assert self.step is not None
            return _stepwise(lower, upper, self.step / 100, most, geometric=geometric)


def _stepwise(lower: Decimal, upper: Decimal, ratio: Decimal, most: int, *, geometric: bool) -> list[Decimal]:
    prices = [lower]
    while len(prices) < most:
        nearest = prices[-1] * (1 + ratio) if geometric else prices[-1] + lower * ratio
        if nearest > upper:
            break
        prices.append(nearest)
    return prices


def _between(lower: Decimal, upper: Decimal, count: int, *, geometric: bool) -> list[Decimal]:
    gaps = count - 1
    if not geometric:
        return [lower + (upper - lower) * level / gaps for level in range(count)]
    ratio, prices = (upper / lower) ** (1 / Decimal(gaps)), [lower]
    for _ in range(gaps - 1):
        prices.append(prices[-1] * ratio)
    # The last digit of a root is rounded: the top is what the user wrote.
    return [*prices, upper]
