"""Sums over automations, exact, kept as each changes: what one came to is taken out, what it comes to put in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from octobot_node.engine.ledger.book import ZERO, exact
from octobot_node.engine.standings.counting import Held
from octobot_node.engine.standings.standing import PERIODS, Money, Results

__all__ = ["Group", "Key", "Sum", "Valued", "Worth"]


class Key(NamedTuple):
    """What the automations of a group have in common."""

    owner: str
    account_id: str
    type: str
    status: str


class Worth(NamedTuple):
    """What of several automations is held of a symbol: how much, what it had cost, by how many."""

    amount: Decimal = ZERO
    cost: Decimal = ZERO
    automations: int = 0


@dataclass(slots=True)
class Sum:
    """Of some automations that are counted in one asset, what they came to in it."""

    count: int = 0
    money: Decimal = ZERO
    start: Decimal = ZERO
    invested: Decimal = ZERO
    realised: Decimal = ZERO
    #: What they were worth when the day began.
    began: Decimal = ZERO
    periods: Results = (ZERO,) * len(PERIODS)
    held: dict[Held, Worth] = field(default_factory=dict)

    def equity(self, price: Callable[[str], Decimal | None]) -> Valued:
        """Return what it is worth at prices; what has none is told apart."""
        found = Valued(self.money)
        with exact():
            for (symbol, payer), each in self.held.items():
                last, rate = price(symbol), price(payer) if payer else Decimal(1)
                if last is None or rate is None:
                    found.unpriced[symbol] = _plus(found.unpriced.get(symbol, Worth()), each, 1)
                    continue
                worth = each.amount * last * rate
                found.equity += worth
                found.unrealised += worth - each.cost
        return found


@dataclass(slots=True)
class Valued:
    """What a sum is worth: equity of what has a price, its part above cost, and what has none, by symbol."""

    equity: Decimal
    unrealised: Decimal = ZERO
    unpriced: dict[str, Worth] = field(default_factory=dict)


@dataclass(slots=True)
class Group:
    """The sums of the automations of one key."""

    count: int = 0
    #: (asset, whether it is known what they were worth when the day began) -> sum.
    sums: dict[tuple[str, bool], Sum] = field(default_factory=dict)
    fees: dict[str, Decimal] = field(default_factory=dict)

    def add(self, money: Money, sign: int) -> None:
        """Put one in, or take it out with -1."""
        self.count += sign
        with exact():
            for each in money.counted:
                began = money.began.get(each.asset)
                key = (each.asset, began is not None)
                found = self.sums.setdefault(key, Sum())
                found.count += sign
                found.money += sign * each.money
                found.start += sign * each.start
                found.invested += sign * each.invested
                found.realised += sign * each.realised
                found.began += sign * (began or ZERO)
                for held, amount in each.held.items():
                    changed = _plus(found.held.get(held, Worth()), Worth(amount, each.costs[held], 1), sign)
                    if changed.automations:
                        found.held[held] = changed
                    else:
                        del found.held[held]
                if not found.count:
                    del self.sums[key]
            self._add_by_asset(money, sign)

    def _add_by_asset(self, money: Money, sign: int) -> None:
        # What was realised in an asset that it is counted in no more, or never was, is told with the first.
        for asset, results in money.realised.items():
            counted = next((each for each in money.counted if each.asset == asset), None)
            if counted is None:
                continue
            found = self.sums.get((asset, asset in money.began))
            if found is not None:
                periods = zip(found.periods, results, strict=True)
                found.periods = tuple(whole + sign * part for whole, part in periods)
        for asset, amount in money.fees.items():
            self.fees[asset] = self.fees.get(asset, ZERO) + sign * amount
            if not self.fees[asset]:
                del self.fees[asset]

    def merge(self, other: Group, rename: Callable[[str], str]) -> None:
        """Add another group's sums; ``rename`` says what a symbol is called here: prices are those of its source."""
        self.count += other.count
        with exact():
            for key, theirs in other.sums.items():
                mine = self.sums.setdefault(key, Sum())
                mine.count += theirs.count
                for name in ("money", "start", "invested", "realised", "began"):
                    setattr(mine, name, getattr(mine, name) + getattr(theirs, name))
                mine.periods = tuple(a + b for a, b in zip(mine.periods, theirs.periods, strict=True))
                for (symbol, payer), worth in theirs.held.items():
                    held = rename(symbol), rename(payer) if payer else ""
                    mine.held[held] = _plus(mine.held.get(held, Worth()), worth, 1)
            for asset, amount in other.fees.items():
                self.fees[asset] = self.fees.get(asset, ZERO) + amount


def _plus(one: Worth, other: Worth, sign: int) -> Worth:
    return Worth(
        one.amount + sign * other.amount, one.cost + sign * other.cost, one.automations + sign * other.automations
    )


def merged(groups: Iterable[tuple[Group, Callable[[str], str]]]) -> Group:
    """Return several groups as one."""
    found = Group()
    for group, rename in groups:
        found.merge(group, rename)
    return found


def by_status(groups: Mapping[Key, Group]) -> dict[str, int]:
    """Return status -> how many."""
    found: dict[str, int] = {}
    for key, group in groups.items():
        found[key.status] = found.get(key.status, 0) + group.count
    return found
