"""Accounts, events, the audit log, the installation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from octobot_node.store.rows.owned import OwnedRow

__all__ = [
    "AccountRow",
    "AuditChainRow",
    "AuditRow",
    "EventRow",
    "FollowedEventRow",
    "InstallationRow",
    "ListedAuditRow",
    "ListedEventRow",
    "StandingAccountRow",
]


class AccountRow(Protocol):
    """A row of ``accounts``."""

    id: str
    owner: str
    shard: int
    name: str
    market_data: str
    market_data_settings: Mapping[str, Any]
    trading: str
    trading_settings: Mapping[str, Any]
    limits: Mapping[str, Any]
    egress: str
    market_data_egress: str
    sending: bool
    mode: str
    live_since: int
    lacks: Mapping[str, Any]
    unanswered: str
    unanswered_since: int | None
    executions_unread: str
    executions_unread_since: int | None
    wakes: bool
    trades_cursor: int
    reconcile_since: int | None
    revision: int
    created_at: int
    contacted_at: int | None


class StandingAccountRow(Protocol):
    """What is kept in memory of an account."""

    id: str
    owner: str
    name: str
    market_data: str
    market_data_settings: Mapping[str, Any]
    market_data_egress: str
    trading: str


class EventRow(OwnedRow, Protocol):
    """A row of ``events``."""

    id: int
    automation_id: str
    kind: str
    data: str
    at: int
    txid: int


class ListedEventRow(EventRow, Protocol):
    """An event with the name of its automation, "" where that is gone."""

    automation: str


class FollowedEventRow(Protocol):
    """What those who follow events read."""

    id: int
    txid: int
    owner: str
    automation_id: str
    kind: str
    data: str
    at: int


class AuditRow(Protocol):
    """A row of ``audit``."""

    id: int
    at: int
    owner: str
    actor: str
    via: str
    address: str
    request_id: str
    action: str
    target: str
    target_id: str
    outcome: str
    data: str
    begun_id: int | None
    hash: str


class ListedAuditRow(AuditRow, Protocol):
    """An entry with the data of the one that it ends, None where it ends none, or that one was pruned."""

    begun_data: str | None


class AuditChainRow(Protocol):
    """The row of ``audit_chain``."""

    id: int
    last_id: int
    last_hash: str
    entries: int
    bytes: int
    pruned_id: int
    pruned_hash: str
    pruned_at: int | None


class InstallationRow(Protocol):
    """The row of ``installation``."""

    id: str
    generation: int
    created_at: int
    sending: bool
    virtual_now: int | None
    moved_to: str
    identity: str
    clear_secrets: int
    tentacles: str
