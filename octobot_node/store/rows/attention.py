"""What needs somebody, counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

__all__ = ["LacksRow", "LateRow", "ReasonRow", "ShortRow", "UnknownRow"]


class ReasonRow(Protocol):
    """Automations of one type that are in a status for one reason; ``name`` is one of them."""

    status: str
    type: str
    reason: str
    many: int
    oldest: int
    name: str


class UnknownRow(Protocol):
    """Orders of unknown outcome on an account."""

    account_id: str
    account: str
    many: int
    oldest: int


class LateRow(Protocol):
    """Automations that are due and in no batch."""

    many: int
    oldest: int | None


class ShortRow(Protocol):
    """An account whose exchange has less than its automations reckon with."""

    id: str
    name: str
    lacks: Mapping[str, Mapping[str, str]]


class SilentRow(Protocol):
    """An account whose exchange does not answer, or does not tell what was executed."""

    id: str
    name: str
    unanswered: str
    unanswered_since: int | None
    executions_unread: str
    executions_unread_since: int | None


class LacksRow(Protocol):
    """Automations on an account that lacked funds."""

    account_id: str
    account: str
    many: int
    #: Of one of them.
    automation_id: str
    automation: str
    oldest: int
    reason: str
