"""Write the tables of fields in the documentation from the models themselves: ``python docs/reference.py``.

A page has a table between ``<!-- fields: NAME -->`` and ``<!-- end -->``; NAME is a model of the run file, a connector
(``market_data.simulated``), an automation type (``octobot_tentacles.dca``), or ``settings`` for every setting there is.
Between ``<!-- transitions: NAME -->`` and ``<!-- end -->`` is what each status may become, after ``<!-- stack -->``
every variable of the stack of containers; after ``<!-- guarantees -->`` and ``<!-- sources -->`` what exchanges
promise.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

# Beside this file, which is run as a script.
sys.path.insert(0, str(Path(__file__).parent))
from authors_reference import api
from contracts_reference import contracts
from exchanges_reference import guarantees, sources

from octobot_node.automation import AutomationStatus
from octobot_node.orders import IntentStatus
from octobot_node.plugin_system.discovery import load_plugins
from octobot_node.plugin_system.registry import Registry
from octobot_node.settings import Settings
from octobot_node.specs import AccountSpec, AutomationSpec, ConnectorSpec, LimitsSpec

__all__ = ["pages", "rewritten"]

DOCS = Path(__file__).parent
_API = re.compile(r"(<!-- api -->\n)(?:.*\n)??(<!-- end -->)", flags=re.DOTALL)
_CONTRACTS = re.compile(r"(<!-- contracts -->\n)(?:.*\n)??(<!-- end -->)", flags=re.DOTALL)
_TABLE = re.compile(r"(<!-- fields: (\S+) -->\n)(?:.*?\n)??(<!-- end -->)", flags=re.DOTALL)
_TRANSITIONS = re.compile(r"(<!-- transitions: (\w+) -->\n)(?:.*?\n)??(<!-- end -->)", flags=re.DOTALL)
_STACK = re.compile(r"(<!-- stack -->\n)(?:.*?\n)??(<!-- end -->)", flags=re.DOTALL)
_EXCHANGES = re.compile(r"(<!-- (guarantees|sources) -->\n)(?:.*?\n)??(<!-- end -->)", flags=re.DOTALL)
_STATUSES: Mapping[str, type[AutomationStatus | IntentStatus]] = {
    "AutomationStatus": AutomationStatus,
    "IntentStatus": IntentStatus,
}
_RUN_FILE: Mapping[str, type[BaseModel]] = {
    "account": AccountSpec,
    "automation": AutomationSpec,
    "connector": ConnectorSpec,
    "limits": LimitsSpec,
}


def pages() -> list[Path]:
    """Return the pages that have such a table."""
    marked = re.compile(r"<!-- (fields: \S+|transitions: \w+|api|contracts|stack|guarantees|sources) -->")
    return [page for page in sorted(DOCS.rglob("*.md")) if marked.search(page.read_text())]


def rewritten(page: Path) -> str:
    """Return a page's text with its tables as the models are now; raise KeyError for a name that there is not."""
    registry = load_plugins(discover=False)
    if page.name == "authors.md":
        return _API.sub(lambda found: f"{found[1]}\n{api()}\n\n{found[2]}", page.read_text())
    if page.name == "contracts.md":
        return _CONTRACTS.sub(lambda found: f"{found[1]}\n{contracts()}\n\n{found[2]}", page.read_text())
    if page.name == "deployment.md":
        stack = "\n".join(_stack_table())
        return _STACK.sub(lambda found: f"{found[1]}\n{stack}\n\n{found[2]}", page.read_text())
    told = {"guarantees": guarantees, "sources": sources}
    text = _EXCHANGES.sub(lambda found: f"{found[1]}\n{told[found[2]]()}\n\n{found[3]}", page.read_text())
    text = _TRANSITIONS.sub(lambda found: f"{found[1]}\n{_transitions(found[2])}\n\n{found[3]}", text)
    return _TABLE.sub(lambda found: f"{found[1]}\n{_table(found[2], registry)}\n\n{found[3]}", text)


