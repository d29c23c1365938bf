"""Put rows into an empty database, as fast as it takes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

import sqlalchemy as sa

from octobot_node.errors import CommandRefused, NodeError, StorageUnavailable
from octobot_node.store.sql.bulk_statements import insert_many
from octobot_node.transfer.content import Content

__all__ = ["load", "next_numbers", "refuse_used", "set_numbers", "unhurried"]

Row = Sequence[Any]
_CHUNK = 2_000


def unhurried(connection: sa.Connection) -> None:
    """Let this transaction take its time: the server ends others that do nothing for seconds."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL statement_timeout = 0")


def refuse_used(connection: sa.Connection, everything: Iterable[Content], shown: str) -> None:
    """Raise CommandRefused for a database that has a row anywhere."""
    for content in everything:
        if connection.execute(sa.select(sa.literal(1)).select_from(content.table).limit(1)).first() is not None:
            raise CommandRefused(
                f"{shown} is not empty, it has rows in {content.name!r}: give a new database; nothing was changed"
            )


def load(connection: sa.Connection, content: Content, rows: Iterable[Row], shown: str) -> None:
    """Insert rows in the order of the content's columns. Raises NodeError where the database does not take them."""
    # The driver's own errors: COPY goes past SQLAlchemy.
    failures: Any = connection.dialect.loaded_dbapi
    try:
        if connection.dialect.name == "postgresql":
            _copy(connection, content, rows)
        else:
            _insert(connection, content, rows)
    except (failures.OperationalError, failures.InterfaceError) as error:
        raise StorageUnavailable(f"{shown} was lost at {content.name!r} ({error}): give the command again") from None
    except (failures.Error, sa.exc.DBAPIError) as error:
        why = getattr(error, "orig", None) or error
        raise NodeError(f"{shown} does not take a row of {content.name!r} ({why}); nothing was changed") from None


def _copy(connection: sa.Connection, content: Content, rows: Iterable[Row]) -> None:
    quote = connection.dialect.identifier_preparer.quote
    names = ", ".join(quote(name) for name in content.columns)
    converters = _converters(connection.dialect, content)
    driver: Any = connection.connection.driver_connection
    with (
        driver.cursor() as cursor,
        cursor.copy(f"COPY {quote(content.name)} ({names}) FROM STDIN") as copy,
    ):
        for row in rows:
            values = list(row)
            for at, convert in converters:
                values[at] = convert(values[at])
            copy.write_row(values)


def _converters(dialect: sa.Dialect, content: Content) -> list[tuple[int, Callable[[Any], Any]]]:
    return [
        (at, converter)
        for at, name in enumerate(content.columns)
        if (converter := content.table.c[name].type.dialect_impl(dialect).bind_processor(dialect)) is not None
    ]


def _insert(connection: sa.Connection, content: Content, rows: Iterable[Row]) -> None:
    remaining = iter(rows)
    while chunk := list(islice(remaining, _CHUNK)):
        insert_many(connection, content.table, [dict(zip(content.columns, row, strict=True)) for row in chunk])


def next_numbers(connection: sa.Connection, everything: Iterable[Content]) -> dict[str, int]:
    """Return the last number given by each table that numbers its rows: one is never given twice, rows or none."""
    found: dict[str, int] = {}
    for content in everything:
        column = _numbered(content)
        if column is None:
            continue
        if connection.dialect.name == "postgresql":
            sequence = _sequence(connection, content, column)
            state = sa.select(sa.column("last_value", sa.BigInteger), sa.column("is_called", sa.Boolean)).select_from(
                sa.text(sequence)
            )
            last, called = connection.execute(state).one()
            found[content.name] = last if called else 0
        else:
            select = sa.text("SELECT seq FROM sqlite_sequence WHERE name = :name")
            found[content.name] = connection.scalar(select, {"name": content.name}) or 0
    return found


def set_numbers(connection: sa.Connection, everything: Iterable[Content], numbers: dict[str, int]) -> None:
    """Go on after the given numbers."""
    for content in everything:
        column, last = _numbered(content), numbers.get(content.name, 0)
        if column is None or not last:
            continue
        if connection.dialect.name == "postgresql":
            sequence = _sequence(connection, content, column)
            connection.execute(sa.text("SELECT setval(:sequence, :last)"), {"sequence": sequence, "last": last})
        else:
            connection.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": content.name})
            row = {"name": content.name, "last": last}
            connection.execute(sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)"), row)


def _numbered(content: Content) -> str | None:
    column = content.table.autoincrement_column
    return column.name if column is not None and column.autoincrement is True else None


def _sequence(connection: sa.Connection, content: Content, column: str) -> str:
    select = sa.text("SELECT pg_get_serial_sequence(:name, :column)")
    found: str = connection.execute(select, {"name": content.name, "column": column}).scalar_one()
    return found
