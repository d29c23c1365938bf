"""Secrets by name, and how often each place's secret was used."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from octobot_node.store.rows.secrets import SecretRow, SecretUseRow
from octobot_node.store.tables import accounts, secret_uses, secrets

__all__ = [
    "NAME",
    "accounts_pointing_to",
    "add",
    "add_uses",
    "count",
    "get",
    "is_reference",
    "page",
    "place_of",
    "references_in",
    "remove",
    "replace",
    "uses_of",
    "versions",
]

#: A name in the node's own store, or ``PLACE:NAME`` in a plugin's.
NAME = re.compile(r"(?:[a-z][a-z0-9_]{0,31}:)?[A-Za-z0-9][A-Za-z0-9._/-]{0,127}")
_s, _u = secrets.c, secret_uses.c


def is_reference(value: Any) -> bool:
    """Whether a value points to a secret: ``{"secret": NAME}`` and nothing else."""
    return isinstance(value, Mapping) and set(value) == {"secret"} and isinstance(value["secret"], str)


def references_in(value: Any) -> set[str]:
    """Return the names that a JSON value points to, however deep."""
    if is_reference(value):
        return {value["secret"]}
    if isinstance(value, Mapping):
        return {name for item in value.values() for name in references_in(item)}
    return {name for item in value for name in references_in(item)} if isinstance(value, list | tuple) else set()


def place_of(name: str) -> str:
    """Return where a secret of this name is, for what seals it and for the count of its uses."""
    return f"named/{name}"


def get(connection: sa.Connection, owner: str, name: str) -> SecretRow | None:
    """Return a secret as it is kept. Rides the primary key."""
    return connection.execute(sa.select(secrets).where(_s.owner == owner, _s.name == name)).first()


def page(
    connection: sa.Connection, owner: str | None, after: tuple[str, str] | None, limit: int
) -> Sequence[SecretRow]:
    """Return secrets as they are kept, by owner and name. Rides the primary key."""
    wanted = sa.select(secrets).order_by(_s.owner, _s.name).limit(limit)
    if owner is not None:
        wanted = wanted.where(_s.owner == owner)
    if after is not None:
        wanted = wanted.where(sa.tuple_(_s.owner, _s.name) > sa.tuple_(*map(sa.literal, after)))
    return connection.execute(wanted).all()


def count(connection: sa.Connection, owner: str) -> int:
    """Return how many secrets an owner has."""
    return connection.scalar(sa.select(sa.func.count()).where(_s.owner == owner)) or 0


def add(connection: sa.Connection, values: Mapping[str, Any]) -> None:
    """Insert a secret."""
    connection.execute(secrets.insert().values(**values, version=1))


def replace(connection: sa.Connection, owner: str, name: str, value: str, by: str, now: int) -> bool:
    """Give a secret another value; return whether it is there."""
    values = {"value": value, "version": _s.version + 1, "changed_at": now, "changed_by": by}
    done = connection.execute(secrets.update().where(_s.owner == owner, _s.name == name).values(values))
    return done.rowcount == 1


def remove(connection: sa.Connection, owner: str, name: str) -> bool:
    """Delete a secret, and the count of its uses; return whether it was there."""
    theirs = (_u.owner == owner) & (_u.place == place_of(name))
    connection.execute(secret_uses.delete().where(theirs))
    return connection.execute(secrets.delete().where(_s.owner == owner, _s.name == name)).rowcount == 1


def versions(connection: sa.Connection, owner: str, names: Collection[str]) -> dict[str, int]:
    """Return which value some secrets have, by name; what is not in the node's own store is left out."""
    if not names:
        return {}
    wanted = sa.select(_s.name, _s.version).where(_s.owner == owner, _s.name.in_(sorted(names)))
    return {row.name: row.version for row in connection.execute(wanted)}


def uses_of(connection: sa.Connection, owner: str, places: Collection[str]) -> dict[str, SecretUseRow]:
    """Return how often an owner's secrets were used, by place."""
    if not places:
        return {}
    wanted = sa.select(secret_uses).where(_u.owner == owner, _u.place.in_(sorted(places)))
    return {row.place: row for row in connection.execute(wanted)}


def accounts_pointing_to(connection: sa.Connection, owner: str, names: Collection[str]) -> dict[str, dict[str, str]]:
    """Return which of an owner's accounts point to these secrets, by name: id -> the account's name."""
    found: dict[str, dict[str, str]] = {name: {} for name in names}
    halves = accounts.c.market_data_settings, accounts.c.trading_settings
    wanted = sa.select(accounts.c.id, accounts.c.name, *halves).where(accounts.c.owner == owner)
    for row in connection.execute(wanted):
        for name in references_in([row.market_data_settings, row.trading_settings]) & found.keys():
            found[name][row.id] = row.name
    return found


def add_uses(connection: sa.Connection, used: Mapping[tuple[str, str], tuple[int, int]]) -> None:
    """Add to the uses of (owner, place) how often, and when last (ms UTC)."""
    from sqlalchemy.dialects import postgresql, sqlite

    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    # In order: two nodes that add at once must not wait for each other.
    for (owner, place), (count, at) in sorted(used.items()):
        added = insert(secret_uses).values(owner=owner, place=place, uses=count, used_at=at)
        more = {"uses": _u.uses + count, "used_at": sa.case((_u.used_at > at, _u.used_at), else_=at)}
        connection.execute(added.on_conflict_do_update(index_elements=["owner", "place"], set_=more))