def _stack_table() -> Iterator[str]:
    # At the top of the clone, where this script is not.
    sys.path.append(str(DOCS.parent))
    from deploy.variables import table

    return table()


def _transitions(name: str) -> str:
    rows = [
        f"| *{status.value}* | {', '.join(f'*{each.value}*' for each in status.next) or 'nothing: it is final'} |"
        for status in _STATUSES[name]
    ]
    return "\n".join(["| from | to |", "| --- | --- |", *rows])


def _table(name: str, registry: Registry) -> str:
    if name == "settings":
        return "\n\n".join(_settings(registry))
    return "\n".join(_fields(_model(name, registry)))


def _model(name: str, registry: Registry) -> type[BaseModel]:
    if name in _RUN_FILE:
        return _RUN_FILE[name]
    kind, _, connector = name.partition(".")
    if kind == "market_data":
        return registry.market_data[connector].Settings
    if kind == "trading":
        return registry.trading[connector].Settings
    return registry.automations[name].Config


def _fields(model: type[BaseModel], path: str = "") -> Iterator[str]:
    if not path:
        yield "| field | what it takes | default | what it is |"
        yield "| --- | --- | --- | --- |"
    schema = model.model_json_schema()
    for name, field in model.model_fields.items():
        if isinstance(field.json_schema_extra, dict) and field.json_schema_extra.get("hidden"):
            continue
        takes = _takes(schema["properties"][name], schema.get("$defs", {}))
        yield f"| `{path}{name}` | {takes} | {_default(field)} | {_cell(field.description or '')} |"


def _settings(registry: Registry) -> Iterator[str]:
    yield "\n".join(_variables("", Settings))
    for owned in registry.settings_models:
        yield f"## `[{owned.section}]`"
        yield "\n".join(_variables(owned.section, owned.model))


def _variables(section: str, model: type[BaseModel]) -> Iterator[str]:
    yield "| in the file | in the environment | default | what it is |"
    yield "| --- | --- | --- | --- |"
    for name, field in model.model_fields.items():
        variable = "_".join(part.upper() for part in ("octobot", section, name) if part)
        yield f"| `{name}` | `{variable}` | {_default(field)} | {_cell(field.description or '')} |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if field.default_factory is not None:
        # Another factory's default depends on the machine.
        value = field.default_factory() if field.default_factory in (dict, list, tuple) else None
    if value in (None, "", (), [], {}) or isinstance(value, BaseModel | SecretStr):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _takes(schema: Mapping[str, Any], named: Mapping[str, Any]) -> str:
    """Return what a field takes, in words, from its JSON schema."""
    if "$ref" in schema:
        return _takes(named[schema["$ref"].rpartition("/")[2]], named)
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return _alternatives([_takes(option, named) for option in schema[key] if option.get("type") != "null"])
    kind = schema.get("type", "")
    if kind == "array":
        return f"list of {_takes(schema.get('items', {}), named)}"
    if kind == "object":
        return _mapping(schema, named)
    return _WORDS.get(kind, "anything")


def _mapping(schema: Mapping[str, Any], named: Mapping[str, Any]) -> str:
    values = [*schema.get("patternProperties", {}).values(), schema.get("additionalProperties")]
    inner = next((value for value in values if isinstance(value, dict)), None)
    return "mapping" if inner is None else f"mapping: name to {_takes(inner, named)}"


_WORDS = {
    "string": "text",
    "number": "number",
    "integer": "whole number",
    "boolean": "`true` or `false`",
}


def _alternatives(options: list[str]) -> str:
    # A Decimal is a number or a text in JSON; people write a number.
    distinct = list(dict.fromkeys(option for option in options if option != "text" or "number" not in options))
    return " or ".join(distinct) or "anything"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    for page in pages():
        page.write_text(rewritten(page))
