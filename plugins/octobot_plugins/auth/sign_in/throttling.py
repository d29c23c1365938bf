"""Slow down whoever guesses passwords: by account and by address, on every node, across restarts."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

import sqlalchemy as sa

from octobot_plugins.auth.tables import throttles

__all__ = ["clear", "code_of", "forget", "names_of", "same_network", "wait_s"]

_c = throttles.c
#: Failures that cost nothing: people mistype. From one address many people may come.
_FREE = {"account": 5, "address": 20, "everywhere": 50, "code": 5}
#: From everywhere together an account waits a little only: others must not keep its owner out.
_LONGEST_S = {"account": 900.0, "address": 900.0, "everywhere": 30.0, "code": 900.0}
#: Failures of longer ago count no more.
_FORGOTTEN_MS = 3_600_000
_PRUNED_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class _Row:
    failures: int
    at: int


def names_of(user: str, address: str, *, known: bool = False) -> tuple[str, ...]:
    """Return what a log-in is counted under: the account from there, from everywhere, and the address.

    ``known``: its owner has logged in from there, whom what others try elsewhere does not keep out.
    """
    here = (f"account:{user[:64]}@{_network(address)}", f"address:{_network(address)}")
    return here if known else (*here, f"everywhere:{user[:64]}")


def code_of(user: str) -> str:
    """Return what a user's codes are counted under: whoever tries knows their password, from wherever they come."""
    return f"code:{user[:64]}"


def forget(connection: sa.Connection, name: str) -> None:
    """Forget what was counted under a name."""
    connection.execute(throttles.delete().where(_c.name == name))


def same_network(address: str, other: str) -> bool:
    """Whether two addresses are counted as one."""
    return _network(address) == _network(other)


def _network(address: str) -> str:
    # Whoever has one IPv6 address has a whole /64 of them.
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv6Address):
        # As a socket for both versions shows an IPv4 address.
        mapped = found.ipv4_mapped
        return str(mapped) if mapped else str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def wait_s(connection: sa.Connection, names: tuple[str, ...], now: int) -> int:
    """Count one attempt under each name and return 0, or return how many seconds it must wait, and count nothing.

    Counted before the password is looked at, so that many guesses at once are many.
    """
    rows = {name: _row(connection, name, now) for name in names}
    waits = [_pause_s(name, row) - (now - row.at) / 1000 for name, row in rows.items()]
    longest = max(waits)
    if longest > 0:
        return int(longest) + 1
    for name, row in rows.items():
        values = {"failures": row.failures + 1, "at": now}
        if connection.execute(throttles.update().where(_c.name == name).values(values)).rowcount == 0:
            connection.execute(throttles.insert().values(name=name, **values))
    _prune(connection, now)
    return 0


def clear(connection: sa.Connection, user: str, address: str) -> None:
    """Forget an account's failures from there, its owner logged in, and that this was an attempt.

    The others of the address stay: a guesser may have an account, too.
    """
    own, *others = names_of(user, address)
    connection.execute(throttles.delete().where(_c.name == own))
    connection.execute(throttles.update().where(_c.name.in_(others), _c.failures > 0).values(failures=_c.failures - 1))


def _row(connection: sa.Connection, name: str, now: int) -> _Row:
    found = connection.execute(sa.select(throttles).where(_c.name == name).with_for_update()).first()
    if found is None or found.at < now - _FORGOTTEN_MS:
        return _Row(0, 0)
    return _Row(found.failures, found.at)


def _pause_s(name: str, row: _Row) -> float:
    kind = name.partition(":")[0]
    beyond = row.failures - _FREE[kind]
    return 0.0 if beyond < 0 else min(2.0 ** min(beyond, 20), _LONGEST_S[kind])


def _prune(connection: sa.Connection, now: int) -> None:
    old = sa.select(_c.name).where(_c.at < now - _FORGOTTEN_MS).order_by(_c.at).limit(_PRUNED_AT_ONCE)
    names = list(connection.scalars(old))
    if names:
        connection.execute(throttles.delete().where(_c.name.in_(names)))
