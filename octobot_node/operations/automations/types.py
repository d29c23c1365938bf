"""Look at automation types: what they do, and what their config is made of."""

from __future__ import annotations

import inspect
from typing import Any

from octobot_node.automation import Automation
from octobot_node.contracts.plugins import PluginInfo
from octobot_node.errors import PluginError
from octobot_node.operations.automations.models.types import OneType, TypeDetail, TypePage, TypeRow
from octobot_node.operations.context import OperationContext
from octobot_node.operations.models import EmptyRequest
from octobot_node.plugin_system.registry import Registry

__all__ = ["list_types", "plugin_of", "show"]


def list_types(context: OperationContext, request: EmptyRequest) -> TypePage:
    """Return every automation type, by full name."""
    del request
    registry = context.registry
    return TypePage(types=[_row(registry, name, registry.automations[name]) for name in sorted(registry.automations)])


def show(context: OperationContext, request: OneType) -> TypeDetail:
    """Return everything about an automation type; raise UnknownType, or PluginError for a config without a schema."""
    name, automation = context.registry.automation(request.type)
    schema = _schema(name, automation)
    fields: dict[str, Any] = schema.get("properties", {})
    return TypeDetail(
        **dict(_row(context.registry, name, automation)),
        documentation=_documentation(automation),
        config=schema,
        required=schema.get("required", []),
        defaults={field: about["default"] for field, about in fields.items() if "default" in about},
        examples={field: about["examples"] for field, about in fields.items() if "examples" in about},
    )


def _schema(name: str, automation: Automation[Any, Any]) -> dict[str, Any]:
    try:
        return automation.Config.model_json_schema()
    except Exception as error:  # whatever a third party's model raises is for its author
        raise PluginError(f"the config of {name} has no JSON schema ({error}): tell the type's author") from error


def _row(registry: Registry, name: str, automation: Automation[Any, Any]) -> TypeRow:
    package, _, short = name.rpartition(".")
    plugin = plugin_of(registry, "register_automations", name)
    return TypeRow(
        type=name,
        name=short,
        summary=_documentation(automation).partition("\n")[0],
        version=automation.version,
        package=package,
        plugin="" if plugin is None else plugin.name,
        plugin_version="" if plugin is None else plugin.version,
        live_edit=automation.live_edit,
    )


def _documentation(automation: Automation[Any, Any]) -> str:
    # Not inspect.getdoc alone: it would give a type without words those of the base class.
    return inspect.cleandoc(type(automation).__doc__ or "")


def plugin_of(registry: Registry, hook: str, name: str) -> PluginInfo | None:
    """Return the plugin that registered ``name`` through a hook, None where none is known to have."""
    return registry.owner(hook, name)
