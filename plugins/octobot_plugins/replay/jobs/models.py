"""What the operations on replays take and return."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, ConfigDict, Field, JsonValue, model_validator

from octobot_node.operations.models import Limit, PageRequest, Request, Response
from octobot_node.reports.models import RunReport
from octobot_node.specs import Amount, Asset, Name, PositiveAmount
from octobot_node.text.patterns import told_as
from octobot_plugins.replay.jobs.status import ReplayStatus

__all__ = [
    "AutomationCurve",
    "AutomationSummary",
    "CompareReplays",
    "ComparedFigure",
    "ComparedReplay",
    "Comparison",
    "ConfigDifference",
    "EditReplay",
    "ListReplays",
    "OneReplay",
    "Progress",
    "ReplayCurves",
    "ReplayDeleted",
    "ReplayDetail",
    "ReplayFill",
    "ReplayFillPage",
    "ReplayLine",
    "ReplayLog",
    "ReplayPage",
    "ReplayReport",
    "ReplayRow",
    "ShowCurves",
    "ShowPieces",
    "StartReplay",
]

_EXAMPLE: dict[str, JsonValue] = {
    "name": "grid in January",
    "candles": ["BTC-USD-1m-2022-01.csv.gz"],
    "type": "dca",
    "budget": {"USD": "5000"},
    "config": {"symbol": "BTC/USD", "amount": "100", "every": "1d"},
}
Ratio = Annotated[Decimal, Field(ge=0, lt=1, allow_inf_nan=False)]
Notes = Annotated[
    str, Field(max_length=10_000, description="What you want to remember of it.", examples=["fewer levels, fewer fees"])
]
Reference = Annotated[
    str, Field(min_length=1, max_length=128, description="A replay's id, or its name where only one has it.")
]


class StartReplay(Request):
    """A replay: of one automation, by its type, budget and config, or of a run file."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    name: Name | None = Field(default=None, description="What to call it; by default after what it replays.")
    candles: list[Annotated[str, Field(min_length=1, max_length=128)]] = Field(
        min_length=1, max_length=50, description="Candle sets, by id or name; one for each symbol, all on one node."
    )
    type: str | None = Field(
        default=None, min_length=1, max_length=128, description="An automation type; or give a run file."
    )
    budget: dict[Asset, PositiveAmount] = Field(default={}, description="The money it may use, by asset. Of a type.")
    config: dict[str, JsonValue] = Field(default={}, description="What the type asks for.")
    run_file: str | None = Field(
        default=None,
        min_length=1,
        max_length=1_000_000,
        description="A run file as text, instead of a type. What is live in it is replayed on the candles, with paper"
        " trading.",
    )
    start: AwareDatetime | None = Field(default=None, description="Only candles that open at or after this time.")
    end: AwareDatetime | None = Field(default=None, description="Only candles that close by this time.")
    taker_fee: Ratio | None = Field(default=None, description="Fee of an order that takes; 0.001 is 0.1 %.")
    maker_fee: Ratio | None = Field(default=None, description="Fee of an order that rested; 0.001 is 0.1 %.")
    fee_in: Literal["received", "quote"] | None = Field(default=None, description="The asset that pays the fee.")
    slippage: Ratio | None = Field(
        default=None, description="How much worse market and stop orders fill, as a ratio: 0.001 is 0.1 %."
    )
    volume_share: Annotated[Decimal, Field(gt=0, le=1, allow_inf_nan=False)] | None = Field(
        default=None,
        description="An order fills only in a candle of whose volume it is at most this part; by default in any.",
    )
    gaps: Literal["count", "error"] = Field(default="count", description="Missing candles are counted, or refused.")
    notes: Notes = ""

    @model_validator(mode="after")
    def _one_of_both(self) -> StartReplay:
        if (self.type is None) == (self.run_file is None):
            raise ValueError("give a type with its config, or a run file")
        if self.run_file is not None and (self.budget or self.config):
            raise ValueError("budget and config are of a type: write them into the run file")
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise ValueError("start must be before end")
        return self


class ListReplays(PageRequest):
    """A page of replays, newest first."""

    status: ReplayStatus | None = Field(default=None, description="Only those that stand so.")


class OneReplay(Request):
    """One replay."""

    replay: Reference


class EditReplay(OneReplay):
    """What is to be other; None leaves it."""

    name: Name | None = None
    notes: Notes | None = None
    revision: int | None = Field(
        default=None, ge=0, description="Change it only if this is its revision still; None: whatever it is."
    )


class Progress(Response):
    """How far a replay is."""

    id: str
    status: ReplayStatus
    reason: str = Field(description="Why it failed, or why it waits again.")
    done: int = Field(description="Candles that are behind it.")
    total: int = Field(description="All its candles; 0 as long as it has not begun.")
    virtual_now: datetime | None = Field(description="The time that it is at.")
    place: int | None = Field(default=None, description="How many are before it in its node's queue, while it waits.")


