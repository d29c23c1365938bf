"""Statements on ``events``: what happened, for people and followers. Uneventful ticks leave no row."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from octobot_node.shadow_ids import is_shadow
from octobot_node.store.sql.bulk_statements import insert_many
from octobot_node.store.tables import events

__all__ = ["Event", "append"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something worth a row: ``kind`` is dotted (``tick.failed``), ``data`` is JSON with amounts as strings."""

    owner: str
    account_id: str
    automation_id: str
    kind: str
    data: Mapping[str, Any]


def append(connection: sa.Connection, rows: Sequence[Event], at: int) -> None:
    """Append events at ``at`` (ms UTC); what happens to a shadow is nothing that anybody follows or acts on."""
    told = [_row(event, at) for event in rows if not is_shadow(event.account_id)]
    if told:
        insert_many(connection, events, told)


def _row(event: Event, at: int) -> dict[str, Any]:
    return {
        "owner": event.owner,
        "account_id": event.account_id,
        "automation_id": event.automation_id,
        "kind": event.kind,
        "data": _encode(event.data),
        "at": at,
    }


def _plain(value: Any) -> str:
    return format(value, "f") if isinstance(value, Decimal) else str(value)


#: Made once: json.dumps makes an encoder at every call that asks for something.
_encode = json.JSONEncoder(separators=(",", ":"), default=_plain).encode
