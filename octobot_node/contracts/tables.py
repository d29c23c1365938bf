"""Tables that a plugin owns, beside the core's, in the same database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

__all__ = ["PluginTables", "SealedColumns"]


@dataclass(frozen=True, slots=True)
class SealedColumns:
    """Columns of a table that have what ``Secrets.seal`` made.

    ``owner`` is the column of whose it is, ``key`` that of the table's one primary key; each is sealed for the place
    ``{kind}/{key}``.
    """

    table: sa.Table
    columns: Sequence[str]
    kind: str
    owner: str
    key: str


@dataclass(frozen=True, slots=True)
class PluginTables:
    """A plugin's tables and the folder of its Alembic migrations.

    ``name`` prefixes every table (``paper_orders``) and names the plugin's own Alembic version table. ``migrations``
    is a dotted package with a ``versions`` folder of revisions inside. ``in_use(connection, now)`` says, each in a few
    words, who works on the database at ``now`` (ms UTC) and was made for its tables as they are: while there is
    anybody, a revision that does more than add is refused. Of the tables in ``of_automations``, which have a column
    ``automation_id``, the rows of an automation that is deleted are deleted in the same transaction. The tables in
    ``of_owners`` have a column ``owner``: a user who owns a row of one is not deleted. Those in ``of_users`` have
    columns ``user``, ``owner`` (whose things they see, "" is everybody's) and ``disabled``: what becomes of a user
    becomes of their rows in the same transaction, and a user who is deleted takes them along. What is in ``sealed`` is
    sealed anew with an owner's key, and counted.
    """

    name: str
    metadata: sa.MetaData
    migrations: str
    in_use: Callable[[sa.Connection, int], Sequence[str]] | None = None
    of_automations: Sequence[sa.Table] = ()
    #: What it is called -> table
    of_owners: Mapping[str, sa.Table] = field(default_factory=dict, hash=False)
    of_users: Sequence[sa.Table] = ()
    sealed: Sequence[SealedColumns] = ()

    def __post_init__(self) -> None:
        for table in self.of_automations:
            if "automation_id" not in table.c:
                raise ValueError(f"{table.name} has no column automation_id: add one, or leave it out of_automations")
        for table in self.of_owners.values():
            if "owner" not in table.c:
                raise ValueError(f"{table.name} has no column owner: add one, or leave it out of_owners")
        for table in self.of_users:
            for name in ("user", "owner", "disabled"):
                if name not in table.c:
                    raise ValueError(f"{table.name} has no column {name}: add one, or leave it out of_users")
