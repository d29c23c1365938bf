"""Automations: what they are, and what is done to them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, JsonValue

from octobot_node.about import FigureKind
from octobot_node.engine.standings.sorts import Sort
from octobot_node.operations.models import AutomationRef, PageRequest, Request, Response
from octobot_node.operations.node.models.events import EventRow
from octobot_node.operations.trading.models.orders import OrderRow
from octobot_node.reports.models import AutomationReport
from octobot_node.specs import Amount, Asset, LimitsSpec, Name, PositiveAmount, Tags

__all__ = [
    "AUTOMATION_EXAMPLE",
    "AutomationChanged",
    "AutomationCreated",
    "AutomationDetail",
    "AutomationEdited",
    "AutomationPage",
    "AutomationRow",
    "AutomationStatus",
    "AutomationsCreated",
    "AutomationsExported",
    "ChangeAutomation",
    "CreateAutomation",
    "EditAutomation",
    "EditedAutomation",
    "ExportAutomations",
    "FigureRow",
    "FindingRow",
    "Funds",
    "ImportAutomations",
    "ListAutomations",
    "NextStep",
    "OneAutomation",
    "PositionRow",
    "RunFileText",
    "ShowAutomation",
    "Statuses",
    "StopAutomation",
    "WhichAutomations",
]

AutomationStatus = Literal[
    "active", "waiting", "paused", "stopping", "completing", "stopped", "completed", "failed", "held"
]


#: One, or several.
Statuses = Annotated[
    tuple[AutomationStatus, ...], BeforeValidator(lambda given: [given] if isinstance(given, str) else given)
]


class OneAutomation(Request):
    """One automation."""

    automation: AutomationRef


class ShowAutomation(OneAutomation):
    """One automation, and what of it is large."""

    include: list[Literal["state", "orders", "events", "report"]] = Field(
        default=[],
        max_length=4,
        description="Also its state, orders that can change, newest events, or the report, which counts all fills.",
    )


class ChangeAutomation(OneAutomation):
    """One automation to change."""

    revision: int | None = Field(
        default=None, ge=0, description="Change it only if this is its revision still; None: whatever it is."
    )


class WhichAutomations(Request):
    """Which automations; every filter that is given must fit."""

    status: Statuses | None = Field(default=None, description="Only those in one of these statuses.")
    type: str | None = Field(default=None, max_length=128, description="package.name, or name alone.")
    account: str | None = Field(default=None, max_length=128, description="An account's name, or its id.")
    symbol: str | None = Field(default=None, max_length=64, description="Only those that trade this symbol.")
    tag: Tags | None = Field(default=None, description="Only those with all of these tags.")
    paper: bool | None = Field(default=None, description="Only those with play money, or only those with real money.")
    search: str = Field(
        default="",
        max_length=128,
        description="Only those that have each of these words in their name, type, symbols or tags.",
    )


class ListAutomations(WhichAutomations, PageRequest):
    """Which automations, and in which order; a cursor belongs to the filters and the order that it was given for."""

    sort: Sort = Field(default="created", description="By which of what is told; what has none of it comes last.")
    descending: bool = Field(default=False, description="The greatest first.")
    anchors: bool = Field(default=False, description="Also tell the cursors of every 500th row.")


class AutomationRow(Response):
    """One automation in a list."""

    id: str
    owner: str
    name: str
    type: str
    account: str
    account_id: str
    paper: bool | None = Field(description="Whether its money is play money; null: its account's connector is missing.")
    tags: list[str]
    symbols: list[str] = Field(description="What it trades, as its newest tick needs it, or what it holds.")
    status: AutomationStatus
    status_since: datetime | None
    reason: str = Field(description="Why it waits, failed or is held; of an active one, why its last tick failed.")
    next_run: datetime | None
    last_run: datetime | None
    ticks: int
    revision: int = Field(description="Grows with every command; ticks leave it alone.")
    sending: bool = Field(description="Whether its orders may be sent: its kill switch is not thrown.")
    open_orders: int = Field(description="Orders planned, sent or resting.")
    unknown_orders: int = Field(description="Orders whose outcome is not known.")
    created_at: datetime
    budget: dict[str, Amount] = Field(description="What it was given, by asset.")
    asset: str = Field(description="What the amounts that follow are counted in.")
    start_equity: Amount = Field(
        description="What it was given, less what was taken; base assets at the price of then."
    )
    equity: Amount | None = Field(description="What it is worth; null: a price of what it holds is not known.")
    realised: Amount = Field(description="PnL of what was sold, net of fees, by average cost.")
    unrealised: Amount | None
    pnl: Amount | None = Field(description="Realised and unrealised: equity less the start equity.")
    pnl_ratio: Amount | None = Field(description="PnL by the start equity: 0.01 is 1 %.")
    today: Amount | None = Field(description="What the equity changed since 00:00 UTC; null: not known.")
    as_of: datetime = Field(description="When the oldest price in it was fetched.")


class FindingRow(Response):
    """What a type finds in a config on its market; an error keeps it from being created or edited."""

    field: str = Field(description='The field of the config, dotted; "": the whole.')
    severity: Literal["warning", "error"]
    text: str


class AutomationCreated(AutomationRow):
    """One automation that was created, and what its owner should know of its config."""

    findings: list[FindingRow] = Field(description="Warnings alone: with an error it is not created.")


class AutomationPage(Response):
    """Automations, in the order that was asked for."""

    automations: list[AutomationRow]
    total: int = Field(description="How many fit, on all pages.")
    next_cursor: str | None
    anchors: list[str] | None = Field(
        default=None, description="Cursors of the pages that begin with row 500, 1,000, … of those that fit."
    )


class Funds(Response):
    """What an automation has of an asset."""

    free: Amount
    reserved: Amount


class PositionRow(Response):
    """What an automation holds of a symbol's base; money is in the symbol's quote."""

    symbol: str
    amount: Amount
    cost: Amount
    average: Amount | None
    realised: Amount


class FigureRow(Response):
    """A figure of the automation type's own."""

    key: str = Field(description="What programs call it.", examples=["grid_profit"])
    label: str = Field(description="What people call it.", examples=["grid profit"])
    kind: FigureKind = Field(description="How to write it; `number` and `text` are what its author did not describe.")
    unit: str = Field(description="The asset of money, or that a price is in; may be empty.", examples=["USD"])
    value: str = Field(description="Plain digits, or text.", examples=["1.5"])
    order: int = Field(description="Where it stands, lowest first.")


