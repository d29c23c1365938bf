"""Accounts on exchanges that speak the real protocols, as rules change, money goes and doors close."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from octobot_node.clock import SystemClock
from octobot_node.contracts.exchanges import ExchangeOrder, ExchangeTrade, LookUp, OrderRequest
from octobot_node.errors import NotSent, OrderRefused, Unresolved
from octobot_node.testing.exchange_emulators import EMULATORS, Emulator
from octobot_plugins.ccxt.exchanges.record import Wire
from octobot_plugins.ccxt.settings import CcxtTradingSettings
from octobot_plugins.ccxt.trading import CcxtTrading, open_trading
from tests.integration.plugins.ccxt.conftest import request as of
from tests.support.exchange_site import lent

SYMBOLS = {"binance": "BTC/USDT", "kraken": "BTC/USD", "okx": "BTC/USDT"}
_DIGITS = Decimal("0.00000001")
HISTORY = "/0/private/TradesHistory"
ALL = pytest.mark.parametrize("name", sorted(EMULATORS))


@dataclass
class Live:
    """An emulator and how to open accounts on it."""

    exchange: Emulator
    symbol: str
    open: Callable[[], Any]

    def order(self, client_id: str = "o1234567890abcdef", **given: Any) -> OrderRequest:
        """Return a limit buy that rests."""
        late = SystemClock().now() + 40_000
        basic = {"symbol": self.symbol, "client_order_id": client_id, "price": Decimal(39_000), "expires_at": late}
        return of(**{**basic, **given})


@asynccontextmanager
async def live(name: str, folder: Path) -> AsyncIterator[Live]:
    """Start an emulator that no limit of its own slows down."""
    symbol = SYMBOLS[name]
    money = {symbol.partition("/")[2]: 100_000, "BTC": 1}
    async with EMULATORS[name](prices={symbol: 40_000}, balances=money) as exchange:

        @asynccontextmanager
        async def opened() -> AsyncIterator[CcxtTrading]:
            keys = {"api_key": exchange.key, "secret": exchange.secret, "password": exchange.passphrase}
            settings = CcxtTradingSettings(exchange=name, base_url=exchange.url, **keys)
            trading = open_trading(settings, "account", lent(folder, timeout=20.0))
            try:
                yield trading
            finally:
                await trading.close()

        yield Live(exchange, symbol, opened)


async def came_of(trading: CcxtTrading, request: OrderRequest) -> ExchangeOrder | Exception:
    """Return the order, or what was said instead."""
    try:
        return await trading.create_order(request)
    except Exception as error:
        return error


def _halve_the_steps(exchange: Emulator, symbol: str) -> None:
    exchange.change(symbol, min_amount="0.5")


def _take_the_money(exchange: Emulator, symbol: str) -> None:
    exchange.deposit({symbol.partition("/")[2]: -100_000})


def _close_the_market(exchange: Emulator, symbol: str) -> None:
    exchange.change(symbol, status="halted")


def _revoke(exchange: Emulator, _symbol: str) -> None:
    exchange.revoke()


def _shut(exchange: Emulator, _symbol: str) -> None:
    exchange.set(maintenance="down")


@ALL
@pytest.mark.parametrize(
    ("happens", "errors"),
    [
        pytest.param(_halve_the_steps, (OrderRefused,), id="filters changed"),
        pytest.param(_take_the_money, (OrderRefused,), id="no money"),
        pytest.param(_close_the_market, (OrderRefused, NotSent, Unresolved), id="market closed"),
        pytest.param(_revoke, (OrderRefused, NotSent), id="key revoked"),
        pytest.param(_shut, (NotSent, Unresolved), id="maintenance"),
    ],
)
def test_what_an_exchange_will_not_do_is_told_and_nothing_is_there(
    name: str, tmp_path: Path, happens: Callable[[Emulator, str], None], errors: tuple[type[Exception], ...]
) -> None:
    async def scene() -> None:
        async with live(name, tmp_path) as at, at.open() as trading:
            await trading.balances()
            happens(at.exchange, at.symbol)
            assert isinstance(await came_of(trading, at.order()), errors)
            assert at.exchange.orders() == []

    asyncio.run(scene())


def _money(trade: ExchangeTrade) -> tuple[Any, ...]:
    # Where each market counts its orders by itself, ours have the market's name before the number.
    number = trade.order_id.removeprefix("BTCUSDT-")
    return trade.id, number, trade.amount, trade.price, trade.cost, trade.fee, trade.fee_asset


def _rounded(balances: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return {asset: total.quantize(_DIGITS) for asset, total in balances.items() if total}


@ALL
def test_what_an_account_says_it_did_is_what_the_exchange_has(name: str, tmp_path: Path) -> None:
    async def scene() -> None:
        async with live(name, tmp_path) as at, at.open() as trading:
            await trading.balances()
            at.exchange.set(parts=3)
            market: dict[str, Any] = {"type": "market", "price": None, "amount": None, "spend": Decimal(500)}
            bought = await trading.create_order(at.order("o000000000000001", **market))
            resting = await trading.create_order(at.order("o000000000000002"))
            again: Any = await came_of(trading, at.order("o000000000000002"))
            # What Kraken says of an id that is taken is documented nowhere: nothing need be made of it.
            assert (name == "kraken" and isinstance(again, Unresolved)) or again.id == resting.id
            gone = await trading.create_order(at.order("o000000000000003"))
            await trading.cancel_order(at.symbol, gone.id)
            await trading.cancel_order(at.symbol, gone.id)
            assert [order.id for order in await trading.open_orders()] == [resting.id]
            at.exchange.price(at.symbol, 38_000)
            for placed, status in ((bought, "filled"), (resting, "filled"), (gone, "cancelled")):
                found = await trading.order(at.symbol, placed.id)
                assert found is not None
                assert found.status == status
            told, true = await trading.trades(0), at.exchange.trades()
            assert len(true) == 6
            assert sorted(map(_money, told)) == sorted(_money(each.trade) for each in true)
            # Some balances are told with eight digits; what is behind them is known to whoever moved the money.
            assert _rounded(await trading.balances()) == _rounded(at.exchange.balances())

    asyncio.run(scene())


def test_what_kraken_made_of_many_orders_is_known_by_few_questions_within_its_limits(tmp_path: Path) -> None:
    """As after a crash: ten that rest, ten that were executed, ten that never came; one ended under a known id."""

    async def scene() -> None:
        async with live("kraken", tmp_path) as at, at.open() as trading, at.open() as after:
            began = SystemClock().now()
            ids = [f"o{number:017x}" for number in range(30)]
            known = [await trading.create_order(at.order(each, amount=Decimal("0.001"))) for each in ids[:10]]
            for each in ids[10:20]:
                await trading.create_order(at.order(each, amount=Decimal("0.001"), type="market", price=None))
            await trading.cancel_order(at.symbol, known[9].id)
            # A burst may have taken more nonces than milliseconds; any new start comes later than that.
            await asyncio.sleep(0.1)
            await after.remote.ready()
            at.exchange.limit(counter=20, pair=1_000)
            before = at.exchange.report().requests
            asked = [LookUp(at.symbol, each, began - 2_000) for each in ids]
            ended = LookUp(at.symbol, ids[9], began, order_id=known[9].id)
            found = await after.look_up([*asked, ended])
            assert [getattr(found[each], "status", None) for each in asked] == [
                *["open"] * 9,
                "cancelled",
                *["filled"] * 10,
                *[None] * 10,
            ]
            assert (found[ended], found[asked[0]].id) == (found[asked[9]], known[0].id)
            requests = at.exchange.report().requests
            more = {path: count - before.get(path, 0) for path, count in requests.items()}
            assert {path.rpartition("/")[2]: count for path, count in more.items() if count} == {
                "OpenOrders": 1,
                "ClosedOrders": 1,
                "QueryOrders": 1,
            }

    asyncio.run(scene())


def test_an_open_order_that_shifting_pages_left_out_is_not_taken_for_one_that_never_was(tmp_path: Path) -> None:
    """As where an order of Kraken's first page ends before its second one is told."""

    async def scene() -> None:
        async with live("kraken", tmp_path) as at, at.open() as trading:
            at.exchange.limit(counter=10**9, pair=10**9)
            ids = [f"o{number:017x}" for number in range(70)]
            for each in ids[:69]:
                await trading.create_order(at.order(each, amount=Decimal("0.001")))
            ask = trading.remote.ask

            async def in_pages(wire: Any) -> Any:
                body = await ask(wire)
                if wire.path == "OpenOrders" and "cl_ord_id" not in wire.params:
                    start = int(wire.params.get("ofs", 0))
                    told = list(body["result"]["open"].items())
                    # The one at the edge is in neither page.
                    body["result"]["open"] = dict(told[:50] if start == 0 else told[start + 1 :])
                return body

            trading.remote.ask = in_pages
            asked = [LookUp(at.symbol, each, 0) for each in ids]
            found = await trading.look_up(asked)
            assert [found[each] is not None for each in asked] == [True] * 69 + [False]

    asyncio.run(scene())


