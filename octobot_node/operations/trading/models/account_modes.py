"""Whether an account's orders are sent, or only written down."""

from __future__ import annotations

from pydantic import Field

from octobot_node.operations.models import Response
from octobot_node.operations.trading.models.accounts import OneAccount
from octobot_node.specs import AccountMode, PositiveAmount

__all__ = ["GoLive", "ModeChange", "ObserveAccount", "PlanGoLive"]


class ObserveAccount(OneAccount):
    """An account whose orders shall be written down and not sent."""

    revision: int | None = Field(
        default=None, ge=0, description="Change it only if this is its revision still; None: whatever it is."
    )


class PlanGoLive(OneAccount):
    """An account of which is asked what it would mean to send its orders."""

    max_first_day: PositiveAmount | None = Field(
        default=None,
        description="The most that its buys together may cost in each quote asset within the first 24 hours, and by"
        " which sales may bring more than that. Kept as a limit of the account; None leaves that as it is.",
        examples=["200"],
    )


class GoLive(PlanGoLive, ObserveAccount):
    """An account whose orders shall be sent."""

    check: bool = Field(
        default=True,
        description="Ask its exchange first, and leave it as it is where something is not well, such as a key that may"
        " withdraw or a clock that is off. What is simulated is not asked.",
    )


class ModeChange(Response):
    """What becomes of an account that goes live or observes."""

    account: str = Field(description="Its name.")
    account_id: str
    mode: AccountMode = Field(description="What it is from then on.")
    changed: bool = Field(description="False: it was so before, or this is a plan.")
    will: list[str] = Field(description="What happens from then on, as sentences.")
    warnings: list[str] = Field(description="What should be looked at first, as sentences.")
