"""What an author sees of a market: tickers, candles and the exchange's rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

from octobot_node.errors import NotAskedFor

if TYPE_CHECKING:
    # Importing numpy takes longer than `octobot-node --help` may.
    import numpy as np
    import numpy.typing as npt

__all__ = ["Candles", "Market", "MarketRules", "Ticker", "from_ms", "timeframe_ms", "to_ms"]

K = TypeVar("K")
V = TypeVar("V")

FloatColumn: TypeAlias = "npt.NDArray[np.float64]"
TimeColumn: TypeAlias = "npt.NDArray[np.int64]"

_UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}


def timeframe_ms(timeframe: str) -> int:
    """Return the length in milliseconds of a timeframe such as ``1m``, ``4h`` or ``1d``.

    Raises ValueError when it is not a number and one of s, m, h, d, w.
    """
    number, unit = timeframe[:-1], timeframe[-1:]
    if not number.isdigit() or int(number) == 0 or unit not in _UNITS:
        raise ValueError(
            f"{timeframe!r} is not a valid timeframe: write a number and one of s, m, h, d, w, such as '1h'"
        )
    return int(number) * _UNITS[unit]


def from_ms(milliseconds: int) -> datetime:
    """Return the aware UTC time of integer ``milliseconds`` since 1970, without rounding."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)


def to_ms(moment: datetime) -> int:
    """Return the integer milliseconds since 1970 of an aware time, rounded down.

    Raises ValueError for a naive time: its zone would be a guess.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone: give an aware time such as datetime.now(UTC)")
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Ticker:
    """The latest prices of a symbol, in quote per base, as of ``at``.

    They need not lie on the market's price step: a connector may tell an average. ``MarketRules.round_price`` puts an
    order's price on it.
    """

    symbol: str
    last: Decimal
    bid: Decimal
    ask: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class Candles:
    """Closed candles, oldest first, as float64 columns of equal length; ``time`` is the opening in ms UTC.

    Prices are in quote per base, ``volume`` is what was traded, in base.
    """

    symbol: str
    timeframe: str
    time: TimeColumn
    open: FloatColumn
    high: FloatColumn
    low: FloatColumn
    close: FloatColumn
    volume: FloatColumn
    #: The newest closed candle had not arrived after the grace time.
    stale: bool = False

    def __len__(self) -> int:
        return len(self.time)


@dataclass(frozen=True, slots=True)
class MarketRules:
    """What the exchange accepts for a symbol; steps and minima in base (amount) or quote (price, notional).

    ``taker_fee`` and ``maker_fee`` are ratios: 0.001 is 0.1 %. ``fee_in`` says which asset pays them.
    """

    symbol: str
    base: str
    quote: str
    price_step: Decimal = Decimal("0.01")
    amount_step: Decimal = Decimal("0.00000001")
    min_amount: Decimal = Decimal(0)
    min_notional: Decimal = Decimal(0)
    taker_fee: Decimal = Decimal("0.001")
    maker_fee: Decimal = Decimal("0.001")
    fee_in: Literal["received", "quote"] = "received"

    def round_amount(self, amount: Decimal) -> Decimal:
        """Return ``amount`` rounded down to the step: rounding up could spend more than there is."""
        return _to_step(amount, self.amount_step, ROUND_DOWN)

    def round_price(self, price: Decimal, side: str) -> Decimal:
        """Return ``price`` on the step, never worse than asked: a buy rounds down, a sell up."""
        return _to_step(price, self.price_step, ROUND_DOWN if side == "buy" else ROUND_UP)

    def cost_with_fee(self, price: Decimal, *, maker: bool = False) -> Decimal:
        """Return what one of base that is bought at ``price`` costs in the end, as a position's average counts it."""
        fee = self.maker_fee if maker else self.taker_fee
        return price * (1 + fee) if self.fee_in == "quote" else price / (1 - fee)

    def brings_after_fee(self, price: Decimal, *, maker: bool = False) -> Decimal:
        """Return what one of base that is sold at ``price`` brings in the end."""
        return price * (1 - (self.maker_fee if maker else self.taker_fee))

    def gains_at(self, price: Decimal, average: Decimal) -> bool:
        """Whether a sale that rests at ``price``, rounded to the step, brings more than its ``average`` cost.

        Not by a step alone that is smaller than the fee: at another price that would be gone.
        """
        if self.price_step > average * self.maker_fee:
            price = self.round_price(price, "sell")
        return self.brings_after_fee(price, maker=True) > average


def _to_step(value: Decimal, step: Decimal, rounding: str) -> Decimal:
    return (value / step).to_integral_value(rounding=rounding) * step


@dataclass(frozen=True, slots=True)
class Market:
    """One consistent view of the markets a tick asked for; ``as_of`` is when it was taken."""

    as_of: datetime
    tickers: Mapping[str, Ticker] = field(default_factory=dict)
    all_candles: Mapping[tuple[str, str], Candles] = field(default_factory=dict)
    all_rules: Mapping[str, MarketRules] = field(default_factory=dict)

    def ticker(self, symbol: str) -> Ticker:
        """Return the ticker of ``symbol``; raise NotAskedFor if ``needs`` did not ask for it."""
        return _asked(self.tickers, symbol, f"the ticker of {symbol}")

    def candles(self, symbol: str, timeframe: str) -> Candles:
        """Return closed candles; raise NotAskedFor if ``needs`` did not ask for them."""
        return _asked(self.all_candles, (symbol, timeframe), f"{timeframe} candles of {symbol}")

    def rules(self, symbol: str) -> MarketRules:
        """Return the exchange's rules for ``symbol``; raise NotAskedFor if ``needs`` did not ask for it."""
        return _asked(self.all_rules, symbol, f"the rules of {symbol}")


def _asked(found: Mapping[K, V], key: K, what: str) -> V:
    try:
        return found[key]
    except KeyError:
        raise NotAskedFor(
            f"{what} is not here: add it to what needs() returns for the state that the tick is given"
        ) from None
