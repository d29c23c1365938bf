"""What every built-in type says of itself, and what its form is made of; a type of a third party may say nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Any

import jsonschema_rs
import pytest
from pydantic import BaseModel, Field

from octobot_node import About, Automation
from octobot_node.fields import config_schema
from octobot_node.fields.hints import DRAWN, WIDGETS
from octobot_node.plugin_system.discovery import load_plugins

Schema = dict[str, Any]


@lru_cache(maxsize=1)
def types() -> dict[str, Automation[Any, Any]]:
    return dict(load_plugins(discover=False).automations)


NAMES = sorted(types())
of_every_type = pytest.mark.parametrize("name", NAMES)


def parts(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """Every object of a schema, with where it is."""
    yield from [("", schema), *schema.get("$defs", {}).items()]


def properties(schema: Schema) -> Iterator[tuple[str, Schema]]:
    for place, part in parts(schema):
        for name, about in part.get("properties", {}).items():
            yield f"{place}.{name}".removeprefix("."), about


def test_there_are_seven() -> None:
    assert len(NAMES) == 7


@of_every_type
def test_it_says_what_somebody_wants_to_know_who_chooses_one(name: str) -> None:
    about = types()[name].about
    assert about.title
    assert about.risk is not None
    assert about.risk_text.endswith(".")
    assert len(about.text) > 200
    assert len(about.examples) >= 2
    assert len(about.presets) >= 2
    assert about.tags
    assert about.needs
    assert bool(about.least_budget) == ("budget" in about.needs)
    assert {each.about.title for each in types().values()} != {about.title}


@of_every_type
def test_its_examples_are_taken_as_they_are_and_its_presets_fit_into_one_of_them(name: str) -> None:
    automation = types()[name]
    check = jsonschema_rs.validator_for(config_schema(automation.Config))
    for example in automation.about.examples:
        check.validate(example.config)
        model = automation.Config.model_validate(example.config)
        # What is stored is filled into the same form when somebody edits it.
        check.validate(model.model_dump(mode="json"))
        assert bool(example.budget) == ("budget" in automation.about.needs)
    for preset in automation.about.presets:
        assert any(
            taken(automation, {**_without_rivals(automation, each.config, preset.config), **preset.config})
            for each in automation.about.examples
        ), preset.title


def _without_rivals(automation: Automation[Any, Any], config: Any, preset: Any) -> dict[str, Any]:
    """Leave out what a choice of the preset excludes, as a form does."""
    left = dict(config)
    for choice in config_schema(automation.Config).get("x-either", ()):
        if any(field in preset for option in choice["options"] for field in option["fields"]):
            left = {k: v for k, v in left.items() if not any(k in option["fields"] for option in choice["options"])}
    return left


def taken(automation: Automation[Any, Any], config: dict[str, Any]) -> bool:
    try:
        automation.Config.model_validate(config)
    except ValueError:
        return False
    return True


@of_every_type
def test_its_form_has_no_name_of_a_class_and_a_title_and_a_description_for_every_field(name: str) -> None:
    schema = config_schema(types()[name].Config)
    assert [place for place, part in parts(schema) if re.fullmatch(r"([A-Z][a-z]+){2,}", part.get("title", ""))] == []
    for place, about in properties(schema):
        assert about.get("title"), place
        assert not re.fullmatch(r"([A-Z][a-z]+){2,}", about["title"]), place
        assert about.get("description"), place
        assert isinstance(about["x-order"], int), place


@of_every_type
def test_decimals_are_of_one_shape_and_optional_fields_too(name: str) -> None:
    schema = config_schema(types()[name].Config)
    assert '"number"' not in str(schema).replace("'", '"')
    for place, about in properties(schema):
        if "anyOf" in about:
            first, *others = about["anyOf"]
            assert others == [{"type": "null"}], place
            assert first != {"type": "null"}, place
    text = str(schema)
    assert text.count("'format': 'decimal'") == text.count("[+-]?[0-9]{1,60}")


@of_every_type
def test_hints_are_of_those_that_are_documented_and_choices_have_labels(name: str) -> None:
    schema = config_schema(types()[name].Config)
    for place, about in properties(schema):
        assert about.get("x-widget", "time") in WIDGETS, place
        assert about.get("x-draws", "level") in DRAWN, place
        kinds = [about, *about.get("anyOf", [])]
        values = [value for kind in kinds for value in kind.get("enum", ())]
        assert set(about.get("x-labels", {})) == set(values), place
    for place, part in parts(schema):
        fields = set(part.get("properties", ()))
        named = {field for each in part.get("x-either", ()) for option in each["options"] for field in option["fields"]}
        assert named <= fields, place
        groups = {about["x-group"] for about in part.get("properties", {}).values() if "x-group" in about}
        assert groups == set(part.get("x-groups", ())), place


@of_every_type
def test_what_is_a_choice_for_the_form_is_one_for_the_model(name: str) -> None:
    """Two options at once are refused by the type itself, whatever form sends them."""
    automation = types()[name]
    schema = config_schema(automation.Config)
    for choice in schema.get("x-either", ()):
        for example in automation.about.examples:
            given = [o for o in choice["options"] if any(example.config.get(field) for field in o["fields"])]
            assert len(given) == 1 or (not given and not choice["required"]), (choice["title"], example.title)


class Plain(Automation[Any, Any]):
    """Does nothing."""

    name = "plain"

    class Config(BaseModel):
        max_spend: Decimal = Field(default=Decimal(1), ge=0, lt=Decimal("1E+3"))
        other: Decimal | None = None


def test_a_type_that_says_nothing_of_itself_has_defaults() -> None:
    assert Plain.about == About()
    assert config_schema(Plain.Config) == {
        "type": "object",
        "properties": {
            "max_spend": {
                "type": "string",
                "format": "decimal",
                "pattern": "^[+-]?[0-9]{1,60}(?:\\.[0-9]{1,60})?$",
                "x-minimum": "0",
                "x-below": "1000",
                "title": "Max spend",
                "default": "1",
                "x-order": 0,
            },
            "other": {
                "anyOf": [
                    {
                        "type": "string",
                        "format": "decimal",
                        "pattern": "^[+-]?[0-9]{1,60}(?:\\.[0-9]{1,60})?$",
                    },
                    {"type": "null"},
                ],
                "title": "Other",
                "default": None,
                "x-order": 1,
            },
        },
    }
