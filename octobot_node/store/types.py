"""Column types that mean the same on every database."""

from __future__ import annotations

from collections.abc import Callable
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

    def bind_processor(self, dialect: sa.Dialect) -> Callable[[Decimal | None], Any]:
        """Return what refuses NaN and infinity before they reach the database, and writes others exactly.

        Given directly, not as ``process_bind_param``: an order and its fill take some fifty of these calls.
        """
        return _as_number if dialect.name == "postgresql" else _as_text

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Callable[[Any], Decimal | None]:
        """Return what reads the exact Decimal."""
        del dialect, coltype
        return _as_decimal


def _as_number(value: Decimal | None) -> Decimal | None:
    if value is not None and not value.is_finite():
        raise ValueError(f"{value} is not an amount of money")
    return value


def _as_text(value: Decimal | None) -> str | None:
    if value is None:
        return None
    if not value.is_finite():
        raise ValueError(f"{value} is not an amount of money")
    return format(value, "f")


def _as_decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value)
