"""What things were worth over time."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from octobot_node.operations.automations.models.automations import OneAutomation
from octobot_node.operations.models import Request, Response, Since, Until
from octobot_node.specs import Amount

__all__ = [
    "CourseOfAutomation",
    "CoursePoint",
    "CourseTotal",
    "Deposit",
    "ShowCourse",
    "ShowSparklines",
    "ShowTotalCourse",
    "Sparkline",
    "SparklinePage",
    "TotalCourse",
    "TotalPoint",
]

_Points = Annotated[int, Field(ge=2, le=2_000, description="Points at most, evenly over the time.")]


class ShowCourse(OneAutomation):
    """From when to when; null: from its beginning, until now."""

    since: Since = None
    until: Until = None
    points: _Points = 500


class CoursePoint(Response):
    """What an automation was worth at a moment, marked to market.

    ``held`` is what its start would be worth had it been spent on what it trades first, when its price was first seen,
    and what it was given later, then.
    """

    at: datetime
    equity: Amount
    start: Amount = Field(description="What it had been given until then: equity less this is what it gained.")
    realised: Amount
    priced: bool = Field(description="Whether all that it held had a price then; otherwise it is in it at its cost.")
    held: Amount | None


class Deposit(Response):
    """Budget that was given, or taken back."""

    at: datetime
    asset: str
    amount: Amount


class CourseOfAutomation(Response):
    """What an automation was worth, marked to market at samples and after fills; the last point is of now."""

    automation: str
    automation_id: str
    asset: str
    points: list[CoursePoint]
    deposits: list[Deposit]
    hold_symbol: str = Field(description="What was bought and held instead; empty: no price of it is known.")
    max_drawdown: Amount = Field(
        description="The largest fall of what it gained from the highest before, in these points: a deposit is no gain,"
        " a withdrawal no loss."
    )
    max_drawdown_ratio: Amount = Field(
        description="The largest fall as a ratio of the highest before, of what each unit that it was given came to."
    )


class ShowTotalCourse(Request):
    """Of which accounts, from when to when."""

    account: str | None = Field(default=None, max_length=128, description="An account's name, or its id.")
    paper: bool | None = Field(default=None, description="Only play money, or only real money.")
    since: Since = None
    until: Until = None
    points: _Points = 500


class TotalPoint(Response):
    """What automations were worth together at a moment; ``start`` is what they had been given until then."""

    at: datetime
    equity: Amount
    start: Amount
    realised: Amount
    unpriced: int = Field(description="How many held something without a price, which is not in it.")


class CourseTotal(Response):
    """The course of all that is counted in one asset."""

    asset: str
    points: list[TotalPoint]
    max_drawdown: Amount = Field(
        description="Of equity less what was given: a deposit is no gain, a withdrawal no loss."
    )


class TotalCourse(Response):
    """What automations were worth together, one course for each asset they are counted in."""

    courses: list[CourseTotal]
    sampled_every: float = Field(description="Seconds; 0: no samples are taken.")


class ShowSparklines(Request):
    """Of which automations, over how many days, in how many points."""

    ids: list[Annotated[str, Field(min_length=1, max_length=36)]] = Field(
        min_length=1, max_length=200, examples=[["019b1f00-0000-7000-8000-000000000000"]]
    )
    days: float = Field(default=7.0, gt=0, le=366)
    points: int = Field(default=30, ge=2, le=100)


class Sparkline(Response):
    """What an automation was worth at each of the page's times, marked to market; null: it was not, or not known.

    What it was given or had taken from it meanwhile is in every one of them, so that no step of them is a deposit.
    """

    automation_id: str
    asset: str
    equity: list[Amount | None]


class SparklinePage(Response):
    """Small courses of a page of automations, at the same times; those that are gone are left out."""

    times: list[datetime]
    rows: list[Sparkline]
