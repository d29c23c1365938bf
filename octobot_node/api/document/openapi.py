"""The OpenAPI document: what FastAPI makes of the routes, with what is true of all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

import octobot_node
from octobot_node.api.document.event_kinds import tell_kinds, tell_stream
from octobot_node.api.document.shapes import one_shape, properties
from octobot_node.api.document.words import TAGS, describe
from octobot_node.api.problems import KINDS, PROBLEM_JSON, Problem

__all__ = ["PATH", "document"]

PATH = "/api/v1/openapi.json"
_DESCRIPTION = (
    "Amounts are strings of plain digits, times ISO 8601 in UTC. Lists are read page by page: `limit` and `cursor`."
    " Errors are `application/problem+json` (RFC 9457) with a stable `type`. See docs/api.md."
)
_WRITES = ("post", "put", "patch", "delete")
_METHODS = ("get", *_WRITES)
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Sent again with the same key within a day, the request is not carried out again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$"},
}
_ETAG = {
    "description": "Its revision in quotes: what an edit sends back as If-Match.",
    "schema": {"type": "string", "examples": ['"7"']},
}
_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "octobot_session",
        "description": "A browser's session; writes send its token as X-CSRF-Token, too. The cookie's name goes on with"
        " `_` and what tells the installation from others on the same host.",
    },
}


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of an app."""
    made = get_openapi(
        title="OctoBot Node",
        version=octobot_node.__version__,
        openapi_version="3.1.0",
        description=_DESCRIPTION,
        routes=app.routes,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    for left_over in ("HTTPValidationError", "ValidationError"):
        schemas.pop(left_over, None)
    schemas.update(_problem_schemas())
    made["components"]["securitySchemes"] = _SCHEMES
    for path, method, operation in _operations(made):
        _complete(path, method, operation)
        _tell_revision(operation, schemas)
        tell_stream(operation, schemas)
    one_shape(made)
    tell_kinds(schemas)
    _describe(made)
    return made


def _tell_revision(operation: dict[str, Any], schemas: Mapping[str, Any]) -> None:
    """Declare the ETag of what has a revision, and that of what holds now where an edit came too late."""
    for status, response in operation["responses"].items():
        content = response.get("content", {}).get("application/json", {})
        name = str(content.get("schema", {}).get("$ref", "")).rpartition("/")[2]
        if status.startswith("2") and "revision" in schemas.get(name, {}).get("properties", {}):
            response.setdefault("headers", {})["ETag"] = _ETAG
    if "412" in operation["responses"]:
        operation["responses"]["412"].setdefault("headers", {})["ETag"] = _ETAG


def _describe(made: dict[str, Any]) -> None:
    """Describe what does not say itself what it is."""
    if "JsonValue" in made["components"]["schemas"]:
        made["components"]["schemas"]["JsonValue"] = {"description": "Any JSON."}
    for schema, name, about in properties(made):
        if not about.get("description") and (found := describe(schema, name)):
            about["description"] = found
    used: set[str] = set()
    for _, _, operation in _operations(made):
        used.update(operation.get("tags", ()))
        for each in operation.get("parameters", ()):
            if not each.get("description") and (found := describe(operation["operationId"], each["name"])):
                each["description"] = found
    made["tags"] = [{"name": tag, "description": TAGS[tag]} for tag in sorted(used) if tag in TAGS]


def _operations(made: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in made.get("paths", {}).items():
        for method in _METHODS:
            if method in item:
                yield path, method, item[method]


def _problem_schemas() -> dict[str, Any]:
    schema = Problem.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs", {}), "Problem": schema}


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    """Add the answers that a route gives for what it is, beside those that it declares."""
    responses = operation.setdefault("responses", {})
    responses.pop("422", None)
    guarded = operation.get("x-scope") is not None
    statuses = {400, 431, 503} | {int(status) for status in responses if status.isdigit() and int(status) >= 400}
    if guarded:
        statuses |= {401, 403, 429}
    if "{" in path:
        statuses.add(404)
    if operation.get("parameters") or "requestBody" in operation:
        statuses.add(422)
    if "requestBody" in operation:
        statuses |= {413, 415, 422}
    if method in _WRITES and guarded:
        statuses |= {409, 422}
        operation.setdefault("parameters", []).append(_IDEMPOTENCY_KEY)
    if any(each["name"].lower() == "if-match" for each in operation.get("parameters", ())):
        statuses |= {412, 428}
    for status in sorted(statuses):
        declared = responses.get(str(status), {})
        titles = [kind.title for kind in KINDS.values() if kind.status == status]
        responses[str(status)] = {
            "description": declared.get("description") or "; or: ".join(titles),
            # Some routes answer a status in their own words, too: /health/ready does.
            "content": {
                **declared.get("content", {}),
                PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}},
            },
            **({"headers": declared["headers"]} if "headers" in declared else {}),
        }