class NextStep(Response):
    """What it does next."""

    text: str = Field(
        description="A sentence without its subject and full stop.", examples=["buys BTC for 100 USD in 41 s"]
    )
    template: str = Field(
        description="The same, with `{when}` where the time belongs: for whoever counts down.",
        examples=["buys BTC for 100 USD {when}"],
    )
    at: datetime | None = Field(description="When it is next due; null: something must wake it.")


class AutomationDetail(AutomationRow):
    """One automation; what is large is there where it was asked for."""

    config: dict[str, Any] = Field(description="Its config, every field of it.")
    limits: dict[str, Any] = Field(description="Limits on it alone; {} is none.")
    next_step: NextStep = Field(description="What it does next, in words.")
    state_version: int = Field(description="Which version of its type wrote its state.")
    needs: dict[str, Any] = Field(description="Tickers, candles and other automations that its next tick is given.")
    wake: dict[str, Any] | None = Field(description="Its own plan of when to tick; null: there is none.")
    levels: dict[str, dict[str, str]] | None = Field(description="Prices that wake it: above and below, by symbol.")
    waiting_signals: int = Field(description="Messages in its inbox that no tick has taken yet.")
    balances: dict[str, Funds] = Field(description="Its money, by asset.")
    positions: list[PositionRow] = Field(description="What it holds, by symbol.")
    figures: list[FigureRow] = Field(description="Its type's own figures, in order.")
    shadow: bool = Field(description="Whether it has a shadow: GET …/shadow tells how the two differ.")
    included: list[Literal["state", "orders", "events", "report"]] = Field(description="What of these was asked for.")
    state: Any = Field(description="What it remembers, of its type's own shape; null also where it was not asked for.")
    orders: list[OrderRow] | None = Field(
        description="Those that can still change, oldest first; null: they were not asked for."
    )
    events: list[EventRow] | None = Field(description="The newest, newest first; null: they were not asked for.")
    report: AutomationReport | None = Field(description="What it came to; null: it was not asked for.")


