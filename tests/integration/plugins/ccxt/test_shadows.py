"""A live automation beside its shadow, on an exchange that speaks Binance: the drift is what was made of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from octobot_node import Decision, LimitOrder, MarketOrder, Tick, Wake
from octobot_node.engine.commands.commands import NewAccount, NewAutomation
from octobot_node.orders import OrderAction
from octobot_node.shadow_ids import shadow_of
from octobot_node.testing.exchange_emulators import BinanceEmulator
from tests.integration.engine.conftest import bench, make_bench, registry, template
from tests.integration.operations.conftest import Office
from tests.integration.plugins.ccxt.test_every_strike import beside, settings
from tests.support.bench import Bench

__all__ = ["bench", "make_bench", "registry", "template"]

BTC = "BTC/USDT"
D = Decimal


def decide(tick: Tick[Any, Any]) -> Decision:
    """Buy at market, then at the look's own offer or not at all, then let one rest."""
    wake = Wake(every=timedelta(minutes=1), align=True)
    if tick.scheduled_at is None:
        return Decision(wake=wake)
    ask = tick.market.ticker(BTC).ask
    orders: list[OrderAction] = [
        MarketOrder(BTC, "buy", amount=D("0.5"), tag="market"),
        LimitOrder(BTC, "buy", amount=D("0.1"), price=ask, tif="ioc", tag="now or never"),
    ]
    done = tick.state or 0
    return Decision(orders=orders if done < 1 else [], state=done + 1, wake=wake)


@pytest.mark.parametrize("make_bench", ["sqlite"], indirect=True)
def test_fills_that_are_worse_by_a_known_price_are_told_as_worse_by_that(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(egress_allow_private=True, hub_deadline=60)
    office = Office(bench)
    emulator = BinanceEmulator(prices={BTC: 40_000}, balances={"USDT": 100_000}, clock=bench.clock.now)
    with beside(emulator):
        prices = {"exchange": "binance", "base_url": emulator.url}
        account = bench.commands.create_account(NewAccount("binance", "ccxt", "ccxt", prices, settings(emulator)))
        bench.type.scripts["bot"] = decide
        new = NewAutomation("bot", "tests.scripted", account, {"USDT": D(50_000)}, {"who": "bot"}, shadow=True)
        bot = bench.commands.create(new)
        bench.tick()
        # Between the look and the orders' arrival it went up by 100: by 25 basis points, less a tick's part.
        emulator.price(BTC, 40_100)
        bench.send()
        for _ in range(2):
            bench.advance(1_000)
            for each in (account, shadow_of(account)):
                bench.event_loop.call(bench.watcher.watch(each))
            bench.settle()
        report = office.do("shadows.show", automation="bot")
        assert emulator.report().orders == 2
        assert {row.automation_id for row in bench.intents() if row.account_id == account} == {bot}
        bench.event_loop.call(bench.core.accounts.close())
    missed, bought = report.orders
    assert (bought.tag, bought.outcome, bought.live.price, bought.paper.price) == (
        "market", "both", D("40100.01"), D("40000.01"),
    )  # fmt: skip
    assert (bought.slippage, bought.slippage_cost, bought.slippage_bps) == (D(100), D(50), D("25"))
    # Each paid 0.1 % of what it bought, in BTC: in USDT that is more where the price was higher.
    assert bought.live.fees == bought.paper.fees == {"BTC": D("0.0005")}
    assert bought.fee == D("0.05")
    assert (missed.tag, missed.outcome, missed.live.status, missed.short) == (
        "now or never", "missed", "expired", D("0.1"),
    )  # fmt: skip
    (sums,) = report.quotes
    assert (sums.asset, sums.pairs, sums.both, sums.missed) == ("USDT", 2, 1, 1)
    assert (sums.slippage, sums.missed_cost, sums.fee) == (D(50), D("4000.001"), D("0.05"))
    (money,) = [each for each in report.money if each.asset == "USDT"]
    # Paper has a tenth of a BTC more, bought for 4000.001 of money that live still has.
    assert (money.live_fees, money.paper_fees) == (D(0), D(0))
    assert money.pnl is not None
