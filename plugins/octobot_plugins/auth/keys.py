"""Operations on API keys and sessions."""

from __future__ import annotations

from collections.abc import Sequence

from octobot_node.api.scopes import all_scopes, scopes_of
from octobot_node.errors import TooMany, UnknownName, UsageError
from octobot_node.ids import new_id
from octobot_node.market import from_ms
from octobot_node.operations.context import OperationContext
from octobot_node.operations.cursors import id_in
from octobot_node.store.types import AnyRow
from octobot_node.text.validation_messages import nearest
from octobot_plugins.auth import statements, tokens
from octobot_plugins.auth.models import (
    CreateKey,
    KeyCreated,
    KeyPage,
    KeyRow,
    ListKeys,
    OneKey,
    OneSession,
    OneUser,
    Revoked,
    SessionPage,
    SessionRow,
)
from octobot_plugins.auth.settings import AuthSettings
from octobot_plugins.auth.tables import keys
from octobot_plugins.auth.users import show

__all__ = ["create_key", "end_session", "list_keys", "list_sessions", "revoke_key", "session_row"]


def list_keys(context: OperationContext, request: ListKeys) -> KeyPage:
    """Return a page of a user's keys, oldest first."""
    show(context, OneUser(user=request.user))
    with context.core.storage.read() as connection:
        found = statements.key_page(connection, request.user, id_in(request.cursor), request.limit + 1)
    rows = found[: request.limit]
    return KeyPage(
        keys=[_key_row(row) for row in rows], next_cursor=rows[-1].id if len(found) > request.limit else None
    )


def refuse_strange_scopes(context: OperationContext, scopes: Sequence[str]) -> None:
    """Raise UsageError for scopes that no role has, with what may be meant."""
    there = [scope.name for scope in all_scopes(context.registry)]
    for scope in scopes:
        if scope not in there:
            text = f"there is no scope {scope!r}: {nearest(scope, there)}"
            raise UsageError(f"scopes: {text}", field="scopes", reason=text)


def create_key(context: OperationContext, request: CreateKey) -> KeyCreated:
    """Make an API key; its token is told this once. Raises UsageError for scopes that its user's role has not."""
    user, now = show(context, OneUser(user=request.user)), context.core.clock.now()
    refuse_strange_scopes(context, request.scopes)
    has = scopes_of(user.role, all_scopes(context.registry))
    beyond = sorted(set(request.scopes) - has)
    if beyond:
        raise UsageError(
            f"scopes: a {user.role} has no {', '.join(beyond)}; there are {', '.join(sorted(has))}: choose of those"
        )
    token = tokens.new_key()
    values = {
        "id": new_id(),
        "user": user.name,
        "name": request.name,
        "hash": tokens.hashed(token),
        "prefix": token[: len(tokens.KEY_PREFIX) + 6],
        "scopes": sorted(set(request.scopes)),
        "role": user.role,
        "made_by": request.made_by,
        "created_at": now,
        "expires_at": None if request.expires_in is None else now + int(request.expires_in * 1000),
    }
    most = context.plugin_context.plugin_settings(AuthSettings).keys_per_user
    with context.core.storage.write(durable=True) as connection:
        if statements.active_keys(connection, user.name, now) >= most:
            raise TooMany(f"{user.name!r} has {most} API keys already: revoke one first")
        connection.execute(keys.insert().values(values))
        (row,) = connection.execute(keys.select().where(keys.c.id == values["id"])).all()
    return KeyCreated(**dict(_key_row(row)), token=token)


def revoke_key(context: OperationContext, request: OneKey) -> Revoked:
    """Revoke a key: from now on it lets nobody in."""
    with context.core.storage.write(durable=True) as connection:
        if not statements.revoke_keys(connection, request.user, context.core.clock.now(), request.key):
            raise UnknownName(f"{request.user!r} has no key {request.key!r} that could be revoked: list them")
    return Revoked(id=request.key)


def list_sessions(context: OperationContext, request: ListKeys) -> SessionPage:
    """Return a page of a user's sessions, oldest first."""
    show(context, OneUser(user=request.user))
    with context.core.storage.read() as connection:
        found = statements.session_page(
            connection, request.user, context.core.clock.now(), id_in(request.cursor), request.limit + 1
        )
    rows = found[: request.limit]
    return SessionPage(
        sessions=[session_row(row) for row in rows], next_cursor=rows[-1].id if len(found) > request.limit else None
    )


def end_session(context: OperationContext, request: OneSession) -> Revoked:
    """End a session."""
    with context.core.storage.write(durable=True) as connection:
        if not statements.end_sessions(connection, request.user, request.session):
            raise UnknownName(f"{request.user!r} has no session {request.session!r}: list them")
    return Revoked(id=request.session)


def _key_row(row: AnyRow) -> KeyRow:
    return KeyRow(
        id=row.id,
        user=row.user,
        name=row.name,
        prefix=row.prefix,
        scopes=row.scopes,
        created_at=from_ms(row.created_at),
        expires_at=None if row.expires_at is None else from_ms(row.expires_at),
        used_at=None if row.used_at is None else from_ms(row.used_at),
        revoked_at=None if row.revoked_at is None else from_ms(row.revoked_at),
    )


def session_row(row: AnyRow) -> SessionRow:
    """Return a session as it is told."""
    return SessionRow(
        id=row.id,
        user=row.user,
        address=row.address,
        agent=row.agent,
        created_at=from_ms(row.created_at),
        seen_at=from_ms(row.seen_at),
        expires_at=from_ms(row.expires_at),
    )
