"""One's own ways to be told: make, change, try, remove them."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa

from octobot_node.contracts.operation import Subject
from octobot_node.errors import CommandRefused, Conflict, TooMany, UnknownName, UsageError
from octobot_node.ids import new_id
from octobot_node.market import from_ms
from octobot_node.operations.context import OperationContext
from octobot_node.operations.models import EmptyRequest
from octobot_node.operations.serializers import moment
from octobot_node.store.types import AnyRow
from octobot_plugins.notify.courier import open_courier
from octobot_plugins.notify.notifier import scheme_of, tell
from octobot_plugins.notify.people.kept_urls import sealed, unsealed
from octobot_plugins.notify.people.models import (
    ChangeTarget,
    CreateTarget,
    OneTarget,
    TargetPage,
    TargetRemoved,
    TargetRow,
    TargetTried,
    TryTarget,
)
from octobot_plugins.notify.people.tables import outbox, targets
from octobot_plugins.notify.settings import NotifySettings

__all__ = ["change", "create", "delete", "list_targets", "show", "subject", "try_one"]

_MOST = 20
_t, _o = targets.c, outbox.c


def list_targets(context: OperationContext, request: EmptyRequest) -> TargetPage:
    """Return the caller's own targets."""
    del request
    with context.core.storage.read() as connection:
        rows = connection.execute(sa.select(targets).where(_t.user == context.by).order_by(_t.name)).all()
        return TargetPage(targets=[_row(connection, row) for row in rows])


def show(context: OperationContext, request: OneTarget) -> TargetRow:
    """Return one of the caller's own targets; raise UnknownName where there is none."""
    with context.core.storage.read() as connection:
        return _row(connection, _found(connection, context.by, request.target))


def create(context: OperationContext, request: CreateTarget) -> TargetRow:
    """Make a target; raise UsageError for a URL that no service can be reached by."""
    url = request.url.get_secret_value()
    _check_url(context, url)
    made, now = new_id(), context.core.clock.now()
    kept = sealed(context.plugin_context.secrets, context.by, made, url)
    with context.core.storage.write(durable=True) as connection:
        _refuse_taken(connection, context.by, request.name)
        mine = sa.select(sa.func.count()).select_from(targets).where(_t.user == context.by)
        if (connection.scalar(mine) or 0) >= _MOST:
            raise TooMany(f"you have {_MOST} targets already: remove one first")
        connection.execute(
            targets.insert().values(
                id=made,
                user=context.by,
                # What one sees is what one is told of.
                owner=context.owner or "",
                name=request.name,
                scheme=scheme_of(url),
                url=kept,
                tell=json.dumps(sorted(set(request.tell))),
                enabled=True,
                revision=1,
                created_at=now,
            )
        )
        return _row(connection, _found(connection, context.by, made))


def change(context: OperationContext, request: ChangeTarget) -> TargetRow:
    """Change a target; raise Conflict where it was changed meanwhile."""
    url = None if request.url is None else request.url.get_secret_value()
    if url is not None:
        _check_url(context, url)
        with context.core.storage.read() as connection:
            found = _found(connection, context.by, request.target)
        kept = sealed(context.plugin_context.secrets, context.by, found.id, url)
    with context.core.storage.write(durable=True) as connection:
        row = _found(connection, context.by, request.target, lock=True)
        if request.revision is not None and row.revision != request.revision:
            told = f"{row.name!r} was changed meanwhile (its revision is {row.revision}, not {request.revision})"
            raise Conflict(f"{told}: look at it again", revision=row.revision)
        values: dict[str, Any] = {"revision": row.revision + 1}
        if request.name is not None and request.name != row.name:
            _refuse_taken(connection, context.by, request.name)
            values["name"] = request.name
        if url is not None:
            if row.id != found.id:
                raise Conflict(f"{row.name!r} was made anew meanwhile: look at it again", revision=row.revision)
            values |= {"url": kept, "scheme": scheme_of(url), "error": "", "failed_at": None}
        if request.tell is not None:
            values["tell"] = json.dumps(sorted(set(request.tell)))
        if request.enabled is not None:
            values["enabled"] = request.enabled
        connection.execute(targets.update().where(_t.id == row.id).values(values))
        if request.enabled is False:
            connection.execute(outbox.delete().where(_o.target_id == row.id))
        return _row(connection, _found(connection, context.by, row.id))


