"""Accounts, and what they are made of."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from octobot_node.operations.models import Request, Response
from octobot_node.specs import AccountMode, AccountSpec, Amount, LimitsSpec, Name, RouteName

__all__ = [
    "AccountCreated",
    "AccountDeleted",
    "AccountDetail",
    "AccountPage",
    "AccountRow",
    "CapabilitiesRow",
    "CreateAccount",
    "EditAccount",
    "ExchangeOfferRow",
    "ExchangePage",
    "ExchangeRow",
    "LackRow",
    "OneAccount",
]


class LackRow(Response):
    """How much of an asset is missing."""

    needs: Amount = Field(description="What the account's automations reckon with.")
    has: Amount = Field(description="What its exchange said last that there is.")


class AccountRow(Response):
    """One account; its connectors' settings are not told, they may hold secrets."""

    id: str
    owner: str
    name: str
    market_data: str
    trading: str
    simulated: bool | None = Field(description="Orders never leave the machine; None: its plugin is missing.")
    egress: str = Field(description="The route by which its orders leave this machine, by name.")
    sending: bool
    mode: AccountMode = Field(
        description="live, or observe: what its automations decide is written down and nothing is sent."
    )
    live_since: datetime | None = Field(description="When it went live last; null: it never did.")
    lacks: dict[str, LackRow] = Field(
        description="What its exchange has less of than its automations reckon with, by asset: orders that spend it are"
        " not sent. Looked at every few minutes."
    )
    limits: dict[str, Any]
    revision: int = Field(description="Counts its edits.")
    automations: int
    open_orders: int
    unknown_orders: int
    last_contact: datetime | None = Field(
        description="When its exchange answered last, to the minute where another node asked it; null: never."
    )
    contact_problem: str = Field(
        description="How the node that answers failed to reach it since; empty: it did not. See POST …/check."
    )
    created_at: datetime


class AccountPage(Response):
    """Accounts, oldest first."""

    accounts: list[AccountRow]
    next_cursor: str | None


class CapabilitiesRow(Response):
    """What an exchange really guarantees."""

    dedupe: Literal["none", "open", "forever"] = Field(
        description="A second order with the same client id is refused: never, while the first is open, or for ever."
    )
    lookup: Literal["none", "open", "recent", "all"] = Field(
        description="How far back an order is found by its client id."
    )
    lookup_seconds: float | None = Field(description="For how long, where it is `recent`.")
    request_expiry: bool = Field(description="A request that arrives after its own expiry is thrown away.")
    visibility_lag: float = Field(description="Seconds for which an accepted order may be missing from look-ups.")
    client_id_length: int
    market_spend: bool = Field(description="Market buys can be given in quote.")
    native_stops: bool = Field(description="Stop orders rest at the exchange.")
    market_orders: bool = Field(description="There are orders at market; otherwise limit orders only.")
    market_amount: bool = Field(
        description="Market buys can be given in base; otherwise they are sent as what they cost at the moment."
    )
    post_only: bool = Field(description="Limit orders may be post-only.")
    fill_or_kill: bool = Field(description="Limit orders may be fill-or-kill.")
    exact: bool = Field(
        description="An order whose answer was lost is always found, or proven not to have executed, by itself."
        " Otherwise it is sent at most once, and where nothing tells what became of it a person has to."
    )


class OneAccount(Request):
    """One account."""

    account: str = Field(min_length=1, max_length=128, description="An account's name, or its id.")


class AccountDetail(AccountRow):
    """Everything about one account but its secrets."""

    market_data_settings: dict[str, Any]
    trading_settings: dict[str, Any]
    secrets: list[str] = Field(description="Settings that are not told: they are secret, or no plugin knows them.")
    source: str = Field(description="The market data that it shares with others.")
    market_data_egress: str = Field(description="The route by which its prices are asked for.")
    egress_problem: str = Field(description="Why nothing leaves by its routes, which then waits; or empty.")
    capabilities: CapabilitiesRow | None = Field(description="None where the account cannot be opened.")
    problem: str = Field(description="Why it cannot be opened, or empty.")
    funds: dict[str, Amount] = Field(description="What its automations have of each asset, free and reserved.")


class CreateAccount(AccountSpec):
    """An account as a run file has it, with its name."""

    name: Name
    check: bool = Field(
        default=True,
        description="Ask its exchange with the keys at once. One that says no to them, and a key that may withdraw, are"
        " refused; where it does not answer the account is made all the same, and observes: `unchecked` says why."
        " false: it is not asked. What is simulated never is.",
    )


class AccountCreated(AccountDetail):
    """An account that was created."""

    unchecked: str = Field(
        default="", description="Why its exchange could not tell whether keys and money are well, or empty."
    )


class EditAccount(OneAccount):
    """What is to be other; None leaves it. ``limits`` are all its limits from now on, {} is none."""

    name: Name | None = None
    limits: LimitsSpec | None = None
    egress: RouteName | None = None
    market_data_egress: RouteName | None = None
    revision: int | None = Field(
        default=None, ge=0, description="Change it only if this is its revision still; None: whatever it is."
    )


class AccountDeleted(Response):
    """An account that was deleted."""

    id: str
    name: str


class ExchangeOfferRow(Response):
    """One of the exchanges that a trading connector reaches."""

    name: str = Field(description="What its settings call it.")
    title: str = Field(description="What people call it.")
    settings: dict[str, Any] = Field(description="What an account writes of it in `trading`, beside its keys.")
    market_data: dict[str, Any] = Field(description="What an account writes in `market_data` for its prices.")
    capabilities: CapabilitiesRow = Field(description="What it guarantees.")
    vouched: bool = Field(description="Somebody read in its documentation what it guarantees.")
    sandbox: bool = Field(description="It has a test network.")
    needs: list[str] = Field(description="Settings that it wants beside those that all of them want.")
    notes: list[str] = Field(description="What else one should know, as sentences.")


class ExchangeRow(Response):
    """A trading connector; ``settings`` is the JSON schema of what an account writes beside its name."""

    name: str
    plugin: str
    simulated: bool = Field(description="Orders never leave the machine.")
    settings: dict[str, Any]
    capabilities: CapabilitiesRow | None = Field(description="None where they depend on an account's settings.")
    accounts: int = Field(description="How many accounts use it.")
    offers: list[ExchangeOfferRow] = Field(
        description="The exchanges that it reaches and somebody vouches for, where its settings say which; it may reach"
        " others."
    )


class ExchangePage(Response):
    """Every trading connector, by name."""

    exchanges: list[ExchangeRow]
