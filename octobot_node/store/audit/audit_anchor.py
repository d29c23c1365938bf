"""The newest entry of the audit that a data folder remembers: an audit that was cut or rewritten does not fit it.

It moves along the chain every few seconds, and stays where it is once the chain does not lead on from it. Whoever can
write to both the folder and the database can make both fit: logs, backups and whoever keeps what ``audit verify`` says
remember, too.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import sqlalchemy as sa
import structlog

from octobot_node.store.audit import audit_chain
from octobot_node.store.audit.audit_chain import Anchor
from octobot_node.store.tables import installation

__all__ = ["AuditMemory", "Kept", "kept_in", "why_not"]

log = structlog.get_logger(__name__)
_FILE = "audit-anchor.json"
#: The newest hash is in the log once in a while, if there is a newer one: logs are often kept elsewhere.
_LOGGED_EVERY_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Kept:
    """What a folder remembers: an entry, of which installation, and before which restore of it."""

    installation: str
    generation: int
    id: int
    hash: str


def kept_in(folder: Path) -> Kept | None:
    """Return what a folder remembers; None where nothing is, or nothing that can be read."""
    with suppress(OSError, ValueError, TypeError):
        found = json.loads((folder / _FILE).read_text())
        return Kept(str(found["installation"]), int(found["generation"]), int(found["id"]), str(found["hash"]))
    return None


def why_not(connection: sa.Connection, anchor: Anchor) -> str:
    """Return why the chain is not the one that an anchor was of, or "" where nothing says so."""
    if not anchor.id:
        return ""
    chain = audit_chain.chain(connection)
    if chain is None or chain.last_id < anchor.id:
        last = 0 if chain is None else chain.last_id
        return f"entries {last + 1} to {anchor.id} are not there any more"
    if anchor.id < chain.pruned_id:
        return ""  # What is pruned cannot be compared.
    found = chain.pruned_hash if anchor.id == chain.pruned_id else audit_chain.hash_at(connection, anchor.id)
    return "" if found == anchor.hash else f"entry {anchor.id} is not the one that there was"


class AuditMemory:
    """A data folder's memory of the audit, moved on by the node that runs on it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept = kept_in(folder)
        self._logged = (0, "")
        self._said = ""

    def look(self, connection: sa.Connection, now: int) -> Kept | None:
        """Return what to remember once this transaction is on the disk; None for nothing new, or nothing that fits."""
        row = connection.execute(sa.select(installation.c.id, installation.c.generation)).first()
        chain = audit_chain.chain(connection)
        if row is None or chain is None:
            return None
        kept = self._kept
        # Of another installation, or of before a restore: the audit went back, as everything did.
        if kept is not None and (kept.installation, kept.generation) == (row.id, row.generation):
            why = why_not(connection, Anchor(kept.id, kept.hash))
            if why:
                self._say(why)
                return None
        found = Kept(row.id, row.generation, chain.last_id, chain.last_hash)
        if found.hash != self._logged[1] and now - self._logged[0] >= _LOGGED_EVERY_MS:
            self._logged = (now, found.hash)
            log.info("audit_anchor", anchor=f"{found.id}:{found.hash}")
        return None if found == kept else found

    def keep(self, found: Kept | None) -> None:
        """Remember it."""
        if found is None:
            return
        self._kept = found
        # Without it less is known, and nothing wrong: a full disk stops no node here.
        with suppress(OSError):
            draft = self._folder / f"{_FILE}.new"
            draft.write_text(json.dumps(asdict(found)))
            draft.replace(self._folder / _FILE)

    def _say(self, why: str) -> None:
        if why != self._said:
            self._said = why
            log.error(
                "audit_not_as_left",
                why=why,
                cure=f"keep the database and {self._folder / _FILE} as evidence; `octobot-node audit verify` says more",
            )
