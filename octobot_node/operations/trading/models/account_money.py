"""What an account has at its exchange, and what of it automations have."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from octobot_node.operations.models import Response
from octobot_node.operations.overview.models.totals import Rate
from octobot_node.operations.trading.models.accounts import OneAccount
from octobot_node.specs import Amount, Asset

__all__ = ["AccountMoney", "AssetMoney", "ShowAccountMoney"]


class ShowAccountMoney(OneAccount):
    """Whose money."""

    currency: Asset | None = Field(
        default=None, description="What it is also told in; null: as the user's preferences say."
    )


class AssetMoney(Response):
    """What an account has of one asset."""

    asset: str
    exchange: Amount | None = Field(
        description="What its exchange says that it has, free and locked; null: the exchange did not answer."
    )
    free: Amount = Field(description="What its automations have free.")
    reserved: Amount = Field(description="What orders of its automations hold back.")
    unallocated: Amount | None = Field(
        description="What no automation has of it; below 0: they count on more than there is. null: not known."
    )
    most: Amount | None = Field(description="The most that a new automation's budget may be; null: not known.")
    value: Amount | None = Field(
        description="What the exchange's amount, or where that is not known the automations', is worth in the currency;"
        " null: it has no price."
    )


class AccountMoney(Response):
    """An account's money at its exchange beside what its automations have, what is worth most first."""

    account: str
    account_id: str
    assets: list[AssetMoney] = Field(description="What there is, by asset.")
    currency: str | None = Field(description="In which currency it is told what it is worth; null: in none.")
    value: Amount | None = Field(description="What all of it is worth in the currency, without what has no price.")
    unallocated_value: Amount | None = Field(description="What of that no automation has.")
    unvalued: list[str] = Field(description="Assets that have no price in the currency: they are in no sum.")
    rates: list[Rate]
    as_of: datetime = Field(description="When the exchange answered; where it did not, now.")
    problem: str = Field(description="Why the exchange did not answer, or empty.")
