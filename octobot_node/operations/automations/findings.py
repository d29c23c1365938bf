"""What types find in configs on their markets, as operations tell it."""

from __future__ import annotations

from collections.abc import Iterable

from octobot_node.automation import Finding
from octobot_node.errors import UsageError
from octobot_node.operations.automations.models.automations import FindingRow

__all__ = ["finding_rows", "refuse_errors"]


def finding_rows(findings: Iterable[Finding]) -> list[FindingRow]:
    """Return findings as they are shown."""
    return [FindingRow(field=each.field, severity=each.severity, text=each.text) for each in findings]


def refuse_errors(findings: Iterable[Finding]) -> None:
    """Raise UsageError for the first error, naming its field."""
    for each in findings:
        if each.severity == "error":
            where = f"config.{each.field}" if each.field else "config"
            raise UsageError(f"{where}: {each.text}", field=where, reason=each.text)
