"""What was traded and moved, as tables for other programs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from octobot_node.operations.models import AutomationRef, Request, Response, Since, Until

__all__ = ["ExportPage", "ExportTable", "What"]

What = Literal["fills", "ledger", "orders", "tax"]


class ExportTable(Request):
    """Which table, of which period: of fills and postings the exchange's times count, of orders when they were made."""

    what: What = Field(description="`tax` is the fills, in the columns that tax tools read.")
    automation: AutomationRef | None = Field(default=None, description="Only this one's, by name or id.")
    account: str | None = Field(default=None, max_length=128, description="Only those on this account, by name or id.")
    paper: bool | None = Field(
        default=None, description="Only play money, or only real money; null: both, but for `tax` real money alone."
    )
    since: Since = None
    until: Until = None
    cursor: str | None = Field(default=None, max_length=64, description="`next_cursor` of the page before.")
    limit: int = Field(default=2_000, ge=1, le=5_000, description="Rows on a page at most.")


class ExportPage(Response):
    """Rows, oldest first, as they stand in a CSV file below ``columns``: times in UTC, amounts in plain digits."""

    columns: list[str]
    rows: list[list[str]]
    next_cursor: str | None
