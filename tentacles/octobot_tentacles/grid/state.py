"""What a grid remembers between two ticks."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict

__all__ = ["ZERO", "CellState", "GridState"]

ZERO = Decimal(0)


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True)


class CellState(_Model):
    """Where one cell, the space between two neighbouring levels, stands in its round of a buy and a sell."""

    #: idle: waits for inventory, or for the price to rise past its buy. buy, sell: has an order, or should have.
    phase: Literal["idle", "buy", "sell"] = "idle"
    #: Base still to be bought or sold in this phase.
    todo: Decimal = ZERO
    #: Base it has, dust of earlier rounds included.
    held: Decimal = ZERO
    #: Base sold, and quote received for it, in this round.
    sold: Decimal = ZERO
    got: Decimal = ZERO
    #: Quote paid for what it has and what it sold in this round. Fees are in both sums of quote.
    paid: Decimal = ZERO
    #: What it sells was not bought on its level: its sale is no round trip of the grid.
    opening: bool = False


class GridState(_Model):
    """Everything is in base or quote of ``symbol``."""

    symbol: str
    #: The layout that ``cells`` is of, to notice when it is edited; ``generation`` counts such edits.
    layout: str
    generation: int = 0
    #: The price that a range ``around`` so many percent lies around.
    around: Decimal | None = None
    center: Decimal | None = None
    #: Whether ``cells`` has been laid out; not before what an earlier layout left has been cancelled.
    built: bool = False
    #: Lowest first.
    cells: tuple[CellState, ...] = ()
    #: Base that belongs to no cell.
    loose: Decimal = ZERO
    #: Quote that completed round trips gained, net of fees.
    grid_profit: Decimal = ZERO
    round_trips: int = 0
    #: What the grid was worth, in quote, when it was laid out: percentages are of this.
    capital: Decimal = ZERO
    #: Open orders that we have asked to cancel.
    cancelling: tuple[str, ...] = ()
    #: Cells whose order failed: they wait until ``retry_at``.
    held_back: tuple[int, ...] = ()
    retry_at: datetime | None = None
    #: Why it is being closed.
    closing: Literal["", "stop-loss", "take-profit"] = ""
    #: Into how many orders a closing sale is split, because larger ones were refused.
    parts: int = 1
    #: Why it does not trade, as its owner was told.
    problem: str = ""

    @property
    def inventory(self) -> Decimal:
        """Base that the grid has."""
        return self.loose + sum((cell.held for cell in self.cells), ZERO)
