"""Automations, their schedule, and what they are told and ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from octobot_node.store.rows.owned import OwnedRow

__all__ = [
    "AheadRow",
    "AutomationRow",
    "BatchedAutomationRow",
    "ClaimedScheduleRow",
    "ComparedRow",
    "ConfigRevisionRow",
    "FencedAutomationRow",
    "FoundAutomationRow",
    "GivenSignalRow",
    "HeldAutomationRow",
    "ListedAutomationRow",
    "ListedRow",
    "LockedScheduleRow",
    "NamedNoticeRow",
    "NoticeRow",
    "OriginalRow",
    "ReportedAutomationRow",
    "RequestRow",
    "RhythmRow",
    "SignalRow",
    "StandingRow",
    "WatchedAutomationRow",
]


class AutomationRow(OwnedRow, Protocol):
    """A row of ``automations``: the wide half."""

    id: str
    name: str
    type: str
    type_version: int
    status: str
    status_since: int
    reason: str
    config: str
    previous_config: str | None
    state: str | None
    state_version: int
    needs: str
    tags: str
    figures: str
    next_step: str
    wake: str
    limits: Mapping[str, Any]
    sending: bool
    close_on_stop: bool
    created_at: int
    created_by: str
    updated_at: int


class BatchedAutomationRow(OwnedRow, Protocol):
    """What a batch loads of both halves."""

    id: str
    name: str
    type: str
    status: str
    reason: str
    config: str
    previous_config: str | None
    state: str | None
    state_version: int
    needs: str
    figures: str
    next_step: str
    wake: str
    limits: Mapping[str, Any]
    source: str
    due_at: int | None
    tick: int
    revision: int
    wakes: int
    failures: int
    suspect: bool
    levels: str | None
    next_run_at: int | None


class FencedAutomationRow(Protocol):
    """What the send fence looks at of an automation."""

    id: str
    status: str
    sending: bool
    limits: Mapping[str, Any]


class FoundAutomationRow(Protocol):
    """An automation that was looked for by name or id."""

    id: str
    name: str
    owner: str


class ReportedAutomationRow(AutomationRow, Protocol):
    """An automation with what reports say of its schedule."""

    tick: int
    source: str
    next_run_at: int | None


class ListedAutomationRow(AutomationRow, Protocol):
    """Both halves of an automation, with the name of its account."""

    next_run_at: int | None
    ticked_at: int | None
    tick: int
    revision: int
    due_at: int | None
    levels: str | None
    source: str
    runnable: bool
    account: str


class ListedRow(Protocol):
    """What lists show of both halves of an automation, with its account's name and connector."""

    id: str
    owner: str
    account_id: str
    name: str
    type: str
    status: str
    status_since: int
    reason: str
    sending: bool
    created_at: int
    next_run_at: int | None
    ticked_at: int | None
    tick: int
    revision: int
    source: str
    runnable: bool
    account: str
    trading: str


class StandingRow(Protocol):
    """What is kept in memory of an automation."""

    id: str
    owner: str
    account_id: str
    name: str
    type: str
    status: str
    status_since: int
    tags: str
    needs: str
    created_at: int


class HeldAutomationRow(Protocol):
    """An automation that is held, and why."""

    id: str
    reason: str


class WatchedAutomationRow(Protocol):
    """An automation that another one sees; ``automation_id`` is the one that looks."""

    automation_id: str
    id: str
    name: str
    type: str
    status: str


class OriginalRow(Protocol):
    """What a shadow's tick takes from its original."""

    id: str
    name: str
    status: str
    tick: int
    due_at: int | None
    wake: str
    #: Whether both are in one batch: they see one market, and are told one time.
    rides: bool


class LockedScheduleRow(Protocol):
    """What is read of a schedule row when it is locked."""

    automation_id: str
    runnable: bool
    due_at: int | None
    revision: int


class AheadRow(Protocol):
    """When an automation runs next, and ticked last, and by which plan."""

    automation_id: str
    ticked_at: int | None
    next_run_at: int | None
    due_at: int | None
    failures: int
    wake: str


class ComparedRow(Protocol):
    """What a commit compares with what was loaded."""

    tick: int
    revision: int
    wakes: int


class ClaimedScheduleRow(ComparedRow, Protocol):
    """What is read of a schedule row that a batch holds."""

    automation_id: str


class SignalRow(OwnedRow, Protocol):
    """A row of ``inbox``."""

    id: str
    automation_id: str
    channel: str
    source: str
    dedup_key: str
    payload: str
    status: str
    tries: int
    received_at: int
    expires_at: int | None
    consumed_tick: int | None
    outcome: str
    reason: str
    orders: str


class GivenSignalRow(Protocol):
    """What a tick is given of a signal."""

    automation_id: str
    id: str
    channel: str
    payload: str
    received_at: int


class RequestRow(OwnedRow, Protocol):
    """A row of ``requests``."""

    id: str
    automation_id: str
    target: str
    command: str
    status: str
    reason: str
    created_at: int


class NoticeRow(OwnedRow, Protocol):
    """A row of ``notices``."""

    id: str
    automation_id: str
    level: str
    message: str
    status: str
    tries: int
    retry_at: int | None
    created_at: int
    delivered: str


class NamedNoticeRow(NoticeRow, Protocol):
    """A notice with the name of its automation, None where that is gone."""

    automation: str | None


class ConfigRevisionRow(OwnedRow, Protocol):
    """A row of ``config_revisions``."""

    automation_id: str
    number: int
    config: str
    made_at: int
    made_by: str


class RhythmRow(Protocol):
    """When one at work is evaluated, and what it wants to know then."""

    automation_id: str
    source: str
    levels: str | None
    wake: str
    needs: str
