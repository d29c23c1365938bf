"""What a user chose for themselves."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field

from octobot_node.operations.models import Request, Response
from octobot_node.specs import Asset
from octobot_node.text.exact_json import encode

__all__ = ["VIEWS_MAX", "Book", "ChangePreferences", "Preferences", "Theme"]

Theme = Literal["system", "light", "dark"]
Book = Literal["live", "paper"]
#: Characters of the saved views as JSON: some hundred of them.
VIEWS_MAX = 32_768


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone(name: str | None) -> str | None:
    if name is not None and name not in _zones():
        raise ValueError("is no time zone: write one as Europe/Paris or UTC")
    return name


def _bounded(views: dict[str, Any] | None) -> dict[str, Any] | None:
    if views is not None and len(encode(views)) > VIEWS_MAX:
        raise ValueError(f"are more than {VIEWS_MAX:,} characters of JSON: delete some views")
    return views


class ChangePreferences(Request):
    """What is to be other from now on; what is left out stays, and null is as nobody chose."""

    currency: Asset | None = Field(
        default=None,
        description="What sums are also told in; null: nothing. USD where nobody chose.",
        examples=["EUR"],
    )
    theme: Theme | None = Field(default=None, description="How pages look: as the system does, light, or dark.")
    zone: Annotated[str | None, AfterValidator(_zone)] = Field(
        default=None,
        max_length=64,
        description="The time zone that times are shown in, by its IANA name; null: the browser's.",
        examples=["Europe/Paris"],
    )
    hide_amounts: bool | None = Field(default=None, description="Whether amounts are not shown: somebody looks on.")
    book: Book | None = Field(
        default=None, description="Which money is shown first: real, or play money; null: what there is decides."
    )
    views: Annotated[dict[str, Any] | None, AfterValidator(_bounded)] = Field(
        default=None,
        max_length=200,
        description="Saved views of pages, by a name of one's own: any JSON, 32,768 characters of it in all. They are"
        " replaced as a whole.",
        examples=[{"my grids": {"page": "automations", "type": "grid", "sort": "pnl"}}],
    )


class Preferences(Response):
    """What the user who asks chose."""

    user: str
    currency: str | None
    theme: Theme = Field(description="How pages look.")
    zone: str | None = Field(description="The time zone that times are shown in; null: the browser's.")
    hide_amounts: bool = Field(description="Whether amounts are not shown.")
    book: Book | None = Field(description="Which money is shown first; null: what there is decides.")
    views: dict[str, Any] = Field(description="Saved views of pages, by name.")
