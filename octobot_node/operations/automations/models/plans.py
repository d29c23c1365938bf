"""What a next tick would do."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import ConfigDict, Field, JsonValue

from octobot_node.operations.automations.models.automations import (
    AutomationStatus,
    FigureRow,
    FindingRow,
    OneAutomation,
)
from octobot_node.operations.models import Request, Response
from octobot_node.orders import OrderType, Side
from octobot_node.specs import Amount, Asset, LimitsSpec, Name, PositiveAmount

__all__ = [
    "CandlesSeen",
    "PlanAutomation",
    "PlanType",
    "PlannedAction",
    "PlannedLine",
    "PlannedNotice",
    "PlannedOrder",
    "PlannedRequest",
    "PlannedTick",
    "RequestBudgetRow",
    "RequestsUsed",
    "TickerSeen",
]


_DRAFT_EXAMPLE: dict[str, JsonValue] = {
    "account": "paper",
    "budget": {"USD": "5000"},
    "config": {"symbol": "BTC/USD", "amount": "100", "every": "1d"},
}


class PlanAutomation(OneAutomation):
    """The schedule's next tick, ``at_once`` as if something woke the automation now, or the one that an edit brings.

    An edit is planned by what it would give: a whole config, or changes of single fields.
    """

    at_once: bool = Field(default=False, examples=[True], description="As if something woke it now, not as it is due.")
    config: dict[str, Any] | None = Field(
        default=None, description="Plan the tick that an edit to this config would bring; null: as it is."
    )
    changes: dict[str, Any] = Field(
        default={}, examples=[{"amount": "50"}], description="The same by single fields, by dotted name."
    )


class PlanType(Request):
    """What an automation would be: its type, and what `POST /automations` takes of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_DRAFT_EXAMPLE]})

    type: str = Field(min_length=1, max_length=128, description="package.name, or name alone.")
    account: str = Field(min_length=1, max_length=128, description="An account's name.")
    name: Name | None = Field(default=None, description="What it would be called; null: nobody knows yet.")
    budget: dict[Asset, PositiveAmount] = Field(default={}, description="What it might spend, by asset.")
    limits: LimitsSpec = Field(default=LimitsSpec(), description="Limits on it alone.")
    config: dict[str, Any] = Field(default={}, description="As the type's config schema says.")


class PlannedOrder(Response):
    """An order, or the cancel of one, as it would be planned: rounded to the market's rules and within limits."""

    kind: Literal["order", "cancel"]
    status: Literal["planned", "refused", "skipped"]
    reason: str
    symbol: str
    side: Side
    type: OrderType
    amount: Amount | None
    spend: Amount | None
    price: Amount | None
    stop: Amount | None
    tag: str
    reserves: Amount
    reserved_asset: str | None
    cancels: str | None


class PlannedNotice(Response):
    """A notice that would be given."""

    level: str
    message: str


class PlannedLine(Response):
    """A line for the automation's log that it notes with ``tick.log``."""

    level: str
    text: str


class PlannedRequest(Response):
    """What it would ask of another automation: stop, close or pause."""

    automation: str
    command: str


class PlannedAction(Response):
    """What it would have a plugin do, with what that is given."""

    action: str = Field(description="The action's name.")
    payload: dict[str, JsonValue] = Field(description="What it would be given.")


class TickerSeen(Response):
    """A ticker that the tick was given."""

    symbol: str
    last: Amount
    bid: Amount
    ask: Amount
    at: datetime


class CandlesSeen(Response):
    """Candles that the tick asked for; ``newest`` is the opening time of the last one."""

    symbol: str
    timeframe: str
    asked: int
    got: int
    newest: datetime | None
    stale: bool


class RequestsUsed(Response):
    """How many requests something costs at its exchange.

    Market data is counted as if nobody else had asked for it: one for all tickers, one for each series of candles.
    Trading is one an order or cancel; asking for what became of them comes on top, once for the whole account.
    """

    market_data: int
    trading: int


class RequestBudgetRow(Response):
    """What an automation adds, in a minute, to what one limit of an exchange is asked for.

    Prices and candles that others want at the same moments anyway add nothing; looking after orders is added once for
    an account. Percents are of what the exchange allows, less what is kept for cancels and unknown orders.
    """

    exchange: str = Field(description="The exchange whose limit it is.")
    per: Literal["address", "key"] = Field(description="Who shares the limit: all of an address, or all of a key.")
    egress: str = Field(description="The way out that it is about.")
    adds_requests: float = Field(description="Requests that it adds in a minute, by its plan and its first orders.")
    adds_percent: float = Field(description="The part of what is allowed that it adds.")
    used_percent: float = Field(description="The part that those at work ask for.")


class PlannedTick(Response):
    """What the next tick would do. Nothing of it was written, sent or told."""

    automation: str = Field(description="Its name; of one that is not created what it was to be called, or empty.")
    id: str = Field(description="Empty for one that is not created.")
    type: str = Field(description="Its type, package.name.")
    tick: int
    at: datetime = Field(description="The time that the tick was told.")
    scheduled: bool = Field(description="Whether it was evaluated as due by its own plan.")
    missed: int
    outcome: Literal["decides", "waits", "fails", "held"]
    reason: str = Field(description="Why it waits, fails or is held.")
    status: AutomationStatus = Field(description="The status that it would have after it.")
    orders: list[PlannedOrder]
    notices: list[PlannedNotice]
    log: list[PlannedLine]
    requests: list[PlannedRequest]
    actions: list[PlannedAction] = Field(default_factory=list, description="What it would have plugins do.")
    next_run: datetime | None
    levels: dict[str, dict[str, str]] | None
    figures: list[FigureRow] = Field(description="Its type's own figures after it.")
    next_step: str = Field(
        description="What it would do after that, in its author's words; `{when}` is its next run. May be empty."
    )
    state: Any = Field(description="What it would remember after it.")
    needs_funds: dict[str, Amount] = Field(description="What its orders would reserve, by asset.")
    free_funds: dict[str, Amount] = Field(description="What is free before, by asset.")
    lacking_funds: dict[str, Amount] = Field(
        description="By asset, what all its orders need beyond what is free; {} when they fit."
    )
    findings: list[FindingRow] = Field(description="What the type finds in its config on this market.")
    requests_used: RequestsUsed = Field(description="The share of the exchange's request budget that it takes.")
    request_budgets: list[RequestBudgetRow] = Field(
        default_factory=list,
        description="What it adds to each limit of its exchange, by its plan; empty where nothing is counted.",
    )
    source: str
    market_at: datetime
    tickers: list[TickerSeen]
    candles: list[CandlesSeen]
