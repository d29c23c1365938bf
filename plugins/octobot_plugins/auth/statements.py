"""Statements on the tables of users, keys and sessions."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from octobot_node.store.tables import accounts, automations, events, kill_switches
from octobot_node.store.types import AnyRow
from octobot_plugins.auth.tables import (
    addresses,
    former_names,
    keys,
    recovery_codes,
    second_factors,
    sessions,
    tickets,
    users,
)

__all__ = [
    "active_admins",
    "active_key",
    "active_keys",
    "active_session",
    "add_address",
    "admins",
    "end_oldest_sessions",
    "end_sessions",
    "forget_user",
    "generated_admins",
    "key_ends",
    "key_page",
    "made_by",
    "prove_session",
    "revoke_keys",
    "session_addresses",
    "session_page",
    "user",
    "user_names",
    "user_page",
    "was_somebody",
]

_KEY_USER = users.c.name == keys.c.user
_SESSION_USER = users.c.name == sessions.c.user
_WITH_FACTOR = sa.select(users, second_factors.c.confirmed_at.label("second_factor_at")).outerjoin(
    second_factors, second_factors.c.user == users.c.name
)


def user(connection: sa.Connection, name: str, *, lock: bool = False) -> AnyRow | None:
    """Return a user, with since when they have a second factor, or None."""
    statement = _WITH_FACTOR.where(users.c.name == name)
    return connection.execute(statement.with_for_update(of=users) if lock else statement).first()


def user_page(connection: sa.Connection, after: str | None, count: int) -> Sequence[AnyRow]:
    """Return up to ``count`` users in order of name after ``after``."""
    statement = _WITH_FACTOR.order_by(users.c.name).limit(count)
    return connection.execute(statement if after is None else statement.where(users.c.name > after)).all()


def user_names(connection: sa.Connection) -> Sequence[str]:
    """Return the names of users, the first thousand in order."""
    return connection.scalars(sa.select(users.c.name).order_by(users.c.name).limit(1_000)).all()


def admins(connection: sa.Connection) -> int:
    """Return how many admins there are, disabled ones among them."""
    return connection.scalar(sa.select(sa.func.count()).select_from(users).where(users.c.role == "admin")) or 0


def active_admins(connection: sa.Connection) -> Sequence[str]:
    """Return the names of the admins who are not disabled, locked: the last one must stay."""
    wanted = sa.select(users.c.name).where(users.c.role == "admin", users.c.disabled.is_(False)).order_by(users.c.name)
    return connection.scalars(wanted.with_for_update()).all()


def generated_admins(connection: sa.Connection) -> Sequence[str]:
    """Return the names of users whose generated password was never changed."""
    wanted = sa.select(users.c.name).where(users.c.generated, users.c.disabled.is_(False)).order_by(users.c.name)
    return connection.scalars(wanted).all()


def was_somebody(connection: sa.Connection, name: str) -> bool:
    """Whether there was a user called so, or there are events, kill switches or things of an owner called so."""
    if connection.execute(sa.select(former_names.c.name).where(former_names.c.name == name)).first() is not None:
        return True
    owned = (automations, accounts, events, kill_switches)
    return any(connection.execute(sa.select(each.c.id).where(each.c.owner == name).limit(1)).first() for each in owned)


def forget_user(connection: sa.Connection, name: str, now: int) -> None:
    """Delete a user with their keys and sessions; their name stays theirs."""
    connection.execute(former_names.insert().values(name=name, at=now))
    own = sa.select(keys.c.id).where(keys.c.user == name)
    connection.execute(addresses.delete().where(addresses.c.key_id.in_(own)))
    connection.execute(keys.delete().where(keys.c.user == name))
    end_sessions(connection, name)
    for table in (recovery_codes, second_factors):
        connection.execute(table.delete().where(table.c.user == name))
    connection.execute(users.delete().where(users.c.name == name))


def active_key(connection: sa.Connection, hashed: str, now: int) -> AnyRow | None:
    """Return a key that may be used now, with its user's role and owner. Rides uq_auth_keys_hash."""
    statement = (
        sa.select(keys, users.c.role.label("user_role"), users.c.owner)
        .join(users, _KEY_USER)
        .where(
            keys.c.hash == hashed,
            keys.c.revoked_at.is_(None),
            sa.or_(keys.c.expires_at.is_(None), keys.c.expires_at > now),
            users.c.disabled.is_(False),
        )
    )
    return connection.execute(statement).first()


def active_keys(connection: sa.Connection, name: str, now: int) -> int:
    """Return how many keys of a user may be used. Rides ix_auth_keys_user."""
    usable = sa.or_(keys.c.expires_at.is_(None), keys.c.expires_at > now)
    counted = sa.select(sa.func.count()).where(keys.c.user == name, keys.c.revoked_at.is_(None), usable)
    return connection.scalar(counted) or 0


def session_addresses(connection: sa.Connection, name: str, now: int) -> Sequence[str]:
    """Return from where a user logged in, of sessions that have not expired. Rides ix_auth_sessions_user."""
    wanted = sa.select(sessions.c.address).where(sessions.c.user == name, sessions.c.expires_at > now).distinct()
    return connection.scalars(wanted).all()


