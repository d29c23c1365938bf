"""The lock that the master publishes in the database, for those that are to have the same tentacles."""

from __future__ import annotations

import sqlalchemy as sa

from octobot_node.contracts.storage import Storage
from octobot_node.installing.locks import Lock, read_lock
from octobot_node.store.tables import installation

__all__ = ["publish", "published"]


def publish(storage: Storage, lock: Lock) -> None:
    """Write what this node has, as the one that others are brought to; nothing where that is known."""
    text = lock.as_json()
    with storage.read() as connection:
        known = connection.scalar(sa.select(installation.c.tentacles))
    # Its row is read by every send: it is not written without need.
    if known != text:
        with storage.write() as connection:
            connection.execute(installation.update().values(tentacles=text))


def published(storage: Storage) -> Lock | None:
    """Return what the master published last; None where none did, such as in a database of a release before."""
    with storage.read() as connection:
        found = sa.inspect(connection)
        if not found.has_table(installation.name):
            return None
        if all(column["name"] != installation.c.tentacles.name for column in found.get_columns(installation.name)):
            return None
        text = connection.scalar(sa.select(installation.c.tentacles))
    return read_lock(text, f"the database {storage.shown}") if text else None
