"""Statements on ``audit``: who changed what. Rows are added and read, nothing else; triggers hold everybody to that."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from octobot_node.store.rows.node import AuditRow
from octobot_node.store.tables import audit
from octobot_node.text.masking import masked

__all__ = ["Actor", "AuditFilter", "Entry", "append", "page"]

_c = audit.c
#: An entry's data is for people: what is longer says so.
_DATA_MAX = 60_000


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: ``name``, how they came (``via``), from where, and in which request."""

    name: str
    via: str = "cli"
    address: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that was done, or tried; ``data`` is JSON, in which secrets are masked when it is written.

    ``outcome`` is begun, done, refused or failed; ``begun_id`` is the id of the entry that this one ends. ``owner`` is
    whose automations it is about, "" where it is about the node.
    """

    action: str
    outcome: str = "done"
    target: str = ""
    target_id: str = ""
    owner: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    begun_id: int | None = None


def append(connection: sa.Connection, actor: Actor, entry: Entry, at: int) -> int:
    """Append an entry at ``at`` (ms UTC) and return its id."""
    values = {
        "at": at,
        "owner": entry.owner[:64],
        "actor": actor.name[:128],
        "via": actor.via[:128],
        "address": actor.address[:64],
        "request_id": actor.request_id[:64],
        "action": entry.action[:64],
        "target": entry.target[:256],
        "target_id": entry.target_id[:64],
        "outcome": entry.outcome,
        "data": _encoded(entry.data),
        "begun_id": entry.begun_id,
    }
    found = connection.execute(audit.insert().values(values)).inserted_primary_key
    assert found is not None
    return int(found[0])


def _encoded(data: Mapping[str, Any]) -> str:
    text = json.dumps(masked(data), separators=(",", ":"), default=_plain, ensure_ascii=False)
    if len(text) <= _DATA_MAX:
        return text
    return json.dumps({"left_out": f"{len(text):,} characters are too many to keep", "fields": sorted(data)})


def _plain(value: Any) -> str:
    return format(value, "f") if isinstance(value, Decimal) else str(value)


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries; None: any. Times are ms UTC, from ``since`` on and before ``until``."""

    owner: str | None = None
    actor: str | None = None
    action: str | None = None
    target_id: str | None = None
    since: int | None = None
    until: int | None = None


def page(connection: sa.Connection, wanted: AuditFilter, before: int | None, count: int) -> Sequence[AuditRow]:
    """Return up to ``count`` entries, newest first, before an id; of what has ended, its end alone. Rides the key."""
    end = audit.alias("end")
    statement = (
        sa.select(audit)
        .where(sa.or_(_c.outcome != "begun", ~sa.exists().where(end.c.begun_id == _c.id)))
        .order_by(_c.id.desc())
        .limit(count)
    )
    for column, value in ((_c.owner, wanted.owner), (_c.actor, wanted.actor), (_c.target_id, wanted.target_id)):
        if value is not None:
            statement = statement.where(column == value)
    if wanted.action is not None:
        group = wanted.action.endswith(".")
        statement = statement.where(
            _c.action.startswith(wanted.action, autoescape=True) if group else _c.action == wanted.action
        )
    if wanted.since is not None:
        statement = statement.where(_c.at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(_c.at < wanted.until)
    if before is not None:
        statement = statement.where(_c.id < before)
    return connection.execute(statement).all()
