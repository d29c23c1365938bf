"""Automations: what they are, and what is done to them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, JsonValue

from octobot_node.engine.standings.finding import Sort
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
    "ExportAutomations",
    "FindingRow",
    "Funds",
    "ImportAutomations",
    "ListAutomations",
    "OneAutomation",
    "PositionRow",
    "RunFileText",
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
    start_equity: Amount = Field(description="Its budget, base assets at the first tick's price.")
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


class AutomationDetail(AutomationRow):
    """Everything about one automation."""

    config: dict[str, Any]
    limits: dict[str, Any]
    state: Any
    state_version: int
    needs: dict[str, Any]
    wake: dict[str, Any] | None
    levels: dict[str, dict[str, str]] | None = Field(description="Prices that wake it: above and below, by symbol.")
    waiting_signals: int
    balances: dict[str, Funds]
    positions: list[PositionRow]
    figures: dict[str, str]
    orders: list[OrderRow] = Field(description="Those that can still change, oldest first.")
    events: list[EventRow] = Field(description="The newest, newest first.")
    report: AutomationReport


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


class CreateAutomation(Request):
    """An automation to create, as a run file has it; it is active, and due at once."""

    model_config = ConfigDict(json_schema_extra={"examples": [AUTOMATION_EXAMPLE]})

    name: Name
    type: str = Field(min_length=1, max_length=128, description="package.name, or name alone; GET /types has them.")
    account: str = Field(min_length=1, max_length=128, description="An account's name.")
    budget: dict[Asset, PositiveAmount] = Field(default={}, description="What it may spend, by asset.")
    limits: LimitsSpec = Field(default=LimitsSpec(), description="Limits on this automation alone.")
    config: dict[str, Any] = Field(default={}, description="As the type's config schema says.")
    tags: Tags = Field(default=(), description="Words that it is found by.")


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