def delete(context: OperationContext, request: OneTarget) -> TargetRemoved:
    """Remove a target, with what waits for it."""
    with context.core.storage.write(durable=True) as connection:
        row = _found(connection, context.by, request.target, lock=True)
        connection.execute(outbox.delete().where(_o.target_id == row.id))
        connection.execute(targets.delete().where(_t.id == row.id))
    return TargetRemoved(id=row.id, name=row.name)


def try_one(context: OperationContext, request: TryTarget) -> TargetTried:
    """Send a message to a target, and tell whether it arrived."""
    with context.core.storage.read() as connection:
        row = _found(connection, context.by, request.target)
    url = unsealed(context.plugin_context.secrets, context.by, row.id, row.url)
    courier = open_courier(_settings(context), context.plugin_context.proxy_url)
    try:
        reply = tell(courier, url, "OctoBot Node", request.message, "info")
    finally:
        courier.close()
    now = context.core.clock.now()
    values = {"told_at": now, "failed_at": None, "error": ""} if reply.ok else {"failed_at": now, "error": reply.error}
    with context.core.storage.write() as connection:
        connection.execute(targets.update().where(_t.id == row.id).values(values))
    return TargetTried(name=row.name, service=reply.service, arrived=reply.ok, error=reply.error)


def subject(context: OperationContext, request: Any) -> Subject:
    """Return the target that is about to be changed, without its URL."""
    with context.core.storage.read() as connection:
        row = _found(connection, context.by, request.target)
        shown = _row(connection, row).model_dump(mode="json", include={"name", "scheme", "tell", "enabled"})
    return Subject(row.owner, row.name, row.id, shown)


def _found(connection: sa.Connection, user: str, named: str, *, lock: bool = False) -> AnyRow:
    wanted = sa.select(targets).where(_t.user == user, sa.or_(_t.id == named, _t.name == named))
    row = connection.execute(wanted.with_for_update() if lock else wanted).first()
    if row is None:
        raise UnknownName(f"you have no target {named!r}: list them, or make one")
    return row


def _refuse_taken(connection: sa.Connection, user: str, name: str) -> None:
    if connection.execute(sa.select(_t.id).where(_t.user == user, _t.name == name)).first() is not None:
        raise CommandRefused(f"a target of yours is called {name!r} already: choose another name")


def _row(connection: sa.Connection, row: AnyRow) -> TargetRow:
    waiting = sa.select(sa.func.count()).select_from(outbox).where(_o.target_id == row.id)
    return TargetRow(
        id=row.id,
        name=row.name,
        scheme=row.scheme,
        tell=json.loads(row.tell),
        enabled=row.enabled,
        waiting=connection.scalar(waiting) or 0,
        told_at=moment(row.told_at),
        problem=row.error,
        revision=row.revision,
        created_at=from_ms(row.created_at),
    )


def _check_url(context: OperationContext, url: str) -> None:
    courier = open_courier(_settings(context), context.plugin_context.proxy_url)
    try:
        reply = courier.ask({"do": "check", "url": url})
    finally:
        courier.close()
    # Of a process that broke down nothing follows for the URL.
    if not reply.ok and not reply.broke:
        reason = f"cannot be used: {reply.error}; see https://appriseit.com/services for how it is written"
        raise UsageError(f"url: {reason}", field="url", reason=reason)


def _settings(context: OperationContext) -> NotifySettings:
    return context.plugin_context.plugin_settings(NotifySettings)
