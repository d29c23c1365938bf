"""Sums over automations: kept as things happen, worth what the last prices say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from octobot_node.engine.ledger.book import ZERO, exact, rounded
from octobot_node.engine.standings.board import Account, Board
from octobot_node.engine.standings.prices import Priced
from octobot_node.engine.standings.sums import Group, Key, Sum, Valued
from octobot_node.market import from_ms
from octobot_node.operations.context import OperationContext
from octobot_node.operations.lookup import account_id, type_names
from octobot_node.operations.node.preferences import preferred_currency
from octobot_node.operations.overview.models.totals import (
    CurrencyTotal,
    ShowTotals,
    SumFilter,
    TotalRow,
    Totals,
    UnpricedRow,
)
from octobot_node.operations.overview.rates import Rates, rates_of

__all__ = ["chosen", "totals"]

#: Between a source and a symbol, in the one name that sums over several sources know a symbol by.
_OF = "\t"
#: What of a row is also told in the currency.
_CONVERTED = (
    "equity", "start_equity", "realised", "realised_today", "realised_7d", "realised_30d", "unrealised", "today",
)  # fmt: skip
_STEP = Decimal("1e-8")


class _Place(NamedTuple):
    """What the automations of a row have in common; None: it is not told apart by that."""

    owner: str | None
    account_id: str | None
    type: str | None
    status: str | None
    paper: bool | None


def totals(context: OperationContext, request: ShowTotals) -> Totals:
    """Return sums by asset, and by what is asked for."""
    board = context.core.standings.board
    currency = request.currency or preferred_currency(context)
    board.refresh()
    with board.lock:
        groups = chosen(context, board, request)
        wanted = _priced(board, groups)
        board.want_prices(wanted)
        rows = _rows(context, board, groups, request.by)
        statuses: dict[str, int] = {}
        for key, group in groups:
            statuses[key.status] = statuses.get(key.status, 0) + group.count
        sources = sorted(
            {board.accounts[key.account_id].source for key, _ in groups if key.account_id in board.accounts}
        )
    rates = rates_of(context, sources, {row.asset for row in rows}, currency)
    return Totals(
        rows=rows,
        total=_in_currency(context, rows, rates),
        statuses=dict(sorted(statuses.items())),
        automations=sum(statuses.values()),
        as_of=from_ms(board.prices.as_of(wanted)),
    )


def chosen(context: OperationContext, board: Board, request: SumFilter) -> list[tuple[Key, Group]]:
    """Return the groups of automations that a request is about; the board's lock is held."""
    types = type_names(context, request.type)
    account = None if request.account is None else account_id(context, request.account)
    return [
        (key, group)
        for key, group in board.groups.items()
        if context.owner in (None, key.owner)
        and (request.status is None or key.status in request.status)
        and (types is None or key.type in types)
        and account in (None, key.account_id)
        and (request.paper is None or _paper(context, board, key.account_id) is request.paper)
    ]


def _paper(context: OperationContext, board: Board, account: str) -> bool | None:
    found = board.accounts.get(account)
    trading = None if found is None else context.registry.trading.get(found.trading)
    return None if trading is None else trading.simulated


def _priced(board: Board, groups: Iterable[tuple[Key, Group]]) -> set[Priced]:
    found: set[Priced] = set()
    for key, group in groups:
        source = _source(board, key)
        for each in group.sums.values():
            found |= {(source, symbol) for pair in each.held for symbol in pair if symbol}
    return found


def _source(board: Board, key: Key) -> str:
    return board.accounts[key.account_id].source if key.account_id in board.accounts else ""


def _rows(
    context: OperationContext, board: Board, groups: Sequence[tuple[Key, Group]], by: Sequence[str]
) -> list[TotalRow]:
    merged: dict[_Place, Group] = {}
    for key, group in groups:
        place = _Place(
            key.owner if "owner" in by else None,
            key.account_id if "account" in by else None,
            key.type if "type" in by else None,
            key.status if "status" in by else None,
            _paper(context, board, key.account_id) if "paper" in by else None,
        )
        merged.setdefault(place, Group()).merge(group, _naming(_source(board, key)))

    def price(name: str) -> Decimal | None:
        source, _, symbol = name.partition(_OF)
        return board.prices.get(source, symbol)

    found = [
        row
        for place, group in merged.items()
        for row in _rows_of(place, board.accounts.get(place.account_id or ""), group, price)
    ]
    return sorted(found, key=_in_order)


