"""What a replay amounts to beside its books: courses of equity, what holding would have brought, what was assumed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any

import sqlalchemy as sa

from octobot_node.contracts.exchanges import Trading
from octobot_node.contracts.replays import PastMarket, StatesAssumptions
from octobot_node.engine.core import Core
from octobot_node.engine.ledger.book import ZERO, rounded
from octobot_node.market import MarketRules
from octobot_node.quote_assets import quote_of
from octobot_node.reports.equity_curve import equity_points, largest_falls
from octobot_node.reports.models import Assumptions, AutomationReport, Holding, MarketAssumptions, RunReport
from octobot_node.reports.performance import Course, Point, performance
from octobot_node.store.tables import accounts, fills

__all__ = ["FinishedReplay", "ReplayedAccount", "assumptions_of", "measured", "replayed_account"]

Closes = Mapping[str, Mapping[int, Decimal]]
#: What would have been is told no finer than this.
_DIGITS = Decimal("1e-8")


@dataclass(frozen=True, slots=True)
class FinishedReplay:
    """A replay that came to its end, or was stopped: its books are open still.

    ``courses`` has each automation's by name; ``holdings`` what its start equity would have been in its markets.
    """

    core: Core
    report: RunReport
    courses: Mapping[str, Course]
    holdings: Mapping[str, Course]


@dataclass(frozen=True, slots=True)
class ReplayedAccount:
    """An account and its market as they were replayed; ``closes`` maps symbol to {close time in ms UTC: price}.

    ``rules`` have the fees that the account pays; ``lengths`` are those of candles, in ms, by symbol.
    """

    name: str
    market: PastMarket
    trading: Trading
    rules: Mapping[str, MarketRules]
    closes: Closes
    lengths: Mapping[str, int]


def replayed_account(core: Core, name: str, market: Any, closes: Closes, lengths: Mapping[str, int]) -> ReplayedAccount:
    """Return an account as it was replayed."""
    with core.storage.read() as connection:
        found = connection.scalar(sa.select(accounts.c.id).where(accounts.c.name == name))
    opened = core.accounts.get(str(found))
    rules = core.event_loop.call(market.rules(list(closes)))
    fees = opened.fees(list(rules))
    charged = {symbol: fees[symbol].of(each) if symbol in fees else each for symbol, each in rules.items()}
    return ReplayedAccount(name, market, opened.trading, charged, closes, lengths)


def measured(
    core: Core, report: AutomationReport, account: ReplayedAccount, symbols: Collection[str], start: int
) -> tuple[AutomationReport, Course, Course | None]:
    """Return a report with drawdown and performance, the course of its equity, and that of holding its markets.

    ``symbols`` are those that the automation may trade; ``start`` is the replay's, in ms UTC.
    """
    with core.storage.read() as connection:
        points = equity_points(connection, report.id, report.asset, account.closes)
        trades = list(_trades(connection, report.id, report.asset))
    course = Course(report.asset, start, report.start_equity, points, trades)
    fall = largest_falls(report.start_equity, (point.equity for point in points))
    held = sorted(symbol for symbol in symbols if symbol in account.closes and quote_of(symbol) == report.asset)
    holding, reason = _holding(report, account, held, start)
    changes: dict[str, Any] = {
        "max_drawdown": fall.amount,
        "max_drawdown_ratio": fall.ratio,
        "performance": performance(course),
        "holding": Holding(symbols=held, performance=None if holding is None else performance(holding), reason=reason),
    }
    return report.model_copy(update=changes), course, holding


def _trades(connection: sa.Connection, automation_id: str, asset: str) -> Iterator[Decimal]:
    """Yield what each order realised that sold something for ``asset``, in order of its first fill."""
    columns = fills.c
    statement = (
        sa.select(columns.intent_id, columns.symbol, columns.realised)
        .where(columns.automation_id == automation_id, columns.side == "sell")
        .order_by(columns.at, columns.id)
    )
    found: dict[str, Decimal] = {}
    with localcontext(rounded()):
        for row in connection.execute(statement):
            if quote_of(row.symbol) == asset:
                found[row.intent_id] = found.get(row.intent_id, ZERO) + row.realised
    yield from found.values()


def _holding(
    report: AutomationReport, account: ReplayedAccount, symbols: Sequence[str], start: int
) -> tuple[Course | None, str]:
    """Return the course of the start equity put into the markets, in equal parts, at their first price."""
    if not symbols:
        return None, f"it trades no market that is paid in {report.asset}" if report.asset else "it trades no market"
    if report.start_equity <= 0:
        return None, "it began with nothing"
    with localcontext(rounded()):
        part = report.start_equity / len(symbols)
        bought = {symbol: _bought(account, symbol, part, start) for symbol in symbols}
        points = list(_held(account.closes, bought, part))
    return Course(report.asset, start, report.start_equity, points), ""


def _bought(account: ReplayedAccount, symbol: str, part: Decimal, start: int) -> Decimal:
    opened = account.market.opening(symbol, start)
    assert opened is not None  # there is a close of it
    rules = account.rules[symbol]
    spent = part / (1 + rules.taker_fee) if rules.fee_in == "quote" else part * (1 - rules.taker_fee)
    return spent / opened[1]


def _held(closes: Closes, bought: Mapping[str, Decimal], part: Decimal) -> Iterator[Point]:
    known: dict[str, Decimal] = {}
    for time in sorted({time for symbol in bought for time in closes[symbol]}):
        known.update((symbol, closes[symbol][time]) for symbol in bought if time in closes[symbol])
        worth = sum((amount * known[symbol] for symbol, amount in bought.items() if symbol in known), ZERO)
        # What begins later is money until then.
        yield Point(time, (worth + part * (len(bought) - len(known))).quantize(_DIGITS), held=True)


def assumptions_of(replayed: Sequence[ReplayedAccount]) -> Assumptions:
    """Return what was assumed of the markets, and what their connectors say of how orders fill."""
    rows: list[MarketAssumptions] = []
    said: list[str] = []
    for account in replayed:
        rows += [_row(account, symbol, rules) for symbol, rules in sorted(account.rules.items())]
        for connector in (account.market, account.trading):
            said += connector.assumptions() if isinstance(connector, StatesAssumptions) else []
    return Assumptions(markets=rows, notes=list(dict.fromkeys(said)))


def _row(account: ReplayedAccount, symbol: str, rules: MarketRules) -> MarketAssumptions:
    return MarketAssumptions(
        account=account.name,
        symbol=symbol,
        candle_seconds=account.lengths[symbol] // 1000,
        taker_fee=rules.taker_fee,
        maker_fee=rules.maker_fee,
        fee_in=rules.fee_in,
        price_step=rules.price_step,
        amount_step=rules.amount_step,
        min_amount=rules.min_amount,
        min_notional=rules.min_notional,
    )
