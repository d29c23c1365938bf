"""What an account and an automation are made of, as run files, commands and the API write them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from octobot_node.limits import Limits
from octobot_node.text.durations import DURATION_PATTERN, parse_duration
from octobot_node.text.numbers import DIGITS, is_reasonable
from octobot_node.text.patterns import ASSET_PATTERN, DECIMAL_PATTERN, NAME_PATTERN, ROUTE_PATTERN
from octobot_node.text.printable import check_line

__all__ = [
    "AccountMode",
    "AccountSpec",
    "Amount",
    "Asset",
    "AutomationSpec",
    "ConnectorSpec",
    "LimitsSpec",
    "Name",
    "PositiveAmount",
    "RouteName",
    "Spec",
    "Tags",
]


def _sane(amount: Decimal) -> Decimal:
    if not is_reasonable(amount):
        raise ValueError(f"has more digits than any market: use at most {DIGITS}")
    return amount


def _plain(amount: Decimal) -> str:
    # str() would write 1E+3, which many a reader of JSON takes for no amount at all.
    return format(amount, "f")


def _to_duration(value: Any) -> Any:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        if not is_reasonable(value):
            raise ValueError(f"is not a number of seconds to reckon with: use at most {DIGITS} digits")
        value = f"{Decimal(value):f}s"
    # Dumped as JSON a duration is ISO 8601 ("PT30S"), which pydantic reads back itself.
    return parse_duration(value) if isinstance(value, str) and not value.startswith("P") else value


#: What an amount is in JSON: a string of plain digits, every one of them.
_Digits = Annotated[str, WithJsonSchema({"type": "string", "format": "decimal", "pattern": DECIMAL_PATTERN})]
#: An amount of money that is given: more than nothing, and no more digits than any market has.
PositiveAmount = Annotated[
    Decimal,
    Field(gt=0, allow_inf_nan=False),
    AfterValidator(_sane),
    PlainSerializer(_plain, return_type=_Digits, when_used="json"),
]
#: Any amount; in JSON a string of plain digits, every one of them.
Amount = Annotated[Decimal, PlainSerializer(_plain, return_type=_Digits, when_used="json")]
Duration = Annotated[
    timedelta,
    BeforeValidator(_to_duration),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": DURATION_PATTERN, "examples": ["30s", "5m"]},
                {"type": "number", "exclusiveMinimum": 0, "description": "Seconds."},
            ]
        }
    ),
]
Asset = Annotated[str, Field(pattern=ASSET_PATTERN)]
#: A route out of this machine, by its name: proxies' addresses and passwords are the operator's alone.
#: Whether an account's orders are sent, or only written down.
AccountMode = Literal["live", "observe"]
RouteName = Annotated[str, Field(pattern=ROUTE_PATTERN)]
Name = Annotated[str, Field(max_length=128, pattern=NAME_PATTERN), AfterValidator(check_line)]


def _in_order(tags: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(tags)))


#: Words that automations are found by, each once, in order; one, or several.
Tags = Annotated[
    tuple[Annotated[str, Field(max_length=32, pattern=NAME_PATTERN), AfterValidator(check_line)], ...],
    Field(max_length=20),
    BeforeValidator(lambda given: [given] if isinstance(given, str) else given),
    AfterValidator(_in_order),
]


class Spec(BaseModel):
    """Closed: a field that it does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LimitsSpec(Limits):
    """Limits, with the duration written as people write it."""

    max_data_age: Duration | None = Field(
        default=None,
        gt=timedelta(0),
        description="An order decided on older market data than this is not sent; such as 30s or 5m, or seconds.",
    )


class ConnectorSpec(BaseModel):
    """A connector by name; every further key is one of that connector's own settings."""

    model_config = ConfigDict(extra="allow", frozen=True)

    use: str = Field(min_length=1, max_length=64, description="The connector's name, as its plugin registers it.")

    @property
    def settings(self) -> Mapping[str, Any]:
        """Return the connector's own settings, not validated yet; numbers that are not whole are Decimal."""
        return self.model_extra or {}


class AccountSpec(Spec):
    """Where prices come from and where orders go."""

    market_data: ConnectorSpec = Field(description="The source of prices.")
    trading: ConnectorSpec = Field(description="Where orders go.")
    balances: dict[Asset, PositiveAmount] = Field(
        default_factory=dict,
        description="The paper account's money, by asset. The budgets of the account's automations may not exceed it.",
    )
    limits: LimitsSpec = Field(default=LimitsSpec(), description="Limits on all the account's automations together.")
    mode: AccountMode = Field(
        default="live",
        description="live, or observe: what its automations decide is written down and nothing is sent.",
    )
    egress: RouteName | None = Field(
        default=None,
        description="The route by which all that is opened for the account leaves this machine, or nothing does:"
        " direct, tor, or one that OCTOBOT_EGRESS_ROUTES names. Not set: as OCTOBOT_EXCHANGE_TRAFFIC says, otherwise"
        " direct.",
    )
    market_data_egress: RouteName | None = Field(
        default=None,
        description="Another route for its prices alone, such as direct to share those of other accounts. Not set: its"
        " egress.",
    )


class AutomationSpec(Spec):
    """One configured automation."""

    name: Name = Field(description="What to call it; no two automations share a name.")
    type: str = Field(
        min_length=1,
        max_length=128,
        description="The automation type: its name, or package.name where two packages have one of that name.",
    )
    account: str = Field(description="The account it trades on, by its name under `accounts`.")
    budget: dict[Asset, PositiveAmount] = Field(
        default_factory=dict, description="The money it may use, by asset; it never touches more."
    )
    limits: LimitsSpec = Field(default=LimitsSpec(), description="Limits on this automation alone.")
    config: dict[str, Any] = Field(default_factory=dict, description="What the automation type asks for.")
    tags: Tags = Field(default=(), description="Words that it is found by in lists.")
    shadow: bool = Field(
        default=False,
        description="true: with a shadow, a twin on paper; its account must be at an exchange. One that is there stays"
        " where this is false.",
    )
    signals: str | None = Field(
        default=None,
        min_length=1,
        description="Of a replay: a file of signals that arrive in its inbox, a JSON object with `at` and `payload` a"
        " line; a relative path is relative to the run file.",
    )
