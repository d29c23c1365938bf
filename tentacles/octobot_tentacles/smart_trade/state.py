"""What a smart trade remembers between ticks."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, ConfigDict

__all__ = ["Trade"]

ZERO = Decimal(0)


class Trade(BaseModel):
    """The trade so far. Amounts are base, ``paid`` and ``proceeds`` quote; everything else follows from open orders."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: Fixed once something is bought; until then the config's.
    symbol: str
    started_at: datetime
    #: The entry was decided: it is never ordered again.
    entered: bool = False
    #: The entry was edited before it bought anything: once its order is gone, it is decided anew.
    enter_anew: bool = False
    #: Base received, fees taken off, and what was paid for it, fees in quote included.
    received: Decimal = ZERO
    paid: Decimal = ZERO
    #: Base that left, and the quote received for it, fees taken off.
    sold: Decimal = ZERO
    proceeds: Decimal = ZERO
    #: When the first fill of the entry happened.
    opened_at: datetime | None = None
    #: The highest price observed since the trailing stop became active; None before.
    peak: Decimal | None = None
    break_even: bool = False
    #: Why everything is being sold; once set it stays.
    exit: str | None = None
    #: Sells that ended without selling, in a row, and when the next one may be tried.
    failures: int = 0
    retry_at: datetime | None = None
    #: Open orders that were asked to be cancelled.
    cancelling: tuple[str, ...] = ()

    @property
    def average(self) -> Decimal | None:
        """Average entry in quote per base, the fees of buying included; None when nothing was bought."""
        return self.paid / self.received if self.received else None

    @property
    def held(self) -> Decimal:
        """Base that is left of the trade."""
        return self.received - self.sold
