"""Operations on API keys and sessions."""

from __future__ import annotations

from collections.abc import Sequence

from octobot_node.api.scopes import all_scopes, scopes_of
from octobot_node.errors import TooMany, UnknownName, UsageError
from octobot_node.ids import new_id
from octobot_node.market import from_ms
from octobot_node.operations.context import OperationContext
from octobot_node.operations.cursors import id_in
from octobot_node.operations.models import EmptyRequest
from octobot_node.operations.overview.models.attention import Cause, Causes, Help
from octobot_node.store.types import AnyRow
from octobot_node.text.validation_messages import nearest
from octobot_plugins.auth import statements
from octobot_plugins.auth.models import (
    CreateKey,
    KeyCreated,
    KeyPage,
    KeyRow,
    KeysRenewed,
    ListKeys,
    OneKey,
    OneSession,
    OneUser,
    RenewKeys,
    Revoked,
    SessionPage,
    SessionRow,
)
from octobot_plugins.auth.settings import AuthSettings
from octobot_plugins.auth.sign_in import tokens
from octobot_plugins.auth.tables import keys
from octobot_plugins.auth.users import show

__all__ = [
    "create_key",
    "end_session",
    "expiring_keys",
    "list_keys",
    "list_sessions",
    "renew_keys",
    "revoke_key",
    "session_row",
]

#: From so long before a key ends until so long after it, somebody is told; so many are named.
_ENDS_SOON_MS, _ENDED_MS, _TOLD = 14 * 86_400_000, 7 * 86_400_000, 10


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
    """Revoke a key, by its id or its name: from now on it lets nobody in."""
    with context.core.storage.write(durable=True) as connection:
        named = statements.keys_named(connection, request.user, request.key)
        if len(named) > 1:
            called = f"{len(named)} keys of {request.user!r} are called {request.key!r}"
            raise UsageError(f"{called}: name one by its id, {', '.join(named)}")
        key = named[0] if named else request.key
        if not statements.revoke_keys(connection, request.user, context.core.clock.now(), key):
            raise UnknownName(f"{request.user!r} has no key {request.key!r} that could be revoked: list them")
    return Revoked(id=key)


def renew_keys(context: OperationContext, request: RenewKeys) -> KeysRenewed:
    """Let those keys of a user hold on that end soon; one that has ended stays so."""
    show(context, OneUser(user=request.user))
    now = context.core.clock.now()
    with context.core.storage.write(durable=True) as connection:
        ending = statements.ending_keys(connection, request.user, now, now + int(request.within * 1_000))
        until = now + int(request.hold_for * 1_000)
        later = [row.id for row in ending if row.expires_at < until]
        statements.hold_until(connection, later, until)
        return KeysRenewed(
            keys=[_key_row(row) for row in connection.execute(keys.select().where(keys.c.id.in_(later))).all()]
        )


def expiring_keys(context: OperationContext, request: EmptyRequest) -> Causes:
    """Return that keys of the caller's end soon, or ended a while ago."""
    del request
    now = context.core.clock.now()
    with context.core.storage.read() as connection:
        found = statements.ending_keys(connection, context.by, now - _ENDED_MS, now + _ENDS_SOON_MS)
    causes = []
    for ended in (False, True):
        rows = [row for row in found if (row.expires_at <= now) is ended]
        if not rows:
            continue
        many = f"{len(rows)} of your API keys" if len(rows) > 1 else f"Your API key {rows[0].name}"
        does = ("have ended" if ended else "end soon") if len(rows) > 1 else ("has ended" if ended else "ends soon")
        causes.append(
            Cause(
                kind="expiring_key",
                title=f"{many} {does}",
                detail=", ".join(f"{row.name} ({from_ms(row.expires_at):%Y-%m-%d})" for row in rows[:_TOLD]),
                cure="revoke it where nothing uses it, or make another one; what used it is refused"
                if ended
                else f"renew them, `octobot-node keys renew {context.by}`, or let them end",
                count=len(rows),
                oldest=from_ms(rows[0].expires_at),
                mends_itself=False,
                help=Help(operation="keys.list" if ended else "keys.renew", arguments={"user": context.by}),
            )
        )
    return Causes(causes=causes)


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
