"""What operations take and return: pydantic models whose JSON has amounts as plain digits and times in ISO 8601, UTC.

Importing this loads neither the database nor the engine, so that whoever only asks a running node stays quick.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from octobot_node.report import Amount, AutomationReport

__all__ = [
    "AccountPage",
    "AccountRow",
    "AdoptOrder",
    "AutomationDetail",
    "AutomationPage",
    "AutomationRow",
    "AutomationStatus",
    "CandlesSeen",
    "Changed",
    "Check",
    "Checkup",
    "CreateAutomations",
    "Created",
    "DeclareNotSent",
    "DrainNode",
    "EditAutomation",
    "EventPage",
    "EventRow",
    "ExportAutomations",
    "Exported",
    "Funds",
    "ListAutomations",
    "ListEvents",
    "ListOrders",
    "NodePage",
    "NodeRow",
    "NodeStatus",
    "Nothing",
    "OneAutomation",
    "OrderPage",
    "OrderRow",
    "OrderStatus",
    "Page",
    "PlanAutomation",
    "PlannedNotice",
    "PlannedOrder",
    "PlannedRequest",
    "PlannedTick",
    "PluginPage",
    "PluginRow",
    "PositionRow",
    "Resolved",
    "RunFileText",
    "SendSignal",
    "ServiceRow",
    "SettingPage",
    "SettingView",
    "SignalSent",
    "StopAutomation",
    "TickerSeen",
    "TroubleRow",
]

AutomationStatus = Literal[
    "active", "waiting", "paused", "stopping", "completing", "stopped", "completed", "failed", "held"
]
OrderStatus = Literal["planned", "sent", "open", "unknown", "filled", "cancelled", "refused", "expired", "skipped"]
#: A name, or an id.
Wanted = Annotated[str, Field(min_length=1, max_length=128, description="An automation's name, or its id.")]
Limit = Annotated[int, Field(ge=1, le=500, description="Rows on a page at most.")]


class _Asked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Told(BaseModel):
    # A newer node may tell more than this version knows.
    model_config = ConfigDict(frozen=True, extra="ignore")


class Nothing(_Asked):
    """No argument."""


class Page(_Asked):
    """A page of a list."""

    limit: Limit = 50
    cursor: str | None = Field(default=None, description="`next_cursor` of the page before; None for the first.")


# Automations ---------------------------------------------------------------------------------------------------------


class OneAutomation(_Asked):
    """One automation."""

    automation: Wanted


class ListAutomations(Page):
    """Which automations; every filter that is given must fit."""

    status: AutomationStatus | None = None
    type: str | None = Field(default=None, max_length=128, description="package.name, or name alone.")
    account: str | None = Field(default=None, max_length=128, description="An account's name, or its id.")


class AutomationRow(_Told):
    """One automation in a list."""

    id: str
    name: str
    type: str
    account: str
    status: AutomationStatus
    reason: str = Field(description="Why it waits, failed or is held; of an active one, why its last tick failed.")
    next_run: datetime | None
    last_run: datetime | None
    ticks: int
    open_orders: int = Field(description="Orders planned, sent or resting.")
    unknown_orders: int = Field(description="Orders whose outcome is not known.")
    created_at: datetime


class AutomationPage(_Told):
    """Automations, oldest first."""

    automations: list[AutomationRow]
    next_cursor: str | None


class Funds(_Told):
    """What an automation has of an asset."""

    free: Amount
    reserved: Amount


class PositionRow(_Told):
    """What an automation holds of a symbol's base; money is in the symbol's quote."""

    symbol: str
    amount: Amount
    cost: Amount
    average: Amount | None
    realised: Amount


class OrderRow(_Told):
    """One order; amounts are in base, ``spend`` and prices in quote."""

    id: str
    automation: str
    automation_id: str
    account: str
    symbol: str
    side: str
    type: str
    status: OrderStatus
    reason: str
    amount: Amount | None
    spend: Amount | None
    price: Amount | None
    stop: Amount | None
    filled: Amount
    average: Amount | None
    fee: Amount
    fee_asset: str | None
    reserved: Amount
    reserved_asset: str | None
    tag: str
    tick: int
    client_order_id: str
    exchange_order_id: str | None
    created_at: datetime
    updated_at: datetime


class EventRow(_Told):
    """Something that happened; ids only grow. ``automation`` is "" for the node, and an id's where it was deleted."""

    id: int
    at: datetime
    automation: str
    automation_id: str
    kind: str
    data: dict[str, Any]


