"""What a run shows while it goes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from octobot_node.reports.models import AutomationReport

__all__ = ["RunView"]


class RunView(Protocol):
    """Where a run shows how it goes; every call returns at once and never raises."""

    def progress(self, done: int, total: int, now: datetime) -> None:
        """Show how far a replay is, in candles; ``now`` is the virtual time."""
        ...

    def table(self, rows: Sequence[AutomationReport], now: datetime) -> None:
        """Show every automation of a live run, as of ``now``."""
        ...

    def message(self, text: str) -> None:
        """Show one line that a person should see."""
        ...
