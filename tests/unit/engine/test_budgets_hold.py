"""Whatever the price does between a look and a fill, a budget is not overspent: what the planner promises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octobot_node import LimitOrder, MarketOrder, MarketRules, StopOrder, Ticker
from octobot_node.contracts.exchanges import Capabilities
from octobot_node.engine.ledger.book import exact
from octobot_node.limits import Limits
from octobot_node.market import Market, from_ms
from octobot_node.testing.ledger import Ledger
from octobot_plugins.paper.orders import Ending, PaperOrder, Terms, end

D = Decimal
SYMBOL = "BTC/USDT"
#: How far above what was offered at the look a buy by amount may be filled without overspending: what is reserved.
RISE = D("1.05")


@dataclass(frozen=True)
class Step:
    """A decision at a look, and what the price did until it was filled."""

    kind: str
    #: Of what is free, by the last price.
    share: Decimal
    #: What is asked, by the last price.
    spread: Decimal
    #: The price of the fill, by what was offered at the look; what goes by spend is filled at a high power of it.
    move: Decimal


STEPS = st.builds(
    Step,
    kind=st.sampled_from(["amount", "spend", "stop", "limit", "sell"]),
    # Where a rise is felt, and anywhere.
    share=st.decimals("0.8", "1.05", places=3) | st.decimals("0.01", "2", places=2),
    spread=st.sampled_from([D(1), D("1.001"), D("1.08")]),
    move=st.sampled_from([RISE, D("1.01"), D(1)]) | st.decimals("0.5", RISE, places=4),
)


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(
    budget=st.decimals("5", "5000", places=2),
    steps=st.lists(STEPS, min_size=1, max_size=6),
    takes=st.sampled_from(["amounts", "both", "spend"]),
    fee=st.sampled_from([D(0), D("0.001"), D("0.0025")]),
    fee_in=st.sampled_from(["quote", "received"]),
    least=st.sampled_from([D(0), D(5)]),
)
def test_what_is_spent_with_its_fees_is_never_above_the_budget(
    budget: Decimal, steps: list[Step], takes: str, fee: Decimal, fee_in: Any, least: Decimal
) -> None:
    capabilities = Capabilities(
        native_stops=True, post_only=True, market_spend=takes != "amounts", market_amount=takes != "spend"
    )
    rules = MarketRules(SYMBOL, "BTC", "USDT", amount_step=D("0.001"), min_notional=least, taker_fee=fee, fee_in=fee_in)
    ledger = Ledger("a", {"USDT": budget}, Limits(), capabilities, 0)
    terms = Terms("BTC", "USDT", rules.amount_step, {"taker": fee, "maker": fee}, fee_in)
    last, spent, earned = D(100), D(0), D(0)
    for tick, step in enumerate(steps, start=1):
        ask = (last * step.spread).quantize(rules.price_step)
        ticker = Ticker(SYMBOL, last, last, ask, from_ms(tick * 1_000))
        market = Market(from_ms(tick * 1_000), {SYMBOL: ticker}, {}, {SYMBOL: rules})
        ledger.plan([_order(step, last, ledger.free)], market, tick=tick, now=tick * 1_000, independent=True)
        assert all(free >= 0 for free in ledger.free.values())
        for row in ledger.live:
            filled = _fill(ledger, row, ask, step.move, terms, tick)
            spent, earned = spent + filled[0], earned + filled[1]
        assert spent <= budget + earned, step
        assert all(free >= 0 for free in ledger.free.values()), step
        assert not any(ledger.reserved.values())
        last = max((last * step.move).quantize(rules.price_step), D(1))


def _order(step: Step, last: Decimal, free: Mapping[str, Decimal]) -> Any:
    quote, base = free.get("USDT", D(0)) * step.share, free.get("BTC", D(0)) * step.share
    amount = (quote / last).quantize(D("0.001"), ROUND_DOWN) or D("0.001")
    if step.kind == "amount":
        return MarketOrder(SYMBOL, "buy", amount=amount)
    if step.kind == "spend":
        return MarketOrder(SYMBOL, "buy", spend=quote.quantize(D("0.01")) or D(1))
    if step.kind == "stop":
        return StopOrder(SYMBOL, "buy", amount, (last * step.spread).quantize(D("0.01")))
    if step.kind == "limit":
        return LimitOrder(SYMBOL, "buy", amount, last)
    return MarketOrder(SYMBOL, "sell", amount=base.quantize(D("0.001")) or D("0.001"))


def _fill(ledger: Ledger, row: Any, ask: Decimal, move: Decimal, terms: Terms, tick: int) -> tuple[Decimal, Decimal]:
    """Fill an order as the paper exchange does; return (what it took, what it brought), in quote, with the fee."""
    offered = max(ask, row.stop or ask)
    price = row.price if row.price is not None else (offered * move).quantize(D("0.01"), ROUND_DOWN)
    if row.spend is not None:
        # However far it jumps.
        price = (offered * move**20).quantize(D("0.01")) + D("0.01")
    order = PaperOrder(
        number=1, client_order_id=row.client_order_id, intent_id=row.id, symbol=row.symbol, side=row.side,
        type=row.type, amount=row.amount, spend=row.spend, price=row.price, stop=row.stop, tif=row.tif,
        post_only=False, status="open", reason="", filled=D(0), created_at=tick, ended_at=None,
    )  # fmt: skip
    _, execution = end(order, Ending(tick, "filled", price), terms)
    if execution is None:
        ledger.end(row, "refused", "it buys less than the smallest amount", tick)  # type: ignore[arg-type]
        return D(0), D(0)
    row.amount = execution.amount
    ledger.fill(row, execution.amount, price, fee=execution.fee, fee_asset=execution.fee_asset, taker=True, now=tick)
    with exact():
        moved = execution.moves["USDT"]
    return (-moved, D(0)) if moved < 0 else (D(0), moved)
