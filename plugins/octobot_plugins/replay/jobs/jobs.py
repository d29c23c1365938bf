"""Operations on replays: look at them, note, cancel and delete them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from octobot_node.contracts.operation import Subject
from octobot_node.errors import CommandRefused, Conflict, UnknownName, UsageError
from octobot_node.market import from_ms
from octobot_node.operations.context import OperationContext
from octobot_node.operations.cursors import id_in
from octobot_node.store.types import AnyRow
from octobot_plugins.replay.jobs import statements
from octobot_plugins.replay.jobs.models import (
    AutomationSummary,
    EditReplay,
    ListReplays,
    OneReplay,
    Progress,
    ReplayDeleted,
    ReplayDetail,
    ReplayPage,
    ReplayRow,
)
from octobot_plugins.replay.jobs.running import folders
from octobot_plugins.replay.jobs.status import ReplayStatus

__all__ = ["cancel", "delete", "detail", "edit", "find", "list_replays", "progress", "show", "subject"]


def list_replays(context: OperationContext, request: ListReplays) -> ReplayPage:
    """Return a page of replays, newest first."""
    with context.core.storage.read() as connection:
        status = None if request.status is None else request.status.value
        rows = statements.page(connection, context.owner, status, id_in(request.cursor), request.limit + 1)
        shown = rows[: request.limit]
        summaries = statements.summaries(connection, [row.id for row in shown])
    return ReplayPage(
        replays=[ReplayRow(**_fields(row, summaries)) for row in shown],
        next_cursor=shown[-1].id if len(rows) > request.limit else None,
    )


def show(context: OperationContext, request: OneReplay) -> ReplayDetail:
    """Return a replay with what it is of; raise UnknownName."""
    return detail(context, find(context, request.replay))


def detail(context: OperationContext, row: AnyRow) -> ReplayDetail:
    """Return everything about a replay but what it came to in full."""
    with context.core.storage.read() as connection:
        summaries = statements.summaries(connection, [row.id])
    return ReplayDetail(
        **_fields(row, summaries), candles=row.candles, run_file=json.loads(row.run_file), starts=row.starts
    )


def progress(context: OperationContext, request: OneReplay) -> Progress:
    """Return how far a replay is; raise UnknownName."""
    row = find(context, request.replay)
    with context.core.storage.read() as connection:
        queued = ReplayStatus(row.status) is ReplayStatus.QUEUED
        place = statements.before(connection, row) if queued else None
    return Progress(
        **{name: getattr(row, name) for name in ("id", "status", "reason", "done", "total")},
        virtual_now=_moment(row.virtual_now),
        place=place,
    )


def find(context: OperationContext, name_or_id: str) -> AnyRow:
    """Return the row of a replay by id or name; raise UnknownName."""
    with context.core.storage.read() as connection:
        found = statements.matching(connection, name_or_id, context.owner)
    exact = [row for row in found if row.id == name_or_id] or found
    if not exact:
        raise UnknownName(f"there is no replay {name_or_id!r}: `octobot-node replays list` shows them")
    if len(exact) > 1:
        raise UnknownName(f"several replays are called {name_or_id!r}: write an id instead")
    return exact[0]


def edit(context: OperationContext, request: EditReplay) -> ReplayDetail:
    """Rename a replay, or change its notes."""
    row = find(context, request.replay)
    changes = request.model_dump(include={"name", "notes"}, exclude_none=True)
    if not changes:
        raise UsageError("an edit changes nothing: give a name or notes")
    with context.core.storage.write(durable=True) as connection:
        now = _still_there(statements.job(connection, row.id))
        if request.revision not in (None, now.revision):
            raise Conflict(f"the replay {now.name!r} was changed meanwhile: look at it again", revision=now.revision)
        statements.edit(connection, row.id, revision=now.revision + 1, **changes)
    return show(context, OneReplay(replay=row.id))


def cancel(context: OperationContext, request: OneReplay) -> ReplayDetail:
    """Cancel a replay: one that waits at once, one that runs as soon as its process has ended."""
    found = find(context, request.replay)
    with context.core.storage.write(durable=True) as connection:
        row = _still_there(statements.job(connection, found.id))
        status = ReplayStatus(row.status)
        if status.over:
            raise CommandRefused(f"the replay {row.name!r} is {status} already: there is nothing to cancel")
        if status is ReplayStatus.QUEUED:
            now = context.core.clock.now()
            statements.change(connection, row, ReplayStatus.CANCELLED, ended_at=now, reason=_by(context))
        else:
            statements.edit(connection, row.id, cancelling=True, reason=_by(context))
    context.core.storage.announce("replays")
    if status is ReplayStatus.QUEUED and row.node_id == context.plugin_context.node_id:
        folders.remove(context.core.settings.data_dir, row.id)
    return show(context, OneReplay(replay=found.id))


def _by(context: OperationContext) -> str:
    return f"cancelled by {context.by}"


def delete(context: OperationContext, request: OneReplay) -> ReplayDeleted:
    """Delete a replay that is over, with what it came to."""
    found = find(context, request.replay)
    with context.core.storage.write(durable=True) as connection:
        row = _still_there(statements.job(connection, found.id))
        status = ReplayStatus(row.status)
        if not status.over:
            raise CommandRefused(f"the replay {row.name!r} is {status}: cancel it first, or let it end")
        statements.delete(connection, row.id)
    # On another node's disk that node removes it.
    if row.node_id == context.plugin_context.node_id:
        folders.remove(context.core.settings.data_dir, row.id)
    return ReplayDeleted(id=row.id, name=row.name)


def _still_there(row: AnyRow | None) -> AnyRow:
    if row is None:
        raise CommandRefused("the replay was deleted meanwhile")
    return row


def subject(context: OperationContext, request: Any) -> Subject:
    """Return the replay that an operation is about, for the audit."""
    row = find(context, request.replay)
    return Subject(row.owner, row.name, row.id, {"name": row.name, "status": row.status, "notes": row.notes})


_NAMES: Sequence[str] = (
    "id",
    "owner",
    "name",
    "status",
    "reason",
    "done",
    "total",
    "notes",
    "revision",
    "node_id",
)


def _fields(row: AnyRow, summaries: Mapping[str, str]) -> dict[str, Any]:
    specs = json.loads(row.run_file)["automations"]
    return {
        **{name: getattr(row, name) for name in _NAMES},
        "types": sorted({spec["type"] for spec in specs}),
        "symbols": sorted(row.candles),
        "virtual_now": _moment(row.virtual_now),
        "created_at": from_ms(row.created_at),
        "started_at": _moment(row.started_at),
        "ended_at": _moment(row.ended_at),
        "results": [AutomationSummary.model_validate(each) for each in json.loads(summaries.get(row.id, "[]"))],
    }


def _moment(milliseconds: int | None) -> Any:
    return None if milliseconds is None else from_ms(milliseconds)
