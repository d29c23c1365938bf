"""Short forms of what migrations write down."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

__all__ = ["counted_id", "index", "index_of_owners", "on_postgresql", "owned", "table"]


def table(
    name: str, *columns: sa.Column[Any], key: tuple[str, ...] = ("id",), unique: tuple[str, ...] = (), **options: Any
) -> None:
    """Make a table with its primary key, and what else is unique in it."""
    constraints: list[sa.Constraint] = [sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{name}"))]
    if unique:
        constraints.append(sa.UniqueConstraint(*unique, name=op.f(f"uq_{name}_{'_'.join(unique)}")))
    op.create_table(name, *columns, *constraints, **options)


def index(name: str, on: str, *columns: str, where: str = "", unique: bool = False) -> None:
    """Make an index; with ``where``, a partial one, of the rows for which that holds.

    SQLite uses a partial index only for a statement that has the same condition in the same words.
    """
    partial: dict[str, Any] = {"sqlite_where": sa.text(where), "postgresql_where": sa.text(where)} if where else {}
    op.create_index(name, on, list(columns), unique=unique, **partial)


def index_of_owners(on: str) -> None:
    """Make the index by which what is one owner's is found: where many trade, a page of one's own must not read
    everybody's.
    """
    index(f"ix_{on}_owner", on, "owner", "id")


def owned() -> tuple[sa.Column[Any], ...]:
    """Return the columns of whatever is an automation's."""
    return (
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("account_id", sa.String(36), nullable=False),
        sa.Column("shard", sa.SmallInteger(), server_default="0", nullable=False),
    )


def counted_id() -> sa.Column[int]:
    """Return a key that the database counts up; SQLite does so in an INTEGER, and in no other type."""
    return sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False)


def on_postgresql() -> bool:
    """Whether the database being migrated is PostgreSQL, and not SQLite."""
    return op.get_bind().dialect.name == "postgresql"
