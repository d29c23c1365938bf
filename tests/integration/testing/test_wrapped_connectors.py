"""A connector around paper trading: what it does not change is as without it, in replays and live."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from octobot_node.contracts.exchanges import (
    Budgeted,
    ConnectorContext,
    ExchangeTrade,
    Fees,
    KnownFees,
    MarketDataFactory,
    SymbolList,
    TradingFactory,
)
from octobot_node.contracts.replays import ForeseenFills, PassedOrders
from octobot_node.contracts.wrapping import WrappedMarketData, WrappedTrading
from octobot_node.engine.commands.commands import NewAccount
from octobot_node.testing import replay
from octobot_node.testing.past import PastReplay
from octobot_tentacles.dca.automation import Dca
from tests.integration.engine.conftest import make_bench, registry, template
from tests.support.bench import Bench

__all__ = ["make_bench", "registry", "template"]

CLOSES = [100, 98, 95, 97, 103, 110, 104, 99, 101, 108, 115, 109]
CONFIG = {"symbol": "BTC/USD", "amount": 100, "every": "1h", "take_profit": 5}


class CommissionSettings(BaseModel):
    commission: Decimal = Decimal(0)
    balances: dict[str, Decimal] = {}


class Commission(WrappedTrading):
    """Charges a commission in quote, on top of what paper charges there."""

    def __init__(self, inner: Any, commission: Decimal) -> None:
        super().__init__(inner)
        self._commission = commission

    def fees(self, symbol: str) -> Fees:
        ratio = Decimal("0.001") + self._commission
        return Fees(taker=ratio, maker=ratio, fee_in="quote")

    async def trades(self, since: int) -> Sequence[ExchangeTrade]:
        found = await self.inner.trades(since)
        return [replace(trade, fee=trade.fee + trade.cost * self._commission) for trade in found]


def open_commission(settings: CommissionSettings, _account: str, context: ConnectorContext) -> Commission:
    paper = context.trading("paper", {"balances": settings.balances, "fee": "0.001", "fee_in": "quote"})
    return Commission(paper, settings.commission)


COMMISSION = TradingFactory("commission", CommissionSettings, open_commission, simulated=True)


def through(trading: Callable[[PastReplay], PastReplay]) -> Any:
    return trading(replay(Dca, CONFIG).candles("BTC/USD", closes=CLOSES)).budget(USD=1000).run()


def test_a_wrapper_that_changes_nothing_replays_as_what_it_wraps() -> None:
    plain = through(lambda described: described.trading(fee="0.001", fee_in="quote"))
    wrapped = through(lambda described: described.connector(COMMISSION))
    assert len(plain.fills) > 5
    assert [replace(fill, id="", order_id="") for fill in wrapped.fills] == [
        replace(fill, id="", order_id="") for fill in plain.fills
    ]
    assert wrapped.equity == plain.equity


def test_a_commission_on_top_is_paid_and_no_budget_overspent() -> None:
    found = through(lambda described: described.connector(COMMISSION, commission="0.01"))
    assert {fill.fee / fill.cost for fill in found.fills} == {Decimal("0.011")}
    assert all(worth > 0 for _, worth in found.equity)


class Bare:
    """A connector that has only what each must have."""

    capabilities = None


def test_a_wrapper_offers_what_the_inner_one_does_and_nothing_else(make_bench: Callable[..., Bench]) -> None:
    bare: Any = WrappedTrading(Bare())  # type: ignore[arg-type]  # it is never asked
    offered = (Budgeted, KnownFees, ForeseenFills, PassedOrders)
    assert [isinstance(bare, each) for each in offered] == [False, False, False, False]
    bench = make_bench()
    fake = bench.core.accounts.get(bench.account)
    lists: Any = WrappedMarketData(bench.market)
    assert (isinstance(lists, SymbolList), lists.lists_all) == (True, True)
    assert isinstance(lists, WrappedMarketData)
    assert isinstance(WrappedTrading(fake.trading), WrappedTrading)


def test_a_connector_is_opened_for_the_same_account_and_never_inside_itself(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()

    def open_itself(settings: Any, _account: str, context: ConnectorContext) -> Any:
        return context.trading("loop", {})

    def open_of_market_data(settings: Any, context: ConnectorContext) -> Any:
        return context.trading("fake", {})

    loop = TradingFactory("loop", CommissionSettings, open_itself, simulated=True)
    odd = MarketDataFactory("odd", CommissionSettings, open_of_market_data)
    registry = replace(
        bench.registry,
        trading={**bench.registry.trading, "loop": loop, "commission": COMMISSION},
        market_data={**bench.registry.market_data, "odd": odd},
    )
    bench.core.accounts.lender = replace(bench.core.accounts.lender, registry=registry)

    def add(name: str, data: str, trading: str) -> str:
        return str(bench.commands.add_account(NewAccount(name, data, trading, {}, {})))

    closed = bench.core.accounts.why_closed(add("one", "fake", "loop"))
    assert closed is not None
    assert closed.reason.endswith("loop around loop: a connector cannot be inside itself")
    closed = bench.core.accounts.why_closed(add("two", "odd", "fake"))
    assert closed is not None
    assert closed.reason.endswith("odd is market data, of no account, and opens no trading connector")
    opened = bench.core.accounts.get(add("three", "fake", "commission"))
    assert opened.fees(["BTC/USDT"])["BTC/USDT"].taker == Decimal("0.001")
