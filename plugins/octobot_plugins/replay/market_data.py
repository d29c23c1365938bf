"""The candles of the past as a market: what a tick may see at the virtual time, and what a replay may know beyond."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from octobot_node.clock import Clock
from octobot_node.contracts.exchanges import ConnectorContext
from octobot_node.contracts.replays import PastMarket, ShownPrice
from octobot_node.errors import DataUnavailable, InvalidMarketData
from octobot_node.market import Candles, MarketRules, Ticker, TimeColumn, from_ms, timeframe_ms, to_ms
from octobot_node.orders import Side
from octobot_plugins.replay.files.grid import length_text
from octobot_plugins.replay.files.reading import CandleFile, HowToRead, read_candles
from octobot_plugins.replay.inside import Inside
from octobot_plugins.replay.series import COARSEST, Series
from octobot_plugins.replay.settings import ReplaySettings

__all__ = ["ReplayMarket", "notes_of", "open_market", "wrong_gap"]

_DAY = 86_400_000
#: A decision needs some evaluations, a second apart, until it is carried out: cancel, then sell what is free.
_SHOWN_MS = 10_000
_AT_START_MS = 5_000


def open_market(settings: ReplaySettings, context: ConnectorContext) -> ReplayMarket:
    """Open the market."""
    return ReplayMarket(settings, context.clock)


class ReplayMarket:
    """``MarketData`` as of the clock's time, and ``PastMarket``; prices are exactly the files'.

    Raises InvalidMarketData when a file cannot be used.
    """

    def __init__(self, settings: ReplaySettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._series: dict[str, Series] = {}
        #: symbol -> (from when, until when, the price inside a candle that tickers show), by the time within a second.
        self._shown: dict[str, dict[int, tuple[int, int, ShownPrice]]] = {}
        #: What a person should know of how the files were read, a line each.
        self.notes: list[str] = []
        for symbol in settings.data:
            self._series[symbol], notes = _load(symbol, settings)
            self.notes += notes
        self.start = min(series.opens_at(0) for series in self._series.values())
        self.end = max(series.closes_at(-1) for series in self._series.values())

    # What a tick may see --------------------------------------------------------------------------------------------

    async def tickers(self, symbols: Collection[str]) -> Mapping[str, Ticker]:
        """Return the close of each symbol's newest closed candle as last, bid and ask.

        Before the first close it is the first candle's open; before that there is no price yet.
        """
        now = self._clock.now()
        known = (self._ticker(self._series[symbol], now) for symbol in symbols if symbol in self._series)
        found = {ticker.symbol: ticker for ticker in known if ticker is not None}
        if symbols and not found:
            raise DataUnavailable(
                f"the replay has no price of {', '.join(sorted(symbols))} at {from_ms(now):%Y-%m-%d %H:%M:%S} UTC:"
                f" it has files for {', '.join(sorted(self._series))}"
            )
        return found

    def _ticker(self, series: Series, now: int) -> Ticker | None:
        shown = self.shown(series.symbol, now)
        if shown is not None:
            return Ticker(series.symbol, last=shown.price, bid=shown.price, ask=shown.price, at=from_ms(now))
        known = self._known(series, now)
        if known is None:
            return None
        price, at = known
        return Ticker(series.symbol, last=price, bid=price, ask=price, at=from_ms(at))

    def _known(self, series: Series, now: int) -> tuple[Decimal, int] | None:
        closed = series.closed(now)
        if closed:
            return series.exact("close", closed - 1), series.closes_at(closed - 1)
        if series.opens_at(0) <= now:
            return series.exact("open", 0), series.opens_at(0)
        return None

    async def candles(self, symbol: str, timeframe: str, count: int) -> Candles:
        """Return up to ``count`` newest closed candles.

        Those of a longer timeframe are made of complete sets of the file's. Raises DataUnavailable for a timeframe that
        the file's candles do not add up to, and when none is closed yet.
        """
        series = self.series(symbol)
        length = _length(series, timeframe)
        candles = series.resampled(timeframe, length)
        end = int(candles.time.searchsorted(self._clock.now() - length, "right"))
        kept = slice(max(0, end - count), end)
        if kept.start >= kept.stop:
            raise DataUnavailable(f"no {timeframe} candle of {symbol} is closed yet")
        return replace(
            candles,
            timeframe=timeframe,
            time=candles.time[kept],
            open=candles.open[kept],
            high=candles.high[kept],
            low=candles.low[kept],
            close=candles.close[kept],
            volume=candles.volume[kept],
        )

    async def rules(self, symbols: Collection[str]) -> Mapping[str, MarketRules]:
        """Return the rules of each symbol that has a file."""
        return {symbol: self._rules(self._series[symbol]) for symbol in symbols if symbol in self._series}

    def _rules(self, series: Series) -> MarketRules:
        settings = self._settings
        base, _, quote = series.symbol.partition("/")
        return MarketRules(
            series.symbol,
            base,
            quote,
            price_step=settings.price_step or series.price_step,
            amount_step=settings.amount_step,
            min_amount=settings.min_amount,
            min_notional=settings.min_notional,
            taker_fee=settings.taker_fee,
            maker_fee=settings.maker_fee,
            fee_in=settings.fee_in,
        )

    async def close(self) -> None:
        """Do nothing: the files were read and closed at the start."""

    # What a replay may know of the future ---------------------------------------------------------------------------

    def opening(self, symbol: str, since: int) -> tuple[int, Decimal] | None:
        """Return (time, open) of the first candle that starts at or after ``since``, or None past the end."""
        series = self.series(symbol)
        index = series.first_from(since)
        return None if index == len(series) else (series.opens_at(index), series.exact("open", index))

    def traded_through(self, symbol: str, side: Side, price: Decimal, since: int) -> int | None:
        """Return when the first candle from ``since`` on that trades strictly through ``price`` closes, or None."""
        series = self.series(symbol)
        column = "low" if side == "buy" else "high"
        index = series.find(column, series.first_from(since), price, below=side == "buy", strictly=True)
        return None if index is None else series.closes_at(index)

    def with_volume(self, *, base: Decimal | None = None, quote: Decimal | None = None) -> PastMarket:
        """Return the market without the candles in which less was traded."""
        return _Thick(self, base, quote, self.start, self.end)

    def reached(self, symbol: str, *, since: int, above: Decimal | None, below: Decimal | None) -> int | None:
        """Return the first closing time after ``since`` whose close is at or past a level, or None."""
        series = self.series(symbol)
        start = series.closed(since)
        found = [
            series.find("close", start, level, below=down, strictly=False)
            for level, down in ((above, False), (below, True))
            if level is not None
        ]
        indices = [index for index in found if index is not None]
        return series.closes_at(min(indices)) if indices else None

    # What is inside candles -----------------------------------------------------------------------------------------

    def touched(
        self, symbol: str, *, since: int, above: Decimal | None, below: Decimal | None
    ) -> tuple[int, Decimal] | None:
        """Return (when, price) of the first moment after ``since`` at which a candle's way meets the level, or None."""
        series = self.series(symbol)
        is_above = above is not None
        level = above if above is not None else below
        assert level is not None
        start = series.closed(since)
        index = series.find("high" if is_above else "low", start, level, below=not is_above, strictly=False)
        # The candle that ``since`` lies in may have gone past its extreme.
        while index is not None:
            candle = _inside(series, index)
            found = candle.rises_to(level, since) if is_above else candle.falls_to(level, since)
            if found is not None:
                # Never on a whole second, when schedules are.
                return found[0] + (found[0] % 1000 == 0), self._on_step(series, found[1], candle, is_above=is_above)
            index = series.find("high" if is_above else "low", index + 1, level, below=not is_above, strictly=False)
        return None

    def _on_step(self, series: Series, price: Decimal, candle: Inside, *, is_above: bool) -> Decimal:
        rounded = self._rules(series).round_price(price, "sell" if is_above else "buy")
        return min(rounded, candle.high) if is_above else max(rounded, candle.low)

    def show(self, symbol: str, price: Decimal, at: int) -> None:
        """Let tickers show a price inside the candle that is open at ``at``, until a decision has been carried out."""
        series = self.series(symbol)
        index = series.closed(at)
        if index < len(series) and series.opens_at(index) <= at:
            closes_at = series.closes_at(index)
            shown = ShownPrice(price, series.opens_at(index), closes_at)
            self._shown.setdefault(symbol, {})[at % 1000] = at, min(at + _SHOWN_MS, closes_at), shown

    def shown(self, symbol: str, at: int) -> ShownPrice | None:
        """Return the price inside a candle that tickers show at ``at``, or None.

        Whoever was woken by it comes back whole seconds later, and nobody else does at that time within a second:
        what one automation looks at is not shown to others.
        """
        begin, end, shown = self._shown.get(symbol, {}).get(at % 1000, (0, 0, None))
        return shown if begin <= at < end else None

    def arrival(self, symbol: str, at: int) -> int:
        """Return its candle's start for what arrives in the candle's first seconds, otherwise ``at``."""
        series = self.series(symbol)
        index = series.closed(at)
        late = at - series.opens_at(index) if index < len(series) else -1
        return at - late if 0 <= late <= min(_AT_START_MS, series.step // 4) else at

    def price(self, symbol: str, at: int) -> Decimal | None:
        """Return the newest close at ``at``, before the first one the first open."""
        known = self._known(self.series(symbol), at)
        return None if known is None else known[0]

    # What a report tells --------------------------------------------------------------------------------------------

    def count(self, symbol: str) -> int:
        """Return how many candles of ``symbol`` are replayed."""
        return len(self.series(symbol))

    def gaps(self, symbol: str) -> tuple[int, int | None]:
        """Return (candles missing inside the series, opening time of the first missing one in ms UTC, or None)."""
        return self.series(symbol).missing

    def closes(self, symbol: str) -> tuple[TimeColumn, list[Decimal]]:
        """Return (closing times in ms UTC, exact closes) of every candle."""
        series = self.series(symbol)
        return series.time + series.step, series.exact_closes()

    def assumptions(self) -> list[str]:
        """Return what its prices rest on."""
        inside = "Inside a candle the price goes from its open to its low, then to its high, then to its close."
        return [inside, "Bid, ask and last are one price: there is no spread."]

    def series(self, symbol: str) -> Series:
        """Return a symbol's candles; raise DataUnavailable where it has no file."""
        if symbol not in self._series:
            raise DataUnavailable(f"the replay has no file for {symbol}; it has: {', '.join(sorted(self._series))}")
        return self._series[symbol]


@dataclass(slots=True)
class _Thick:
    """A market's candles in which at least so much was traded: what an order of a size may fill in."""

    market: ReplayMarket
    base: Decimal | None
    quote: Decimal | None
    start: int
    end: int

    def opening(self, symbol: str, since: int) -> tuple[int, Decimal] | None:
        series = self.market.series(symbol)
        index = self._next(series, series.first_from(since))
        return None if index is None else (series.opens_at(index), series.exact("open", index))

    def traded_through(self, symbol: str, side: Side, price: Decimal, since: int) -> int | None:
        series, below = self.market.series(symbol), side == "buy"
        index = self._next(series, series.first_from(since))
        while index is not None:
            found = series.find("low" if below else "high", index, price, below=below, strictly=True)
            if found is None:
                return None
            index = self._next(series, found)
            if index == found:
                return series.closes_at(found)
        return None

    def reached(self, symbol: str, *, since: int, above: Decimal | None, below: Decimal | None) -> int | None:
        return self.market.reached(symbol, since=since, above=above, below=below)

    def _next(self, series: Series, start: int) -> int | None:
        return series.find_volume(start, base=self.base, quote=self.quote)


def _inside(series: Series, index: int) -> Inside:
    prices = (series.exact(column, index) for column in ("open", "high", "low", "close"))
    return Inside(series.opens_at(index), series.step, *prices)


def _load(symbol: str, settings: ReplaySettings) -> tuple[Series, list[str]]:
    path = settings.data[symbol]
    how = HowToRead(settings.time_unit, settings.zone, settings.off_grid)
    file = read_candles(symbol, path, how)
    whole = file.series
    series = whole.between(_ms(settings.start), _ms(settings.end))
    if not len(series):
        raise InvalidMarketData(
            f"{path}: no candle of {symbol} is between start and end: the file goes from {from_ms(whole.opens_at(0))}"
            f" to {from_ms(whole.closes_at(-1))}, choose a time within"
        )
    _refuse_gaps(file, series, settings)
    _refuse_step(path, series, settings.price_step)
    return series, notes_of(symbol, file)


def wrong_gap(file: CandleFile, series: Series) -> str | None:
    """Return why a hole in ``series``, a part of the file, is no outage but a wrong time, or None."""
    length, index = series.longest_gap
    # Thin markets may have few candles in a long night.
    if length <= len(series) or length * series.step <= _DAY:
        return None
    before, after = (file.line_of(file.series.first_from(series.opens_at(at))) for at in (index, index + 1))
    return (
        f"{file.understood.path}, {file.unit} {after}, column {file.time_column}: {length:,} candles of"
        f" {length_text(series.step)} are missing between {from_ms(series.opens_at(index)):%Y-%m-%d %H:%M} UTC on"
        f" {file.unit} {before} and {from_ms(series.opens_at(index + 1)):%Y-%m-%d %H:%M} UTC, and the file has"
        f" {len(series):,} in all: correct the times, or choose a part of it with start and end"
    )


def _refuse_gaps(file: CandleFile, series: Series, settings: ReplaySettings) -> None:
    problem = wrong_gap(file, series)
    if problem is not None:
        raise InvalidMarketData(problem)
    missing, first = series.missing
    if first is not None and settings.gaps == "error":
        line = file.line_of(file.series.first_from(first))
        raise InvalidMarketData(
            f"{file.understood.path}, {file.unit} {line}, column {file.time_column}: {missing:,} candles are missing,"
            f" the first at {from_ms(first)}: complete the file, or set gaps to count"
        )


def _refuse_step(path: Path, series: Series, step: Decimal | None) -> None:
    if step is not None and step > series.lowest * COARSEST:
        raise InvalidMarketData(
            f"{path}: price_step {step:f} is {step / series.lowest:.3g} of {series.symbol}'s lowest price"
            f" {series.lowest:f}, and 0.01 is the most: every limit order would be rounded away from where it belongs;"
            f" set {series.price_step:f}, or leave it out"
        )


def notes_of(symbol: str, file: CandleFile) -> list[str]:
    """Return what a person should know of how a file was read, a line each; nothing of one that is as it should be."""
    understood = file.understood
    if understood.is_plain:
        return []
    said = [understood.in_words(file.series), *understood.said]
    other = understood.symbol
    if other and _letters(other) != _letters(symbol):
        said.append(f"the file says that its candles are of {other}")
    return [f"{symbol}: {text}" for text in said]


def _letters(symbol: str) -> str:
    return "".join(letter for letter in symbol.upper() if letter.isalnum())


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else to_ms(moment)


def _length(series: Series, timeframe: str) -> int:
    try:
        length = timeframe_ms(timeframe)
    except ValueError as error:
        raise DataUnavailable(str(error)) from None
    if length % series.step:
        raise DataUnavailable(
            f"{timeframe} candles of {series.symbol} cannot be made of the file's, which are {series.step // 1000} s"
            " long: ask for a multiple of that, or replay a finer file"
        )
    return length
