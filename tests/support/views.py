"""Views for tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from octobot_node.reports.models import AutomationReport

__all__ = ["SilentView"]


class SilentView:
    """Remembers what a run showed."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.tables: list[list[AutomationReport]] = []
        self.done: list[tuple[int, int]] = []

    def progress(self, done: int, total: int, now: datetime) -> None:
        self.done.append((done, total))

    def table(self, rows: Sequence[AutomationReport], now: datetime) -> None:
        self.tables.append(list(rows))

    def message(self, text: str) -> None:
        self.messages.append(text)