class AutomationDetail(AutomationRow):
    """Everything about one automation."""

    config: dict[str, Any]
    limits: dict[str, Any]
    budget: dict[str, Amount]
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


class RunFileText(_Asked):
    """A run file as text; ``name`` is what messages call it."""

    name: str = Field(max_length=1_024)
    text: str


class CreateAutomations(_Asked):
    """What to create: run files as text, or one run file's content as JSON."""

    files: list[RunFileText] = []
    run_file: dict[str, Any] | None = None


class Created(_Told):
    """What was created, and how it stands: ``accounts`` are the names of new ones."""

    automations: list[AutomationRow]
    accounts: list[str]


class EditAutomation(OneAutomation):
    """A whole new ``config``, or ``changes`` of single fields by dotted name, such as {"safety_orders.count": 3}."""

    config: dict[str, Any] | None = None
    changes: dict[str, Any] = {}


class StopAutomation(OneAutomation):
    """``close`` also sells what it holds, at market."""

    close: bool = False


class Changed(_Told):
    """An automation after a command; ``note`` says what is still to come, "" when all is done."""

    automation: str
    id: str
    status: AutomationStatus | Literal["deleted"]
    note: str


class ExportAutomations(_Asked):
    """Which automations to export; none named: all."""

    automations: list[Wanted] = []


class Exported(_Told):
    """A run file that `create` takes back; ``left_out`` names the secrets that it does not have."""

    text: str
    left_out: list[str]


# What would happen ---------------------------------------------------------------------------------------------------


class PlanAutomation(OneAutomation):
    """The next tick as it is due, or ``at_once`` as if something woke the automation now."""

    at_once: bool = False


class PlannedOrder(_Told):
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


class PlannedNotice(_Told):
    """A notice that would be given."""

    level: str
    message: str


class PlannedRequest(_Told):
    """What it would ask of another automation: stop, close or pause."""

    automation: str
    command: str


class TickerSeen(_Told):
    """A ticker that the tick was given."""

    symbol: str
    last: Amount
    bid: Amount
    ask: Amount
    at: datetime


class CandlesSeen(_Told):
    """Candles that the tick asked for; ``newest`` is the opening time of the last one."""

    symbol: str
    timeframe: str
    asked: int
    got: int
    newest: datetime | None
    stale: bool


class PlannedTick(_Told):
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
    requests: list[PlannedRequest]
    next_run: datetime | None
    levels: dict[str, dict[str, str]] | None
    figures: dict[str, str]
    state: Any
    needs_funds: dict[str, Amount] = Field(description="What its orders would reserve, by asset.")
    free_funds: dict[str, Amount] = Field(description="What is free before, by asset.")
    source: str
    market_at: datetime
    tickers: list[TickerSeen]
    candles: list[CandlesSeen]


# Orders, events, signals ---------------------------------------------------------------------------------------------


class ListOrders(Page):
    """Which orders; ``status`` may also be `live`: those that can still change."""

    automation: Wanted | None = None
    status: OrderStatus | Literal["live"] | None = None
    symbol: str | None = Field(default=None, max_length=64)


class OrderPage(_Told):
    """Orders, newest first."""

    orders: list[OrderRow]
    next_cursor: str | None


class AdoptOrder(_Asked):
    """An order of unknown outcome, and the exchange's own id of what it became.

    Without an id the exchange is asked for the order's client id.
    """

    order: str = Field(min_length=1, max_length=64)
    exchange_order_id: str | None = Field(default=None, min_length=1, max_length=128)


class DeclareNotSent(_Asked):
    """An order of unknown outcome that a person knows never reached the exchange."""

    order: str = Field(min_length=1, max_length=64)


class Resolved(_Told):
    """An order whose outcome a person settled."""

    order: OrderRow


class ListEvents(_Asked):
    """Events after an id, oldest first; without ``after``, the newest ``limit``.

    ``kind`` is one kind, or a group of kinds that ends with a dot: ``order.``.
    """

    automation: Wanted | None = None
    after: int | None = Field(default=None, ge=0)
    kind: str | None = Field(default=None, max_length=32)
    limit: Limit = 50


