"""What a next tick would do."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from octobot_node.operations.automations.models.automations import AutomationStatus, FindingRow, OneAutomation
from octobot_node.operations.models import Response
from octobot_node.specs import Amount

__all__ = [
    "CandlesSeen",
    "PlanAutomation",
    "PlannedLine",
    "PlannedNotice",
    "PlannedOrder",
    "PlannedRequest",
    "PlannedTick",
    "RequestsUsed",
    "TickerSeen",
]


class PlanAutomation(OneAutomation):
    """The schedule's next tick, or ``at_once`` as if something woke the automation now."""

    at_once: bool = Field(default=False, examples=[True], description="As if something woke it now, not as it is due.")


class PlannedOrder(Response):
    """An order, or the cancel of one, as it would be planned: rounded to the market's rules and within limits."""

    kind: Literal["order", "cancel"]
    status: Literal["planned", "refused", "skipped"]
    reason: str
    symbol: str
    side: str
    type: str
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


class PlannedTick(Response):
    """What the next tick would do. Nothing of it was written, sent or told."""

    automation: str
    id: str
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
    next_run: datetime | None
    levels: dict[str, dict[str, str]] | None
    figures: dict[str, str]
    state: Any
    needs_funds: dict[str, Amount] = Field(description="What its orders would reserve, by asset.")
    free_funds: dict[str, Amount] = Field(description="What is free before, by asset.")
    lacking_funds: dict[str, Amount] = Field(
        description="By asset, what all its orders need beyond what is free; {} when they fit."
    )
    findings: list[FindingRow] = Field(description="What the type finds in its config on this market.")
    requests_used: RequestsUsed = Field(description="The share of the exchange's request budget that it takes.")
    source: str
    market_at: datetime
    tickers: list[TickerSeen]
    candles: list[CandlesSeen]
