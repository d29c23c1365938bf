"""What a user chose for themselves."""

from __future__ import annotations

from pydantic import Field

from octobot_node.operations.models import Request, Response
from octobot_node.specs import Asset

__all__ = ["ChangePreferences", "Preferences"]


class ChangePreferences(Request):
    """What is to be other from now on; what is left out stays."""

    currency: Asset | None = Field(
        default=None,
        description="What sums are also told in; null: nothing. USD where nobody chose.",
        examples=["EUR"],
    )


class Preferences(Response):
    """What the user who asks chose."""

    user: str
    currency: str | None
