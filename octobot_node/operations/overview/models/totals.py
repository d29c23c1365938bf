"""Sums over automations."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from octobot_node.operations.automations.models.automations import AutomationStatus, Statuses
from octobot_node.operations.models import Request, Response
from octobot_node.specs import Amount, Asset

__all__ = ["CurrencyTotal", "Dimension", "Rate", "ShowTotals", "SumFilter", "TotalRow", "Totals", "UnpricedRow"]

Dimension = Literal["owner", "account", "type", "status", "paper"]


class SumFilter(Request):
    """Over which automations; every filter that is given must fit."""

    status: Statuses | None = Field(default=None, description="Only those in one of these statuses.")
    type: str | None = Field(default=None, max_length=128, description="package.name, or name alone.")
    account: str | None = Field(default=None, max_length=128, description="An account's name, or its id.")
    paper: bool | None = Field(default=None, description="Only play money, or only real money.")
    currency: Asset | None = Field(
        default=None, description="What sums are also told in; null: as the user's preferences say."
    )


class ShowTotals(SumFilter):
    """Which sums: one for each quote asset, and for each value of what they are told ``by``."""

    by: Annotated[
        tuple[Dimension, ...], BeforeValidator(lambda given: [given] if isinstance(given, str) else given)
    ] = Field(default=(), max_length=5, description="What sums are told apart by, beside the asset.")


class UnpricedRow(Response):
    """What is held of a symbol whose price is not known: it is in no sum but that of what was realised."""

    symbol: str
    amount: Amount = Field(description="In base.")
    cost: Amount = Field(description="What it had cost, in the sum's asset.")
    automations: int


class TotalRow(Response):
    """What some automations came to in one asset; live and play money are never in one sum unless `by` leaves it out.

    Amounts are in ``asset``. What is not summed up by is null.
    """

    owner: str | None = None
    account: str | None = None
    account_id: str | None = None
    type: str | None = None
    status: AutomationStatus | None = None
    paper: bool | None = None
    asset: str
    automations: int = Field(description="How many are counted in this asset; some are in several.")
    equity: Amount = Field(description="Money, and what is held at the last prices; without what has no price.")
    start_equity: Amount
    invested: Amount = Field(description="What was spent on buys.")
    realised: Amount
    realised_today: Amount = Field(description="Since 00:00 UTC.")
    realised_7d: Amount = Field(description="Today and the six days before.")
    realised_30d: Amount = Field(description="Today and the 29 days before.")
    unrealised: Amount = Field(description="What is held at its price, less its cost; without what has no price.")
    today: Amount = Field(description="What the equity changed since 00:00 UTC, of those for whom that is known.")
    today_unknown: int = Field(description="Of how many automations it is not known what they were worth at 00:00 UTC.")
    fees: Amount = Field(description="Fees that were paid in this asset.")
    other_fees: dict[str, Amount] = Field(
        description="Fees that these automations paid in assets that they are not counted in, such as the base of what"
        " they bought; where they are counted in several, with the one that most are."
    )
    unpriced: list[UnpricedRow]


class Rate(Response):
    """What one of an asset is worth in the currency."""

    asset: str
    rate: Amount
    symbols: list[str] = Field(description="Whose prices it is made of.")


class CurrencyTotal(Response):
    """All rows in one currency, at the rates that are told beside; what has no rate is left out, and named."""

    currency: str
    automations: int
    equity: Amount
    start_equity: Amount
    realised: Amount
    realised_today: Amount
    realised_7d: Amount
    realised_30d: Amount
    unrealised: Amount
    today: Amount
    rates: list[Rate]
    unconverted: list[str] = Field(description="Assets that have no rate: their rows are not in the sum.")
    as_of: datetime = Field(description="When the oldest of the rates was fetched.")


class Totals(Response):
    """Sums, kept as things happen, at the last prices; ``as_of`` is when the oldest of those was fetched."""

    rows: list[TotalRow]
    total: CurrencyTotal | None = Field(description="All rows in the currency; null where none was asked for.")
    statuses: dict[str, int] = Field(description="How many automations, by status.")
    automations: int
    as_of: datetime
