"""Market data."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from octobot_node.operations.models import Limit, Response, Since, Until
from octobot_node.operations.trading.models.accounts import OneAccount
from octobot_node.specs import Amount
from octobot_node.text.symbols import SYMBOL_PATTERN

__all__ = [
    "CandleSeries",
    "ListSymbols",
    "ShowCandles",
    "ShowTicker",
    "SourcePage",
    "SourceRow",
    "SymbolPage",
    "SymbolRow",
    "TickerNow",
]

_Symbol = Annotated[
    str,
    Field(max_length=64, pattern=SYMBOL_PATTERN, examples=["BTC/USD"], description="BASE/QUOTE, such as BTC/USD."),
]


class SourceRow(Response):
    """A market data connector; ``settings`` is the JSON schema of what an account writes beside its name."""

    name: str
    plugin: str
    replay: bool = Field(description="Past candles: for `octobot-node run` alone.")
    settings: dict[str, Any]
    accounts: list[str] = Field(description="Names of accounts that use it, the oldest first, a hundred at most.")
    used_by: int = Field(description="How many accounts use it.")


class SourcePage(Response):
    """Every market data connector, by name."""

    sources: list[SourceRow]


class ListSymbols(OneAccount):
    """The symbols of an account's market data; ``search`` is a part of the name."""

    search: str = Field(default="", max_length=64, description="Only those with this in it.")
    limit: Limit = 50
    cursor: str | None = Field(default=None, description="`next_cursor` of the page before; None for the first.")


class SymbolRow(Response):
    """A symbol and what its exchange accepts: steps and minima in base (amount) or quote (price, notional).

    Fees are ratios: 0.001 is 0.1 %.
    """

    symbol: str
    base: str
    quote: str
    price_step: Amount
    amount_step: Amount
    min_amount: Amount
    min_notional: Amount
    taker_fee: Amount
    maker_fee: Amount
    fee_in: str


class SymbolPage(Response):
    """Symbols by name; not ``complete``, the market may have more that it does not list."""

    symbols: list[SymbolRow]
    complete: bool
    next_cursor: str | None


class ShowTicker(OneAccount):
    """A symbol of an account's market data."""

    symbol: _Symbol


class TickerNow(Response):
    """Prices in quote per base: ``at`` is the market's time of them, ``as_of`` when they were looked at."""

    symbol: str
    last: Amount
    bid: Amount
    ask: Amount
    at: datetime
    as_of: datetime


class ShowCandles(ShowTicker):
    """The newest closed candles of a symbol, or those that opened in a period: the newest ``count`` of them."""

    timeframe: str = Field(default="1h", min_length=2, max_length=8, examples=["1m", "4h", "1d"])
    count: int = Field(default=200, ge=1, le=5_000, description="Candles at most; a market keeps some thousand.")
    since: Since = None
    until: Until = None
    forming: bool = Field(default=False, description="Also tell the candle that is not closed yet.")


class CandleSeries(Response):
    """Closed candles, oldest first, each as [opening time in ms UTC, open, high, low, close, volume].

    They are floats, as automations see them, for deciding and drawing and not for money. ``stale`` says that the newest
    had not arrived in time.
    """

    symbol: str
    timeframe: str
    candles: list[tuple[int, float, float, float, float, float]]
    forming: tuple[int, float, float, float, float, float] | None = Field(
        default=None,
        description="The candle that is not closed yet, as far as it is known: of shorter candles and the last price.",
    )
    timeframes: list[str] = Field(description="Timeframes to choose from; others that can be written may work, too.")
    stale: bool
    as_of: datetime
