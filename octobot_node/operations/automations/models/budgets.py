"""What an automation has to spend, and how that changes."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import ConfigDict, Field, JsonValue, model_validator

from octobot_node.operations.automations.models.automations import (
    AutomationStatus,
    ChangeAutomation,
    FindingRow,
    OneAutomation,
)
from octobot_node.operations.models import Request, Response
from octobot_node.specs import Amount, Asset, PositiveAmount

__all__ = ["BudgetAsset", "BudgetChanged", "ChangeBudget", "PlanBudget"]

_NotNegative = Annotated[Amount, Field(ge=0, allow_inf_nan=False)]
_ADD_EXAMPLE: dict[str, JsonValue] = {"add": {"USD": "100"}}


class _Amounts(Request):
    model_config = ConfigDict(json_schema_extra={"examples": [_ADD_EXAMPLE]})

    add: dict[Asset, PositiveAmount] = Field(default={}, description="What it is given, of its account's money.")
    take: dict[Asset, PositiveAmount] = Field(default={}, description="What is taken from it, of what it has free.")
    set: dict[Asset, _NotNegative] = Field(
        default={}, description="What it was given in all is to be this: it is given the rest, or it is taken from it."
    )

    @model_validator(mode="after")
    def _once(self) -> Self:
        named = [*self.add, *self.take, *self.set]
        twice = next((asset for asset in named if named.count(asset) > 1), None)
        if twice is not None:
            raise ValueError(f"{twice} is in two of add, take and set: give it in one")
        return self


class PlanBudget(_Amounts, OneAutomation):
    """What a change of its budget would come to; without any amount: how it stands."""


class ChangeBudget(_Amounts, ChangeAutomation):
    """Money that an automation is given, or that is taken from it; at least one amount."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.add or self.take or self.set):
            raise ValueError("no amount is given: say what to add, take or set, such as add: {USD: 100}")
        return self


class BudgetAsset(Response):
    """An automation's budget in one asset, as the change leaves it; without a change of it, as it is."""

    asset: str
    change: Amount = Field(description="What it is given; below 0: what is taken from it.")
    budget: Amount = Field(description="What it was given in all.")
    free: Amount = Field(description="What it can spend.")
    reserved: Amount = Field(description="What its orders hold back; it stays so.")
    held: Amount = Field(description="What of it is in positions: it stays there.")
    takeable: Amount = Field(description="The most that can be taken then: what is free and in no position.")
    addable: Amount | None = Field(
        description="The most that can be added then: what its account has that nobody was given; null: not known."
    )


class BudgetChanged(Response):
    """An automation's budget, as a change leaves it."""

    automation: str
    id: str
    status: AutomationStatus
    account: str = Field(description="Whose money it is.")
    revision: int
    assets: list[BudgetAsset] = Field(description="In every asset that it was given, has, or is to be given.")
    findings: list[FindingRow] = Field(description="What its type says of its config with that budget.")
    note: str = Field(description="What else to know; may be empty.")
