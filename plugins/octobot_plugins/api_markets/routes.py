"""Markets over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from octobot_node.api import Api, ApiRouter, allow
from octobot_node.operations.models import EmptyRequest
from octobot_node.operations.trading.catalogue import LIST_CANDLES, LIST_MARKET_SOURCES, LIST_SYMBOLS, SHOW_TICKER
from octobot_node.operations.trading.models.markets import (
    CandleSeries,
    ListSymbols,
    ShowCandles,
    ShowTicker,
    SourcePage,
    SymbolPage,
    TickerNow,
)

__all__ = ["router"]

Reads = Annotated[Api, allow("markets:read")]

router = ApiRouter(prefix="/markets", tags=["markets"])


@router.get("/sources", summary="Market data")
def list_sources(api: Reads) -> SourcePage:
    """List market data connectors."""
    return api.perform(LIST_MARKET_SOURCES, EmptyRequest())


@router.get("/symbols", summary="Symbols")
def list_symbols(request: Annotated[ListSymbols, Query()], api: Reads) -> SymbolPage:
    """List an account's symbols, with what its exchange accepts of each."""
    return api.perform(LIST_SYMBOLS, request)


@router.get("/ticker", summary="A ticker")
def read_ticker(request: Annotated[ShowTicker, Query()], api: Reads) -> TickerNow:
    """Tell a symbol's prices, as automations see them."""
    return api.perform(SHOW_TICKER, request)


@router.get("/candles", summary="Candles")
def read_candles(request: Annotated[ShowCandles, Query()], api: Reads) -> CandleSeries:
    """Tell a symbol's newest closed candles, as automations see them."""
    return api.perform(LIST_CANDLES, request)
