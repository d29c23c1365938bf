"""What any operation returns, for a person: a page as a table, anything else as labels and values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TextIO

from pydantic import BaseModel

from octobot_node.cli.output.markup import escape
from octobot_node.cli.output.tables import console, more, pairs, status, table, when

__all__ = ["print_response"]

_CURSOR = "next_cursor"


def print_response(response: BaseModel, out: TextIO, columns: Sequence[str] = ()) -> None:
    """Print a response; ``columns`` are the fields to show, of a page's rows or of the one thing that it is."""
    rows = _rows(response)
    if rows is None:
        names = columns or _fields_of(type(response), [response])
        console(out).print(pairs((_label(name), _text(name, getattr(response, name))) for name in names))
        return
    _print_rows(response, *rows, out, columns)


def _print_rows(response: BaseModel, name: str, rows: Sequence[BaseModel], out: TextIO, columns: Sequence[str]) -> None:
    shown = console(out)
    if not rows:
        shown.print(f"no {_label(name)}")
        return
    names = columns or _fields_of(type(rows[0]), rows)
    right = [_label(each) for each in names if _is_number(getattr(rows[0], each))]
    made = table(*map(_label, names), right=right)
    for row in rows:
        made.add_row(*(_text(each, getattr(row, each)) for each in names))
    shown.print(made)
    cursor = getattr(response, _CURSOR, None)
    more(shown, None if cursor is None else str(cursor))


def _rows(response: BaseModel) -> tuple[str, list[BaseModel]] | None:
    """Return the one list of things that a page has, with its name; None for what is not a page."""
    lists = [(name, value) for name, value in response if isinstance(value, list)]
    if len(lists) != 1 or any(not isinstance(each, BaseModel) for each in lists[0][1]):
        return None
    name, rows = lists[0]
    return (name, rows) if set(type(response).model_fields) <= {name, _CURSOR} else None


def _fields_of(model: type[BaseModel], rows: Sequence[BaseModel]) -> list[str]:
    """Return the fields that fit into a line: those that are no mapping, and no list of things, in any row."""
    return [name for name in model.model_fields if all(_fits(getattr(row, name)) for row in rows)]


def _fits(value: Any) -> bool:
    if isinstance(value, list):
        return all(_fits(each) and not isinstance(each, list) for each in value)
    return not isinstance(value, Mapping | BaseModel)


def _label(name: str) -> str:
    return name.replace("_", " ")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _text(name: str, value: Any) -> str:
    """Return a value as markup."""
    if name == "status" and isinstance(value, str):
        return status(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return when(value)
    if isinstance(value, int | Decimal):
        return f"{value:,}" if isinstance(value, int) else f"{value:f}"
    if isinstance(value, list) and _fits(value):
        return ", ".join(_text("", each) for each in value)
    if isinstance(value, BaseModel):
        return escape(value.model_dump_json())
    return escape(json.dumps(value, default=str) if isinstance(value, Mapping | list) else str(value))
