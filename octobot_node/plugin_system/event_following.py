"""Follow the event log from a named place: the ``EventFollower`` of a plugin."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from octobot_node.clock import Clock
from octobot_node.contracts.events import Event
from octobot_node.store.queries.event_cursor import Position, end, follow
from octobot_node.store.tables import cursors

if TYPE_CHECKING:
    from octobot_node.contracts.storage import Storage

__all__ = ["StoredFollower"]

#: What the node itself keeps in ``cursors`` begins so.
_OURS = "events."
_NAME = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
_c = cursors.c
_PLACE = sa.select(_c.txid, _c.position).where(_c.name == sa.bindparam("name"))


class StoredFollower:
    """Keeps its place in ``cursors``; see ``EventFollower`` for what it promises."""

    def __init__(
        self, storage: Storage, clock: Clock, name: str, kinds: Collection[str], *, from_the_start: bool = False
    ) -> None:
        if not _NAME.fullmatch(name) or name.startswith(_OURS):
            raise ValueError(f"{name!r} is no name of a follower: write one such as telex.fills")
        self._storage = storage
        self._clock = clock
        self._name = name
        self._kinds = sorted(kinds)
        self._read = self._kept = self._start(from_the_start=from_the_start)

    @property
    def unkept(self) -> int:
        """How far the place that is kept is behind what was read, in ids."""
        return self._read.id - self._kept.id

    def read(self, most: int = 1_000) -> Sequence[Event]:
        """Return up to so many events behind those that were read, in order."""
        with self._storage.read() as connection:
            rows, self._read = follow(connection, self._read, self._kinds, most)
        return [Event(row.id, row.owner, row.automation_id, row.kind, json.loads(row.data), row.at) for row in rows]

    def keep(self, connection: sa.Connection | None = None) -> None:
        """Keep the place up to where was read."""
        if connection is not None:
            self._write(connection)
        else:
            with self._storage.write(durable=True) as own:
                self._write(own)
        self._kept = self._read

    def _start(self, *, from_the_start: bool) -> Position:
        """Return where to go on; at the first start at the end, unless what is past is news, too."""
        with self._storage.read() as connection:
            row = connection.execute(_PLACE, {"name": self._name}).first()
            last = end(connection)
        if row is not None:
            return Position(row.txid, row.position)
        begun = Position(0, 0) if from_the_start else last
        with self._storage.write() as connection:
            connection.execute(cursors.insert().values(name=self._name, **self._values(begun)))
        return begun

    def _write(self, connection: sa.Connection) -> None:
        connection.execute(cursors.update().where(_c.name == self._name).values(self._values(self._read)))

    def _values(self, position: Position) -> dict[str, int]:
        return {"position": position.id, "txid": position.txid, "updated_at": self._clock.now()}