class EventPage(_Told):
    """Events, oldest first; ``last`` is the id to go on after."""

    events: list[EventRow]
    last: int


class SendSignal(OneAutomation):
    """A message for an automation's inbox; one with a ``key`` that arrived before is not taken again."""

    payload: Any
    channel: str = Field(default="default", min_length=1, max_length=64)
    key: str | None = Field(default=None, min_length=1, max_length=128)
    expires_in: float | None = Field(default=None, gt=0, le=31_536_000, description="Seconds until it is worthless.")


class SignalSent(_Told):
    """Whether the inbox took it: False for a key that arrived before."""

    automation: str
    id: str
    accepted: bool


# The node ------------------------------------------------------------------------------------------------------------


class AccountRow(_Told):
    """One account; its connectors' settings are not told, they may hold secrets."""

    id: str
    name: str
    market_data: str
    trading: str
    simulated: bool | None = Field(description="Orders never leave the machine; None: its plugin is missing.")
    sending: bool
    limits: dict[str, Any]
    automations: int
    open_orders: int
    unknown_orders: int
    created_at: datetime


class AccountPage(_Told):
    """Accounts, oldest first."""

    accounts: list[AccountRow]
    next_cursor: str | None


class NodeStatus(_Told):
    """How the node is."""

    version: str
    data_dir: str
    running: bool
    process: int | None
    sending: bool = Field(description="Whether orders may be sent at all: the kill switch is not thrown.")
    automations: dict[str, int] = Field(description="How many, by status.")
    open_orders: int
    unknown_orders: int
    lag: float = Field(description="Seconds since the automation that waits longest was due; 0 when none waits.")
    broken_plugins: list[str]
    as_of: datetime


class NodeRow(_Told):
    """A node on the database, as the others see it."""

    id: str
    role: str
    state: str = Field(description="live, draining, drift (its plugins differ from the master's), dead or left.")
    leads: bool = Field(description="Whether it hands out work.")
    works: bool = Field(description="Whether it does work.")
    version: str
    plugins: str = Field(description="What two nodes must have in common; empty where a node is alone.")
    host: str
    load: int = Field(description="Batches and sends that it is at.")
    heartbeat_age: float = Field(description="Seconds since it was heard.")
    since: datetime
    this: bool = Field(description="Whether it is the node that answers.")


class NodePage(_Told):
    """Every node on the database."""

    nodes: list[NodeRow]


class DrainNode(_Asked):
    """A node to let leave: its id, or how it begins."""

    node: str


class TroubleRow(_Told):
    """What a plugin's code raised while the node ran: with what, how often, and the last time."""

    what: str
    count: int
    error: str
    at: datetime


class ServiceRow(_Told):
    """A plugin's service: how it is, since when, how often and why it was started again."""

    name: str
    status: str
    since: datetime
    restarts: int
    error: str


class PluginRow(_Told):
    """One plugin: ``registers`` maps hook to names, ``commands`` are those it adds to `octobot-node`.

    ``troubles`` and ``services`` are those of the running node; without one there are none.
    """

    name: str
    version: str
    origin: str
    module: str
    status: str
    hooks: list[str]
    registers: dict[str, list[str]]
    commands: list[str]
    error: str
    troubles: list[TroubleRow] = []
    services: list[ServiceRow] = []


class PluginPage(_Told):
    """Every plugin that was found."""

    plugins: list[PluginRow]


class SettingView(_Told):
    """One setting in force; secrets are masked. ``section`` is "" for the node's own."""

    section: str
    name: str
    variable: str
    value: str
    origin: str
    description: str


class SettingPage(_Told):
    """Every setting in force, the node's own first; ``unknown`` are OCTOBOT_* variables that nothing reads."""

    file: str | None
    settings: list[SettingView]
    unknown: list[str]


class Check(_Told):
    """What a health check answered, in ``seconds``."""

    name: str
    plugin: str
    status: Literal["ok", "warning", "failed"]
    detail: str
    cure: str
    seconds: float


class Checkup(_Told):
    """What every health check answered; ``status`` is the worst of them."""

    status: Literal["ok", "warning", "failed"]
    checks: list[Check]
