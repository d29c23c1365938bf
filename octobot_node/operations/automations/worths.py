"""What automations are worth at the last prices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from octobot_node.engine.ledger.book import exact, rounded
from octobot_node.engine.standings.prices import Price
from octobot_node.engine.standings.standing import Standing
from octobot_node.market import from_ms
from octobot_node.operations.context import OperationContext

__all__ = ["Worth", "worths_of"]

#: Of a ratio; nobody reads more of it.
_RATIO_STEP = Decimal("1e-8")


class Worth(NamedTuple):
    """What one automation is worth; None: a price is not known."""

    equity: Decimal | None
    unrealised: Decimal | None
    pnl: Decimal | None
    pnl_ratio: Decimal | None
    today: Decimal | None
    as_of: datetime


def worths_of(context: OperationContext, standings: Sequence[tuple[str, Standing]]) -> list[Worth]:
    """Return what automations are worth, each with the source of its prices."""
    prices = context.core.standings.prices
    wanted = [_priced(source, standing) for source, standing in standings]
    prices.want({each for some in wanted for each in some})
    return [
        _worth(standing, prices.of_source(source), from_ms(prices.as_of(some)))
        for (source, standing), some in zip(standings, wanted, strict=True)
    ]


def _priced(source: str, standing: Standing) -> list[tuple[str, str]]:
    return [(source, symbol) for pair in standing.main.held for symbol in pair if symbol]


def _worth(standing: Standing, price: Price, as_of: datetime) -> Worth:
    main = standing.main
    equity, worth = main.equity(price), main.worth(price)
    if equity is None or worth is None:
        return Worth(None, None, None, None, None, as_of)
    began = standing.began.get(main.asset)
    with exact():
        pnl = equity - main.start
        ratio = None if main.start <= 0 else rounded().quantize(rounded().divide(pnl, main.start), _RATIO_STEP)
        return Worth(equity, worth - main.cost, pnl, ratio, None if began is None else equity - began, as_of)
