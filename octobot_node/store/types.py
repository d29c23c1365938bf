"""Column types that mean the same on every database."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator, TypeEngine

__all__ = ["AnyRow", "Millis", "Money"]

#: A row of any statement; its columns are attributes.
AnyRow: TypeAlias = "sa.Row[*tuple[Any, ...]]"

#: Milliseconds since 1970, UTC.
Millis = sa.BigInteger


class Money(TypeDecorator[Decimal]):
    """An exact decimal: NUMERIC on PostgreSQL, text on SQLite, whose own NUMERIC is a binary float.

    Text does not sort or sum as a number: order by a ``*_sort`` column, keep totals instead of summing.
    """

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        """Return NUMERIC where the database has an exact one."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(sa.Numeric())
        return dialect.type_descriptor(sa.Text())

    def process_bind_param(self, value: Decimal | None, dialect: sa.Dialect) -> Any:
        """Refuse NaN and infinity before they reach the database; write others exactly."""
        if value is None:
            return None
        if not value.is_finite():
            raise ValueError(f"{value} is no amount of money")
        return value if dialect.name == "postgresql" else format(value, "f")

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Decimal | None:
        """Return the exact Decimal."""
        del dialect
        return None if value is None else Decimal(value)