def end_oldest_sessions(connection: sa.Connection, name: str, kept: int) -> None:
    """End a user's sessions but the newest ``kept``. Rides ix_auth_sessions_user."""
    own = sa.select(sessions.c.id).where(sessions.c.user == name).order_by(sessions.c.id.desc())
    old = list(connection.scalars(own.offset(kept)))
    if old:
        connection.execute(sessions.delete().where(sessions.c.id.in_(old)))


def key_ends(connection: sa.Connection, key: str) -> int | None:
    """Return when a key ends (ms UTC), None where it does not."""
    found: int | None = connection.scalar(sa.select(keys.c.expires_at).where(keys.c.id == key))
    return found


def key_page(connection: sa.Connection, name: str, after: str | None, count: int) -> Sequence[AnyRow]:
    """Return up to ``count`` keys of a user, oldest first. Rides ix_auth_keys_user."""
    statement = sa.select(keys).where(keys.c.user == name).order_by(keys.c.id).limit(count)
    return connection.execute(statement if after is None else statement.where(keys.c.id > after)).all()


def revoke_keys(connection: sa.Connection, name: str, now: int, key: str | None = None) -> int:
    """Revoke a user's keys, or one of them with those that it made, that are not revoked; return how many."""
    statement = keys.update().where(keys.c.user == name, keys.c.revoked_at.is_(None)).values(revoked_at=now)
    if key is None:
        return connection.execute(statement).rowcount
    revoked = connection.execute(statement.where(keys.c.id == key)).rowcount
    if revoked:
        connection.execute(statement.where(keys.c.id.in_(made_by(connection, key))))
    return revoked


def keys_named(connection: sa.Connection, user: str, name: str) -> Sequence[str]:
    """Return the id of a user's key of that id, or those of that name that are not revoked. Rides ix_auth_keys_user."""
    mine = sa.select(keys.c.id).where(keys.c.user == user).order_by(keys.c.id)
    by_id = connection.scalars(mine.where(keys.c.id == name)).all()
    return by_id or connection.scalars(mine.where(keys.c.name == name, keys.c.revoked_at.is_(None))).all()


def ending_keys(connection: sa.Connection, user: str, since: int, until: int) -> Sequence[AnyRow]:
    """Return a user's keys that end between two moments, soonest first. Rides ix_auth_keys_user."""
    wanted = (keys.c.user == user, keys.c.revoked_at.is_(None), keys.c.expires_at > since, keys.c.expires_at <= until)
    return connection.execute(sa.select(keys).where(*wanted).order_by(keys.c.expires_at, keys.c.id)).all()


def hold_until(connection: sa.Connection, ids: Sequence[str], until: int) -> None:
    """Let keys hold until a moment."""
    connection.execute(keys.update().where(keys.c.id.in_(ids)).values(expires_at=until))


def made_by(connection: sa.Connection, key: str) -> Sequence[str]:
    """Return the ids of the keys that a key made, and those made, and so on. Rides ix_auth_keys_made_by."""
    made = sa.select(keys.c.id).where(keys.c.made_by == key).cte("made", recursive=True)
    made = made.union(sa.select(keys.c.id).join(made, keys.c.made_by == made.c.id))
    return connection.scalars(sa.select(made.c.id)).all()


def add_address(connection: sa.Connection, key: str, address: str, now: int) -> bool:
    """Remember from where a key is used; return whether it never was from there before."""
    here = (addresses.c.key_id == key) & (addresses.c.address == address)
    if connection.execute(sa.select(addresses.c.at).where(here)).first() is not None:
        return False
    connection.execute(addresses.insert().values(key_id=key, address=address, at=now))
    return True


def active_session(connection: sa.Connection, hashed: str, now: int, idle_ms: int) -> AnyRow | None:
    """Return a session that may be used now, with its user's role and owner."""
    statement = (
        sa.select(sessions, users.c.role, users.c.owner)
        .join(users, _SESSION_USER)
        .where(
            sessions.c.hash == hashed,
            sessions.c.expires_at > now,
            sessions.c.seen_at > now - idle_ms,
            users.c.disabled.is_(False),
        )
    )
    return connection.execute(statement).first()


def session_page(connection: sa.Connection, name: str, now: int, after: str | None, count: int) -> Sequence[AnyRow]:
    """Return up to ``count`` sessions of a user that have not expired, oldest first. Rides ix_auth_sessions_user."""
    statement = (
        sa.select(sessions)
        .where(sessions.c.user == name, sessions.c.expires_at > now)
        .order_by(sessions.c.id)
        .limit(count)
    )
    return connection.execute(statement if after is None else statement.where(sessions.c.id > after)).all()


def end_sessions(connection: sa.Connection, name: str, session: str | None = None, *, but: str | None = None) -> int:
    """End a user's sessions, one of them, or all ``but`` one; return how many. Log-ins under way end with all."""
    statement = sessions.delete().where(sessions.c.user == name)
    if session is not None:
        statement = statement.where(sessions.c.id == session)
    else:
        connection.execute(tickets.delete().where(tickets.c.user == name))
    if but is not None:
        statement = statement.where(sessions.c.id != but)
    return connection.execute(statement).rowcount


def prove_session(connection: sa.Connection, session: str, now: int) -> None:
    """Note that a session's user has shown again that it is them."""
    connection.execute(sessions.update().where(sessions.c.id == session).values(proved_at=now))
