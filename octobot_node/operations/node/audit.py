"""Look at who did what."""

from __future__ import annotations

import json
from datetime import datetime

from octobot_node.market import from_ms, to_ms
from octobot_node.operations.context import OperationContext
from octobot_node.operations.node.models.audit import AuditPage, AuditRow, ListAudit
from octobot_node.store import audit_log
from octobot_node.store.audit_log import AuditFilter
from octobot_node.store.rows import node as node_rows

__all__ = ["list_audit"]


def list_audit(context: OperationContext, request: ListAudit) -> AuditPage:
    """Return a page of entries, newest first; of those that have two, the second."""
    which = AuditFilter(
        context.owner, request.actor, request.action, request.target_id, _moment(request.since), _moment(request.until)
    )
    with context.core.storage.read() as connection:
        rows = audit_log.page(connection, which, request.cursor, request.limit + 1)
    shown = rows[: request.limit]
    return AuditPage(
        entries=[_row(row) for row in shown], next_cursor=shown[-1].id if len(rows) > request.limit else None
    )


def _moment(given: datetime | None) -> int | None:
    return None if given is None else to_ms(given)


def _row(row: node_rows.AuditRow) -> AuditRow:
    names = ("id", "actor", "via", "address", "request_id", "action", "owner", "target", "target_id")
    return AuditRow(
        **{name: getattr(row, name) for name in names},
        at=from_ms(row.at),
        outcome="unknown" if row.outcome == "begun" else row.outcome,
        data=json.loads(row.data),
    )
