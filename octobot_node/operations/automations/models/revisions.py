"""What a config was, and what it was made."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from octobot_node.operations.automations.models.automations import ChangeAutomation, OneAutomation
from octobot_node.operations.models import PageRequest, Response

__all__ = [
    "ConfigPage",
    "ConfigRevision",
    "ConfigRow",
    "FieldDifference",
    "ListConfigs",
    "RestoreConfig",
    "ShowConfig",
]


class ListConfigs(OneAutomation, PageRequest):
    """Which automation's."""


class ShowConfig(OneAutomation):
    """One of an automation's configs, and which other one it is compared with."""

    number: int = Field(ge=1, description="Which: they are counted from 1.")
    against: int | None = Field(
        default=None, ge=1, description="What it is compared with; null: the one before it.", examples=[1]
    )


class RestoreConfig(ChangeAutomation):
    """Which config an automation goes back to."""

    number: int = Field(ge=1, description="Which: they are counted from 1.")


class FieldDifference(Response):
    """A field in which two configs differ."""

    field: str = Field(description="Its dotted name.", examples=["safety_orders.count"])
    before: Any = Field(description="What it was; null also where it was not there.")
    after: Any = Field(description="What it is.")


class ConfigRow(Response):
    """A config that an automation has, or had."""

    number: int = Field(description="They are counted from 1.")
    at: datetime = Field(description="Since when.")
    by: str = Field(description="Who made it; empty: whoever created the automation.")
    current: bool = Field(description="Whether it is in force.")
    changed: list[str] = Field(description="In which fields it differs from the one before; none for the first.")


class ConfigPage(Response):
    """An automation's configs, newest first; a hundred are kept."""

    automation: str = Field(description="Its name.")
    automation_id: str = Field(description="Its id.")
    configs: list[ConfigRow] = Field(description="Newest first.")
    next_cursor: str | None = Field(description="Where to go on; null: these were all.")


class ConfigRevision(ConfigRow):
    """One of them, with what makes it differ from another."""

    config: dict[str, Any] = Field(description="The whole config.")
    against: int | None = Field(description="What it was compared with; null: there is none before it.")
    differences: list[FieldDifference] = Field(description="Field by field, from that one to this.")
