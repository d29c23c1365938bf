"""Know who makes a request: by an API key, or by a session's cookie."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from starlette.requests import Request

from octobot_node.api import ApiProblem, Caller
from octobot_node.api.scopes import SENSITIVE
from octobot_node.contracts.caller import ROLES
from octobot_node.contracts.context import PluginContext
from octobot_node.errors import StorageUnavailable
from octobot_node.store.audit import audit_log
from octobot_node.store.audit.audit_log import Actor, Entry
from octobot_node.store.database.refusable import refusable
from octobot_node.store.types import AnyRow
from octobot_plugins.auth import statements
from octobot_plugins.auth.settings import AuthSettings
from octobot_plugins.auth.sign_in.tokens import hashed
from octobot_plugins.auth.tables import keys, sessions

__all__ = ["COOKIE", "address_of", "caller_of", "cookie_of"]

COOKIE = "octobot_session"
#: When somebody was last seen is kept to the minute: not every request is a write.
_SEEN_MS = 60_000
#: What cannot be written for so long, in seconds, is not waited for by who only looks.
_NOTED_WITHIN_S = 1.0
_TOKEN_MAX = 256


def caller_of(request: Request, context: PluginContext) -> Caller | None:
    """Return who comes with an API key or a session, None without either; raise ApiProblem for one that is no good."""
    given = request.headers.get("authorization")
    if given is not None:
        kind, _, token = given.partition(" ")
        if kind.lower() != "bearer":
            return None
        return _by_key(request, context, token.strip())
    token = request.cookies.get(cookie_of(request), "") if request.cookies else ""
    return _by_session(context, token) if token else None


def cookie_of(request: Request) -> str:
    """Return the session cookie's name: over TLS one that no other host, and nothing without TLS, can set.

    It is this installation's own: cookies know no ports, and nodes on one machine would log each other's users out.
    """
    installation: str = request.app.state.api.context.core.installation.id
    own = hashlib.sha256(installation.encode()).hexdigest()[:8]
    return f"__Host-{COOKIE}_{own}" if request.url.scheme == "https" else f"{COOKIE}_{own}"


def address_of(request: Request) -> str:
    """Return where a request comes from."""
    return request.client.host if request.client else ""


def _by_key(request: Request, context: PluginContext, token: str) -> Caller:
    now = context.clock.now()
    with context.storage.read() as connection:
        row = statements.active_key(connection, hashed(token[:_TOKEN_MAX]), now)
    if row is None:
        raise ApiProblem("unauthenticated", "the API key is unknown, revoked or expired: make another one")
    _note_use(request, context, row, now)
    # Its user may have become an admin since: the key was given out for less.
    role = min(row.user_role, row.role or row.user_role, key=ROLES.index)
    scopes = frozenset(row.scopes)
    return Caller(
        name=row.user,
        role=role,
        owner=row.owner,
        via=f"key {row.name}",
        scopes=scopes,
        key=row.id,
        proved=SENSITIVE in scopes,
    )


def _note_use(request: Request, context: PluginContext, row: AnyRow, now: int) -> None:
    """Keep when a key was used, and write down an address that it never was used from before."""
    address = address_of(request)
    known: set[tuple[str, str]] = _known(request)
    if (row.id, address) in known and row.used_at is not None and row.used_at > now - _SEEN_MS:
        return
    with _soon_or_never(), context.storage.write() as connection:
        connection.execute(keys.update().where(keys.c.id == row.id).values(used_at=now))
        if statements.add_address(connection, row.id, address, now):
            actor = Actor(row.user, f"key {row.name}", address, request.state.request_id)
            entry = Entry("keys.new_address", target=row.name, target_id=row.id, data={"address": address})
            audit_log.append(connection, actor, entry, now)
        known.add((row.id, address))


@contextmanager
def _soon_or_never() -> Iterator[None]:
    """Leave out a note of who was here where it cannot be written: looking is possible all the same, and the next
    request notes it."""
    with suppress(StorageUnavailable), refusable(_NOTED_WITHIN_S):
        yield


def _known(request: Request) -> set[tuple[str, str]]:
    # Addresses that this process has seen a key come from; those it forgets are looked up again.
    kept = request.app.state.api.kept.setdefault("auth.addresses", set())
    if len(kept) > 10_000:
        kept.clear()
    found: set[tuple[str, str]] = kept
    return found


def _by_session(context: PluginContext, token: str) -> Caller | None:
    now, settings = context.clock.now(), context.plugin_settings(AuthSettings)
    with context.storage.read() as connection:
        row = statements.active_session(connection, hashed(token[:_TOKEN_MAX]), now, int(settings.session_idle * 1000))
    if row is None:
        return None
    if row.seen_at < now - _SEEN_MS:
        with _soon_or_never(), context.storage.write() as connection:
            connection.execute(sessions.update().where(sessions.c.hash == row.hash).values(seen_at=now))
    return Caller(
        name=row.user,
        role=row.role,
        owner=row.owner,
        via="session",
        csrf=row.csrf,
        session=row.id,
        proved=row.proved_at > now - int(settings.step_up * 1000),
    )
