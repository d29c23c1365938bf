"""Statements on ``preferences``."""

from __future__ import annotations

import sqlalchemy as sa

from octobot_node.store.tables import preferences

__all__ = ["get", "of_user", "put"]

_c = preferences.c


def get(connection: sa.Connection, user: str, name: str) -> str | None:
    """Return what a user chose, as JSON, or None. Rides the primary key."""
    found: str | None = connection.scalar(sa.select(_c.value).where(_c.user == user, _c.name == name))
    return found


def of_user(connection: sa.Connection, user: str) -> dict[str, str]:
    """Return everything that a user chose, by name, as JSON. Rides the primary key."""
    return {row.name: row.value for row in connection.execute(sa.select(_c.name, _c.value).where(_c.user == user))}


def put(connection: sa.Connection, user: str, name: str, value: str) -> None:
    """Write what a user chose, as JSON."""
    row = (_c.user == user) & (_c.name == name)
    if connection.execute(preferences.update().where(row).values(value=value)).rowcount == 0:
        connection.execute(preferences.insert().values(user=user, name=name, value=value))
