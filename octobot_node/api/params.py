"""Parameters that many routes have."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query

__all__ = ["AccountPath", "AutomationPath", "Cursor", "OrderPath"]

AutomationPath = Annotated[
    str, Path(min_length=1, max_length=128, description="An automation's id, or its name where only one has it.")
]
AccountPath = Annotated[str, Path(min_length=1, max_length=128, description="An account's id, or its name.")]
OrderPath = Annotated[str, Path(min_length=1, max_length=64, description="An order's id.")]
Cursor = Annotated[
    str | None, Query(max_length=256, description="`next_cursor` of the page before; none for the first.")
]
