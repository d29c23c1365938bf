"""What an account pays, where its exchange tells it: asked once in six hours, and never in the way of anything."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import structlog

from octobot_node.clock import Clock, steady_ms
from octobot_node.contracts.exchanges import Fees
from octobot_node.errors import OctoBotError
from octobot_plugins.ccxt.exchanges.record import Asked, FeeTable
from octobot_plugins.ccxt.reading import amount_of
from octobot_plugins.ccxt.remote import Missing, Remote

__all__ = ["AccountFees"]

log = structlog.get_logger(__name__)
_EVERY_MS = 6 * 3_600_000
#: After a question that was not answered.
_AGAIN_MS = 300_000
#: More is no fee of any exchange: it would be a mistake of reading it.
_MOST = Decimal("0.1")


class AccountFees:
    """The fees of one account, by symbol, or of all symbols alike."""

    def __init__(self, remote: Remote, clock: Clock) -> None:
        self._remote = remote
        self._clock = clock
        self._table: FeeTable | None = remote.record.fees
        self._known: dict[str, Fees] = {}
        self._next: dict[str, int] = {}
        self._wanted: set[str] = set()

    def of(self, symbol: str) -> Fees:
        """Return what is known of a symbol, at once; what is not is asked for with the next requests."""
        self._wanted.add(symbol)
        return self._known.get(self._place(symbol), Fees())

    def _place(self, symbol: str) -> str:
        return symbol if self._table is not None and self._table.by_market else ""

    async def refresh(self, symbols: Mapping[str, Any]) -> None:
        """Ask for what is wanted of these markets and due; what is not answered is asked for later."""
        if self._table is None or not self._wanted:
            return
        wanted = [symbol for symbol in self._wanted if symbol in symbols] if self._table.by_market else [""]
        for symbol in wanted:
            if steady_ms(self._clock) >= self._next.get(symbol, 0):
                await self._ask(self._table, symbol, symbols)

    async def _ask(self, table: FeeTable, symbol: str, markets: Mapping[str, Any]) -> None:
        market = self._remote.record.market(markets[symbol]) if symbol else None
        self._next[symbol] = steady_ms(self._clock) + _AGAIN_MS
        try:
            body = await self._remote.ask(table.wire(Asked(market=market)))
            taker, maker = table.read(body, market or "")
            told = amount_of(taker), amount_of(maker)
        except (OctoBotError, Missing) as error:
            log.info("fees_not_told", exchange=self._remote.record.id, error=str(error))
            return
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            log.warning("fees_make_no_sense", exchange=self._remote.record.id, error=repr(error))
            return
        if all(fee is not None and abs(fee) < _MOST for fee in told):
            self._known[symbol] = Fees(taker=told[0], maker=told[1])
            self._next[symbol] = steady_ms(self._clock) + _EVERY_MS
