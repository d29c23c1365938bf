"""What the difference between a live automation and its shadow comes to, as figures with their unit.

Worse than paper is above 0: dearer to buy, cheaper to sell, more in fees, later. What cannot be known is None, never 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from enum import StrEnum

from octobot_node.engine.ledger.book import ZERO, exact, rounded
from octobot_node.orders import IntentStatus
from octobot_node.reports.shadows.pairing import Ordered, Pair

__all__ = ["Drift", "Outcome", "QuoteDrift", "Side", "drift_of", "quote_drifts", "side_of"]

#: Finer than any market writes a price or an amount of money.
_STEP = Decimal("1e-12")
_BPS_STEP = Decimal("0.0001")


class Outcome(StrEnum):
    """What became of a pair."""

    #: Each has executions.
    BOTH = "both"
    #: Filled on paper; the live one is over without an execution.
    MISSED = "missed"
    #: Filled live; the one on paper is over without an execution.
    LIVE_ONLY = "live_only"
    #: One has executions, and the other may still have some.
    WAITS = "waits"
    #: Neither has any so far.
    NEITHER = "neither"
    #: What became of the live one is not known.
    UNKNOWN = "unknown"
    #: The other side decided nothing of the kind: what it did before led it elsewhere.
    LIVE_ALONE = "live_alone"
    PAPER_ALONE = "paper_alone"


@dataclass(frozen=True, slots=True)
class Side:
    """What one order of a pair came to; prices in quote, fees by asset."""

    amount: Decimal
    cost: Decimal
    price: Decimal | None
    fees: dict[str, Decimal]
    #: All fees in quote; None where one was paid in an asset that is neither base nor quote.
    fee: Decimal | None
    #: When the last execution was, of an order that is filled.
    filled_at: int | None


@dataclass(frozen=True, slots=True)
class Drift:
    """How the two of a pair differ, over the amount that both executed (``compared``, in base)."""

    outcome: Outcome
    compared: Decimal = ZERO
    #: What a unit was dearer to buy, or brought less, in quote; in all; and in basis points of the price on paper.
    slippage: Decimal | None = None
    slippage_cost: Decimal | None = None
    slippage_bps: Decimal | None = None
    #: What more was paid in fees, in quote.
    fee: Decimal | None = None
    #: How much later it was filled, in ms.
    later_ms: int | None = None
    #: What paper executed beyond the live one, which is over, in base: not there for what was given by its cost alone.
    short: Decimal | None = None


@dataclass(slots=True)
class QuoteDrift:
    """What pairs come to whose symbols have one quote asset; sums of what is known, with how much is not."""

    asset: str
    pairs: int = 0
    both: int = 0
    missed: int = 0
    live_only: int = 0
    waits: int = 0
    unknown: int = 0
    live_alone: int = 0
    paper_alone: int = 0
    #: What the orders that were missed cost, or brought, on paper.
    missed_cost: Decimal = ZERO
    slippage_cost: Decimal | None = None
    slippage_bps: Decimal | None = None
    fee: Decimal | None = None
    #: Of how many pairs that have executions on both sides the fee is not known in quote.
    fee_unknown: int = 0
    #: In the middle: half of them were no later.
    later_ms: int | None = None
    _compared_cost: Decimal = field(default=ZERO, repr=False)
    _later: list[int] = field(default_factory=list, repr=False)

    def add(self, pair: Pair, found: Drift) -> None:
        """Count a pair."""
        name = found.outcome.value
        self.pairs += 1
        if found.outcome is not Outcome.NEITHER:
            setattr(self, name, getattr(self, name) + 1)
        with exact():
            if found.outcome is Outcome.MISSED and pair.paper is not None:
                self.missed_cost += side_of(pair.paper).cost
            if found.slippage_cost is not None and pair.paper is not None:
                paper = side_of(pair.paper)
                self.slippage_cost = (self.slippage_cost or ZERO) + found.slippage_cost
                self._compared_cost += _share(paper.cost, found.compared, paper.amount)
                if found.fee is None:
                    self.fee_unknown += 1
                else:
                    self.fee = (self.fee or ZERO) + found.fee
        if found.later_ms is not None:
            self._later.append(found.later_ms)

    def close(self) -> None:
        """Reckon what is a part of what was counted."""
        if self.slippage_cost is not None:
            self.slippage_bps = _bps(self.slippage_cost, self._compared_cost)
        if self._later:
            self.later_ms = sorted(self._later)[(len(self._later) - 1) // 2]


def side_of(order: Ordered) -> Side:
    """Return what an order came to."""
    fees: dict[str, Decimal] = {}
    with exact():
        amount = sum((each.amount for each in order.executions), ZERO)
        cost = sum((each.cost for each in order.executions), ZERO)
        for each in order.executions:
            if each.fee:
                fees[each.fee_asset] = fees.get(each.fee_asset, ZERO) + each.fee
    price = _ratio(cost, amount) if amount else None
    whole = order.status is IntentStatus.FILLED and bool(order.executions)
    filled_at = max(each.at for each in order.executions) if whole else None
    return Side(amount, cost, price, fees, _in_quote(order, fees, price), filled_at)


def drift_of(pair: Pair) -> Drift:
    """Return how the two of a pair differ."""
    if pair.paper is None:
        return Drift(Outcome.LIVE_ALONE)
    if pair.live is None:
        return Drift(Outcome.PAPER_ALONE)
    live, paper = side_of(pair.live), side_of(pair.paper)
    outcome = _outcome(pair.live, live, pair.paper, paper)
    # What of it was executed is certain, whatever becomes of the rest.
    if not (live.amount and paper.amount):
        return Drift(outcome, short=_short(pair.live, live, paper))
    compared = min(live.amount, paper.amount)
    with localcontext(rounded()):
        sign = 1 if pair.live.side == "buy" else -1
        ours, theirs = _share(live.cost, compared, live.amount), _share(paper.cost, compared, paper.amount)
        cost = sign * (ours - theirs)
        fee = None
        if live.fee is not None and paper.fee is not None:
            fee = _share(live.fee, compared, live.amount) - _share(paper.fee, compared, paper.amount)
    later = None if live.filled_at is None or paper.filled_at is None else live.filled_at - paper.filled_at
    return Drift(
        outcome,
        compared,
        slippage=_ratio(cost, compared),
        slippage_cost=cost,
        slippage_bps=_bps(cost, theirs),
        fee=fee,
        later_ms=later,
        short=_short(pair.live, live, paper),
    )


def quote_drifts(pairs: Sequence[tuple[Pair, Drift]]) -> list[QuoteDrift]:
    """Return what pairs come to, by quote asset."""
    found: dict[str, QuoteDrift] = {}
    for pair, drift in pairs:
        order = pair.live or pair.paper
        assert order is not None
        found.setdefault(order.quote, QuoteDrift(order.quote)).add(pair, drift)
    for each in found.values():
        each.close()
    return [found[asset] for asset in sorted(found)]


def _outcome(live: Ordered, ours: Side, paper: Ordered, theirs: Side) -> Outcome:
    if live.status in {IntentStatus.UNKNOWN, IntentStatus.SENT}:
        return Outcome.UNKNOWN
    if ours.amount and theirs.amount:
        return Outcome.BOTH
    if theirs.amount:
        return Outcome.MISSED if live.status.terminal else Outcome.WAITS
    if ours.amount:
        return Outcome.LIVE_ONLY if paper.status.terminal else Outcome.WAITS
    return Outcome.NEITHER


def _short(live: Ordered, ours: Side, theirs: Side) -> Decimal | None:
    """Return what paper executed beyond a live order that is over; one that was filled lacks nothing."""
    if not live.status.terminal:
        return None
    if live.status is IntentStatus.FILLED:
        return ZERO
    with exact():
        return max(theirs.amount - ours.amount, ZERO)


def _in_quote(order: Ordered, fees: dict[str, Decimal], price: Decimal | None) -> Decimal | None:
    total = ZERO
    for asset, fee in fees.items():
        if asset == order.quote:
            rate: Decimal | None = Decimal(1)
        else:
            rate = price if asset == order.base else None
        if rate is None:
            return None
        with localcontext(rounded()):
            total += (fee * rate).quantize(_STEP) if rate != 1 else fee
    return total


def _share(whole: Decimal, part: Decimal, amount: Decimal) -> Decimal:
    """Return what ``part`` of ``amount`` is of ``whole``: exactly all of it for all of it."""
    if part == amount:
        return whole
    with localcontext(rounded()):
        return (whole * part / amount).quantize(_STEP)


def _ratio(whole: Decimal, amount: Decimal) -> Decimal:
    with localcontext(rounded()):
        return (whole / amount).quantize(_STEP).normalize()


def _bps(cost: Decimal, theirs: Decimal) -> Decimal | None:
    if not theirs:
        return None
    with localcontext(rounded()):
        return (cost * 10_000 / theirs).quantize(_BPS_STEP).normalize()