def _in_order(row: TotalRow) -> tuple[Any, ...]:
    told = (row.owner, row.account, row.account_id, row.type, row.status)
    return (*(each or "" for each in told), str(row.paper), row.asset)


def _naming(source: str) -> Callable[[str], str]:
    return lambda symbol: f"{source}{_OF}{symbol}"


def _rows_of(
    place: _Place, account: Account | None, group: Group, price: Callable[[str], Decimal | None]
) -> list[TotalRow]:
    # Nothing is counted in what only fees were paid in: that is no row of its own.
    counts: dict[str, int] = {}
    for (asset, _), each in group.sums.items():
        counts[asset] = counts.get(asset, 0) + each.count
    largest = max(counts, key=lambda asset: (bool(asset), counts[asset]), default="")
    other = {asset: fee for asset, fee in sorted(group.fees.items()) if asset not in counts}
    return [
        TotalRow(
            **place._asdict(),
            account=None if account is None else account.name,
            asset=asset,
            fees=group.fees.get(asset, ZERO),
            other_fees=other if asset == largest else {},
            **_figures(group.sums.get((asset, True), Sum()), group.sums.get((asset, False), Sum()), price),
        )
        for asset in counts
    ]


def _figures(known: Sum, unknown: Sum, price: Callable[[str], Decimal | None]) -> dict[str, Any]:
    """Return what a row tells of the automations of which it is known what they were worth at 00:00, and the others."""
    both, valued = (known, unknown), (known.equity(price), unknown.equity(price))
    today, seven, thirty = (a + b for a, b in zip(known.periods, unknown.periods, strict=True))
    with exact():
        return {
            "automations": known.count + unknown.count,
            "equity": valued[0].equity + valued[1].equity,
            "start_equity": sum((each.start for each in both), ZERO),
            "invested": sum((each.invested for each in both), ZERO),
            "realised": sum((each.realised for each in both), ZERO),
            "realised_today": today,
            "realised_7d": seven,
            "realised_30d": thirty,
            "unrealised": valued[0].unrealised + valued[1].unrealised,
            "today": valued[0].equity - known.began,
            "today_unknown": unknown.count,
            "unpriced": _unpriced(valued),
        }


def _unpriced(valued: Iterable[Valued]) -> list[UnpricedRow]:
    found: dict[str, list[Any]] = {}
    for each in valued:
        for name, worth in each.unpriced.items():
            found.setdefault(name.partition(_OF)[2], []).append(worth)
    with exact():
        return [
            UnpricedRow(
                symbol=symbol,
                amount=sum((each.amount for each in worths), ZERO),
                cost=sum((each.cost for each in worths), ZERO),
                automations=sum(each.automations for each in worths),
            )
            for symbol, worths in sorted(found.items())
        ]


def _in_currency(context: OperationContext, rows: Sequence[TotalRow], rates: Rates | None) -> CurrencyTotal | None:
    if rates is None:
        return None
    sums = dict.fromkeys(_CONVERTED, ZERO)
    automations = 0
    for row in rows:
        rate = rates.of(row.asset)
        if rate is None:
            continue
        automations += row.automations
        for name in _CONVERTED:
            sums[name] = rounded().add(sums[name], rounded().multiply(getattr(row, name), rate))
    assets = {row.asset for row in rows}
    return CurrencyTotal(
        currency=rates.currency,
        automations=automations,
        **{name: rounded().quantize(value, _STEP) for name, value in sums.items()},
        rates=[rate for rate in rates.rates if rate.asset in assets],
        unconverted=sorted(asset for asset in assets if rates.of(asset) is None),
        as_of=from_ms(rates.at if rates.rates else context.core.clock.now()),
    )
