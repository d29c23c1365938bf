"""What a run amounted to: one report per automation, and the run's own."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from octobot_node.orders import IntentStatus
from octobot_node.reports.performance import Performance
from octobot_node.specs import Amount

__all__ = [
    "AssetReport",
    "Assumptions",
    "AutomationReport",
    "ConfigFinding",
    "GapReport",
    "Holding",
    "MarketAssumptions",
    "Problem",
    "RunReport",
    "report_json",
]

#: Orders that may still be filled, and of which it is known.
_OPEN = (IntentStatus.PLANNED, IntentStatus.SENT, IntentStatus.OPEN)


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


class Problem(_Model):
    """Something that went wrong, and how often."""

    what: Literal["tick failed", "order refused"]
    reason: str
    times: int
    last: datetime


class ConfigFinding(_Model):
    """What a type found in the config, with the market, the fees and the money of its first tick."""

    field: str = Field(description='The field of the config, dotted; "": the whole.')
    severity: Literal["warning", "error"]
    text: str


class AssetReport(_Model):
    """What an automation came to in one asset; amounts of different assets are never added.

    ``final_equity`` = ``start_equity`` + ``realised_pnl`` + ``unrealised_pnl``, to the last digit.
    """

    asset: str
    invested: Amount
    start_equity: Amount
    final_equity: Amount | None
    realised_pnl: Amount
    unrealised_pnl: Amount | None
    rates: dict[str, Amount] = Field(
        default={},
        description="Prices at which positions in another quote were converted, by symbol: those of ETH/BTC at BTC/USD"
        " where the bitcoin that pays for them is bought with dollars.",
    )


class Holding(_Model):
    """What the start equity would have brought in the markets of the automation, bought at their first price."""

    symbols: list[str] = Field(description="The markets that it is put into, in equal parts.")
    performance: Performance | None
    reason: str = Field(default="", description="Why there is none.")


class AutomationReport(_Model):
    """What one automation did; amounts are exact, and strings in JSON."""

    name: str
    id: str
    type: str
    status: str
    reason: str
    next_run: datetime | None = Field(description="When it decides next; None where only an event wakes it.")
    ticks: int
    failed_ticks: int = Field(description="Ticks whose evaluation failed; included in `ticks`.")
    orders: int = Field(description="Orders decided, refused ones included; cancels are not orders.")
    orders_by_status: dict[str, int]
    fills: int
    fees: dict[str, Amount] = Field(description="Fees paid, by the asset they were paid in.")
    invested: Amount = Field(description="Quote spent on buys, fees paid in quote included.")
    asset: str = Field(
        description="The quote asset of every amount below; `by_asset` has the others, if there are any."
    )
    start_equity: Amount
    final_equity: Amount | None = Field(description="None where no price is known to value what is held.")
    realised_pnl: Amount
    unrealised_pnl: Amount | None
    pnl_method: Literal["average cost, net of fees"] = "average cost, net of fees"
    by_asset: list[AssetReport] = Field(
        default=[],
        description="The same by asset, where there is more than one that positions or money are counted in.",
    )
    max_drawdown: Amount | None = Field(
        description="Largest fall of equity in `asset` from the highest before, of its start and the candles' closes;"
        " of a live automation, of what was sampled of it. None: not known."
    )
    max_drawdown_ratio: Amount | None = Field(
        description="Largest fall as a ratio of the highest before, which may be another fall than `max_drawdown`; 0.1"
        " is 10 %."
    )
    performance: Performance | None = Field(
        default=None, description="Return, risk and trades of a replay; None on a live clock."
    )
    holding: Holding | None = Field(
        default=None, description="The same of buying at the start and holding, beside it; None on a live clock."
    )
    balances: dict[str, Amount] = Field(description="Free and reserved together, by asset.")
    figures: dict[str, str] = Field(default={}, description="The automation type's own figures, by label.")
    problems: list[Problem] = Field(
        default=[], description="The newest reasons why ticks failed and orders were refused, newest first."
    )
    findings: list[ConfigFinding] = Field(
        default=[],
        description="What its type found in the config that it has, once a tick was decided with it: what must lose,"
        " what the budget does not pay for.",
    )
    as_of: datetime

    @property
    def open_orders(self) -> int:
        """How many orders are planned, sent or resting."""
        return sum(self.orders_by_status.get(status, 0) for status in _OPEN)

    @property
    def unknown_orders(self) -> int:
        """How many orders have an outcome that is not known."""
        return self.orders_by_status.get(IntentStatus.UNKNOWN, 0)

    @property
    def pnl(self) -> Decimal | None:
        """Realised and unrealised together, in ``asset``; None where no price is known."""
        return None if self.unrealised_pnl is None else self.realised_pnl + self.unrealised_pnl


class GapReport(_Model):
    """Candles missing from a replayed series."""

    symbol: str
    missing: int
    first: datetime | None


class MarketAssumptions(_Model):
    """What a replay took a market for; fees are ratios, as the account pays them."""

    account: str
    symbol: str
    candle_seconds: int = Field(description="How long the candles are, in seconds.")
    taker_fee: Amount
    maker_fee: Amount
    fee_in: str = Field(description="The asset that pays the fee: the one received, or quote.")
    price_step: Amount
    amount_step: Amount
    min_amount: Amount
    min_notional: Amount


class Assumptions(_Model):
    """What a replay's figures rest on."""

    markets: list[MarketAssumptions]
    notes: list[str] = Field(description="How orders fill, slippage and volume, a sentence each.")


class RunReport(_Model):
    """What `octobot-node run --json` prints."""

    version: str
    clock: Literal["real", "virtual"]
    started_at: datetime
    ended_at: datetime
    finished: bool = Field(description="Whether nothing is left to do: every automation is done, or the candles ended.")
    candles: int | None = Field(description="Candles replayed; None on a live clock.")
    gaps: list[GapReport]
    notes: list[str] = Field(
        default=[], description="What was assumed, put in order or left out when the candles were read, a line each."
    )
    assumptions: Assumptions | None = Field(
        default=None, description="What a replay's figures rest on; None on a live clock."
    )
    automations: list[AutomationReport]


def report_json(report: RunReport) -> str:
    """Return the report as JSON; amounts are strings of plain digits, times ISO 8601 in UTC."""
    return report.model_dump_json(indent=2)
