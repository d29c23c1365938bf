"""Markets over HTTP."""

from __future__ import annotations

from octobot_node.api import ApiRouter
from octobot_node.contracts.operation import Route
from octobot_node.operations.trading.catalogue import LIST_CANDLES, LIST_MARKET_SOURCES, LIST_SYMBOLS, SHOW_TICKER

__all__ = ["router"]

router = ApiRouter(prefix="/markets", tags=["markets"])
router.add_operation(LIST_MARKET_SOURCES, Route("GET", "/sources", "markets:read", "Market data", name="list_sources"))
router.add_operation(LIST_SYMBOLS, Route("GET", "/symbols", "markets:read", "Symbols", name="list_symbols"))
router.add_operation(SHOW_TICKER, Route("GET", "/ticker", "markets:read", "A ticker", name="read_ticker"))
router.add_operation(LIST_CANDLES, Route("GET", "/candles", "markets:read", "Candles", name="read_candles"))
