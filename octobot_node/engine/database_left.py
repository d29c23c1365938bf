"""Whether the database is the one that this node left.

Another one is seen by what the database says of itself (``Storage.identity``), written down in it: a dump restored
elsewhere says another cluster's, a standby that was promoted another course. One that went back in time without any of
that, a snapshot of its disk or an older copy of a file, is seen by what the data folder remembers: how far each node
had counted in it. In each case what was done since is at the exchanges and nowhere else, orders among it that no row
knows: what is done is what restoring a backup does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import sqlalchemy as sa
import structlog

from octobot_node.contracts.storage import Storage
from octobot_node.engine.ledger.planning import Installation
from octobot_node.errors import DatabaseChanged, NodeError
from octobot_node.ids import new_id
from octobot_node.store import automations, events
from octobot_node.store.audit.audit_anchor import AuditMemory
from octobot_node.store.database import holding, pulses
from octobot_node.store.events import Event
from octobot_node.store.rows.node import InstallationRow
from octobot_node.store.statuses import NoticeStatus
from octobot_node.store.tables import installation

__all__ = ["DatabaseWatch", "Left"]

log = structlog.get_logger(__name__)
_FILE = "database-left.json"
_WORDS = {
    "cluster": "it is on another server than before",
    "database": "it is a copy of the one before, on the same server",
    "course": "a standby of its server was promoted, or its server was brought back to an earlier moment",
}
_OLDER = "it is older than this node left it: a copy or a snapshot of it was brought back"
_POSITIONS = "it has numbers of transactions that its server has not given yet, so it is from another server"
_SEEN_TO = "it came back, and another node has seen to it"
_EMPTY = "it is empty"


@dataclass(frozen=True, slots=True)
class Left:
    """What a data folder remembers of its database: which, of what generation, and how far each node had counted."""

    #: Whose memory it is: a folder whose node-id was deleted begins anew.
    node: str
    database: str
    installation: str
    generation: int
    pulses: Mapping[str, int]

    def is_of(self, installation_id: str, generation: int) -> bool:
        """Whether an installation is the one remembered, and was not brought back to an earlier state since."""
        return (self.installation, self.generation) == (installation_id, generation)


class DatabaseWatch:
    """Knows what the database was when this node was last heard by it."""

    def __init__(self, storage: Storage, folder: Path, node_id: str) -> None:
        self._storage = storage
        self._path = folder / _FILE
        self._node_id = node_id
        self._left = self._read()
        self._audit = AuditMemory(folder)
        #: Why it is another one, once it is.
        self.changed = ""
        #: Called with that, once.
        self.on_change: Callable[[str], None] = lambda _why: None

    def refuse_empty(self) -> None:
        """Raise NodeError: the database has no installation; where the data folder remembers one, it was lost."""
        if self._left is not None:
            raise NodeError(
                f"{self._storage.shown} is empty, and this data folder has worked on {self._left.database}: name that"
                " one, restore a backup with `octobot-node db restore` or move it with `octobot-node db copy`; to"
                f" begin anew, give another --data-dir or delete {self._path.with_name('node-id')}"
            )

    def take_up(self, now: int, request_ttl: float) -> Installation:
        """Return the installation as it is to be gone on with, having seen to a database that is not as it was left."""
        identity = self._storage.identity()
        written = json.dumps(dict(identity), sort_keys=True) if identity else ""
        with self._storage.read() as connection:
            row = _row(connection)
            as_left = not self._why(connection, row, identity) and row.identity == written
        if not as_left:
            with self._storage.write(durable=True) as connection:
                # Whoever else starts on it sees then that it was seen to.
                self._storage.lock_migrations(connection)
                why = self._why(connection, _row(connection), identity)
                if why:
                    self._see_to_it(connection, _row(connection), why, now, now + int(request_ttl * 1000))
                connection.execute(installation.update().values(identity=written))
                row = _row(connection)
        if self._left is None or not self._left.is_of(row.id, row.generation):
            self._remember(Left(self._node_id, self._storage.shown, row.id, row.generation, {}))
        return Installation(row.id, row.generation)

    def check(self) -> None:
        """Raise DatabaseChanged where it is not the one that was taken up, from then on always."""
        if not self.changed:
            identity = self._storage.identity()
            with self._storage.read() as connection:
                self._note(self._why_now(connection, identity))
        if self.changed:
            raise DatabaseChanged(f"{self._storage.shown} is not as this node left it: {self.changed}")

    def pulse(self, now: int) -> None:
        """Count on, and remember how far everybody is once the database has it for good."""
        with self._storage.write(durable=True) as connection:
            pulses.add(connection, self._node_id, now)
            counted, row = pulses.every(connection), _row(connection)
            newest = self._audit.look(connection, now)
        self._audit.keep(newest)
        if self._left is not None and self._left.is_of(row.id, row.generation):
            self._remember(Left(self._node_id, self._storage.shown, row.id, row.generation, counted))
        else:
            self._note(_SEEN_TO)

    def _why_now(self, connection: sa.Connection, identity: Mapping[str, str]) -> str:
        if not sa.inspect(connection).has_table(installation.name):
            return _EMPTY
        row = connection.execute(sa.select(installation)).first()
        if row is None:
            return _EMPTY
        why = self._why(connection, row, identity)
        if not why and self._left is not None and not self._left.is_of(row.id, row.generation):
            return _SEEN_TO
        return why

    def _why(self, connection: sa.Connection, row: InstallationRow, identity: Mapping[str, str]) -> str:
        """Return why the database is not the one that was left, or ""."""
        before: Mapping[str, str] = json.loads(row.identity) if row.identity else {}
        for part in before.keys() & identity.keys() & _WORDS.keys():
            if before[part] != identity[part]:
                return _WORDS[part]
        left = self._left
        if left is not None and left.installation == row.id:
            counted = pulses.every(connection)
            # Of a later generation it was brought back by somebody who has seen to it.
            fewer = any(counted.get(node, 0) < number for node, number in left.pulses.items())
            if left.generation > row.generation or (left.generation == row.generation and fewer):
                return _OLDER
        return _POSITIONS if holding.positions_are_of_elsewhere(connection) else ""

    def _note(self, why: str) -> None:
        if why and not self.changed:
            self.changed = why
            log.error("database_changed", database=self._storage.shown, why=why, cure="this node begins anew by itself")
            self.on_change(why)

    def _see_to_it(self, connection: sa.Connection, row: InstallationRow, why: str, now: int, send_by: int) -> None:
        above = self._left.generation if self._left is not None and self._left.installation == row.id else 0
        since = pulses.newest(connection) or now
        if holding.positions_are_of_elsewhere(connection):
            holding.forget_positions(connection)
        generation = holding.begin_generation(connection, above)
        holding.skip_epochs(connection)
        holding.release_claims(connection)
        asked = holding.doubt_planned(connection, send_by)
        held = holding.hold_all(connection, holding.AS_OF, since, now)
        data = {"why": why, "since": since, "generation": generation, "held": held, "asked_about": asked}
        events.append(connection, [Event("local", "", "", "database.changed", data)], now)
        message = (
            f"The database {self._storage.shown} is not as it was left: {why}."
            f" {holding.since_when('It is as of ', since)}; what was done since is at the exchanges alone. {held}"
            " automations are held until their accounts were compared with their exchanges."
        )
        notice = {
            "id": new_id(), "owner": "local", "account_id": "", "automation_id": "", "shard": 0, "level": "error",
            "message": message, "status": NoticeStatus.WAITING, "created_at": now,
        }  # fmt: skip
        automations.add_notices(connection, [notice])
        log.error("database_not_as_left", database=self._storage.shown, **data,
                  cure="automations go on by themselves where their accounts agree with their exchanges")  # fmt: skip

    def _read(self) -> Left | None:
        """Return what is remembered; None where nothing is, or nothing that can be read."""
        with suppress(OSError, ValueError, TypeError, AttributeError):
            found = Left(**json.loads(self._path.read_text()))
            numbers = {str(node): int(number) for node, number in found.pulses.items()}
            left = Left(found.node, str(found.database), str(found.installation), int(found.generation), numbers)
            return left if left.node == self._node_id else None
        return None

    def _remember(self, left: Left) -> None:
        self._left = left
        # Without it less is known, and nothing wrong: a full disk stops no node here.
        with suppress(OSError):
            draft = self._path.with_suffix(".new")
            draft.write_text(json.dumps(asdict(left)))
            draft.replace(self._path)


def _row(connection: sa.Connection) -> InstallationRow:
    row: InstallationRow = connection.execute(sa.select(installation)).one()
    return row