def test_kraken_s_executions_are_read_to_the_last_one_though_as_many_come_meanwhile(tmp_path: Path) -> None:
    """As on a busy account, which may read a page in six seconds: of pages that shift none may be the last."""

    async def scene() -> None:
        async with live("kraken", tmp_path) as at, at.open() as trading:
            await trading.balances()
            at.exchange.set(parts=25)
            at.exchange.limit(counter=10**9, pair=10**9)
            placed = count()

            async def trade_fifty() -> None:
                for _ in range(2):
                    name = f"o{next(placed):017x}"
                    await trading.create_order(at.order(name, type="market", price=None, amount=Decimal("0.01")))

            for _ in range(2):
                await trade_fifty()
            known = {each.trade.id for each in at.exchange.trades()}
            ask, asked = trading.remote.ask, count()

            async def one_page_at_a_time(wire: Wire) -> Any:
                if wire.path == "TradesHistory" and next(asked) % 2:
                    raise NotSent("nothing more may be asked", retry_after=6)
                return await ask(wire)

            trading.remote.ask = one_page_at_a_time
            for _ in range(2):
                with pytest.raises(NotSent):
                    await trading.trades(0)
                await trade_fifty()
            trading.remote.ask = ask
            before = at.exchange.report().requests[HISTORY]
            told = [each.id for each in await trading.trades(0)]
            assert (len(told), set(told)) == (len(known), known)
            # Both pages were read before: that there is no third one is all that is left to see.
            assert at.exchange.report().requests[HISTORY] - before == 1
            # What came meanwhile is told from the newest of those on.
            newest = max(each.trade.at for each in at.exchange.trades() if each.trade.id in known)
            more = {each.id for each in await trading.trades(newest)}
            assert {each.trade.id for each in at.exchange.trades()} == known | more

    asyncio.run(scene())