class AutomationSummary(Response):
    """What one automation of a replay came to, in short."""

    name: str
    type: str
    asset: str
    start_equity: Amount
    final_equity: Amount | None
    total_return: Amount | None = Field(description="As a ratio: 0.1 is 10 %.")
    holding_return: Amount | None = Field(description="That of buying at the start and holding.")
    max_drawdown_ratio: Amount | None
    sharpe: Amount | None
    fills: int
    problems: int


class ReplayRow(Response):
    """A replay in a list."""

    id: str
    owner: str
    name: str
    status: ReplayStatus
    reason: str
    types: list[str]
    symbols: list[str]
    done: int
    total: int
    virtual_now: datetime | None
    notes: str
    revision: int = Field(description="Counts its edits.")
    node_id: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    results: list[AutomationSummary] = Field(description="Of one that is finished.")


class ReplayPage(Response):
    """Replays, newest first."""

    replays: list[ReplayRow]
    next_cursor: str | None


class ReplayDetail(ReplayRow):
    """A replay with what it is of."""

    candles: dict[str, str] = Field(description="Candle set by symbol.")
    run_file: dict[str, Any] = Field(description="What is replayed, as a run file has it.")
    starts: int = Field(description="How often it was begun, or gone on with after its process or node had ended.")


class ReplayReport(Response):
    """What a replay came to, exactly as `octobot-node run --json` tells it."""

    id: str
    name: str
    report: RunReport


class ShowCurves(OneReplay):
    """The curves of a replay."""

    automation: str | None = Field(default=None, max_length=128, description="Only this automation's.")
    points: int = Field(default=500, ge=2, le=2_000, description="Points of each curve at most.")


class AutomationCurve(Response):
    """Equity in ``asset`` over time; every list has a value for each of ``times``.

    Of a long replay not every close is there: of each stretch its lowest and its highest are.
    """

    automation: str
    asset: str
    start_equity: Amount
    times: list[int] = Field(description="ms UTC.")
    equity: list[Amount]
    drawdown: list[Amount] = Field(description="Fall from the highest before as a ratio of it: 0.1 is 10 % below.")
    holding: list[Amount] | None = Field(description="What buying at the start and holding would be worth.")


class ReplayCurves(Response):
    """Curves of a replay's automations."""

    id: str
    curves: list[AutomationCurve]


_CURSOR = told_as("a cursor of this list: send the `next_cursor` of the page before", r"^\d+$")


class ShowPieces(OneReplay):
    """A page of a replay's fills or of its log, oldest first."""

    automation: str | None = Field(default=None, max_length=128, description="Only this automation's.")
    limit: Limit = 50
    cursor: str | None = Field(
        default=None, max_length=20, pattern=_CURSOR, description="`next_cursor` of the page before."
    )


class ReplayFill(Response):
    """An execution; ``realised`` is in the symbol's quote."""

    automation: str
    at: datetime
    symbol: str
    side: str
    amount: Amount
    price: Amount
    cost: Amount
    fee: Amount
    fee_asset: str
    liquidity: str
    realised: Amount
    tag: str


class ReplayFillPage(Response):
    """Executions, oldest first."""

    fills: list[ReplayFill]
    next_cursor: str | None


class ReplayLine(Response):
    """A line of a replay's log: what an automation said or what happened to it, at the replay's own time."""

    at: datetime
    automation: str
    level: str
    text: str


class ReplayLog(Response):
    """Lines, oldest first."""

    lines: list[ReplayLine]
    next_cursor: str | None


class ReplayDeleted(Response):
    """A replay that is gone, with what it came to."""

    id: str
    name: str


class CompareReplays(Request):
    """Several replays beside each other; differences are to the first."""

    replays: list[Reference] = Field(min_length=2, max_length=12, description="Replays that are finished.")
    points: int = Field(default=300, ge=2, le=2_000, description="Points of the common axis at most.")


class ComparedFigure(Response):
    """One figure of every replay; a difference is to the first, None where one of both is not known."""

    figure: str = Field(description="Its name in the performance of a report: total_return, sharpe, …")
    kind: Literal["ratio", "amount", "count", "number"]
    values: list[Amount | None]
    differences: list[Amount | None]
    best: list[int] = Field(description="Which are best, where more or less is better; positions in the list.")


class ConfigDifference(Response):
    """A setting that is not the same in all: what each has, as JSON, null where it has none."""

    field: str
    values: list[JsonValue]


class ComparedReplay(Response):
    """One of those that are compared: its first automation, whose figures these are, and its curve."""

    id: str
    name: str
    automation: str
    type: str
    asset: str
    start_equity: Amount
    results: list[Amount | None] = Field(description="Gain as a ratio of its start equity, at each of `times`.")
    drawdowns: list[Amount | None] = Field(description="Fall from the highest before as a ratio, at each of `times`.")
    holding: list[Amount | None] | None


class Comparison(Response):
    """Replays on one axis of time; None where one has nothing at a time."""

    times: list[int] = Field(description="ms UTC.")
    replays: list[ComparedReplay]
    figures: list[ComparedFigure]
    differences: list[ConfigDifference]
    notes: list[str] = Field(description="What keeps them from being compared as they are: other assets, or candles.")
