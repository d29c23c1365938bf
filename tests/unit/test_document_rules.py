"""Each rule about the OpenAPI document finds what it is for."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from octobot_node.api.document.lint import problems
from octobot_node.api.document.shapes import one_shape

Found = dict[str, Any]
DECIMAL = {"type": "string", "format": "decimal", "description": "How much."}
SOUND: Found = {
    "tags": [{"name": "things", "description": "Things."}],
    "paths": {
        "/things/{thing}": {
            "get": {
                "operationId": "read_thing",
                "summary": "A thing",
                "description": "Tell a thing.",
                "tags": ["things"],
                "parameters": [{"name": "thing", "in": "path", "description": "Which."}],
                "responses": {
                    "200": {
                        "description": "It.",
                        "headers": {"ETag": {}},
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}},
                    }
                },
            },
            "patch": {
                "operationId": "edit_thing",
                "summary": "Edit",
                "description": "Edit a thing.",
                "tags": ["things"],
                "parameters": [{"name": "If-Match", "in": "header", "description": "What was read."}],
                "responses": {
                    "200": {"description": "It."},
                    "412": {"description": "Too late.", "headers": {"ETag": {}}},
                },
            },
        }
    },
    "components": {
        "schemas": {
            "Thing": {
                "description": "A thing.",
                "properties": {"amount": DECIMAL},
                "required": ["amount"],
            }
        }
    },
}


def get(document: Found) -> Found:
    found: Found = document["paths"]["/things/{thing}"]["get"]
    return found


def thing(document: Found) -> Found:
    found: Found = document["components"]["schemas"]["Thing"]
    return found


def test_a_sound_one_has_no_problem() -> None:
    assert problems(SOUND) == []


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda d: get(d).pop("summary"), "GET /things/{thing} has no summary"),
        (lambda d: get(d).update(operationId="edit_thing"), "has the operationId edit_thing, which another one has"),
        (lambda d: get(d).update(tags=["Some things"]), "has the tag 'Some things': small letters and hyphens"),
        (lambda d: d["tags"].clear(), "has the tag 'things', which nothing describes"),
        (lambda d: get(d)["responses"]["200"].pop("description"), "does not describe its 200"),
        (lambda d: get(d)["parameters"][0].pop("description"), "does not describe its parameter thing"),
        (lambda d: thing(d).pop("description"), "the schema Thing is not described"),
        (lambda d: thing(d)["properties"].update(colour={"type": "string"}), "Thing.colour is not described"),
        (
            lambda d: thing(d)["properties"].update(theColour={"type": "string", "description": "It."}),
            "Thing.theColour is written in another way",
        ),
        (
            lambda d: thing(d)["properties"].update(amount={"type": "string", "description": "It."}),
            "Thing.amount is money, and does not say format: decimal",
        ),
        (
            lambda d: thing(d)["properties"].update(
                size={"anyOf": [{"type": "number"}, {"type": "string"}], "description": "It."}
            ),
            "Thing.size may be a number or a text",
        ),
        (lambda d: thing(d).update(required=[]), "Thing always has amount, and does not require it"),
        (
            lambda d: get(d)["responses"]["200"].pop("headers"),
            "takes If-Match, and GET /things/{thing} declares no ETag",
        ),
        (
            lambda d: d["paths"]["/things/{thing}"]["patch"]["responses"]["412"].pop("headers"),
            "does not say in its 412 what holds now",
        ),
        (lambda d: d["components"]["schemas"].update(Other={"description": "It."}), "nothing uses the schema Other"),
        (lambda d: d["components"]["schemas"].pop("Thing"), "#/components/schemas/Thing leads nowhere"),
    ],
)
def test_what_is_wrong_is_found(spoil: Callable[[Found], Any], said: str) -> None:
    spoiled = copy.deepcopy(SOUND)
    spoil(spoiled)
    assert any(said in each for each in problems(spoiled)), problems(spoiled)


@pytest.mark.parametrize("null", [[], [{"type": "null"}]])
def test_decimals_become_one_shape_with_their_bounds(null: list[Found]) -> None:
    number = {"type": "number", "exclusiveMinimum": 0.0, "maximum": 1e3}
    document: Found = {"a": {"anyOf": [number, {"type": "string", "pattern": "^x$"}, *null], "title": "A"}}
    one_shape(document)
    shape = {"type": "string", "format": "decimal", "x-above": "0.0", "x-maximum": "1000.0"}
    found = document["a"]["anyOf"][0] if null else document["a"]
    assert {name: found[name] for name in shape} == shape
    assert document["a"]["title"] == "A"
    # A choice of a number or some other text is left as it is.
    other: Found = {"b": {"anyOf": [{"type": "number"}, {"type": "string", "enum": ["all"]}]}}
    before = copy.deepcopy(other)
    one_shape(other)
    assert other == before
