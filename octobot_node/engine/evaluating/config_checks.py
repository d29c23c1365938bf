"""What a type says against a config on its market, whatever its author's code returns or raises."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from octobot_node.automation import Automation, Finding
from octobot_node.errors import NotAskedFor
from octobot_node.market import Market

__all__ = ["BadFinding", "check_config", "findings_of"]

_MOST = 20
_FIELD_LIMIT, _TEXT_LIMIT = 200, 1_000


class BadFinding(Exception):
    """What ``check`` returned cannot be told; the text says what and why."""


def findings_of(
    automation: Automation[Any, Any], config: BaseModel, market: Market, budget: Mapping[str, Decimal]
) -> tuple[Finding, ...]:
    """Return what the type finds; a check that fails is a warning of its own and refuses nothing."""
    try:
        return check_config(automation, config, market, budget)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - a third party's code: nobody is to be kept from trading by its check
        said = str(error) if isinstance(error, BadFinding) else f"{type(error).__name__}: {error}"
        return (Finding("", f"the check of its type failed ({said[:_FIELD_LIMIT]}): tell the type's author"),)


def check_config(
    automation: Automation[Any, Any], config: BaseModel, market: Market, budget: Mapping[str, Decimal]
) -> tuple[Finding, ...]:
    """Return what the type finds; nothing where it looks at a market that is not there.

    That is so after an edit to another symbol while what goes on, and is asked for, is of the one before.

    Raises BadFinding for what cannot be told, and whatever the author's code raises.
    """
    try:
        found: Any = tuple(automation.check(config, market, budget))
    except NotAskedFor:
        return ()
    if len(found) > _MOST:
        raise BadFinding(f"check() returned {len(found)} findings; {_MOST} is the most")
    for finding in found:
        _check(finding)
    return tuple(found)


def _check(finding: Any) -> None:
    if not isinstance(finding, Finding):
        raise BadFinding(f"check() returned {finding!r:.100}, which is not a Finding")
    field: Any = finding.field
    text: Any = finding.text
    if not isinstance(field, str) or len(field) > _FIELD_LIMIT:
        raise BadFinding(f"the field of a finding is text of at most {_FIELD_LIMIT} characters, not {field!r:.100}")
    if not isinstance(text, str) or not 0 < len(text) <= _TEXT_LIMIT:
        raise BadFinding(f"the text of a finding has 1 to {_TEXT_LIMIT:,} characters; this one is {text!r:.100}")
    if finding.severity not in ("warning", "error"):
        raise BadFinding(f"the severity of a finding is 'warning' or 'error', not {finding.severity!r:.100}")
