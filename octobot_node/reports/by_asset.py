"""What an automation came to in each asset: the one place that adds amounts, and only of one asset."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

from octobot_node.engine.ledger.book import ZERO, exact
from octobot_node.quote_assets import base_of, counted_in, paid_from, quote_of
from octobot_node.reports.models import AssetReport
from octobot_node.store.rows.ledger import ReportedPositionRow

__all__ = ["assets_of", "in_asset"]


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


def in_asset(
    asset: str,
    held: Sequence[ReportedPositionRow],
    budget: Mapping[str, Decimal],
    funds: Mapping[str, Decimal],
    fees_beside: Mapping[str, Decimal],
    prices: Mapping[str, Decimal],
) -> AssetReport:
    """Return what the positions counted in ``asset``, and its money, came to.

    ``fees_beside`` are fees in an asset that is neither base nor quote of its trade: what they cost is in no position.
    """
    symbols = {position.symbol for position in held}
    mine = [position for position in held if counted_in(position.symbol, symbols) == asset]
    direct = [position for position in mine if quote_of(position.symbol) == asset]
    rates = {symbol: prices[symbol] for symbol in _converting(asset, mine, symbols) if symbol in prices}
    with exact():
        worth = _worth(asset, mine, symbols, prices)
        cost = sum((position.cost if position in direct else position.carried for position in mine), ZERO)
        opening = (p.opening_cost if p in direct else p.opening_carried for p in mine)
        realised = sum((position.realised for position in direct), -fees_beside.get(asset, ZERO))
        return AssetReport(
            asset=asset,
            invested=sum((position.invested for position in direct), ZERO),
            start_equity=sum(opening, budget.get(asset, ZERO)),
            final_equity=None if worth is None else worth + funds.get(asset, ZERO),
            realised_pnl=realised,
            unrealised_pnl=None if worth is None else worth - cost,
            rates=rates,
        )


def _converting(asset: str, held: Sequence[ReportedPositionRow], symbols: Collection[str]) -> list[str]:
    through = (position.symbol for position in held if position.amount and quote_of(position.symbol) != asset)
    return sorted({payer for symbol in through if (payer := paid_from(symbol, symbols)) is not None})


def _worth(
    asset: str, held: Sequence[ReportedPositionRow], symbols: Collection[str], prices: Mapping[str, Decimal]
) -> Decimal | None:
    """Return what positions are worth at the last prices, or None when a price of what is held is missing."""
    found = ZERO
    for position in held:
        if not position.amount:
            continue
        payer = None if quote_of(position.symbol) == asset else paid_from(position.symbol, symbols)
        if position.symbol not in prices or (payer is not None and payer not in prices):
            return None
        found += position.amount * prices[position.symbol] * (1 if payer is None else prices[payer])
    return found
