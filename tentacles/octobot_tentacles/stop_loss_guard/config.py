"""What a user fills in."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from octobot_node.fields import AutomationName, Symbol, form, hint

__all__ = ["StopLossGuardConfig"]

#: Keeps products of prices and percents far inside Decimal's 28 digits.
_MOST = Decimal(1_000_000_000_000)


class StopLossGuardConfig(BaseModel):
    """Watch a position of another automation, and act when the price falls to the highest of the given stops."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra=form(groups=["Stops", "Then"]))

    automation: AutomationName = Field(
        title="Automation",
        description="The name of the automation that holds the position.",
        examples=["dca-btc"],
    )
    symbol: Symbol = Field(title="Symbol", description="The position to watch, as BASE/QUOTE.", examples=["BTC/USD"])
    loss: Decimal | None = Field(
        default=None,
        title="Loss",
        gt=0,
        lt=100,
        description="Stop at this many percent below the position's average cost.",
        examples=["5"],
        json_schema_extra=hint(group="Stops", unit="%", widget="percent"),
    )
    price: Decimal | None = Field(
        default=None,
        title="Price",
        gt=0,
        le=_MOST,
        description="Stop at this price.",
        examples=["30000"],
        json_schema_extra=hint(group="Stops", unit="quote", widget="price"),
    )
    trailing: Decimal | None = Field(
        default=None,
        title="Trailing",
        gt=0,
        lt=100,
        description="Stop at this many percent below the highest price since the position was opened.",
        examples=["8"],
        json_schema_extra=hint(group="Stops", unit="%", widget="percent"),
    )
    action: Literal["close", "stop", "pause", "notify"] = Field(
        default="close",
        title="Action",
        description="What to do: `close` stops the automation and sells what it holds, at market; `stop` stops it,"
        " `pause` lets it make no more decisions, `notify` only tells you.",
        json_schema_extra=hint(
            group="Then",
            labels={
                "close": "Stop it, and sell what it holds",
                "stop": "Stop it",
                "pause": "Pause it",
                "notify": "Tell me only",
            },
        ),
    )
    once: bool = Field(
        default=True,
        title="Once",
        description="Complete after acting; otherwise go on guarding whatever bears that name.",
        json_schema_extra=hint(group="Then", advanced=True),
    )

    @model_validator(mode="after")
    def _has_a_stop(self) -> Self:
        if self.loss is None and self.price is None and self.trailing is None:
            raise ValueError("there is no stop: give loss, price or trailing, or several of them")
        return self
