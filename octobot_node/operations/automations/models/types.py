"""Automation types."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from octobot_node.operations.models import Request, Response

__all__ = ["OneType", "TypeDetail", "TypePage", "TypeRow"]


class OneType(Request):
    """One automation type."""

    type: str = Field(min_length=1, max_length=128, description="package.name, or name alone.")


class TypeRow(Response):
    """An automation type in a list."""

    type: str = Field(description="Its full name, package.name.")
    name: str = Field(description="Its short name, which will do where no other package has one of that name.")
    summary: str
    version: int = Field(description="Grows when the shape of its state changes.")
    package: str
    plugin: str
    plugin_version: str
    live_edit: bool = Field(description="Its orders stay when its config is edited.")


class TypePage(Response):
    """Every automation type, by full name."""

    types: list[TypeRow]


class TypeDetail(TypeRow):
    """Everything about a type: what fills in its form."""

    documentation: str
    config: dict[str, Any] = Field(description="The JSON schema of its config.")
    required: list[str] = Field(description="Fields without a default.")
    defaults: dict[str, Any] = Field(description="Fields with one.")
    examples: dict[str, list[Any]] = Field(description="Values that fields may have.")