class EditedAutomation(AutomationDetail):
    """An automation as an edit left it, and what its owner should know of its config."""

    findings: list[FindingRow] = Field(description="Warnings alone: with an error it is not edited.")


AUTOMATION_EXAMPLE: dict[str, JsonValue] = {
    "name": "dca-btc",
    "type": "dca",
    "account": "paper",
    "budget": {"USD": "5000"},
    "config": {"symbol": "BTC/USD", "amount": "100", "every": "1d"},
}


class RunFileText(Request):
    """A run file as text; ``name`` is what messages call it."""

    name: str = Field(max_length=1_024)
    text: str


class ImportAutomations(Request):
    """Run files as text, whose accounts and automations are created."""

    files: list[RunFileText] = Field(min_length=1)
    start: bool = Field(default=True, description="false: they are paused until somebody resumes them.")


class CreateAutomation(Request):
    """An automation to create, as a run file has it; it is active and due at once, unless not to `start`."""

    model_config = ConfigDict(json_schema_extra={"examples": [AUTOMATION_EXAMPLE]})

    name: Name
    type: str = Field(min_length=1, max_length=128, description="package.name, or name alone; GET /types has them.")
    account: str = Field(min_length=1, max_length=128, description="An account's name.")
    budget: dict[Asset, PositiveAmount] = Field(default={}, description="What it may spend, by asset.")
    limits: LimitsSpec = Field(default=LimitsSpec(), description="Limits on this automation alone.")
    config: dict[str, Any] = Field(default={}, description="As the type's config schema says.")
    tags: Tags = Field(default=(), description="Words that it is found by.")
    start: bool = Field(default=True, description="false: it is paused until somebody resumes it.")
    shadow: bool = Field(
        default=False, description="true: with a shadow, a twin on paper; its account must be at an exchange."
    )


class AutomationsCreated(Response):
    """What was created, and how it stands: ``accounts`` are the names of new ones."""

    automations: list[AutomationCreated]
    accounts: list[str]


class EditAutomation(ChangeAutomation):
    """A whole new ``config``, or ``changes`` of single fields by dotted name, such as {"safety_orders.count": 3}.

    ``name`` renames it; ``limits`` are all its limits from now on, {} is none; ``tags`` are all its tags.
    """

    config: dict[str, Any] | None = None
    changes: dict[str, Any] = Field(default_factory=dict)
    name: Name | None = None
    limits: LimitsSpec | None = None
    tags: Tags | None = None


class StopAutomation(ChangeAutomation):
    """``close`` also sells what it holds, at market."""

    close: bool = Field(default=False, examples=[True], description="Also sell what it holds, at market.")


class AutomationChanged(Response):
    """An automation after a command; ``note`` says what is still to come, "" when all is done."""

    automation: str
    id: str
    status: AutomationStatus | Literal["deleted"]
    note: str


class AutomationEdited(AutomationChanged):
    """An automation after an edit, and what its owner should know of its config."""

    findings: list[FindingRow] = Field(description="Warnings alone: with an error it is not edited.")


class ExportAutomations(Request):
    """Which automations to export; none named: all. In JSON amounts are strings, and there is no heading."""

    automations: list[AutomationRef] = Field(default_factory=list)
    format: Literal["yaml", "json"] = "yaml"


class AutomationsExported(Response):
    """A run file that `create` takes back; ``left_out`` names the secrets that it does not have."""

    text: str
    left_out: list[str]
