"""One automation as lists and sums show it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Protocol, TypeVar

from octobot_node.engine.evaluating.decision_checks import load_needs
from octobot_node.engine.ledger.book import ZERO, exact
from octobot_node.engine.standings.counting import Counted, assets_of, count, main_first
from octobot_node.store.queries.standings import Piece
from octobot_node.store.rows.automation import StandingRow
from octobot_node.store.rows.ledger import FundsRow, MarkRow, ReportedPositionRow, ResultRow

__all__ = [
    "DAY_MS",
    "PERIODS",
    "Money",
    "Results",
    "Standing",
    "day_of",
    "first_day",
    "packed",
    "standings_in",
    "unpacked",
]

DAY_MS = 86_400_000
#: Days that results are told of, today included.
PERIODS = (1, 7, 30)
#: What was realised in each of those.
Results = tuple[Decimal, ...]
_NONE: Results = (ZERO,) * len(PERIODS)


def day_of(moment: int) -> int:
    """Return the first millisecond of a moment's day, UTC."""
    return moment // DAY_MS * DAY_MS


def first_day(moment: int) -> int:
    """Return the first of the days that results are told of."""
    return day_of(moment) - (PERIODS[-1] - 1) * DAY_MS


@dataclass(frozen=True, slots=True)
class Standing:
    """An automation: what it is found by, and what it came to, without any price of the moment.

    ``counted`` has the asset first that it is shown in. ``began`` is what it was worth when the day began, by asset,
    where that is known, with what it was given since.
    """

    id: str
    owner: str
    account_id: str
    name: str
    type: str
    status: str
    since: int
    tags: tuple[str, ...]
    symbols: tuple[str, ...]
    created_at: int
    counted: tuple[Counted, ...]
    budget: Mapping[str, Decimal]
    fees: Mapping[str, Decimal]
    realised: Mapping[str, Results]
    began: Mapping[str, Decimal]

    @property
    def main(self) -> Counted:
        """What it came to in the asset that it is shown in."""
        return self.counted[0]

    @property
    def money(self) -> Money:
        """What of it goes into sums."""
        return Money(self.counted, self.fees, self.realised, self.began)

    def results(self, asset: str) -> Results:
        """Return what it realised of an asset today, in seven days and in thirty."""
        return self.realised.get(asset, _NONE)


def standings_in(piece: Piece, now: int) -> Iterator[Standing]:
    """Yield the automations of a piece, as they stand at a moment (ms UTC)."""
    positions, balances = _by_automation(piece.positions), _by_automation(piece.balances)
    results, marks = _by_automation(piece.results), _by_automation(piece.marks)
    for row in piece.rows:
        yield _standing(
            row,
            positions.get(row.id, ()),
            balances.get(row.id, ()),
            results.get(row.id, ()),
            marks.get(row.id, ()),
            now,
        )


def _standing(
    row: StandingRow,
    held: Sequence[ReportedPositionRow],
    balances: Sequence[FundsRow],
    results: Sequence[ResultRow],
    marks: Sequence[MarkRow],
    now: int,
) -> Standing:
    needed = _symbols(row.needs)
    held = sorted(held, key=lambda each: each.symbol)
    balances = sorted(balances, key=lambda each: each.asset)
    budget = {each.asset: each.budget for each in balances if each.budget}
    with exact():
        funds = {each.asset: each.free + each.reserved for each in balances}
    beside = {each.asset: each.fees_beside for each in balances if each.fees_beside}
    assets = assets_of(held, needed, {**budget, **funds})
    counted = main_first([count(asset, held, budget, funds, beside) for asset in assets], budget)
    today = day_of(now)
    starts = {each.asset: each.start for each in counted}
    with exact():
        # What was given meanwhile is nothing that was gained.
        began = {
            each.asset: each.equity + starts.get(each.asset, each.start) - each.start
            for each in marks
            if each.day == today
        }
    if row.created_at >= today:
        # It began today, with what it was given.
        began = starts
    return Standing(
        id=row.id,
        owner=row.owner,
        account_id=row.account_id,
        name=row.name,
        type=row.type,
        status=row.status,
        since=row.status_since,
        tags=_words(row.tags),
        symbols=needed or tuple(each.symbol for each in held),
        created_at=row.created_at,
        counted=tuple(counted),
        budget=budget,
        fees={each.asset: each.fees for each in balances if each.fees},
        realised=_realised(results, today),
        began=began,
    )


def _realised(results: Iterable[ResultRow], today: int) -> dict[str, Results]:
    found: dict[str, list[Decimal]] = {}
    with exact():
        for row in results:
            sums = found.setdefault(row.asset, [*_NONE])
            for index, days in enumerate(PERIODS):
                if row.day > today - days * DAY_MS:
                    sums[index] += row.realised
    return {asset: tuple(sums) for asset, sums in found.items()}


@dataclass(frozen=True, slots=True)
class Money:
    """What of a standing goes into sums."""

    counted: tuple[Counted, ...]
    fees: Mapping[str, Decimal]
    realised: Mapping[str, Results]
    began: Mapping[str, Decimal]


def packed(standing: Standing | Money) -> str:
    """Return what of a standing goes into sums as text: as objects, that of 100,000 would take five times the room."""
    counted = [
        [
            *(each.asset, *(str(getattr(each, name)) for name in _SUMS)),
            [[*key, str(amount), str(each.costs[key])] for key, amount in each.held.items()],
        ]
        for each in standing.counted
    ]
    fees = {asset: str(amount) for asset, amount in standing.fees.items()}
    realised = {asset: [str(each) for each in sums] for asset, sums in standing.realised.items()}
    began = {asset: str(amount) for asset, amount in standing.began.items()}
    return json.dumps([counted, fees, realised, began], separators=(",", ":"))


_SUMS = ("money", "start", "invested", "realised", "cost")


def unpacked(text: str) -> Money:
    """Return what ``packed`` made a text of."""
    counted, fees, realised, began = json.loads(text)
    return Money(
        tuple(_counted(*each) for each in counted),
        {asset: Decimal(amount) for asset, amount in fees.items()},
        {asset: tuple(map(Decimal, sums)) for asset, sums in realised.items()},
        {asset: Decimal(amount) for asset, amount in began.items()},
    )


def _counted(asset: str, *rest: Any) -> Counted:
    *sums, held = rest
    money, start, invested, realised, cost = map(Decimal, sums)
    found = Counted(asset, money, start, invested, realised, cost)
    for symbol, payer, amount, cost in held:
        found.held[symbol, payer], found.costs[symbol, payer] = Decimal(amount), Decimal(cost)
    return found


@lru_cache(maxsize=4_096)
def _symbols(needs: str) -> tuple[str, ...]:
    if needs == "null":
        return ()
    found = load_needs(needs)
    return tuple(dict.fromkeys([*found.tickers, *sorted(found.symbols)]))


@lru_cache(maxsize=4_096)
def _words(tags: str) -> tuple[str, ...]:
    return tuple(json.loads(tags))


class _OfAutomation(Protocol):
    automation_id: str


_R = TypeVar("_R", bound=_OfAutomation)


def _by_automation(rows: Sequence[_R]) -> dict[str, list[_R]]:
    found: dict[str, list[_R]] = {}
    for row in rows:
        found.setdefault(row.automation_id, []).append(row)
    return found
