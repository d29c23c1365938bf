"""The OpenAPI document: fit for people, and for a generated client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.api.conftest import Service

Found = dict[str, Any]


@pytest.fixture
def document(service: Service) -> Found:
    found: Found = service.client.get("/api/v1/openapi.json").json()
    return found


def operations(document: Found) -> Iterator[tuple[str, str, Found]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def has_example(document: Found, schema: Found, seen: tuple[str, ...] = ()) -> bool:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return name not in seen and has_example(document, document["components"]["schemas"][name], (*seen, name))
    parts = [*schema.get("properties", {}).values(), *schema.get("anyOf", []), *schema.get("allOf", [])]
    return "examples" in schema or any(has_example(document, part, seen) for part in parts)


def test_it_is_openapi_3_1_with_names_that_a_client_can_have(document: Found) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]

    assert document["openapi"] == "3.1.0"
    assert len(set(names)) == len(names) > 70
    assert [name for name in names if not name.isidentifier()] == []


def test_every_operation_says_what_it_does_and_where_it_belongs(document: Found) -> None:
    lacking = [
        (method, path, part)
        for path, method, operation in operations(document)
        for part in ("summary", "description", "tags")
        if not operation.get(part)
    ]
    assert lacking == []


def test_every_body_has_an_example(document: Found) -> None:
    lacking = [
        (method, path, kind)
        for path, method, operation in operations(document)
        for kind, content in operation.get("requestBody", {}).get("content", {}).items()
        if not ({"example", "examples"} & set(content) or has_example(document, content["schema"]))
    ]
    assert lacking == []


def test_every_error_is_a_problem_and_every_guarded_operation_says_who_may(document: Found) -> None:
    for path, method, operation in operations(document):
        errors = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
        assert {"400", "503"} <= set(errors), (method, path)
        for status, answer in errors.items():
            kinds = set(answer["content"])
            assert "application/problem+json" in kinds, (method, path, status)
        if operation["security"]:
            assert {"401", "403"} <= set(errors), (method, path)
            assert operation["x-scope"], (method, path)
            assert operation["x-role"] in {"viewer", "trader", "admin"}


def test_the_page_lists_every_kind_of_problem() -> None:
    from pathlib import Path

    from octobot_node.api.problems import KINDS

    page = (Path(__file__).parents[4] / "docs" / "api.md").read_text()
    assert [kind for kind in KINDS if f"`{kind}`" not in page] == []
