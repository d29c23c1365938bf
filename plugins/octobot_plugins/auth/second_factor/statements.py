"""Statements on the tables of second factors, and of those whose password was right."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from octobot_node.store.types import AnyRow
from octobot_plugins.auth.sign_in.tokens import hashed
from octobot_plugins.auth.tables import recovery_codes, second_factors, tickets, users

__all__ = [
    "add_ticket",
    "begin",
    "codes_left",
    "confirm",
    "confirmed",
    "factor",
    "forget",
    "take_step",
    "ticket_user",
    "use_recovery_code",
    "use_ticket",
    "write_recovery_codes",
]

_f, _r, _t = second_factors.c, recovery_codes.c, tickets.c
_PRUNED_AT_ONCE = 100


def factor(connection: sa.Connection, user: str) -> AnyRow | None:
    """Return a user's second factor, confirmed or not."""
    return connection.execute(sa.select(second_factors).where(_f.user == user)).first()


def confirmed(connection: sa.Connection, user: str) -> AnyRow | None:
    """Return the second factor that a user must show; None where there is none yet."""
    found = factor(connection, user)
    return None if found is None or found.confirmed_at is None else found


def begin(connection: sa.Connection, user: str, secret: str, now: int) -> None:
    """Keep a secret that is still to be confirmed, in place of one that never was."""
    connection.execute(second_factors.delete().where(_f.user == user))
    connection.execute(second_factors.insert().values(user=user, secret=secret, created_at=now, last_step=0))


def confirm(connection: sa.Connection, user: str, now: int) -> None:
    """Ask for codes from now on."""
    connection.execute(second_factors.update().where(_f.user == user).values(confirmed_at=now))


def take_step(connection: sa.Connection, user: str, step: int) -> bool:
    """Take the code of a time step; return whether none of that step or a later one was taken before."""
    newer = second_factors.update().where(_f.user == user, _f.last_step < step)
    return connection.execute(newer.values(last_step=step)).rowcount == 1


def use_recovery_code(connection: sa.Connection, user: str, code: str, now: int) -> bool:
    """Use a recovery code up; return whether there was such a one."""
    unused = recovery_codes.update().where(_r.user == user, _r.hash == hashed(code), _r.used_at.is_(None))
    return connection.execute(unused.values(used_at=now)).rowcount == 1


def write_recovery_codes(connection: sa.Connection, user: str, codes: Sequence[str]) -> None:
    """Put recovery codes in place of those that there are."""
    connection.execute(recovery_codes.delete().where(_r.user == user))
    connection.execute(recovery_codes.insert(), [{"user": user, "hash": hashed(code)} for code in codes])


def codes_left(connection: sa.Connection, user: str) -> int:
    """Return how many recovery codes were not used."""
    counted = sa.select(sa.func.count()).select_from(recovery_codes).where(_r.user == user, _r.used_at.is_(None))
    return connection.scalar(counted) or 0


def forget(connection: sa.Connection, user: str) -> bool:
    """Forget a user's second factor and its recovery codes; return whether there was one."""
    connection.execute(recovery_codes.delete().where(_r.user == user))
    return connection.execute(second_factors.delete().where(_f.user == user)).rowcount > 0


def add_ticket(connection: sa.Connection, user: str, token: str, now: int, expires_at: int) -> None:
    """Note that somebody's password was right, and that their code is still to come."""
    old = sa.select(_t.hash).where(_t.expires_at < now).limit(_PRUNED_AT_ONCE)
    connection.execute(tickets.delete().where(_t.hash.in_(list(connection.scalars(old)))))
    connection.execute(tickets.insert().values(hash=hashed(token), user=user, expires_at=expires_at))


def ticket_user(connection: sa.Connection, token: str, now: int) -> AnyRow | None:
    """Return the user of a ticket that is good still, None without one."""
    wanted = sa.select(users).join(tickets, _t.user == users.c.name)
    good = (_t.hash == hashed(token)) & (_t.expires_at > now) & users.c.disabled.is_(False)
    return connection.execute(wanted.where(good)).first()


def use_ticket(connection: sa.Connection, token: str) -> bool:
    """Use a ticket up; return whether nobody did before."""
    return connection.execute(tickets.delete().where(_t.hash == hashed(token))).rowcount == 1
