"""Automation types."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from octobot_node.about import Category, Icon, Need, Risk
from octobot_node.operations.models import Request, Response
from octobot_node.specs import Amount

__all__ = ["OneType", "TypeDetail", "TypeExample", "TypePage", "TypePreset", "TypeRow"]


class OneType(Request):
    """One automation type."""

    type: str = Field(min_length=1, max_length=128, description="package.name, or name alone.")


class TypePreset(Response):
    """Values for the form; what they leave out stays as it was."""

    title: str = Field(description="What they are for.", examples=["Every week"])
    text: str = Field(description="Why, in a sentence; may be empty.")
    config: dict[str, Any] = Field(description="Fields of the config.")


class TypeExample(Response):
    """A config with a budget, which can be created as it is."""

    title: str = Field(description="What it does.", examples=["100 USD of bitcoin a day"])
    text: str = Field(description="More of it, in a sentence; may be empty.")
    config: dict[str, Any] = Field(description="The whole config.")
    budget: dict[str, Amount] = Field(description="What it may spend, by asset.")


class TypeRow(Response):
    """An automation type in a list."""

    type: str = Field(description="Its full name, package.name.")
    name: str = Field(description="Its short name, which will do where no other package has one of that name.")
    title: str = Field(description="What it is called.", examples=["Regular buying"])
    summary: str = Field(description="What it does, in a sentence.")
    category: Category = Field(description="What it is for.")
    icon: Icon = Field(description="Which picture to show.")
    risk: Risk | None = Field(description="What may be lost besides; null: its author does not say.")
    risk_text: str = Field(description="Why, in a sentence; may be empty.")
    tags: list[str] = Field(description="Words that a search finds it by.")
    least_budget: dict[str, Amount] = Field(
        description="With less it can do little: by asset, or by `quote` and `base` of the config's symbol."
    )
    needs: list[Need] = Field(description="What must be there for it to work.")
    version: int = Field(description="Grows when the shape of its state changes.")
    package: str = Field(description="The Python package that it is in.")
    plugin: str = Field(description="The plugin that registers it; may be empty.")
    plugin_version: str = Field(description="That plugin's version; may be empty.")
    live_edit: bool = Field(description="Its orders stay when its config is edited.")


class TypePage(Response):
    """Every automation type, by full name."""

    types: list[TypeRow]


class TypeDetail(TypeRow):
    """Everything about a type: what fills in its form."""

    documentation: str = Field(description="The docstring of its class.")
    text: str = Field(description="How it works, in Markdown.")
    examples: list[TypeExample] = Field(description="Configs that can be created as they are.")
    presets: list[TypePreset] = Field(description="Values for the form, by what they are for.")
    config: dict[str, Any] = Field(description="The JSON schema of its config, which a form is made of.")
    required: list[str] = Field(description="Fields without a default.")
    defaults: dict[str, Any] = Field(description="Fields with one.")
    field_examples: dict[str, list[Any]] = Field(description="Values that fields may have.")
