"""What a change of an automation's budget comes to: what it has, what may be taken, what its account has left."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from octobot_node.engine.ledger.book import ZERO, Book, Funds, Held, Owner, exact
from octobot_node.errors import Mistake
from octobot_node.quote_assets import base_of, paid_from
from octobot_node.text.event_sentences import number

__all__ = ["AssetBudget", "WantedBudget", "budget_changes", "grow_position", "mistakes_in", "position_in"]

How = Literal["add", "take", "set"]


@dataclass(frozen=True, slots=True)
class WantedBudget:
    """Amounts by asset: to be added, to be taken, and what the whole is to be; an asset is in one of them."""

    add: Mapping[str, Decimal]
    take: Mapping[str, Decimal]
    set: Mapping[str, Decimal]

    def __iter__(self) -> Iterator[tuple[How, str, Decimal]]:
        """Yield each as (how, asset, amount)."""
        parts: tuple[tuple[How, Mapping[str, Decimal]], ...] = (
            ("add", self.add),
            ("take", self.take),
            ("set", self.set),
        )
        for how, amounts in parts:
            for asset, amount in amounts.items():
                yield how, asset, amount


@dataclass(frozen=True, slots=True)
class AssetBudget:
    """An automation's budget in one asset, as it stands, and by how much it is to change.

    ``held`` of it is in positions. ``most`` may be added: what its account has that nobody was given; None: not known.
    """

    asset: str
    change: Decimal
    budget: Decimal
    free: Decimal
    reserved: Decimal
    held: Decimal
    most: Decimal | None

    @property
    def takeable(self) -> Decimal:
        """What may be taken: free, and in no position."""
        with exact():
            return max(min(self.free, self.free + self.reserved - self.held), ZERO)


def budget_changes(
    book: Book, owner: Owner, wanted: WantedBudget, unallocated: Mapping[str, Decimal] | None
) -> list[AssetBudget]:
    """Return how an automation stands in every asset that it has, was given or is to be given."""
    changes = {asset: (how, amount) for how, asset, amount in wanted}
    mine = {asset for automation, asset in book.funds if automation == owner.automation_id}
    found = []
    with exact():
        for asset in sorted(mine | set(changes)):
            funds = book.funds.get((owner.automation_id, asset), Funds())
            if asset not in changes and not (funds.budget or funds.free or funds.reserved):
                continue
            how, amount = changes.get(asset, ("add", ZERO))
            change = {"add": amount, "take": -amount, "set": amount - funds.budget}[how]
            held = sum((each.amount for _, each in _positions_in(book, owner, asset)), ZERO)
            most = None if unallocated is None else max(unallocated.get(asset, ZERO), ZERO)
            found.append(AssetBudget(asset, change, funds.budget, funds.free, funds.reserved, held, most))
    return found


def mistakes_in(found: Collection[AssetBudget], wanted: WantedBudget, account: str) -> list[Mistake]:
    """Return what is wrong with a change, each with the field of the request that it is about."""
    places = {asset: f"{how}.{asset}" for how, asset, _ in wanted}
    wrong = []
    for each in found:
        if each.change < 0 and -each.change > each.takeable:
            wrong.append(Mistake(places[each.asset], _too_much_taken(each)))
        if each.change > 0 and each.most is not None and each.change > each.most:
            has = f"{number(each.most)} {each.asset}" if each.most else f"no {each.asset}"
            text = f"account {account!r} has {has} that no automation was given: add at most that"
            wrong.append(Mistake(places[each.asset], f"{text}, or take it from another automation first"))
    return wrong


def _too_much_taken(each: AssetBudget) -> str:
    text = f"{number(each.takeable)} {each.asset} can be taken, not {number(-each.change)}"
    ties = [f"{number(each.reserved)} are reserved by its orders"] * bool(each.reserved)
    ties += [f"{number(each.held)} are in its positions"] * bool(each.held)
    cure = "take less" if not ties else "take less, or cancel orders and sell first"
    why = " and ".join(ties)
    return f"{text}{f' ({why})' if why else ''}: {cure}"


def _positions_in(book: Book, owner: Owner, asset: str) -> list[tuple[str, Held]]:
    return [
        (symbol, book.held[owner.automation_id, symbol])
        for symbol in sorted(book.symbols(owner))
        if base_of(symbol) == asset
    ]


def position_in(book: Book, owner: Owner, asset: str) -> str | None:
    """Return the symbol whose position an asset that is given goes into, None where it is money.

    Of several the one that a budget opened, or that holds most of it: on two it would count twice.
    """
    found = _positions_in(book, owner, asset)
    best = max(found, key=lambda each: (each[1].opening_cost, each[1].amount), default=None)
    return None if best is None else best[0]


def grow_position(book: Book, owner: Owner, symbol: str, amount: Decimal, price: Decimal, rate: Decimal | None) -> None:
    """Put what was given of a base into its position, at its price of now: as what a budget began with.

    ``rate`` is the price of the symbol that this one's quote is bought in, where there is one.
    """
    position = book.position(owner, symbol)
    with exact():
        cost = amount * price
        position.amount += amount
        position.cost += cost
        position.opening_cost += cost
        if rate is not None and paid_from(symbol, book.symbols(owner)) is not None:
            position.carried += cost * rate
            position.opening_carried += cost * rate
