"""What every module of tables begins with."""

from __future__ import annotations

import sqlalchemy as sa

__all__ = ["Id", "metadata", "owned", "partial"]

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = sa.String(36)


def partial(name: str, *columns: str, where: str) -> sa.Index:
    """Return an index of the rows that meet a condition; one that is made from statuses is in ``conditions.py``."""
    return sa.Index(name, *columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def owned() -> tuple[sa.Column[str], sa.Column[str], sa.Column[int]]:
    """Return the columns that most tables have from the first: they cannot be added to history later."""
    return (
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("account_id", Id, nullable=False),
        sa.Column("shard", sa.SmallInteger, nullable=False, server_default="0"),
    )
