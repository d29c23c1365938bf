"""Parameters that many routes have."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

__all__ = ["AccountPath", "AutomationPath", "OrderPath"]

AutomationPath = Annotated[
    str, Path(min_length=1, max_length=128, description="An automation's id, or its name where only one has it.")
]
AccountPath = Annotated[str, Path(min_length=1, max_length=128, description="An account's id, or its name.")]
OrderPath = Annotated[str, Path(min_length=1, max_length=64, description="An order's id.")]
