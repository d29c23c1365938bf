"""The JSON schema of a config as forms take it: one shape for each kind of value, and no name of a class in it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from octobot_node.text.durations import DURATION_PATTERN
from octobot_node.text.patterns import DECIMAL_PATTERN

__all__ = ["DURATION", "config_schema", "decimal_shape"]

#: A duration as people write it, or as it is stored, in ISO 8601.
DURATION: dict[str, Any] = {
    "type": "string",
    "pattern": f"{DURATION_PATTERN}|^P[0-9A-Z.]+$",
    "x-widget": "duration",
}
#: A bound of a number, and what the schema of a text that is one calls it.
_BOUNDS = {"gt": "x-above", "ge": "x-minimum", "lt": "x-below", "le": "x-maximum"}


def config_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON schema of a config that a form is made of; docs/forms.md says what is in it.

    Decimals are text of plain digits (``format: decimal``), whose bounds are ``x-minimum``, ``x-maximum``, ``x-above``
    and ``x-below``; what may be left out is ``anyOf`` its own schema and null. Raises what a model's own code raises.
    """
    schema = model.model_json_schema(schema_generator=_FormSchema)
    for part in [schema, *schema.get("$defs", {}).values()]:
        for place, about in enumerate(part.get("properties", {}).values()):
            _lift_hints(about)
            about.setdefault("x-order", place)
    return schema


def decimal_shape(bounds: dict[str, Any]) -> dict[str, Any]:
    """Return the one shape of decimals in JSON; ``bounds`` are those of pydantic's core schema."""
    told = {
        name: format(Decimal(str(bounds[key])), "f") for key, name in _BOUNDS.items() if bounds.get(key) is not None
    }
    return {"type": "string", "format": "decimal", "pattern": DECIMAL_PATTERN, **told}


class _FormSchema(GenerateJsonSchema):
    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        """One shape, where pydantic's own is a number or a text."""
        return decimal_shape(dict(schema))

    def timedelta_schema(self, schema: core_schema.TimedeltaSchema) -> JsonSchemaValue:
        """As people write them, where pydantic's own is ISO 8601 alone."""
        del schema
        return dict(DURATION)

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """Without the title that pydantic makes of the class's name."""
        made = super().model_schema(schema)
        if made.get("title") == schema["cls"].__name__:
            del made["title"]
        return made

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Every field: one that is a model has none otherwise."""
        del schema
        return True

    def get_title_from_name(self, name: str) -> str:
        """As a sentence begins, where pydantic's own has a capital in each word."""
        words = name.replace("_", " ").strip()
        return words[:1].upper() + words[1:]


def _lift_hints(about: dict[str, Any]) -> None:
    """Let a field that may be left out say what the kind of it says."""
    kinds = [each for each in about.get("anyOf", ()) if each.get("type") != "null"]
    if len(kinds) == 1:
        for name, value in list(_hints(kinds[0])):
            del kinds[0][name]
            about.setdefault(name, value)


def _hints(about: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    return (
        (name, value)
        for name, value in about.items()
        if name in {"x-unit", "x-widget", "x-labels", "x-advanced", "x-draws"}
    )
