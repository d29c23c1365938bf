"""Look at markets as automations see them: through the hub, which asks once for all."""

from __future__ import annotations

from dataclasses import replace

from octobot_node.automation import Needs
from octobot_node.engine.market.account import Account
from octobot_node.errors import DataUnavailable, OctoBotError, UsageError
from octobot_node.market import Candles, Market, MarketRules, from_ms, timeframe_ms
from octobot_node.operations.automations.types import plugin_of
from octobot_node.operations.context import OperationContext
from octobot_node.operations.cursors import no_cursor
from octobot_node.operations.lookup import account_id
from octobot_node.operations.models import EmptyRequest
from octobot_node.operations.periods import the_period
from octobot_node.operations.trading.models.markets import (
    CandleSeries,
    ListSymbols,
    ShowCandles,
    ShowTicker,
    SourcePage,
    SourceRow,
    SymbolPage,
    SymbolRow,
    TickerNow,
)
from octobot_node.store.queries import lists
from octobot_node.store.queries.periods import Period

__all__ = ["candles", "list_sources", "list_symbols", "ticker"]

_NAMED = 100
#: What markets are known to have.
_TIMEFRAMES = ("1m", "5m", "15m", "1h", "4h", "1d", "1w")
#: Candles that a market is asked for at once.
_MOST = 5_000
_MINUTE_MS = 60_000


def list_sources(context: OperationContext, request: EmptyRequest) -> SourcePage:
    """Return every market data connector, by name, and the accounts that use it."""
    del request
    rows = []
    with context.core.storage.read() as connection:
        used = lists.accounts_by_connector(connection, "market_data", context.owner)
        for name, factory in sorted(context.registry.market_data.items()):
            plugin = plugin_of(context.registry, "register_market_data", name)
            rows.append(
                SourceRow(
                    name=name,
                    plugin="" if plugin is None else plugin.name,
                    replay=factory.replay,
                    settings=factory.Settings.model_json_schema(),
                    accounts=lists.account_names(connection, "market_data", name, context.owner, _NAMED),
                    used_by=used.get(name, 0),
                )
            )
    return SourcePage(sources=rows)


def list_symbols(context: OperationContext, request: ListSymbols) -> SymbolPage:
    """Return a page of the symbols that an account's market has, by name.

    Raises DataUnavailable when the market does not answer, or does not list what it has.
    """
    account = _opened(context, request.account)
    symbols, complete = context.core.hub.symbols(account.source)
    sought = request.search.upper()
    if request.cursor is not None and "/" not in request.cursor:
        raise no_cursor()
    found = [symbol for symbol in symbols if sought in symbol.upper() and symbol > (request.cursor or "")]
    page = found[: request.limit]
    listed = Market(from_ms(context.core.clock.now()), all_rules=context.core.hub.rules(account.source, page))
    rules = account.charging(listed).all_rules
    return SymbolPage(
        symbols=[_symbol(rules[symbol]) for symbol in page if symbol in rules],
        complete=complete,
        next_cursor=page[-1] if len(found) > request.limit else None,
    )


def _symbol(rules: MarketRules) -> SymbolRow:
    return SymbolRow(**{name: getattr(rules, name) for name in SymbolRow.model_fields})


def ticker(context: OperationContext, request: ShowTicker) -> TickerNow:
    """Return a symbol's prices now; raise DataUnavailable when there are none."""
    market = _snapshot(context, request, Needs(tickers=(request.symbol,)))
    found = market.tickers.get(request.symbol)
    if found is None:
        raise DataUnavailable(f"there is no price of {request.symbol}: see that the market has the symbol")
    return TickerNow(
        symbol=found.symbol, last=found.last, bid=found.bid, ask=found.ask, at=found.at, as_of=market.as_of
    )


