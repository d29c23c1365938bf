"""Whether an account's exchange can be reached, and other keys for it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from octobot_node.operations.models import Response
from octobot_node.operations.trading.models.accounts import OneAccount
from octobot_node.specs import Amount

__all__ = ["AccountChecked", "CheckStep", "RotateKeys", "StrangerOrder"]


class CheckStep(Response):
    """One thing that an exchange was asked for."""

    what: Literal["open", "market_data", "balances", "open_orders", "permissions", "clock"] = Field(
        description="Whether its connectors open; whether prices come; whether the keys may look at money and orders;"
        " what else they may, and how far the clocks are apart, where the connector can say so."
    )
    ok: bool = Field(description="Whether it was answered.")
    detail: str = Field(description="What was answered, or what went wrong; without secrets.")
    cure: str
    seconds: float


class StrangerOrder(Response):
    """An order that rests on an account and that no automation here decided."""

    id: str = Field(description="The exchange's own.")
    symbol: str
    side: Literal["buy", "sell"]
    amount: Amount | None = Field(description="In base; null where the exchange does not tell it.")
    price: Amount | None = Field(description="In quote; null: at the market.")
    filled: Amount
    created_at: datetime


class AccountChecked(Response):
    """What came of asking an account's exchange, now. Whether its keys may trade shows at the first order, where its
    connector cannot say so."""

    account: str
    account_id: str
    ok: bool = Field(description="Whether everything was answered.")
    steps: list[CheckStep] = Field(description="What was asked, in order.")
    strangers: list[StrangerOrder] = Field(
        description="Orders that rest there and that no automation here decided: they are left alone."
    )
    as_of: datetime


class RotateKeys(OneAccount):
    """Other keys for the same account at the same exchange."""

    trading: dict[str, Any] = Field(
        default={},
        max_length=50,
        description="Secret settings of its trading connector, by name; those that are left out stay.",
        examples=[{"key": "…", "secret": "…"}],
    )
    market_data: dict[str, Any] = Field(
        default={}, max_length=50, description="The same of its market data, which is opened anew with them."
    )
    check: bool = Field(
        default=True,
        description="Ask the exchange with them first, and keep the old ones where it does not answer, or where none of"
        " the account's resting orders is there.",
    )
    revision: int | None = Field(
        default=None, ge=0, description="Change them only if this is the account's revision still; None: whatever."
    )

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.trading or self.market_data):
            raise ValueError("no key is given: give those of trading, of market_data, or of both")
        return self
