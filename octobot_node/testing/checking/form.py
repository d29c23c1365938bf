"""What can be told of a type without running it: its name, its config and the form that is made of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from octobot_node.automation import Automation
from octobot_node.engine.evaluating.decision_checks import first_needs
from octobot_node.testing.checking.violation import Violation
from octobot_node.text.validation_messages import sentence

__all__ = ["check_form"]


def check_form(automation_type: type[Automation[Any, Any]], configs: list[BaseModel]) -> None:
    """Raise a Violation for the first thing that is wrong with the name, the version, the config or its schema."""
    _check_names(automation_type)
    schema = _schema(automation_type.Config)
    for where, part in _objects(schema):
        _check_described(where, part)
    for model in _models(automation_type.Config):
        _check_fields(model)
    for config in configs:
        text = config.model_dump_json()
        if automation_type.Config.model_validate_json(text) != config:
            raise Violation(
                f"the config changes when it is written and read again: {text}",
                "make every validator accept what the field's own JSON has, such as an ISO 8601 duration",
            )
        _check_needs(automation_type(), config)


def _check_needs(automation: Automation[Any, Any], config: BaseModel) -> None:
    try:
        first_needs(automation, config)
    except Exception as error:
        raise Violation(
            f"needs(config, None) fails for {config.model_dump_json(exclude_defaults=True)}: {error}",
            "return a Needs for every valid config: the state is None until the first tick",
        ) from error


def _check_names(automation_type: Any) -> None:
    name = automation_type.name
    if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name):
        raise Violation(f"its name is {name!r}", 'name it in snake_case, such as name = "my_momentum"')
    version = automation_type.version
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise Violation(
            f"its version is {version!r}", "give it version = 1, one more whenever the state's shape changes"
        )
    # Its own: `inspect.getdoc` would find a base's.
    if not (vars(automation_type).get("__doc__") or "").strip():
        raise Violation("it has no docstring", "say in one line what it does: people choose it by that line")
    for what, model in (("Config", automation_type.Config), ("State", automation_type.State)):
        if not (model is None and what == "State") and not (isinstance(model, type) and issubclass(model, BaseModel)):
            raise Violation(f"its {what} is {model!r}", "make it a pydantic model")
    kept = vars(automation_type())
    if kept:
        raise Violation(
            f"an instance holds {', '.join(sorted(kept))}",
            "keep what must be remembered in the state: instances are shared by all its automations, and do not last",
        )


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    try:
        schema = model.model_json_schema()
        json.dumps(schema, allow_nan=False)
    except Exception as error:
        raise Violation(
            f"its Config has no JSON schema: {error}", "annotate such a field with pydantic's WithJsonSchema"
        ) from error
    return schema


def _objects(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "Config", schema
    for name, part in schema.get("$defs", {}).items():
        if part.get("type") == "object":
            yield name, part


def _check_described(where: str, part: dict[str, Any]) -> None:
    for name, field in part.get("properties", {}).items():
        if not field.get("description"):
            raise Violation(
                f"the field {name!r} of {where} has no description",
                f'write {name}: … = Field(description="…"): the form that users fill in shows it',
            )
    if part.get("additionalProperties") is not False:
        raise Violation(
            f"{where} accepts fields that it does not have, so that a misspelt one is silently ignored",
            'give it model_config = ConfigDict(extra="forbid")',
        )


def _models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Yield a model and those that its fields are made of, each once."""
    waiting, seen = [model], set()
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        yield one
        for field in one.model_fields.values():
            waiting += _inside(field.annotation)


def _inside(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    found = []
    for argument in getattr(annotation, "__args__", ()):
        found += _inside(argument)
    return found


def _check_fields(model: type[BaseModel]) -> None:
    for name, field in model.model_fields.items():
        annotated: Any = Annotated[(field.annotation, "checked", *field.metadata)]
        adapter: TypeAdapter[Any] = TypeAdapter(annotated)
        place = f"{model.__name__}.{name}"
        _check_default(place, field, adapter)
        for example in field.examples or ():
            if not _accepts(adapter, example):
                raise Violation(f"{place} refuses its own example {example!r}", "correct the example or the bounds")
        if _takes_naive_times(adapter):
            raise Violation(
                f"{place} accepts a time without a zone, which cannot be compared with tick.now",
                "annotate it with pydantic's AwareDatetime",
            )


def _check_default(place: str, field: FieldInfo, adapter: TypeAdapter[Any]) -> None:
    if field.is_required():
        return
    default = field.get_default(call_default_factory=True, validated_data={})
    try:
        read = adapter.validate_json(adapter.dump_json(default, warnings=False))
    except ValidationError as error:
        problem = sentence(error)
        raise Violation(f"{place} refuses its own default {default!r}: {problem}", "correct one of them") from None
    if read != default or type(read) is not type(default):
        raise Violation(
            f"the default {default!r} of {place} is a {type(default).__name__}, which reads back as {read!r}",
            f"write it as {read!r}",
        )


def _accepts(adapter: TypeAdapter[Any], example: Any) -> bool:
    try:
        adapter.validate_json(json.dumps(example, default=str))
    except ValidationError:
        return False
    return True


def _takes_naive_times(adapter: TypeAdapter[Any]) -> bool:
    try:
        read = adapter.validate_json('"2026-01-01T00:00:00"')
    except ValidationError:
        return False
    return isinstance(read, datetime) and read.tzinfo is None
