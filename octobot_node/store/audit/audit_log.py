"""Statements on ``audit``: who changed what. Rows are added and read, nothing else; triggers hold everybody to that,
and a chain of hashes shows what was done behind their back (``audit_chain.py``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from octobot_node.store.audit import audit_chain
from octobot_node.store.audit.audit_chain import COLUMNS, Anchor, linked
from octobot_node.store.rows.node import ListedAuditRow
from octobot_node.store.tables import audit
from octobot_node.text.masking import masked

__all__ = ["Actor", "AuditFilter", "Entry", "Written", "append", "page"]

_c = audit.c
#: An entry's data is for people, and kept for long: of what is longer its beginning and its digest are enough.
_DATA_MAX, _TEXT_MAX, _TEXT_KEPT, _ITEMS_MAX = 16_000, 1_000, 200, 100
_BEGUN = audit.alias("begun")
#: What its beginning said is kept once, there.
_LISTED = sa.select(audit, _BEGUN.c.data.label("begun_data")).outerjoin(_BEGUN, _BEGUN.c.id == _c.begun_id)


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


@dataclass(frozen=True, slots=True)
class Written:
    """An entry that was appended: its id, and the characters of its data."""

    id: int
    size: int


def append(connection: sa.Connection, actor: Actor, entry: Entry, at: int) -> Written:
    """Append an entry at ``at`` (ms UTC), as the last thing of a transaction: others wait until it ends."""
    before = audit_chain.locked(connection)
    values = {
        "id": before.last_id + 1,
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
    made = Anchor(before.last_id + 1, linked(before.last_hash, [values[name] for name in COLUMNS]))
    connection.execute(audit.insert().values(**values, hash=made.hash))
    written = Written(made.id, len(str(values["data"])))
    audit_chain.note(connection, made, written.size)
    return written


def _encoded(data: Mapping[str, Any]) -> str:
    text = _json(_shortened(masked(data)))
    if len(text) <= _DATA_MAX:
        return text
    kept = {name: value for name, value in data.items() if isinstance(value, str)}
    left_out = f"{len(text):,} characters are too many to keep"
    digest = hashlib.sha256(text.encode(errors="replace")).hexdigest()
    return _json({**_shortened(masked(kept)), "left_out": left_out, "sha256": digest, "fields": sorted(data)})


def _json(data: Any) -> str:
    return json.dumps(data, separators=(",", ":"), default=_plain, ensure_ascii=False)


def _shortened(value: Any) -> Any:
    """Return a JSON value with its long texts and lists cut, each of which says so and tells its digest."""
    if isinstance(value, Mapping):
        return {_shortened(key): _shortened(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        if len(value) <= _ITEMS_MAX:
            return [_shortened(item) for item in value]
        digest = hashlib.sha256(_json(value).encode(errors="replace")).hexdigest()
        return [*map(_shortened, value[:_ITEMS_MAX]), f"… {len(value) - _ITEMS_MAX:,} more (all: SHA-256 {digest})"]
    if isinstance(value, str) and len(value) > _TEXT_MAX:
        digest = hashlib.sha256(value.encode(errors="replace")).hexdigest()
        return f"{value[:_TEXT_KEPT]}… ({len(value):,} characters, SHA-256 {digest})"
    return value


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


def page(connection: sa.Connection, wanted: AuditFilter, before: int | None, count: int) -> Sequence[ListedAuditRow]:
    """Return up to ``count`` entries, newest first, before an id; of what has ended, its end alone. Rides the key."""
    end = audit.alias("end")
    statement = (
        _LISTED.where(sa.or_(_c.outcome != "begun", ~sa.exists().where(end.c.begun_id == _c.id)))
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
