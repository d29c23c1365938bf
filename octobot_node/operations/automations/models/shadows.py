"""A shadow, and how its original differs from it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from octobot_node.operations.automations.models.automations import AutomationStatus, ChangeAutomation, OneAutomation
from octobot_node.operations.models import Response
from octobot_node.specs import Amount

__all__ = [
    "AddShadow",
    "PairOutcome",
    "RemoveShadow",
    "ShadowChanged",
    "ShadowMoney",
    "ShadowPair",
    "ShadowQuote",
    "ShadowReport",
    "ShadowSide",
    "ShowShadow",
]

PairOutcome = Literal["both", "missed", "live_only", "waits", "neither", "unknown", "live_alone", "paper_alone"]


class ShowShadow(OneAutomation):
    """How an automation differs from its shadow."""

    orders: int = Field(default=50, ge=0, le=500, description="So many of the newest pairs of orders.")


class AddShadow(ChangeAutomation):
    """An automation that is to have a shadow."""


class RemoveShadow(ChangeAutomation):
    """An automation whose shadow is to go."""


class ShadowChanged(Response):
    """An automation that was given a shadow, or whose shadow was taken away."""

    automation: str
    id: str
    shadow: bool = Field(description="Whether it has one now.")
    note: str = Field(description="What else to know.")


class ShadowMoney(Response):
    """What both came to in one asset; what was there when the shadow began is in both. null: a price is not known."""

    asset: str
    live_equity: Amount | None = Field(description="What it is worth live; null: a price is not known.")
    paper_equity: Amount | None = Field(description="What it is worth on paper.")
    pnl: Amount | None = Field(description="The PnL live less that on paper: below 0, live came to less.")
    live_realised: Amount = Field(description="What live realised, net of fees.")
    paper_realised: Amount = Field(description="What paper realised, net of fees.")
    realised: Amount = Field(description="What live realised, net of fees, less what paper did.")
    live_fees: Amount = Field(description="What live paid in fees of this asset.")
    paper_fees: Amount = Field(description="What paper paid in fees of this asset.")
    fees: Amount = Field(description="What live paid in fees of this asset, less what paper did.")


class ShadowQuote(Response):
    """What the pairs come to whose symbols are traded for one asset; worse than paper is above 0."""

    asset: str
    pairs: int = Field(description="Orders of either side, each once, with its twin where it has one.")
    both: int = Field(description="Executed on both sides: what slippage is told of.")
    missed: int = Field(description="Missed fills: filled on paper, and the live order is over without an execution.")
    missed_cost: Amount = Field(description="What those cost, or brought, on paper.")
    live_only: int = Field(description="Filled live, and over on paper without an execution.")
    waits: int = Field(description="Executed on one side, and not yet on the other.")
    unknown: int = Field(description="What became of the live order is not known.")
    live_alone: int = Field(description="Live orders without a twin: paper decided nothing of the kind.")
    paper_alone: int = Field(description="Orders on paper without a twin.")
    slippage: Amount | None = Field(
        description="What live buys cost more, and sells brought less, than on paper, over what both executed;"
        " null: nothing was executed on both sides."
    )
    slippage_bps: Amount | None = Field(description="The same in basis points of what it came to on paper.")
    fee: Amount | None = Field(description="What more was paid in fees, over what both executed; null: not known.")
    fee_unknown: int = Field(description="Of how many of them the fee is not in it: it was paid in a third asset.")
    later_ms: int | None = Field(description="How much later live was filled than paper, in the middle; ms.")


class ShadowSide(Response):
    """One order of a pair; the price is the average of its executions, in quote."""

    id: str
    status: str
    reason: str
    filled: Amount = Field(description="Executed since the shadow began, in base.")
    price: Amount | None = Field(description="The average of its executions, in quote; null: there is none.")
    fees: dict[str, Amount] = Field(description="Paid, by asset.")
    filled_at: datetime | None = Field(description="When it was filled, by the clock of who filled it.")


class ShadowPair(Response):
    """An order, live and on paper; null: that side decided nothing of the kind."""

    at: datetime = Field(description="When the first of the two was decided.")
    symbol: str
    side: Literal["buy", "sell"]
    type: str
    tag: str
    outcome: PairOutcome = Field(description="What became of the two.")
    live: ShadowSide | None = Field(description="The order at the exchange.")
    paper: ShadowSide | None = Field(description="The order on paper.")
    slippage: Amount | None = Field(description="What a unit cost more, or brought less, in quote.")
    slippage_cost: Amount | None = Field(description="The same for what both executed.")
    slippage_bps: Amount | None = Field(description="In basis points of the price on paper.")
    fee: Amount | None = Field(description="What more was paid in fees, in quote, for what both executed.")
    later_ms: int | None = Field(
        description="How much later the live one was filled than that on paper, ms; null: not both are filled."
    )
    short: Amount | None = Field(
        description="What paper executed beyond a live order that is over, in base; null: it is not over."
    )


class ShadowReport(Response):
    """How an automation differs from its shadow. Worse than paper is above 0, but for equity and PnL."""

    automation: str
    id: str
    shadow: bool = Field(description="Whether it has a shadow; without one all that follows is empty.")
    began_at: datetime | None = Field(description="Since when.")
    status: AutomationStatus | None = Field(description="The shadow's own.")
    reason: str = Field(description="Why the shadow waits, failed or is held.")
    observing: bool = Field(description="Whether the account only observes: then no live order is sent.")
    as_of: datetime = Field(description="The time of the oldest price in it.")
    compared_since: datetime | None = Field(
        description="Pairs are of orders since then: the start, or later where there are too many."
    )
    money: list[ShadowMoney] = Field(description="What both came to, by asset.")
    quotes: list[ShadowQuote] = Field(description="What the pairs come to, by the asset that they are traded for.")
    orders: list[ShadowPair] = Field(description="The newest pairs, newest first.")
    left_out: int = Field(description="Older pairs, which are in the sums and not in the list.")
