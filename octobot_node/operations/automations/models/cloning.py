"""Another automation like one that there is."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from octobot_node.operations.automations.models.automations import OneAutomation
from octobot_node.specs import Asset, LimitsSpec, Name, PositiveAmount

__all__ = ["CloneAutomation"]


class CloneAutomation(OneAutomation):
    """A new ``name``, and what is to be other than in the automation that it is made from."""

    name: Name
    account: str | None = Field(
        default=None, min_length=1, max_length=128, description="An account's name, or its id; None: the same."
    )
    budget: dict[Asset, PositiveAmount] | None = Field(
        default=None, description="All its money by asset; None: as much."
    )
    limits: LimitsSpec | None = Field(default=None, description="All its limits; None: the same.")
    config: dict[str, Any] | None = Field(default=None, description="The whole config; None: the same.")
    changes: dict[str, Any] = Field(default_factory=dict, description="Changes of the config by dotted field.")
    start: bool = Field(default=True, description="false: it is paused until somebody resumes it.")
    shadow: bool = Field(
        default=False, description="true: with a shadow, a twin on paper; its account must be at an exchange."
    )
