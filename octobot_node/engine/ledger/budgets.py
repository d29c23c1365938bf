"""Whether an account's money covers the budgets of its automations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

from pydantic import TypeAdapter

from octobot_node.text.validation_messages import Place

__all__ = ["balances_of", "overdrafts"]


class Budgeted(Protocol):
    """An automation that is to be given money of an account, by the account's name."""

    @property
    def account(self) -> str: ...
    @property
    def budget(self) -> Mapping[str, Decimal]: ...


def balances_of(trading_settings: Mapping[str, Any]) -> dict[str, Decimal]:
    """Return what a simulated account begins with, by asset, out of its stored settings."""
    return TypeAdapter(dict[str, Decimal]).validate_python(trading_settings.get("balances", {}))


def overdrafts(
    automations: Sequence[Budgeted],
    account: str,
    held: Mapping[str, Decimal],
    besides: Mapping[str, Decimal] | None = None,
    *,
    written: bool = False,
) -> Iterator[tuple[Place, str]]:
    """Yield (place in the run file, what is wrong) of each budget with which an account is given more than it holds.

    ``held`` is the account's money by asset, ``besides`` what automations that are not among these are given of it;
    ``written``: the account is in the run file, too, and may be given more there.
    """
    given = dict(besides or {})
    for index, spec in enumerate(automations):
        for asset, amount in spec.budget.items() if spec.account == account else ():
            given[asset] = given.get(asset, Decimal(0)) + amount
            if given[asset] > held.get(asset, Decimal(0)):
                yield (
                    ("automations", index, "budget", asset),
                    _overdraft(account, asset, given[asset], held, written=written),
                )


def _overdraft(account: str, asset: str, given: Decimal, held: Mapping[str, Decimal], *, written: bool) -> str:
    has = f"{held[asset]:f} {asset}" if asset in held else f"no {asset}"
    cure = "lower the budget, or use an account that holds more: one keeps what it was created with"
    if written:
        cure = f"lower the budget, or write balances: {{{asset}: {given:f}}} under accounts.{account}"
    return f"with it the budgets on account {account!r} are {given:f} {asset}, but it has {has}: {cure}"
