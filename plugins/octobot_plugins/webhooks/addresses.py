"""Operations on addresses for signals."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from octobot_node.contracts.operation import Subject
from octobot_node.errors import CommandRefused, TooMany, UnknownName
from octobot_node.ids import new_id
from octobot_node.market import from_ms
from octobot_node.operations.context import OperationContext
from octobot_node.operations.cursors import id_in
from octobot_node.operations.lookup import automation_id
from octobot_node.store import automations
from octobot_node.store.types import AnyRow
from octobot_plugins.webhooks import statements
from octobot_plugins.webhooks.models import (
    CreateHook,
    HookCreated,
    HookDeleted,
    HookPage,
    HookRow,
    HookSecret,
    ListHooks,
    OneHook,
    SignHook,
)
from octobot_plugins.webhooks.settings import WebhookSettings
from octobot_plugins.webhooks.signing import new_secret
from octobot_plugins.webhooks.tables import hooks

__all__ = ["create", "delete", "hashed", "list_hooks", "place_of", "rotate", "show", "sign", "subject", "unsign"]


def hashed(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def list_hooks(context: OperationContext, request: ListHooks) -> HookPage:
    """Return a page of addresses, oldest first."""
    found = None if request.automation is None else automation_id(context, request.automation)
    with context.core.storage.read() as connection:
        rows = statements.page(connection, context.owner, found, id_in(request.cursor), request.limit + 1)
    shown = rows[: request.limit]
    return HookPage(
        hooks=[HookRow(**_fields(row)) for row in shown],
        next_cursor=shown[-1].id if len(rows) > request.limit else None,
    )


def show(context: OperationContext, request: OneHook) -> HookRow:
    """Return an address; raise UnknownName."""
    return HookRow(**_fields(_hook(context, request.hook)))


def create(context: OperationContext, request: CreateHook) -> HookCreated:
    """Make an address for signals to an automation; its token, 256 random bits, is told this once."""
    found, token, now = automation_id(context, request.automation), secrets.token_urlsafe(32), context.core.clock.now()
    secret = new_secret() if request.signed else None
    most = context.plugin_context.plugin_settings(WebhookSettings).per_owner
    hook_id, kept = new_id(), None
    if secret is not None:
        with context.core.storage.read() as connection:
            known = automations.get(connection, found)
        kept = None if known is None else _sealed(context, known.owner, hook_id, secret)
    with context.core.storage.write(durable=True) as connection:
        row = automations.get(connection, found)
        if row is None:
            raise UnknownName(f"there is no automation {request.automation!r} any more")
        if statements.count_of(connection, row.owner) >= most:
            raise TooMany(f"{row.owner!r} has {most} addresses for signals already: remove one first")
        values = request.model_dump(exclude={"automation", "signed"})
        values |= {"id": hook_id, "secret": kept, "owner": row.owner, "automation_id": found, "hash": hashed(token)}
        connection.execute(hooks.insert().values(**values, created_at=now))
    return _with_token(context, values["id"], token, secret)


def sign(context: OperationContext, request: SignHook) -> HookSecret:
    """Take signed signals alone, and tell what to sign with; signatures of the secret before do for a while."""
    row, secret, now = _hook(context, request.hook), new_secret(), context.core.clock.now()
    until = None if row.secret is None or not request.overlap else now + int(request.overlap * 1000)
    kept = _sealed(context, row.owner, row.id, secret)
    values = {"secret": kept, "old_secret": row.secret if until else None, "old_secret_until": until}
    with context.core.storage.write(durable=True) as connection:
        connection.execute(hooks.update().where(hooks.c.id == row.id).values(values))
    return HookSecret(**_fields(_hook(context, row.id)), secret=secret)


def unsign(context: OperationContext, request: OneHook) -> HookRow:
    """Take signals that are not signed, too."""
    row = _hook(context, request.hook)
    if row.secret is None:
        raise CommandRefused("the address takes signals that are not signed already")
    with context.core.storage.write(durable=True) as connection:
        nothing = {"secret": None, "old_secret": None, "old_secret_until": None}
        connection.execute(hooks.update().where(hooks.c.id == row.id).values(nothing))
    return show(context, request)


def rotate(context: OperationContext, request: OneHook) -> HookCreated:
    """Replace an address's token; the old one is worth nothing from now on."""
    row, token = _hook(context, request.hook), secrets.token_urlsafe(32)
    with context.core.storage.write(durable=True) as connection:
        connection.execute(
            hooks.update().where(hooks.c.id == row.id).values(hash=hashed(token), rotated_at=context.core.clock.now())
        )
    return _with_token(context, row.id, token)


def delete(context: OperationContext, request: OneHook) -> HookDeleted:
    """Delete an address."""
    row = _hook(context, request.hook)
    with context.core.storage.write(durable=True) as connection:
        connection.execute(hooks.delete().where(hooks.c.id == row.id))
    return HookDeleted(id=row.id)


def subject(context: OperationContext, request: Any) -> Subject:
    """Return the address that an operation is about, for the audit."""
    row = _hook(context, request.hook)
    return Subject(row.owner, row.name, row.id, HookRow(**_fields(row)).model_dump(mode="json"))


def place_of(hook_id: str) -> str:
    """Return what an address's secrets are sealed for."""
    return f"hook/{hook_id}"


def _sealed(context: OperationContext, owner: str, hook_id: str, secret: str) -> str:
    return context.plugin_context.secrets.seal(owner, place_of(hook_id), secret)


def _hook(context: OperationContext, hook_id: str) -> AnyRow:
    with context.core.storage.read() as connection:
        row = statements.hook(connection, hook_id, context.owner)
    if row is None:
        told = f"there is no hook {hook_id!r}, or more than one is called so"
        raise UnknownName(f"{told}: `octobot-node hooks list` shows their ids")
    return row


def _with_token(context: OperationContext, hook_id: str, token: str, secret: str | None = None) -> HookCreated:
    return HookCreated(**_fields(_hook(context, hook_id)), token=token, path=f"/hooks/{token}", secret=secret)


def _fields(row: AnyRow) -> dict[str, Any]:
    names = (
        "id",
        "automation",
        "automation_id",
        "name",
        "channel",
        "allow",
        "expires_in",
        "same_within",
        "id_field",
        "per_minute",
        "tolerance",
    )
    return {
        **{name: getattr(row, name) for name in names},
        "created_at": from_ms(row.created_at),
        "rotated_at": None if row.rotated_at is None else from_ms(row.rotated_at),
        "signed": row.secret is not None,
        "old_secret_until": None if row.old_secret_until is None else from_ms(row.old_secret_until),
    }
