"""What moves with a database: which tables and columns, and what is forgotten on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from octobot_node.contracts.tables import PluginTables
from octobot_node.store.migrate import CORE
from octobot_node.store.types import Money

__all__ = ["Content", "contents", "forgetting", "owners_of", "stream"]

Row = Sequence[Any]
_CHUNK = 2_000
#: Of the process, not of the state: who holds what right now, and what is written by the target's own migrations.
_LEFT_BEHIND = frozenset({"leases", "changed_levels", "request_budgets", "schema_floors", "standing_changes"})
#: Who worked on what, and numbers of the source's own transactions: nothing of it means anything elsewhere.
_FORGOTTEN: Mapping[str, Mapping[str, Any]] = {
    "schedule": {"claim": None, "claim_until": None, "claim_tries": 0},
    # Of intents that are not planned any more nobody asks who carried them.
    "intents": {"carrier": None},
    "events": {"txid": 0},
    "cursors": {"txid": 0},
    "installation": {"moved_to": "", "identity": ""},
}


@dataclass(frozen=True, slots=True)
class Content:
    """A table and those of its columns that move."""

    owner: str
    table: sa.Table
    columns: tuple[str, ...]

    @property
    def name(self) -> str:
        """The table's name."""
        return self.table.name

    @property
    def money(self) -> tuple[str, ...]:
        """The columns whose sums are compared."""
        return tuple(name for name in self.columns if isinstance(self.table.c[name].type, Money))


def owners_of(plugins: Iterable[PluginTables]) -> list[PluginTables]:
    """Return the core's tables, then the plugins'."""
    return [CORE, *plugins]


def contents(plugins: Iterable[PluginTables]) -> list[Content]:
    """Return everything that moves, in the order in which it can be inserted.

    A plugin leaves out a table that is about running processes with ``info={"moves": False}``.
    """
    return [
        Content(owner.name, table, tuple(table.c.keys()))
        for owner in owners_of(plugins)
        for table in owner.metadata.sorted_tables
        if table.name not in _LEFT_BEHIND and table.info.get("moves", True)
    ]


def stream(connection: sa.Connection, content: Content) -> Iterator[Row]:
    """Yield a table's rows, in the order of its key, without holding many of them."""
    columns = [content.table.c[name] for name in content.columns]
    wanted = sa.select(*columns).order_by(*content.table.primary_key.columns)
    yield from connection.execute(wanted, execution_options={"yield_per": _CHUNK})


def forgetting(content: Content) -> Callable[[Row], list[Any]]:
    """Return what makes a row of the source one of the target."""
    forgotten = _FORGOTTEN.get(content.name, {})
    changes = [(at, forgotten[name]) for at, name in enumerate(content.columns) if name in forgotten]

    def forget(row: Row) -> list[Any]:
        values = list(row)
        for at, value in changes:
            values[at] = value
        return values

    return forget
