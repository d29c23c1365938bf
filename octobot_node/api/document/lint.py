"""What is wrong with the OpenAPI document.

Rules of our own, in Python: the usual linters are programs of Node.js, take seconds where this takes milliseconds, and
know nothing of what this API promises of decimals, ETags and answers.

``problems`` returns a sentence for each; a test wants none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from octobot_node.api.document.shapes import objects, properties

__all__ = ["problems"]

_METHODS = ("get", "post", "put", "patch", "delete")
_CAMEL = re.compile(r"[a-z][A-Z]")
#: Names of properties that are money or prices wherever they are.
_MONEY = frozenset(
    ("amount", "price", "spend", "stop", "cost", "fee", "filled", "reserved", "free", "realised", "bid", "ask", "last")
)

#: What leaves out parts that not everybody is told.
_TELL_LESS = frozenset(("ReadyCheck",))


def problems(document: dict[str, Any]) -> list[str]:
    """Return what is wrong, in a steady order."""
    rules = (_operations, _named_schemas, _references, _decimals, _revisions, _parameters, _required)
    return sorted({each for rule in rules for each in rule(document)})


def _each(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                yield f"{method.upper()} {path}", item[method]


def _operations(document: dict[str, Any]) -> Iterator[str]:
    tags = {each["name"] for each in document.get("tags", ())}
    seen: set[str] = set()
    for place, operation in _each(document):
        for part in ("operationId", "summary", "description", "tags", "responses"):
            if not operation.get(part):
                yield f"{place} has no {part}"
        name = operation.get("operationId", "")
        if name in seen:
            yield f"{place} has the operationId {name}, which another one has"
        seen.add(name)
        for tag in operation.get("tags", ()):
            if not re.fullmatch(r"[a-z][a-z-]*", tag):
                yield f"{place} has the tag {tag!r}: small letters and hyphens"
            if tag not in tags:
                yield f"{place} has the tag {tag!r}, which nothing describes"
        if not any(status.startswith("2") for status in operation.get("responses", {})):
            yield f"{place} has no success"
        for status, response in operation.get("responses", {}).items():
            if not response.get("description"):
                yield f"{place} does not describe its {status}"


def _named_schemas(document: dict[str, Any]) -> Iterator[str]:
    for name, schema in document["components"]["schemas"].items():
        if not (schema.get("description") or schema.get("enum") or schema.get("oneOf")):
            yield f"the schema {name} is not described"
        if schema.get("title") == name and "properties" not in schema and "enum" not in schema:
            yield f"the schema {name} has nothing but its title"
    for name, key, about in properties(document):
        if not about.get("description"):
            yield f"{name}.{key} is not described"
        if _CAMEL.search(key):
            yield f"{name}.{key} is written in another way than all others"


def _references(document: dict[str, Any]) -> Iterator[str]:
    known = set(document["components"]["schemas"])
    used: set[str] = set()
    for found in objects(document):
        target = found.get("$ref")
        if isinstance(target, str):
            name = target.rpartition("/")[2]
            used.add(name)
            if name not in known:
                yield f"{target} leads nowhere"
        for target in found.get("mapping", {}).values() if isinstance(found.get("mapping"), dict) else ():
            used.add(str(target).rpartition("/")[2])
    for name in sorted(known - used):
        yield f"nothing uses the schema {name}"


def _decimals(document: dict[str, Any]) -> Iterator[str]:
    for name, key, about in properties(document):
        kinds = [about, *about.get("anyOf", ())]
        types = [each.get("type") for each in kinds]
        if "number" in types and "string" in types:
            yield f"{name}.{key} may be a number or a text: one shape for decimals"
        if key in _MONEY and any(each.get("type") == "string" and each.get("format") != "decimal" for each in kinds):
            yield f"{name}.{key} is money, and does not say format: decimal"


def _revisions(document: dict[str, Any]) -> Iterator[str]:
    """Whoever must say in If-Match what it read can read it."""
    for place, operation in _each(document):
        takes = any(each["name"].lower() == "if-match" for each in operation.get("parameters", ()))
        method, _, path = place.partition(" ")
        if takes and method in {"PATCH", "PUT"}:
            read = document["paths"][path].get("get", {})
            if "ETag" not in read.get("responses", {}).get("200", {}).get("headers", {}):
                yield f"{place} takes If-Match, and GET {path} declares no ETag"
        if takes and "ETag" not in operation["responses"].get("412", {}).get("headers", {}):
            yield f"{place} does not say in its 412 what holds now"


def _parameters(document: dict[str, Any]) -> Iterator[str]:
    for place, operation in _each(document):
        for each in operation.get("parameters", ()):
            if not each.get("description") and not each.get("schema", {}).get("description"):
                yield f"{place} does not describe its parameter {each['name']}"


def _required(document: dict[str, Any]) -> Iterator[str]:
    """What an answer always has is required in it, whatever default its model has."""
    schemas = document["components"]["schemas"]
    answers = [operation["responses"] for _, operation in _each(document)]
    bodies = [operation.get("requestBody", {}) for _, operation in _each(document)]
    for name in sorted(_reached(schemas, answers) - _reached(schemas, bodies) - _TELL_LESS):
        schema = schemas[name]
        missing = sorted(set(schema.get("properties", ())) - set(schema.get("required", ())))
        if missing:
            yield f"{name} always has {', '.join(missing)}, and does not require it"


def _reached(schemas: dict[str, Any], parts: Any) -> set[str]:
    """Return the named schemas that parts of the document are made of, however deep."""
    reached: set[str] = set()
    waiting = [parts]
    while waiting:
        for found in objects(waiting.pop()):
            name = str(found.get("$ref", "")).rpartition("/")[2]
            if name in schemas and name not in reached:
                reached.add(name)
                waiting.append(schemas[name])
    return reached
