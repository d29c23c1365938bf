"""The automation: single ticks, odd markets, and the real engine on candles of the past."""

from __future__ import annotations

from decimal import Decimal

from octobot_node import LimitOrder, MarketOrder, Notify
from octobot_node.testing import AutomationTest, check_automation, replay

from octobot_tentacle_hello import Hello

CONFIG = {"symbol": "BTC/USD", "spend": "100", "profit": "1", "pause": "1m"}
D = Decimal


def bought() -> AutomationTest:
    """Return one that has bought at 100 and whose sale rests."""
    trade = AutomationTest(Hello, {**CONFIG, "rounds": 2}, budget={"USD": 1000})
    trade.price("BTC/USD", 100)
    assert trade.tick().orders == [MarketOrder("BTC/USD", "buy", spend=D(100), tag="buy")]
    trade.fill("buy")
    trade.tick()
    return trade


def test_it_holds_in_every_market() -> None:
    check_automation(Hello, CONFIG, {**CONFIG, "symbol": "ETH/USD", "rounds": 2}, examples=30, one_at_a_time=True)


def test_the_sale_rests_a_profit_above_the_cost_with_its_fee() -> None:
    trade = bought()
    # 1 BTC less the fee of 0.1 %, for 100 USD: 100.1001 each.
    assert trade.decisions[-1].orders == [LimitOrder("BTC/USD", "sell", D("0.999"), D("101.11"), tag="sell")]


def test_a_sale_ends_the_round_with_a_greeting_and_the_next_begins_as_planned() -> None:
    trade = bought()
    trade.fill("sell")
    assert trade.tick().orders == []
    assert trade.notices == [Notify("hello: round 1 is sold; realised so far: 0.91 USD")]
    assert trade.next_run is not None
    (again,) = trade.run_until_idle(until=trade.next_run)
    assert again.orders == [MarketOrder("BTC/USD", "buy", spend=D(100), tag="buy")]


def test_after_its_rounds_it_is_done() -> None:
    trade = bought()
    trade.fill("sell")
    trade.tick()
    trade.advance(minutes=1)
    trade.tick()
    trade.fill("buy")
    trade.tick()
    trade.fill("sell")
    assert trade.tick().done
    assert trade.status == "completed"
    assert trade.figures == {"rounds": "2"}


def test_what_is_refused_waits_for_the_plan() -> None:
    trade = bought()
    trade.refuse("sell", "insufficient funds")
    assert trade.tick().orders == []
    trade.advance(minutes=1)
    assert [order.tag for order in trade.tick().orders if isinstance(order, LimitOrder)] == ["sell"]


def test_nothing_is_sent_while_an_outcome_is_unknown() -> None:
    trade = bought()
    trade.unknown("sell")
    trade.advance(minutes=1)
    assert trade.tick().orders == []


def test_a_replay_makes_its_rounds() -> None:
    closes = [100, 100, 102, 100, 100, 102, 100]
    result = replay(Hello, {**CONFIG, "rounds": 2}).candles("BTC/USD", closes=closes).budget(USD=1000).run()
    assert [(fill.side, fill.price) for fill in result.fills] == [
        ("buy", D(100)),
        ("sell", D("101.11")),
        ("buy", D(102)),
    ]
