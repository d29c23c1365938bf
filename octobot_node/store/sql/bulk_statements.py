"""Run one statement for many rows, without SQLAlchemy's work for each row.

``Connection.execute`` with a list takes every row's parameters through the compiled statement anew, which costs more
than the database's own work on the row. What it does is the same for each row, so here it is done once: the statement's
text, the order of its parameters, and how each type is converted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

__all__ = ["insert_many", "run_many", "update_many"]

Row = Mapping[str, Any]
#: Returns a row's parameters as the driver takes them.
_Bind = Callable[[Row], Any]


def run_many(connection: sa.Connection, statement: sa.Update, rows: Collection[Row]) -> None:
    """Run a statement with named parameters for every row; pass the same statement object each time."""
    if rows:
        _run(connection, *_statement(connection.dialect, statement), rows)


def insert_many(connection: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Insert rows, which all have the same keys."""
    if rows:
        _run(connection, *_insert(connection.dialect, table, tuple(rows[0])), rows)


def update_many(connection: sa.Connection, table: sa.Table, key: tuple[str, ...], rows: Sequence[Row]) -> None:
    """Write the given columns of rows found by the columns ``key``; rows may differ in what they change."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row), []).append(row)
    for keys, group in groups.items():
        _run(connection, *_update(connection.dialect, table, key, keys), group)


def _run(connection: sa.Connection, text: str, bind: _Bind, rows: Collection[Row]) -> None:
    connection.exec_driver_sql(text, [bind(row) for row in rows])


@lru_cache(maxsize=256)
def _statement(dialect: sa.Dialect, statement: sa.Update) -> tuple[str, _Bind]:
    return _prepare(dialect, statement, None, {})


@lru_cache(maxsize=256)
def _insert(dialect: sa.Dialect, table: sa.Table, keys: tuple[str, ...]) -> tuple[str, _Bind]:
    # Inline: nobody asks for keys that the database made.
    return _prepare(dialect, table.insert().inline(), keys, {})


@lru_cache(maxsize=256)
def _update(dialect: sa.Dialect, table: sa.Table, key: tuple[str, ...], keys: tuple[str, ...]) -> tuple[str, _Bind]:
    # No parameter may be called like a column: SQLAlchemy would take it for a value to set.
    given = {name: sa.bindparam(f"b_{name}", type_=table.c[name].type) for name in keys}
    found = [table.c[name] == given[name] for name in key]
    statement = table.update().where(*found).values({name: given[name] for name in keys if name not in key})
    return _prepare(dialect, statement, None, {f"b_{name}": name for name in keys})


def _prepare(
    dialect: sa.Dialect,
    statement: sa.Insert | sa.Update,
    columns: Sequence[str] | None,
    keys: Mapping[str, str],
) -> tuple[str, _Bind]:
    """Return a statement's text and what binds a row to it; ``keys``: parameters that have another name in rows."""
    compiled = statement.compile(dialect=dialect, column_keys=columns)
    parameters = {name: parameter for parameter, name in compiled.bind_names.items()}
    names = list(parameters) if compiled.positiontup is None else compiled.positiontup
    # Values that the statement itself has, such as the NULL of a claim let go, go along with each row.
    own = {name: parameter.value for name, parameter in parameters.items() if not parameter.required}
    order = [keys.get(name, name) for name in names]
    convert = [
        (index, converter)
        for index, name in enumerate(names)
        if (converter := parameters[name].type.dialect_impl(dialect).bind_processor(dialect)) is not None
    ]

    def bind(row: Row) -> Any:
        whole = {**row, **own} if own else row
        values = [whole[key] for key in order]
        for index, converter in convert:
            values[index] = converter(values[index])
        return tuple(values) if compiled.positional else dict(zip(names, values, strict=True))

    return str(compiled), bind
