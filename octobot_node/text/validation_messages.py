"""What pydantic found wrong, as one place, one sentence and a cure."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from octobot_node.text.patterns import ASSET_PATTERN, NAME_PATTERN

__all__ = ["KINDS", "Place", "all_mistakes", "dotted", "first_mistake", "nearest"]

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
_WANTED = {
    "dict_type": "a mapping ('name: value' lines)",
    "model_type": "a mapping ('name: value' lines)",
    "list_type": "a list (lines that begin with '- ')",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "decimal_type": "a number",
    "decimal_parsing": "a number",
    "finite_number": "a finite number",
    "time_delta_type": "a duration such as '30s' or '5m'",
}


def first_mistake(error: ValidationError, model: type[BaseModel]) -> tuple[Place, str]:
    """Return where the first problem of ``error`` is, as a path inside ``model``, and what to do about it."""
    (place, text), *rest = all_mistakes(error, model)
    more = f" ({len(rest)} more to fix after this one)" if rest else ""
    return place, f"{text}{more}"


def all_mistakes(error: ValidationError, model: type[BaseModel]) -> list[tuple[Place, str]]:
    """Return where each problem of ``error`` is, as a path inside ``model``, and what to do about it."""
    # A misspelt field is also a missing one: say the former first.
    found = sorted(error.errors(include_url=False), key=lambda each: each["type"] != "extra_forbidden")
    return [(_path(each), _explain(each, model)) for each in found]


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


def _path(error: ErrorDetails) -> Place:
    # pydantic marks a mistake in a mapping's key so; its place is the key's own.
    return tuple(part for part in error["loc"] if part != "[key]")


def _explain(error: ErrorDetails, model: type[BaseModel]) -> str:
    given = error["input"]
    match error["type"]:
        case "missing":
            return "is missing: add it"
        case "extra_forbidden":
            name = str(error["loc"][-1])
            return f"there is no field {name!r}: {nearest(name, _fields_at(model, _path(error)[:-1]))}"
        case "value_error":
            return str(error["ctx"]["error"])
        case "greater_than" | "greater_than_equal" | "less_than_equal":
            return f"{error['msg'].replace('Input should', 'must')}, not {given}"
        case "string_type":
            quotes = ": put it in quotes" if isinstance(given, int | Decimal) else ""
            return f"must be text, not {_shown(given)}{quotes}"
        case "string_pattern_mismatch" | "string_too_long" | "string_too_short":
            return _bad_text(error)
    if error["type"] in _WANTED:
        return f"must be {_WANTED[error['type']]}, not {_shown(given)}"
    return f"{error['msg'].replace('Input should', 'must')}, not {_shown(given)}"


def _bad_text(error: ErrorDetails) -> str:
    if error["type"] != "string_pattern_mismatch":
        return f"{error['msg'].replace('String should', 'must')}, not {_shown(error['input'])}"
    given, pattern = _shown(error["input"]), error["ctx"]["pattern"]
    if pattern == ASSET_PATTERN:
        return f"{given} is not a valid asset: use up to 16 letters and digits, such as USD"
    if pattern == NAME_PATTERN:
        return f"{given} is not a valid name: use printable characters, with no space at either end"
    # How connectors and automation types spell it is theirs.
    if "]+/[" in pattern:
        return f"{given} is not a valid symbol: write BASE/QUOTE, such as BTC/USD"
    return f"must match {pattern}, not {given}"


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
