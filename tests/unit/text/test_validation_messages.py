"""What pydantic finds wrong reaches people in our words: no regular expression, no word of pydantic's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, cast
from uuid import UUID

import pytest
from pydantic import AwareDatetime, Field, SecretStr, TypeAdapter, ValidationError
from pydantic_core import PydanticUndefined

from octobot_node.plugin_system.discovery import load_plugins
from octobot_node.settings import Settings
from octobot_node.specs import Name
from octobot_node.text.patterns import words_of
from octobot_node.text.validation_messages import told

MOMENT = "must be a moment with its time zone, such as 2026-01-31T12:00:00Z"
OURS = "[a-z]{3}"


def error(kind: Any, value: Any) -> dict[str, Any]:
    """Return the first thing that is wrong with a value."""
    with pytest.raises(ValidationError) as raised:
        TypeAdapter(kind).validate_python(value)
    return cast("dict[str, Any]", raised.value.errors(include_url=False)[0])


@pytest.mark.parametrize(
    ("kind", "value", "said", "without"),
    [
        (AwareDatetime, "yesterday", f"{MOMENT}, not 'yesterday'", MOMENT),
        (AwareDatetime, "2022-01-10", f"{MOMENT}, not '2022-01-10': write 2022-01-10T00:00:00Z", MOMENT),
        (AwareDatetime, datetime(2022, 1, 10), f"{MOMENT}, not datetime", MOMENT),  # noqa: DTZ001 - it is refused
        (date, "foo", "must be a date such as 2026-01-31, not 'foo'", "must be a date such as 2026-01-31"),
        (
            timedelta,
            "x",
            "must be a duration such as '30s' or '5m', not 'x'",
            "must be a duration such as '30s' or '5m'",
        ),
        (
            Name,
            "a/b\nc",
            "'a/b\\nc' is not a valid name: use printable characters, with no space at either end",
            "is not a valid name: use printable characters, with no space at either end",
        ),
        (
            Annotated[str, Field(pattern=OURS)],
            "1",
            "'1' is not written as this field wants it: see what is said about it",
            "is not written as this field wants it: see what is said about it",
        ),
        (Annotated[str, Field(min_length=1)], "", *["must have at least 1 character"] * 2),
        (Annotated[str, Field(max_length=2)], "abc", *["must have at most 2 characters, not 3"] * 2),
        # What is secret is never told.
        (Annotated[SecretStr, Field(min_length=6)], "1234", *["must have at least 6 characters, not 4"] * 2),
        (Annotated[list[str], Field(min_length=2)], ["a"], *["must have at least 2 entries, not 1"] * 2),
        (Annotated[list[str], Field(max_length=1)], ["a", "b"], *["must have at most 1 entry, not 2"] * 2),
        (int, "a", "must be a whole number, not 'a'", "must be a whole number"),
        (Decimal, "a", "must be a number, not 'a'", "must be a number"),
        (float, "a", "must be a number, not 'a'", "must be a number"),
        (bool, "a", "must be true or false, not 'a'", "must be true or false"),
        (str, 5, "must be text, not 5: put it in quotes", "must be text"),
        (UUID, "a", "must be an id (a UUID), not 'a'", "must be an id (a UUID)"),
        (Literal["a", "b"], "c", "must be 'a' or 'b', not 'c'", "must be 'a' or 'b'"),
        (Annotated[int, Field(gt=0)], 0, "must be greater than 0, not 0", "must be greater than 0"),
        (
            Annotated[Decimal, Field(decimal_places=1)],
            "1.23",
            "must have no more than 1 decimal place, not '1.23'",
            "must have no more than 1 decimal place",
        ),
    ],
)
def test_each_kind_of_mistake_is_told_in_our_words(kind: Any, value: Any, said: str, without: str) -> None:
    found = error(kind, value)
    assert (told(found), told(found, given=False)) == (said, without)


def test_every_pattern_of_a_request_or_a_config_has_words() -> None:
    registry = load_plugins(discover=False)
    models: list[Any] = [Settings]
    models += [each.request for each in registry.operations.values()]
    models += [each.Config for each in registry.automations.values()]
    found = {pattern for model in models for pattern in _patterns(TypeAdapter(model).core_schema)}
    assert len(found) > 4
    assert [pattern for pattern in sorted(found) if words_of(pattern) is None] == []


def _patterns(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if schema.get("type") == "str" and schema.get("pattern", PydanticUndefined) not in {None, PydanticUndefined}:
            yield str(schema["pattern"])
        for key, each in schema.items():
            if key not in {"metadata", "serialization"}:
                yield from _patterns(each)
    elif isinstance(schema, list | tuple):
        for each in schema:
            yield from _patterns(each)
