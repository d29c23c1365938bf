"""What pydantic found wrong, as one place, one sentence and a cure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from octobot_node.text.patterns import words_of

__all__ = ["KINDS", "Place", "all_mistakes", "dotted", "first_mistake", "nearest", "sentence", "told"]

#: Where something is: the keys and indexes that lead to it.
Place = tuple[str | int, ...]

#: What a value is called that is of another kind than it should be.
KINDS: Mapping[type, str] = {
    bool: "true or false",
    dict: "a mapping",
    list: "a list",
    int: "a number",
    Decimal: "a number",
    type(None): "empty",
}
_DURATION = "a duration such as '30s' or '5m'"
_DATE = "a date such as 2026-01-31"
_MOMENT = "a moment with its time zone, such as 2026-01-31T12:00:00Z"
_UNTOLD = "written as this field wants it: see what is said about it"
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_WANTED = {
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "list_type": "a list",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "decimal_type": "a number",
    "decimal_parsing": "a number",
    "finite_number": "a finite number",
    "int_parsing_size": "a smaller number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "tuple_type": "a list",
    "set_type": "a list",
    "frozen_set_type": "a list",
    "model_attributes_type": "a mapping",
    "mapping_type": "a mapping",
    "string_type": "text",
    "string_unicode": "text in UTF-8",
    "time_delta_type": _DURATION,
    "time_delta_parsing": _DURATION,
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "datetime_type": _MOMENT,
    "datetime_parsing": _MOMENT,
    "datetime_object_invalid": _MOMENT,
    "datetime_from_date_parsing": _MOMENT,
    "timezone_aware": _MOMENT,
    "json_type": "JSON",
    "uuid_type": "an id (a UUID)",
    "uuid_parsing": "an id (a UUID)",
}
#: How what is wanted is written in a run file.
_WRITTEN = {"a list": " (lines that begin with '- ')", "a mapping": " ('name: value' lines)"}
#: How pydantic begins what it says of a value.
_BEGINNINGS = ("Input should", "String should", "Decimal input should", "Value should", "List should", "URL should")


def first_mistake(error: ValidationError, model: type[BaseModel]) -> tuple[Place, str]:
    """Return where the first problem of ``error`` is, as a path inside ``model``, and what to do about it."""
    (place, text), *rest = all_mistakes(error, model)
    more = f" ({len(rest)} more to fix after this one)" if rest else ""
    return place, f"{text}{more}"


def all_mistakes(error: ValidationError, model: type[BaseModel]) -> list[tuple[Place, str]]:
    """Return where each problem of ``error`` is, as a path inside ``model``, and what to do about it."""
    # A misspelt field is also a missing one: say the former first.
    found = sorted(error.errors(include_url=False), key=lambda each: each["type"] != "extra_forbidden")
    return [(_path(each), told(each, model)) for each in found]


def sentence(error: ValidationError) -> str:
    """Return the first problem of ``error`` with where it is, for somebody who has no file with lines."""
    first = error.errors(include_url=False)[0]
    place = dotted(_path(first))
    return f"{place}: {told(first)}" if place else told(first)


def told(error: Mapping[str, Any], model: type[BaseModel] | None = None, *, given: bool = True) -> str:
    """Return what is wrong as people read it: the one place that puts what pydantic says into our words.

    What was ``given`` is told with it, unless it may be a secret. ``model`` is what misspelt fields are of.
    """
    kind, value = str(error["type"]), error.get("input")
    context: Mapping[str, Any] = error.get("ctx") or {}
    match kind:
        case "missing":
            return "is missing: add it"
        case "extra_forbidden":
            return _misspelt(error, model)
        case "value_error" | "assertion_error":
            return str(context.get("error", "")) or _reworded(error)
        case "too_short" | "too_long" | "string_too_short" | "string_too_long" | "bytes_too_short" | "bytes_too_long":
            return _of_length(kind, context, value)
        case "string_pattern_mismatch":
            return f"{_shown(value) if given else ''} is not {_words(context['pattern'])}".lstrip()
    wanted = _WANTED.get(kind, "")
    text = f"must be {wanted}{_WRITTEN.get(wanted, '') if model else ''}" if wanted else _reworded(error)
    return f"{text}, not {_shown(value)}{_cure(kind, value)}" if given else text


def _misspelt(error: Mapping[str, Any], model: type[BaseModel] | None) -> str:
    if model is None:
        return "there is no such field: leave it out"
    name = str(error["loc"][-1])
    return f"there is no field {name!r}: {nearest(name, _fields_at(model, _path(error)[:-1]))}"


def _words(pattern: str) -> str:
    words = words_of(pattern)
    if words is not None:
        return words
    # A third party's, that told its pattern to nobody; that of a symbol many write.
    return "a valid symbol: write BASE/QUOTE, such as BTC/USD" if "]+/[" in pattern else _UNTOLD


def _cure(kind: str, value: Any) -> str:
    if kind == "string_type" and isinstance(value, int | Decimal):
        return ": put it in quotes"
    if _WANTED.get(kind) == _MOMENT and isinstance(value, str) and _DAY.fullmatch(value):
        return f": write {value}T00:00:00Z"
    return ""


def nearest(name: str, known: Sequence[str]) -> str:
    """Return the cure for a ``name`` that is none of the ``known``."""
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"there are {', '.join(known)}" if known else "remove it"


def dotted(path: Place) -> str:
    """Return a place as people write it: ``automations[0].config.amount``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def _path(error: Mapping[str, Any]) -> Place:
    # pydantic marks a mistake in a mapping's key so; its place is the key's own.
    return tuple(part for part in error["loc"] if part != "[key]")


def _of_length(kind: str, context: Mapping[str, Any], value: Any) -> str:
    """Say how long it may be; never what was given: it may be a secret, and is long."""
    short = kind.endswith("short")
    bound = context["min_length" if short else "max_length"]
    items = isinstance(value, list | tuple | set | frozenset | dict)
    one, many = ("entry", "entries") if items else ("character", "characters")
    length = context.get("actual_length")
    if length is None and isinstance(value, str | bytes):
        length = len(value)
    has = f", not {length}" if length else ""
    return f"must have at {'least' if short else 'most'} {bound} {one if bound == 1 else many}{has}"


def _reworded(error: Mapping[str, Any]) -> str:
    text = str(error["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    for beginning in _BEGINNINGS:
        if text.startswith(beginning):
            return f"must{text.removeprefix(beginning)}"
    return text


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else f"{value[:37]}...")
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    return KINDS.get(type(value), type(value).__name__)


def _fields_at(model: type[BaseModel], place: Place) -> list[str]:
    """Return the fields of the model at ``place`` inside ``model``, none where there is no model."""
    kind: Any = model
    for part in place:
        kind = _inside(_bare(kind), part)
    kind = _bare(kind)
    return list(kind.model_fields) if _is_model(kind) else []


def _inside(kind: Any, part: str | int) -> Any:
    if _is_model(kind):
        field = kind.model_fields.get(part)
        return None if field is None else field.annotation
    # The values of a mapping, the items of a list.
    return next(reversed(get_args(kind)), None)


def _bare(kind: Any) -> Any:
    while get_origin(kind) in {Annotated, Union, UnionType}:
        kind = next((option for option in get_args(kind) if option is not NoneType), None)
    return kind


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
