"""Look at who did what, and whether it is still what was written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from octobot_node.market import from_ms, to_ms
from octobot_node.operations.context import OperationContext
from octobot_node.operations.node.models.audit import (
    AuditPage,
    AuditRow,
    AuditVerified,
    BrokenEntry,
    ListAudit,
    ListOwnAudit,
    VerifyAudit,
)
from octobot_node.store.audit import audit_chain, audit_log
from octobot_node.store.audit.audit_anchor import kept_in, why_not
from octobot_node.store.audit.audit_chain import Anchor, Broken, Walk
from octobot_node.store.audit.audit_log import AuditFilter
from octobot_node.store.rows import node as node_rows
from octobot_node.store.tables import installation

__all__ = ["list_audit", "list_own", "verify"]

#: Entries that are looked at for one answer, and read at once.
_VERIFIED_MAX, _PIECE = 100_000, 2_000


def list_audit(context: OperationContext, request: ListAudit) -> AuditPage:
    """Return a page of entries, newest first; of those that have two, the second."""
    with context.core.storage.read() as connection:
        rows = audit_log.page(connection, _filter(request, context.owner), request.cursor, request.limit + 1)
    return _page(rows, request.limit)


def list_own(context: OperationContext, request: ListOwnAudit) -> AuditPage:
    """Return a page of the entries about an owner's things and about a user, newest first."""
    # Whoever acts for one owner sees that one's, whatever is asked for.
    ours = _filter(request, request.owner if context.owner is None else context.owner)
    # What is about a user is about nobody's things. Each of both rides an index, which their union would not.
    mine = replace(_filter(request, ""), target_id=request.user)
    which = [ours, mine] if request.target_id in (None, request.user) else [ours]
    with context.core.storage.read() as connection:
        found = [audit_log.page(connection, each, request.cursor, request.limit + 1) for each in which]
    page = _page(sorted((row for rows in found for row in rows), key=lambda row: -row.id), request.limit)
    # From where others did it is theirs.
    told = [row if row.actor == request.user else row.model_copy(update={"address": ""}) for row in page.entries]
    return page.model_copy(update={"entries": told})


def _filter(request: ListAudit, owner: str | None) -> AuditFilter:
    return AuditFilter(
        owner, request.actor, request.action, request.target_id, _moment(request.since), _moment(request.until)
    )


def _page(rows: Sequence[node_rows.ListedAuditRow], limit: int) -> AuditPage:
    shown = rows[:limit]
    return AuditPage(entries=[_row(row) for row in shown], next_cursor=shown[-1].id if len(rows) > limit else None)


def verify(context: OperationContext, request: VerifyAudit) -> AuditVerified:
    """Go along the chain of hashes, and compare its end with what the database and the data folder remember."""
    with context.core.storage.read() as connection:
        chain = audit_chain.chain(connection)
        last, start = Anchor(), Anchor()
        if chain is not None:
            last, start = Anchor(chain.last_id, chain.last_hash), Anchor(chain.pruned_id, chain.pruned_hash)
        walk = Walk(start if request.since is None else _read(request.since))
        if request.since is not None and (why := why_not(connection, walk.reached)):
            walk.broken = Broken(min(walk.reached.id, last.id + 1), why)
        elif walk.reached.id < start.id:
            walk.reached = start
        if walk.broken is None:
            walk.go(_entries(connection, walk.reached.id))
        more = walk.broken is None and walk.entries >= _VERIFIED_MAX and walk.reached.id < last.id
        if not more:
            walk.end(last)
        remembered, why = _remembered(connection, context.core.settings.data_dir)
        if why and walk.broken is None and not more:
            walk.broken = Broken(last.id + 1, why)
    broken = walk.broken
    return AuditVerified(
        holds=broken is None,
        broken=None if broken is None else BrokenEntry(id=broken.id, why=broken.why),
        verified=walk.entries,
        anchor=f"{walk.reached.id}:{walk.reached.hash or '0' * 64}",
        more=more,
        entries=0 if chain is None else chain.entries,
        bytes=0 if chain is None else chain.bytes,
        pruned_id=start.id,
        pruned_until=None if chain is None or chain.pruned_at is None else from_ms(chain.pruned_at),
        remembered=remembered,
    )


def _read(anchor: str) -> Anchor:
    number, _, digest = anchor.partition(":")
    return Anchor(int(number), digest) if int(number) else Anchor()


def _entries(connection: sa.Connection, after: int) -> Iterator[Sequence[Any]]:
    left = _VERIFIED_MAX
    while left > 0 and (found := audit_chain.rows(connection, after, min(_PIECE, left))):
        yield from found
        after, left = found[-1][0], left - len(found)


def _remembered(connection: sa.Connection, folder: Path) -> tuple[str, str]:
    """Return what a data folder remembers, for a person, and why the audit does not fit it, or ""."""
    kept = kept_in(folder)
    if kept is None:
        return "the data folder remembers nothing yet", ""
    row = connection.execute(sa.select(installation.c.id, installation.c.generation)).first()
    if row is None or row.id != kept.installation:
        return "the data folder remembers another database's", ""
    if row.generation != kept.generation:
        return f"the database was restored since the data folder last remembered entry {kept.id}", ""
    why = why_not(connection, Anchor(kept.id, kept.hash))
    return f"the data folder remembers entry {kept.id}, {'which does not fit' if why else 'which fits'}", why


def _moment(given: datetime | None) -> int | None:
    return None if given is None else to_ms(given)


def _row(row: node_rows.ListedAuditRow) -> AuditRow:
    names = ("id", "actor", "via", "address", "request_id", "action", "owner", "target", "target_id")
    return AuditRow(
        **{name: getattr(row, name) for name in names},
        at=from_ms(row.at),
        outcome="unknown" if row.outcome == "begun" else row.outcome,
        data={**json.loads(row.begun_data or "{}"), **json.loads(row.data)},
    )
