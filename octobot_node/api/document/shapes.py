"""One shape for each kind of value in the document, whatever a model's library makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from octobot_node.text.patterns import DECIMAL_PATTERN

__all__ = ["objects", "one_shape", "properties"]

_BOUNDS = {
    "exclusiveMinimum": "x-above",
    "minimum": "x-minimum",
    "exclusiveMaximum": "x-below",
    "maximum": "x-maximum",
}


def objects(part: Any) -> Iterator[dict[str, Any]]:
    """Yield every JSON object in a part of the document, itself first."""
    waiting = [part]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            yield found
            waiting += found.values()
        elif isinstance(found, list):
            waiting += found


def properties(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield (schema, property, what is said of it) of every named schema."""
    for name, schema in document.get("components", {}).get("schemas", {}).items():
        for key, about in schema.get("properties", {}).items():
            yield name, key, about


def one_shape(document: dict[str, Any]) -> None:
    """Let every decimal be ``type: string, format: decimal``, where pydantic's own is a number or a text."""
    for found in list(objects(document)):
        options = found.get("anyOf")
        if isinstance(options, list):
            _decimal_of(found, options)


def _decimal_of(found: dict[str, Any], options: list[dict[str, Any]]) -> None:
    numbers = [each for each in options if each.get("type") == "number"]
    # Without a pattern where NaN and infinity are refused; a text of another kind says more of itself.
    texts = [each for each in options if each.get("type") == "string" and not set(each) - {"type", "pattern", "format"}]
    others = [each for each in options if each not in numbers and each not in texts]
    if len(numbers) != 1 or len(texts) != 1 or any(each.get("type") != "null" for each in others):
        return
    bounds = {
        ours: format(Decimal(str(numbers[0][theirs])), "f") for theirs, ours in _BOUNDS.items() if theirs in numbers[0]
    }
    decimal = {"type": "string", "format": "decimal", "pattern": DECIMAL_PATTERN, **bounds}
    if others:
        found["anyOf"] = [decimal, *others]
    else:
        del found["anyOf"]
        found.update(decimal)
