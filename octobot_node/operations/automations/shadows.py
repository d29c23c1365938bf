"""Give an automation a shadow on paper, take it away, and tell how the two differ."""

from __future__ import annotations

from typing import Any

from octobot_node.engine.ledger.book import ZERO, exact
from octobot_node.engine.standings.counting import Counted
from octobot_node.engine.standings.standing import Standing
from octobot_node.market import from_ms
from octobot_node.operations.automations.models.shadows import (
    AddShadow,
    RemoveShadow,
    ShadowChanged,
    ShadowMoney,
    ShadowPair,
    ShadowQuote,
    ShadowReport,
    ShadowSide,
    ShowShadow,
)
from octobot_node.operations.context import OperationContext
from octobot_node.operations.lookup import automation_id
from octobot_node.operations.serializers import moment
from octobot_node.reports.shadows.drift import Drift, QuoteDrift, side_of
from octobot_node.reports.shadows.pairing import Ordered, Pair
from octobot_node.reports.shadows.report import shadow_pairs
from octobot_node.shadow_ids import shadow_of
from octobot_node.store import automations

__all__ = ["add_shadow", "remove_shadow", "show_shadow"]


def add_shadow(context: OperationContext, request: AddShadow) -> ShadowChanged:
    """Give a live automation a shadow, which begins where it stands now."""
    found = automation_id(context, request.automation)
    context.commands.add_shadow(found, revision=request.revision, by=context.by)
    context.hurry()
    note = "from its next look on both decide by themselves: one on its exchange, one on paper"
    return ShadowChanged(automation=_name(context, found), id=found, shadow=True, note=note)


def remove_shadow(context: OperationContext, request: RemoveShadow) -> ShadowChanged:
    """Take an automation's shadow away, with all that is known of it."""
    found = automation_id(context, request.automation)
    context.commands.remove_shadow(found, revision=request.revision, by=context.by)
    context.hurry()
    note = "what rests of it on paper is cancelled, then it is deleted with all that is known of it"
    return ShadowChanged(automation=_name(context, found), id=found, shadow=False, note=note)


def show_shadow(context: OperationContext, request: ShowShadow) -> ShadowReport:
    """Tell how an automation differs from its shadow: orders in pairs, what those come to, and the money of both."""
    found = automation_id(context, request.automation)
    core, now = context.core, context.core.clock.now()
    with core.storage.read() as connection:
        (row,) = automations.get_all(connection, [found])
        shadow = automations.shadows_of(connection, [found]).get(found)
        account = automations.account(connection, row.account_id)
        observing = account is not None and account.mode == "observe"
        if shadow is None:
            return ShadowReport(
                automation=row.name, id=found, shadow=False, began_at=None, status=None, reason="",
                observing=observing, as_of=from_ms(now), compared_since=None, money=[], quotes=[], orders=[],
                left_out=0,
            )  # fmt: skip
        pairs = shadow_pairs(connection, found, shadow.id, shadow.created_at)
        standings = core.standings.of(connection, [found, shadow.id])
    source = core.accounts.get(row.account_id).source if core.accounts.why_closed(row.account_id) is None else ""
    money, as_of = _money(context, standings[found], standings[shadow_of(found)], source)
    newest = list(reversed(pairs.pairs))[: request.orders]
    return ShadowReport(
        automation=row.name,
        id=found,
        shadow=True,
        began_at=moment(shadow.created_at),
        status=shadow.status,
        reason=shadow.reason,
        observing=observing,
        as_of=from_ms(as_of),
        compared_since=moment(pairs.since),
        money=money,
        quotes=[_quote(each) for each in pairs.quotes],
        orders=[_pair(pair, drift) for pair, drift in newest],
        left_out=len(pairs.pairs) - len(newest),
    )


def _name(context: OperationContext, found: str) -> str:
    with context.core.storage.read() as connection:
        return next((row.name for row in automations.get_all(connection, [found])), found)


def _money(context: OperationContext, live: Standing, paper: Standing, source: str) -> tuple[list[ShadowMoney], int]:
    prices = context.core.standings.prices
    counted = [*live.counted, *paper.counted]
    wanted = {(source, symbol) for each in counted for pair in each.held for symbol in pair if symbol}
    prices.want(wanted)
    price = prices.of_source(source)
    rows = []
    for asset in dict.fromkeys(each.asset for each in counted):
        ours, theirs = _of(live, asset), _of(paper, asset)
        worths = ours.equity(price), theirs.equity(price)
        with exact():
            pnl = None
            if worths[0] is not None and worths[1] is not None:
                # What one was given beyond the other is nothing that it gained.
                pnl = (worths[0] - ours.start) - (worths[1] - theirs.start)
            fees = live.fees.get(asset, ZERO), paper.fees.get(asset, ZERO)
            rows.append(
                ShadowMoney(
                    asset=asset,
                    live_equity=worths[0],
                    paper_equity=worths[1],
                    pnl=pnl,
                    live_realised=ours.realised,
                    paper_realised=theirs.realised,
                    realised=ours.realised - theirs.realised,
                    live_fees=fees[0],
                    paper_fees=fees[1],
                    fees=fees[0] - fees[1],
                )
            )
    return rows, prices.as_of(list(wanted))


def _of(standing: Standing, asset: str) -> Counted:
    return next((each for each in standing.counted if each.asset == asset), Counted(asset))


def _quote(each: QuoteDrift) -> ShadowQuote:
    counts = ("pairs", "both", "missed", "live_only", "waits", "unknown", "live_alone", "paper_alone", "fee_unknown")
    return ShadowQuote(
        asset=each.asset,
        **{name: getattr(each, name) for name in counts},
        missed_cost=each.missed_cost,
        slippage=each.slippage_cost,
        slippage_bps=each.slippage_bps,
        fee=each.fee,
        later_ms=each.later_ms,
    )


def _pair(pair: Pair, drift: Drift) -> ShadowPair:
    order = pair.live or pair.paper
    assert order is not None
    given: dict[str, Any] = {"side": order.side, "outcome": drift.outcome.value}
    return ShadowPair(
        at=from_ms(pair.at),
        symbol=order.symbol,
        type=order.type,
        tag=order.tag,
        live=_side(pair.live),
        paper=_side(pair.paper),
        slippage=drift.slippage,
        slippage_cost=drift.slippage_cost,
        slippage_bps=drift.slippage_bps,
        fee=drift.fee,
        later_ms=drift.later_ms,
        short=drift.short,
        **given,
    )


def _side(order: Ordered | None) -> ShadowSide | None:
    if order is None:
        return None
    found = side_of(order)
    return ShadowSide(
        id=order.id,
        status=order.status.value,
        reason=order.reason,
        filled=found.amount,
        price=found.price,
        fees=found.fees,
        filled_at=moment(found.filled_at),
    )
