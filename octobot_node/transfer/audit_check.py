"""The audit's chain of hashes, looked at while its entries move to another database or into a backup."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from octobot_node.store.audit.audit_chain import COLUMNS, Anchor, Walk, linked, locked
from octobot_node.store.rows.node import AuditChainRow
from octobot_node.store.tables import audit, audit_chain
from octobot_node.transfer.content import Content

__all__ = ["AuditCheck", "NewChain"]


class AuditCheck:
    """Looks at the entries that pass; ``chain`` is the row of ``audit_chain`` where they come from."""

    def __init__(self, chain: AuditChainRow | None) -> None:
        self._last = Anchor() if chain is None else Anchor(chain.last_id, chain.last_hash)
        self._walk = Walk(Anchor() if chain is None else Anchor(chain.pruned_id, chain.pruned_hash))

    @property
    def anchor(self) -> str:
        """The newest entry and its hash, "" where there is none."""
        return f"{self._last.id}:{self._last.hash}" if self._last.id else ""

    @property
    def verdict(self) -> str:
        """What is to be said of the audit."""
        self._walk.end(self._last)
        broken = self._walk.broken
        if broken is not None:
            return f"the audit is not as it was written, from entry {broken.id} on: {broken.why}"
        return f"the audit's {self._walk.entries:,} entries hold" if self._last.id else "the audit is empty"

    def passing(self, content: Content, rows: Iterable[Sequence[Any]]) -> Iterable[Sequence[Any]]:
        """Return a table's rows; those of the audit are looked at as they pass."""
        if content.table is not audit or content.columns != (*COLUMNS, "hash"):
            return rows
        return self._looked_at(rows)

    def _looked_at(self, rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
        yield from self._walk.following(rows)


class NewChain:
    """Makes a chain of the entries of a release that had none; numbered anew, since a chain has no gaps."""

    def __init__(self) -> None:
        self._last = Anchor()
        self._size = 0

    def linking(self, content: Content, rows: Iterable[Sequence[Any]]) -> tuple[Content, Iterable[Sequence[Any]]]:
        """Return with which columns to load a table's rows, and the rows."""
        if content.table is not audit or "hash" in content.columns:
            return content, rows
        return replace(content, columns=(*COLUMNS, "hash")), self._linked(content.columns, rows)

    def write(self, connection: sa.Connection) -> None:
        """Write down how far the chain is that was made."""
        if self._last.id:
            locked(connection)
            values = {"last_id": self._last.id, "last_hash": self._last.hash}
            connection.execute(audit_chain.update().values(**values, entries=self._last.id, bytes=self._size))

    def _linked(self, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
        numbers: dict[int, int] = {}
        for row in rows:
            known = dict(zip(columns, row, strict=True))
            known["begun_id"] = numbers.get(known["begun_id"])
            known["id"] = numbers[known["id"]] = self._last.id + 1
            values = [known[name] for name in COLUMNS]
            self._last = Anchor(known["id"], linked(self._last.hash, values))
            self._size += len(known["data"])
            yield [*values, self._last.hash]
