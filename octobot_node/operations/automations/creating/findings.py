"""What types find in configs on their markets, as operations tell it."""

from __future__ import annotations

from collections.abc import Iterable

from octobot_node.automation import Finding
from octobot_node.errors import Mistake, UsageError
from octobot_node.operations.automations.models.automations import FindingRow

__all__ = ["finding_rows", "mistakes_of", "refuse_errors"]


def finding_rows(findings: Iterable[Finding]) -> list[FindingRow]:
    """Return findings as they are shown."""
    return [FindingRow(field=each.field, severity=each.severity, text=each.text) for each in findings]


def mistakes_of(findings: Iterable[Finding]) -> list[Mistake]:
    """Return the errors among findings, by dotted field of a request that has the config."""
    return [
        Mistake(f"config.{each.field}" if each.field else "config", each.text)
        for each in findings
        if each.severity == "error"
    ]


def refuse_errors(findings: Iterable[Finding]) -> None:
    """Raise UsageError with every error, each with its field."""
    mistakes = mistakes_of(findings)
    if mistakes:
        raise UsageError.of(mistakes)