def candles(context: OperationContext, request: ShowCandles) -> CandleSeries:
    """Return the newest closed candles of a symbol, or those of a period; raise DataUnavailable when there are none."""
    try:
        step = timeframe_ms(request.timeframe)
    except ValueError as error:
        raise UsageError(f"timeframe: {error}") from None
    period = the_period(request.since, request.until)
    now = context.core.clock.now()
    key = (request.symbol, request.timeframe)
    needs = Needs(candles={key: _count(request, period, step, now)})
    if request.forming:
        needs = _with_forming(needs, request.symbol, step, now)
    market = _snapshot(context, request, needs)
    found = market.all_candles.get(key)
    if found is None or not len(found):
        raise DataUnavailable(f"there are no {request.timeframe} candles of {request.symbol} now: try again")
    rows = [row for row in _rows(found) if period.holds(row[0])]
    return CandleSeries(
        symbol=request.symbol,
        timeframe=request.timeframe,
        candles=rows[-request.count :],
        forming=_forming(market, request.symbol, step, now) if request.forming else None,
        timeframes=list(_TIMEFRAMES),
        stale=found.stale,
        as_of=market.as_of,
    )


def _count(request: ShowCandles, period: Period, step: int, now: int) -> int:
    """Return how many candles to ask for; raise UsageError for a period that lies further back than a market keeps."""
    if not period:
        return request.count
    # Markets are asked for the newest ones: those after the period come along.
    after = 0 if period.until is None else max((now - period.until) // step, 0)
    long = request.count if period.since is None else min(request.count, max((now - period.since) // step - after, 0))
    count = after + long + 1
    if count > _MOST:
        cure = f"ask for a longer timeframe, or for a time within the last {_MOST:,} candles"
        raise UsageError(f"since: so many candles ago ({count:,}) is not kept: {cure}", field="since", reason=cure)
    return count


def _with_forming(needs: Needs, symbol: str, step: int, now: int) -> Needs:
    """Return needs with what the candle that forms is made of: its closed minutes, and the last price."""
    minutes = (now % step) // _MINUTE_MS
    if step <= _MINUTE_MS or not minutes:
        return replace(needs, tickers=(symbol,))
    # One more: a market is asked for the newest, and the newest may close meanwhile.
    more = {(symbol, "1m"): min(minutes + 1, _MOST)}
    wanted = {key: max(needs.candles.get(key, 0), more.get(key, 0)) for key in {**needs.candles, **more}}
    return replace(needs, tickers=(symbol,), candles=wanted)


def _forming(market: Market, symbol: str, step: int, now: int) -> tuple[int, float, float, float, float, float] | None:
    """Return the candle that is not closed yet, or None where no price of it is known."""
    opened = now // step * step
    minutes = market.all_candles.get((symbol, "1m"))
    inside = [] if minutes is None or step <= _MINUTE_MS else [row for row in _rows(minutes) if row[0] >= opened]
    ticker = market.tickers.get(symbol)
    last = [] if ticker is None else [float(ticker.last)]
    if not inside and not last:
        return None
    opening = inside[0][1] if inside else last[0]
    highs, lows = [row[2] for row in inside] + last, [row[3] for row in inside] + last
    close = last[0] if last else inside[-1][4]
    return opened, opening, max(highs), min(lows), close, sum(row[5] for row in inside)


def _rows(found: Candles) -> list[tuple[int, float, float, float, float, float]]:
    columns = (found.open, found.high, found.low, found.close, found.volume)
    return list(zip(found.time.tolist(), *(column.tolist() for column in columns), strict=True))


def _snapshot(context: OperationContext, request: ShowTicker, needs: Needs) -> Market:
    return context.core.hub.snapshot(_opened(context, request.account).source, needs)


def _opened(context: OperationContext, account: str) -> Account:
    """Return an account, opened; raise what keeps it from being so."""
    found = account_id(context, account)
    try:
        return context.core.accounts.get(found)
    except OctoBotError:
        raise
    except Exception as error:
        raise DataUnavailable(f"the account {account!r} cannot be opened: {error}") from error
