"""How the day went, and how late ticks were."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from octobot_node.operations.models import Response
from octobot_node.operations.overview.models.totals import SumFilter
from octobot_node.specs import Amount

__all__ = ["LagNow", "LagPoint", "ResultBin", "ResultOfDay", "ResultsOfDay", "ShowResults"]


class ShowResults(SumFilter):
    """Of which automations, in how many steps, and how many of the best and the worst."""

    bins: int = Field(default=40, ge=4, le=200, description="Steps between the ends.")
    ends: int = Field(default=10, ge=0, le=100, description="How many of the best, and of the worst, to name.")


class ResultBin(Response):
    """How many automations changed by at least ``low`` and less than ``high``; 0.01 is 1 % since 00:00 UTC.

    The first and the last have those beyond the ends, too: ``low`` or ``high`` is null there.
    """

    low: float | None
    high: float | None
    count: int


class ResultOfDay(Response):
    """One automation's day."""

    automation: str
    automation_id: str
    asset: str
    today: Amount
    ratio: float = Field(description="By what it was worth when the day began.")


class ResultsOfDay(Response):
    """How automations' equity changed since 00:00 UTC, as a ratio of what it was then."""

    gained: int
    lost: int
    unchanged: int
    unknown: int = Field(description="Of these it is not known: a price is missing, or what they were worth then.")
    median: float | None
    bins: list[ResultBin]
    best: list[ResultOfDay]
    worst: list[ResultOfDay]
    as_of: datetime


class LagPoint(Response):
    """How late ticks of a minute were, in seconds."""

    at: datetime
    ticks: int
    median: float
    most: float = Field(description="95 % of the ticks were not later.")


class LagNow(Response):
    """How late this node's ticks were in the last hour, and in each of its minutes that had any."""

    node: str
    ticks: int
    median: float
    most: float = Field(description="95 % of the ticks were not later.")
    minutes: list[LagPoint]
    as_of: datetime
