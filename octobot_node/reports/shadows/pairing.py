"""Which order of a live automation and which of its shadow are one: decided for the same thing.

Both decide by themselves, so what each has ordered so far may differ once one was filled and the other was not. Then
the places of two orders say nothing any more; what they are for does. An order is for its symbol, side, type and tag;
where its author gave it no tag, for its prices, too.

1. What rested when the shadow began: the shadow's order says which one it is the twin of.
2. Of one look (both ticked in one batch): the same thing at the same price, in the order in which it was decided; then
   the same thing at another price, where a tag says so or nothing else is left of it on either side.
3. What is left of one thing, one after the other, between two pairs of it that are known: whoever lags behind, or is
   ahead, is compared with what the other did for the same step. An order too many on one side is nobody's twin.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from octobot_node.orders import IntentStatus

__all__ = ["Execution", "Ordered", "Pair", "pairs_of"]


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution; the cost is in quote, ``at`` in ms UTC."""

    amount: Decimal
    cost: Decimal
    fee: Decimal
    fee_asset: str
    at: int


@dataclass(frozen=True, slots=True)
class Ordered:
    """An order of either side, with its executions since the shadow began, oldest first."""

    id: str
    at: int
    seq: int
    symbol: str
    base: str
    quote: str
    side: str
    type: str
    tag: str
    price: Decimal | None
    stop: Decimal | None
    amount: Decimal | None
    status: IntentStatus
    reason: str
    executions: tuple[Execution, ...] = ()
    #: Of a shadow's order that rested when it began: which order it is the twin of.
    twin_of: str = ""

    @property
    def purpose(self) -> Hashable:
        """What it is for."""
        thing = (self.symbol, self.side, self.type, self.tag)
        return thing if self.tag else (*thing, self.price, self.stop)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two orders that are one; None: the other side has none."""

    live: Ordered | None
    paper: Ordered | None

    @property
    def at(self) -> int:
        """When the first of them was decided (ms UTC)."""
        return min(each.at for each in (self.live, self.paper) if each is not None)


def pairs_of(live: Sequence[Ordered], paper: Sequence[Ordered]) -> list[Pair]:
    """Return every order once, with its twin where it has one, oldest first."""
    left, right = _in_order(live), _in_order(paper)
    twins = _begun(left, right)
    twins |= _of_one_look(left, right, twins)
    twins |= _in_turn(left, right, twins)
    by_id = {order.id: order for order in right}
    taken = set(twins.values())
    found = [Pair(order, by_id[twins[order.id]] if order.id in twins else None) for order in left]
    found += [Pair(None, order) for order in right if order.id not in taken]
    return sorted(found, key=lambda pair: pair.at)


def _in_order(orders: Iterable[Ordered]) -> list[Ordered]:
    return sorted(orders, key=lambda order: (order.at, order.seq, order.id))


def _begun(live: Sequence[Ordered], paper: Sequence[Ordered]) -> dict[str, str]:
    known = {order.id for order in live}
    return {order.twin_of: order.id for order in paper if order.twin_of in known}


def _of_one_look(live: Sequence[Ordered], paper: Sequence[Ordered], twins: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for exactly in (True, False):
        ours, theirs = (
            _grouped(live, {*twins, *found}, exactly),
            _grouped(paper, {*twins.values(), *found.values()}, exactly),
        )
        for key, mine in ours.items():
            other = theirs.get(key, [])
            # Without a tag, another price is another thing, unless there is nothing else that it could be.
            if exactly or mine[0].tag or len(mine) == len(other) == 1:
                found |= {one.id: twin.id for one, twin in zip(mine, other, strict=False)}
    return found


def _grouped(orders: Sequence[Ordered], taken: set[str], exactly: bool) -> dict[Hashable, list[Ordered]]:
    found: dict[Hashable, list[Ordered]] = defaultdict(list)
    for order in orders:
        if order.id not in taken and not order.twin_of:
            thing = (order.at, order.symbol, order.side, order.type, order.tag)
            found[(*thing, order.price, order.stop) if exactly else thing].append(order)
    return found


def _in_turn(live: Sequence[Ordered], paper: Sequence[Ordered], twins: dict[str, str]) -> dict[str, str]:
    """Return the twins among what is left, in the stretches between those that are known."""
    places = {id_: place for place, id_ in enumerate(twins)}
    ours = _stretches(live, places)
    theirs = _stretches(paper, {twins[id_]: place for id_, place in places.items()})
    return {one.id: twin.id for key, mine in ours.items() for one, twin in zip(mine, theirs.get(key, ()), strict=False)}


def _stretches(orders: Sequence[Ordered], known: dict[str, int]) -> dict[Hashable, list[Ordered]]:
    """Return (what for, after which known pair of it) -> the orders that have no twin yet."""
    last: dict[Hashable, int] = {}
    found: dict[Hashable, list[Ordered]] = defaultdict(list)
    for order in orders:
        if order.id in known:
            last[order.purpose] = known[order.id]
        else:
            found[order.purpose, last.get(order.purpose, -1)].append(order)
    return found
