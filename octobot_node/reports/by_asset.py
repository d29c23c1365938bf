"""What an automation came to in an asset, at today's prices."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from octobot_node.engine.ledger.book import exact
from octobot_node.engine.standings.counting import Counted
from octobot_node.reports.models import AssetReport

__all__ = ["at_prices"]


def at_prices(counted: Counted, prices: Mapping[str, Decimal]) -> AssetReport:
    """Return what was counted in an asset with what is held at its last prices; None where one of them is missing."""
    worth = counted.worth(prices.get)
    payers = sorted({payer for _, payer in counted.held if payer})
    with exact():
        return AssetReport(
            asset=counted.asset,
            invested=counted.invested,
            start_equity=counted.start,
            final_equity=None if worth is None else worth + counted.money,
            realised_pnl=counted.realised,
            unrealised_pnl=None if worth is None else worth - counted.cost,
            rates={payer: prices[payer] for payer in payers if payer in prices},
        )
