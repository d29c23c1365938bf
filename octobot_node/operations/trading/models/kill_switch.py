"""What the kill switch's operations take and return."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, model_validator

from octobot_node.operations.models import PageRequest, Request, Response
from octobot_node.operations.trading.models.orders import OrderStatus
from octobot_node.orders import Side
from octobot_node.specs import Amount
from octobot_node.text.lines import Line

__all__ = [
    "Checklist",
    "ChecklistLine",
    "KillSwitchPage",
    "KillSwitchRow",
    "KillSwitchThrown",
    "ListKillSwitches",
    "ReleaseKillSwitch",
    "ShowKillSwitch",
    "ThrowKillSwitch",
]

Scope = Literal["everything", "account", "automation"]
WhichSwitch = Annotated[
    str | None,
    Field(max_length=36, description="A kill switch's id; None: the only one in force, or the newest."),
]


class ThrowKillSwitch(Request):
    """Stop all sending of an account, an automation or everything, and cancel own open orders."""

    scope: Scope
    target: str | None = Field(
        default=None, min_length=1, max_length=128, description="The account's or automation's name, or its id."
    )
    reason: Line = Field(
        min_length=1, max_length=500, examples=["news"], description="Why, for whoever reads it later."
    )

    @model_validator(mode="after")
    def _names_a_target(self) -> ThrowKillSwitch:
        if (self.scope == "everything") != (self.target is None):
            raise ValueError("name the account or the automation to stop, and nothing where everything is stopped")
        return self


class KillSwitchRow(Response):
    """A kill switch and what became of the orders that were live when it was thrown."""

    id: str
    scope: Scope
    owner: str = Field(description='Whose accounts and automations it stops; "" for everybody\'s.')
    target: str = Field(description='The account or automation; "" where everything is stopped.')
    target_id: str
    by: str
    reason: str
    thrown_at: datetime
    in_force: bool
    settled: bool = Field(description="Whether everything is confirmed: nothing is left that may still move.")
    settled_at: datetime | None
    released_at: datetime | None
    released_by: str
    orders: int = Field(description="How many orders were live when it was thrown.")
    now: dict[OrderStatus, int] = Field(description="How many of them have which status now.")
    cancels: int = Field(description="Cancels that are under way.")


class KillSwitchThrown(Response):
    """The kill switch that is in force now; ``already``: it was thrown before."""

    switch: KillSwitchRow
    already: bool


class ShowKillSwitch(PageRequest):
    """Which kill switch; ``live``: only orders whose end is not confirmed."""

    id: WhichSwitch = None
    live: bool = False


class ChecklistLine(Response):
    """One order: what it was when the kill switch was thrown, and what is confirmed since."""

    order: str
    automation: str
    automation_id: str
    account: str
    symbol: str
    side: Side
    type: str
    amount: Amount | None
    spend: Amount | None
    price: Amount | None
    stop: Amount | None
    exchange_order_id: str | None
    status_then: OrderStatus
    filled_then: Amount
    status: OrderStatus
    filled: Amount
    reason: str
    outcome: str = Field(description="What is confirmed, in words.")
    confirmed_at: datetime | None = Field(description="When its end was confirmed; None: it was not, yet.")
    advice: str = Field(description='What a person may do about it; "" where nothing is needed.')


class Checklist(Response):
    """A kill switch and its orders, oldest first."""

    switch: KillSwitchRow
    lines: list[ChecklistLine]
    next_cursor: str | None
    as_of: datetime


class ListKillSwitches(PageRequest):
    """A page of kill switches."""

    in_force: bool = Field(default=False, description="Only those that are in force.")


class KillSwitchPage(Response):
    """Kill switches, newest first."""

    switches: list[KillSwitchRow]
    next_cursor: str | None


class ReleaseKillSwitch(Request):
    """A kill switch to release."""

    id: WhichSwitch = None
    even_if_unsettled: bool = Field(default=False, description="Though it is not confirmed what became of all orders.")
