"""The connector against emulators that were written from the exchanges' documentation, not from it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest

from octobot_node.contracts.exchanges import MarketDataFactory, TradingFactory
from octobot_node.errors import NotSent, OrderRefused, RequestExpired, Unresolved
from octobot_node.testing import check_market_data, check_trading
from octobot_node.testing.exchange_emulators import EMULATORS, Emulator
from octobot_node.testing.exchange_emulators.web.faults import BEFORE, Strike
from octobot_plugins.ccxt.market_data import open_market_data
from octobot_plugins.ccxt.settings import CcxtMarketSettings, CcxtTradingSettings
from octobot_plugins.ccxt.trading import CcxtTrading, open_trading
from tests.integration.plugins.ccxt.conftest import request
from tests.support.exchange_site import lent

TRADING = TradingFactory("ccxt", CcxtTradingSettings, open_trading)
MARKET_DATA = MarketDataFactory("ccxt", CcxtMarketSettings, open_market_data)
STRIKES: tuple[Strike, ...] = get_args(Strike)
#: Far below the market: it rests.
RESTS = Decimal(30_000)


@contextmanager
def beside(emulator: Emulator) -> Iterator[Emulator]:
    """Run an emulator on a loop of its own, for checks that bring theirs."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(emulator.start(), loop).result(10)
        try:
            yield emulator
        finally:
            asyncio.run_coroutine_threadsafe(emulator.stop(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def settings(emulator: Emulator) -> dict[str, Any]:
    return {
        "exchange": emulator.name,
        "base_url": emulator.url,
        "api_key": emulator.key,
        "secret": emulator.secret,
        "password": emulator.passphrase or "",
        "visibility_lag": 0,
    }


@pytest.mark.parametrize("name", EMULATORS)
def test_it_keeps_every_promise_that_the_engine_relies_on(name: str, tmp_path: Path) -> None:
    with beside(EMULATORS[name]()) as emulator:
        told = settings(emulator)
        check_trading(TRADING, lent(tmp_path), "BTC/USDT", price="30000", amount="0.01", settings=told)
        prices = {"exchange": name, "base_url": emulator.url}
        check_market_data(MARKET_DATA, lent(tmp_path), "BTC/USDT", "ETH/USDT", settings=prices)


@asynccontextmanager
async def account(name: str, folder: Path, **faults: Any) -> AsyncIterator[tuple[Emulator, CcxtTrading]]:
    emulator = EMULATORS[name](**faults)
    await emulator.start()
    # An answer that never comes is waited for so long.
    trading = open_trading(CcxtTradingSettings(**settings(emulator)), "account", lent(folder, timeout=2.0))
    try:
        # What is asked once is asked before.
        await trading.balances()
        yield emulator, trading
    finally:
        await trading.close()
        await emulator.stop()


@pytest.mark.slow
@pytest.mark.parametrize("strike", STRIKES)
@pytest.mark.parametrize("name", EMULATORS)
def test_whatever_strikes_an_order_it_leaves_once_and_what_became_of_it_is_found(
    name: str, strike: Strike, tmp_path: Path
) -> None:
    async def use() -> None:
        async with account(name, tmp_path) as (emulator, trading):
            emulator.strike(strike)
            before = sum(emulator.report().requests.values())
            with pytest.raises((NotSent, Unresolved)) as error:
                await trading.create_order(request(price=RESTS))
            assert sum(emulator.report().requests.values()) == before + 1
            there = emulator.report().orders
            assert there == (strike not in BEFORE)
            if strike == "banned":
                # By a page of whoever stands before OKX, which says nothing of an order. Nobody is let in for a while.
                assert isinstance(error.value, Unresolved) == (name == "okx")
                return
            assert isinstance(error.value, NotSent) == (strike == "rate_limited")
            if strike == "rate_limited":
                # Nothing is asked until that is over, and nothing needs to be.
                return
            found = await trading.find_order("BTC/USDT", request().client_order_id, 0)
            assert (found is not None) == bool(there)
            assert found is None or (found.status, found.price, found.amount) == ("open", RESTS, Decimal("0.01"))
            assert emulator.report().redirects_followed == 0

    asyncio.run(use())


@pytest.mark.parametrize("name", EMULATORS)
def test_a_cancel_whose_answer_is_lost_may_be_repeated(name: str, tmp_path: Path) -> None:
    async def use() -> None:
        async with account(name, tmp_path) as (emulator, trading):
            order = await trading.create_order(request(price=RESTS))
            emulator.strike("drop_after", on="cancel")
            with pytest.raises(Unresolved):
                await trading.cancel_order("BTC/USDT", order.id)
            await trading.cancel_order("BTC/USDT", order.id)
            final = await trading.order("BTC/USDT", order.id)
            assert final is not None
            assert final.status == "cancelled"

    asyncio.run(use())


@pytest.mark.parametrize("name", EMULATORS)
def test_executions_are_the_exchange_s_own_to_the_last_digit(name: str, tmp_path: Path) -> None:
    async def use() -> None:
        async with account(name, tmp_path) as (emulator, trading):
            bought = await trading.create_order(request(type="market", price=None, amount=None, spend=Decimal(25)))
            sold = await trading.create_order(
                request(client_order_id="o234567890abcdef", type="market", price=None, side="sell")
            )
            resting = await trading.create_order(request(client_order_id="o34567890abcdef0", price=RESTS))
            emulator.price("BTC/USDT", 29_000)
            fills = {each.order_id: each for each in await trading.trades(0)}
            truth = [each.trade for each in emulator.trades("main")]
            assert len(fills) == len(truth) == 3
            for real in truth:
                found = next(each for each in fills.values() if each.id == real.id and each.symbol == real.symbol)
                assert (found.amount, found.price, found.fee, found.fee_asset) == (
                    real.amount,
                    real.price,
                    real.fee,
                    real.fee_asset,
                )
                assert (found.side, found.liquidity, found.at) == (real.side, real.liquidity, real.at)
            assert set(fills) == {bought.id, sold.id, resting.id}
            final = await trading.order("BTC/USDT", bought.id)
            assert final is not None
            assert (final.status, final.filled) == ("filled", fills[bought.id].amount)

    asyncio.run(use())


@pytest.mark.parametrize("name", EMULATORS)
@pytest.mark.parametrize("drift_ms", [-20_000, 20_000])
def test_clocks_that_drift_apart_are_made_up_for(name: str, drift_ms: int, tmp_path: Path) -> None:
    async def use() -> None:
        async with account(name, tmp_path, clock_drift_ms=drift_ms) as (emulator, trading):
            await trading.create_order(request(price=RESTS))
            emulator.set(clock_drift_ms=drift_ms + 30_000)
            errors = 0
            for number in range(3):
                try:
                    await trading.create_order(request(price=RESTS, client_order_id=f"o{number}"))
                except RequestExpired:
                    errors += 1
            # Once it is refused, which is safe to repeat; then the clocks are compared anew.
            assert errors <= 1
            assert emulator.report().orders == 4 - errors
            # Half a minute apart is more than a machine's clock should be.
            _, clock = await trading.check_keys()
            assert (clock.what, clock.ok) == ("clock", drift_ms < 0)

    asyncio.run(use())


@pytest.mark.parametrize("name", EMULATORS)
def test_refusals_are_refusals_and_a_revoked_key_is_named(name: str, tmp_path: Path) -> None:
    async def use() -> None:
        async with account(name, tmp_path) as (emulator, trading):
            with pytest.raises(OrderRefused):
                await trading.create_order(request(amount=Decimal(5)))
            emulator.revoke()
            with pytest.raises(OrderRefused, match="see there whether it holds"):
                await trading.create_order(request())
            assert emulator.report().orders == 0

    asyncio.run(use())
