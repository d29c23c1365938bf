"""Log in and out."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from fastapi import Request, Response

from octobot_node.api import Api, ApiProblem
from octobot_node.ids import new_id
from octobot_node.store.audit.audit_log import Actor, Entry, append
from octobot_node.store.types import AnyRow
from octobot_plugins.auth import statements
from octobot_plugins.auth.second_factor import statements as factors
from octobot_plugins.auth.settings import AuthSettings
from octobot_plugins.auth.sign_in import throttling, tokens
from octobot_plugins.auth.sign_in.authenticating import address_of, cookie_of
from octobot_plugins.auth.sign_in.passwords import Busy, Passwords
from octobot_plugins.auth.tables import sessions

__all__ = ["Opened", "Ticket", "check_password", "close", "log_in", "open_session"]

_EXPIRED_AT_ONCE = 100
#: How long one may look for one's authenticator, in milliseconds.
_TICKET_MS = 300_000


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that was just opened."""

    user: AnyRow
    id: str
    csrf: str
    opened_at: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class Ticket:
    """What says that somebody's password was right; their code is still to come."""

    token: str
    expires_at: int


def check_password(api: Api, request: Request, name: str, password: str) -> AnyRow:
    """Return the user whose password it is; raise ApiProblem, after as long for nobody as for somebody.

    Attempts are counted by account and by address, and slowed down.
    """
    storage, now, address = api.plugin_context.storage, api.plugin_context.clock.now(), address_of(request)
    with storage.write() as connection:
        known = any(
            throttling.same_network(address, each) for each in statements.session_addresses(connection, name, now)
        )
        wait = throttling.wait_s(connection, throttling.names_of(name, address, known=known), now)
        row = statements.user(connection, name)
    if wait:
        raise ApiProblem(
            "throttled",
            f"too many failed log-ins: try again in {wait} s",
            headers={"Retry-After": str(wait)},
        )
    try:
        fits = Passwords.fits(password, None if row is None else row.password)
    except Busy:
        raise ApiProblem("throttled", "many log in just now: try again", headers={"Retry-After": "1"}) from None
    if fits and row is not None and not row.disabled:
        with storage.write() as connection:
            throttling.clear(connection, name, address)
        return row
    with storage.write() as connection:
        actor = Actor(name, "login", address, request.state.request_id)
        append(connection, actor, Entry("session.create", "refused", name, name), api.plugin_context.clock.now())
    raise ApiProblem("unauthenticated", "name or password is wrong, or the user is disabled")


def log_in(api: Api, request: Request, response: Response, name: str, password: str) -> Opened | Ticket:
    """Open a session for whose password it is; return a ticket where a code is asked for besides."""
    row = check_password(api, request, name, password)
    if row.second_factor_at is None:
        return open_session(api, request, response, row)
    now = api.plugin_context.clock.now()
    ticket = Ticket(tokens.new_session(), now + _TICKET_MS)
    with api.plugin_context.storage.write() as connection:
        factors.add_ticket(connection, row.name, ticket.token, now, ticket.expires_at)
        # Of whoever knows the password and has no code this is all that there is to see.
        actor = Actor(row.name, "login", address_of(request), request.state.request_id)
        append(connection, actor, Entry("session.begin", target=row.name, target_id=row.name), now)
    return ticket


def open_session(api: Api, request: Request, response: Response, row: AnyRow) -> Opened:
    """Open a session for a user who has shown all that is asked for, and give the browser its cookie."""
    settings, now = api.plugin_context.plugin_settings(AuthSettings), api.plugin_context.clock.now()
    token, session = tokens.new_session(), new_id()
    opened = Opened(row, session, tokens.new_session(), now, now + int(settings.session_ttl * 1000))
    with api.plugin_context.storage.write(durable=True) as connection:
        connection.execute(
            sessions.insert().values(
                hash=tokens.hashed(token),
                id=session,
                user=row.name,
                csrf=opened.csrf,
                address=address_of(request),
                agent=request.headers.get("user-agent", "")[:200],
                created_at=now,
                seen_at=now,
                expires_at=opened.expires_at,
                proved_at=now,
            )
        )
        statements.end_oldest_sessions(connection, row.name, settings.sessions_per_user)
        _forget_expired(connection, now)
        actor = Actor(row.name, "login", address_of(request), request.state.request_id)
        append(connection, actor, Entry("session.create", target=row.name, target_id=session), now)
    response.set_cookie(
        cookie_of(request),
        token,
        max_age=int(settings.session_ttl),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
        path="/",
    )
    return opened


def close(api: Api, request: Request, response: Response) -> None:
    """End the caller's session, and take the cookie back."""
    if not api.caller.session:
        raise ApiProblem("conflict", "an API key is not a session: revoke it instead")
    with api.plugin_context.storage.write(durable=True) as connection:
        statements.end_sessions(connection, api.caller.name, api.caller.session)
        api.audit(connection, Entry("session.end", target=api.caller.name, target_id=api.caller.session))
    secure = request.url.scheme == "https"
    response.delete_cookie(cookie_of(request), path="/", httponly=True, samesite="strict", secure=secure)


def _forget_expired(connection: sa.Connection, now: int) -> None:
    old = sa.select(sessions.c.hash).where(sessions.c.expires_at < now).limit(_EXPIRED_AT_ONCE)
    hashes = list(connection.scalars(old))
    if hashes:
        connection.execute(sessions.delete().where(sessions.c.hash.in_(hashes)))
