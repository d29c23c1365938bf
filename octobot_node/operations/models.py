"""What every operation's models are made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

__all__ = [
    "AutomationRef",
    "EmptyRequest",
    "Limit",
    "PageRequest",
    "PeriodRequest",
    "Request",
    "Response",
    "Since",
    "Until",
]

#: A name, or an id.
AutomationRef = Annotated[
    str, Field(min_length=1, max_length=128, description="An automation's name, where only one has it, or its id.")
]
Limit = Annotated[int, Field(ge=1, le=500, description="Rows on a page at most.")]
Since = Annotated[AwareDatetime | None, Field(description="From this moment on; with a time zone.")]
Until = Annotated[AwareDatetime | None, Field(description="Before this moment; with a time zone.")]


class Request(BaseModel):
    """What an operation takes: a field that it does not have is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Response(BaseModel):
    """What an operation returns, or a part of it."""

    # A newer node may tell more than this version knows; what has a default is told all the same.
    model_config = ConfigDict(frozen=True, extra="ignore", json_schema_serialization_defaults_required=True)


class EmptyRequest(Request):
    """No argument."""


class PageRequest(Request):
    """A page of a list."""

    limit: Limit = 50
    cursor: str | None = Field(
        default=None, max_length=256, description="`next_cursor` of the page before; None for the first."
    )


class PeriodRequest(PageRequest):
    """A page of a list of what happened in a period."""

    since: Since = None
    until: Until = None
