"""What automations come to in each asset: the one place that adds amounts, and only of one asset.

What is counted has no price in it. Money, costs and amounts that are held add up over any number of automations; what
that is worth is one product for each symbol that is held, however many hold it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from octobot_node.engine.ledger.book import ZERO, exact
from octobot_node.quote_assets import base_of, counted_in, paid_from, quote_of
from octobot_node.store.rows.ledger import ReportedPositionRow

__all__ = ["Counted", "Held", "assets_of", "count", "main_first"]

#: (symbol, the symbol whose price turns its quote into the asset that it is counted in, or "").
Held = tuple[str, str]


@dataclass(slots=True)
class Counted:
    """What was counted in one asset: all of it is exact, and none of it depends on a price of the moment.

    ``money`` is free and reserved, ``start`` the budget and what base assets of it were worth at first, ``invested``
    what was spent on buys, ``realised`` net of fees, ``cost`` what is held had cost, ``held`` how much of what.
    """

    asset: str
    money: Decimal = ZERO
    start: Decimal = ZERO
    invested: Decimal = ZERO
    realised: Decimal = ZERO
    cost: Decimal = ZERO
    held: dict[Held, Decimal] = field(default_factory=dict)
    #: Of that cost, what each had.
    costs: dict[Held, Decimal] = field(default_factory=dict)

    def worth(self, price: Callable[[str], Decimal | None]) -> Decimal | None:
        """Return what is held is worth, None where a price of it is not known."""
        found = ZERO
        with exact():
            for (symbol, payer), amount in self.held.items():
                last, rate = price(symbol), price(payer) if payer else Decimal(1)
                if last is None or rate is None:
                    return None
                found += amount * last * rate
        return found

    def equity(self, price: Callable[[str], Decimal | None]) -> Decimal | None:
        """Return money and what is held at its price, None where that is not known."""
        worth = self.worth(price)
        with exact():
            return None if worth is None else self.money + worth


def assets_of(held: Sequence[ReportedPositionRow], needed: Collection[str], owned: Collection[str]) -> list[str]:
    """Return the assets that an automation is counted in: of its positions, then of what it may trade, then those of
    its money that no symbol trades; [""] where there is none.
    """
    symbols = {position.symbol for position in held}
    known = symbols | set(needed)
    counted = dict.fromkeys(counted_in(position.symbol, symbols) for position in held)
    found = counted | dict.fromkeys(counted_in(symbol, known) for symbol in sorted(needed))
    # A budget in base is no money of its own: its first tick makes a position of it.
    found |= dict.fromkeys(asset for asset in sorted(owned) if asset not in {base_of(symbol) for symbol in known})
    first, *others = found or {"": None}
    # Where nothing is held in an asset and none of it is there, there is nothing to tell, but of the first.
    return [first, *(asset for asset in others if asset in counted or asset in owned)]


def count(
    asset: str,
    held: Sequence[ReportedPositionRow],
    budget: Mapping[str, Decimal],
    funds: Mapping[str, Decimal],
    fees_beside: Mapping[str, Decimal],
) -> Counted:
    """Return what the positions counted in ``asset``, and its money, came to.

    ``fees_beside`` are fees in an asset that is neither base nor quote of its trade: what they cost is in no position.
    """
    symbols = {position.symbol for position in held}
    mine = [position for position in held if counted_in(position.symbol, symbols) == asset]
    found = Counted(asset, money=funds.get(asset, ZERO), start=budget.get(asset, ZERO))
    with exact():
        found.realised -= fees_beside.get(asset, ZERO)
        for position in mine:
            direct = quote_of(position.symbol) == asset
            found.cost += position.cost if direct else position.carried
            found.start += position.opening_cost if direct else position.opening_carried
            if direct:
                found.realised += position.realised
                found.invested += position.invested
            if position.amount:
                payer = "" if direct else paid_from(position.symbol, symbols) or ""
                found.held[position.symbol, payer] = position.amount
                found.costs[position.symbol, payer] = position.cost if direct else position.carried
    return found


def main_first(counted: Sequence[Counted], budget: Collection[str]) -> list[Counted]:
    """Return what was counted with the asset first that an automation is shown in: the first that it was given any of;
    what else is counted was come by.
    """
    main = next((each for each in counted if each.asset in budget), counted[0])
    return [main, *(each for each in counted if each is not main)]
