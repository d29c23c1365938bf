"""Look at automation types: what they do, and what their config is made of."""

from __future__ import annotations

import inspect
from typing import Any

from octobot_node.about import About
from octobot_node.automation import Automation
from octobot_node.contracts.plugins import PluginInfo
from octobot_node.errors import PluginError
from octobot_node.fields import config_schema
from octobot_node.operations.automations.models.types import (
    OneType,
    TypeDetail,
    TypeExample,
    TypePage,
    TypePreset,
    TypeRow,
)
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
    schema, about = _schema(name, automation), _about(automation)
    fields: dict[str, Any] = schema.get("properties", {})
    documentation = _documentation(automation)
    return TypeDetail(
        **dict(_row(context.registry, name, automation)),
        documentation=documentation,
        text=about.text or documentation,
        examples=[
            TypeExample(title=each.title, text=each.text, config=dict(each.config), budget=dict(each.budget))
            for each in about.examples
        ],
        presets=[TypePreset(title=each.title, text=each.text, config=dict(each.config)) for each in about.presets],
        config=schema,
        required=schema.get("required", []),
        defaults={field: told["default"] for field, told in fields.items() if "default" in told},
        field_examples={field: told["examples"] for field, told in fields.items() if "examples" in told},
    )


def _schema(name: str, automation: Automation[Any, Any]) -> dict[str, Any]:
    try:
        return config_schema(automation.Config)
    except Exception as error:  # whatever a third party's model raises is for its author
        raise PluginError(f"the config of {name} has no JSON schema ({error}): tell the type's author") from error


def _row(registry: Registry, name: str, automation: Automation[Any, Any]) -> TypeRow:
    package, _, short = name.rpartition(".")
    plugin, about = plugin_of(registry, "register_automations", name), _about(automation)
    return TypeRow(
        type=name,
        name=short,
        title=about.title or short.replace("_", " ").capitalize(),
        category=about.category,
        icon=about.icon,
        risk=about.risk,
        risk_text=about.risk_text,
        tags=list(about.tags),
        least_budget=dict(about.least_budget),
        needs=list(about.needs),
        summary=_documentation(automation).partition("\n")[0],
        version=automation.version,
        package=package,
        plugin="" if plugin is None else plugin.name,
        plugin_version="" if plugin is None else plugin.version,
        live_edit=automation.live_edit,
    )


def _about(automation: Automation[Any, Any]) -> About:
    # A third party's may be anything, and is not a reason to show no catalogue.
    about: Any = automation.about
    return about if isinstance(about, About) else About()


def _documentation(automation: Automation[Any, Any]) -> str:
    # Not inspect.getdoc alone: it would give a type without words those of the base class.
    return inspect.cleandoc(type(automation).__doc__ or "")


def plugin_of(registry: Registry, hook: str, name: str) -> PluginInfo | None:
    """Return the plugin that registered ``name`` through a hook, None where none is known to have."""
    return registry.owner(hook, name)
