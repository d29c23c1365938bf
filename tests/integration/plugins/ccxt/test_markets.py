"""What an exchange lists is asked for once, kept in the data folder, shared by accounts, and used on when it is old."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from octobot_node.errors import DataUnavailable
from octobot_node.testing.exchange_emulators import EMULATORS
from octobot_plugins.ccxt.exchanges import VOUCHED
from octobot_plugins.ccxt.exchanges.record import ExchangeRecord
from octobot_plugins.ccxt.library import make_exchange
from octobot_plugins.ccxt.market_data import CcxtMarketData, open_market_data
from octobot_plugins.ccxt.markets import _stocked
from octobot_plugins.ccxt.settings import CcxtMarketSettings, CcxtTradingSettings
from octobot_plugins.ccxt.trading import open_trading
from tests.integration.plugins.ccxt.conftest import KEYS, market, request
from tests.support.exchange_site import Answer, Asked, Site, lent, site

NOW = 1_796_000_000_000
HOUR = 3_600_000
FILTERS = [
    {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01000000"},
    {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000", "stepSize": "0.00001000"},
    {"filterType": "NOTIONAL", "minNotional": "5.00000000", "applyMinToMarket": True},
]


class Clock:
    """A clock that a test sets."""

    virtual = True

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> int:
        return self.at

    def monotonic(self) -> float:
        return self.at / 1000


def listed(base: str, status: str = "TRADING") -> dict[str, Any]:
    told = {"symbol": f"{base}USDT", "status": status, "baseAsset": base, "quoteAsset": "USDT", "filters": FILTERS}
    return {**told, "isSpotTradingAllowed": True, "permissions": ["SPOT"], "orderTypes": ["LIMIT", "MARKET"]}


def script(asked: Asked) -> Answer:
    if asked.path.endswith("exchangeInfo"):
        return Answer({"symbols": [listed("BTC"), listed("ETH", "BREAK")]})
    if asked.path.endswith("time"):
        return Answer({"serverTime": NOW})
    return Answer({"symbol": "BTCUSDT", "orderId": 1})


def market_data(found: Site, context: Any) -> CcxtMarketData:
    return open_market_data(CcxtMarketSettings(exchange="binance", base_url=found.url), context)


def run(use: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    return asyncio.run(use())


def test_all_accounts_of_an_exchange_have_one_list_that_was_asked_for_once(tmp_path: Path) -> None:
    async def use() -> Any:
        async with site(script) as found:
            context = lent(tmp_path, Clock())
            prices = market_data(found, context)
            settings = CcxtTradingSettings(exchange="binance", base_url=found.url, **KEYS)
            accounts = [open_trading(settings, name, context) for name in ("one", "other")]
            symbols, rules = await asyncio.gather(prices.symbols(), prices.rules(["BTC/USDT", "NO/SUCH"]))
            for number, each in enumerate(accounts):
                await each.create_order(request(client_order_id=f"o{number}", expires_at=NOW + 5_000))
            lists = [each.remote._exchange.markets for each in (*accounts, accounts[0])]
            await prices.close()
            for each in accounts:
                await each.close()
            return symbols, rules, len(found.of("/api/v3/exchangeInfo")), lists[0] is lists[1] is lists[2]

    symbols, rules, times, is_shared = run(use)
    # One that is closed for now is no choice, and its rules are known all the same.
    assert symbols == ["BTC/USDT"]
    assert (times, is_shared) == (1, True)
    (btc,) = rules.values()
    assert (str(btc.price_step), str(btc.amount_step), str(btc.min_amount), str(btc.min_notional)) == (
        *("0.01", "0.00001", "0.00001", "5"),
    )


def test_a_restart_takes_the_list_from_the_data_folder_while_it_is_fresh(tmp_path: Path) -> None:
    clock = Clock()

    async def use() -> Any:
        async with site(script) as found:
            times = []
            for hours in (0, 1, 7):
                clock.at = NOW + hours * HOUR
                prices = market_data(found, lent(tmp_path, clock))
                assert await prices.symbols() == ["BTC/USDT"]
                await prices.close()
                times.append(len(found.of("/api/v3/exchangeInfo")))
            return times

    assert run(use) == [1, 1, 2]


def test_an_old_list_is_used_where_the_exchange_does_not_tell_a_new_one(tmp_path: Path) -> None:
    clock = Clock()

    async def use() -> None:
        async with site(script) as found:
            prices = market_data(found, lent(tmp_path, clock))
            await prices.symbols()
            found.script = lambda _: Answer("<html>", 503)
            clock.at = NOW + 100 * HOUR
            assert await prices.symbols() == ["BTC/USDT"]
            after_a_restart = market_data(found, lent(tmp_path, clock))
            assert await after_a_restart.symbols() == ["BTC/USDT"]
            asked = len(found.of("/api/v3/exchangeInfo"))
            # It is not asked at each look.
            await prices.symbols()
            assert len(found.of("/api/v3/exchangeInfo")) == asked
            for each in (prices, after_a_restart):
                await each.close()

    run(use)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"version": "0", "at": 1, "markets": [1], "helpers": {}}'])
def test_a_file_that_cannot_be_used_is_written_anew(tmp_path: Path, content: str) -> None:
    async def use() -> Any:
        async with site(script) as found:
            settings = CcxtMarketSettings(exchange="binance", base_url=found.url)
            context = lent(tmp_path, Clock())
            (folder := tmp_path / "cache" / "markets").mkdir(parents=True)
            place = next(iter([folder / f"{_key(settings)}.json"]))
            place.write_text(content)
            prices = market_data(found, context)
            assert await prices.symbols() == ["BTC/USDT"]
            await prices.close()
            return json.loads(place.read_text()), sorted(each.name for each in folder.iterdir()) == [place.name]

    written, nothing_else = run(use)
    assert [each["symbol"] for each in written["markets"]] == ["BTC/USDT", "ETH/USDT"]
    assert nothing_else


def _key(settings: CcxtMarketSettings) -> str:
    from octobot_plugins.ccxt import markets

    return markets._key(settings)


def test_without_any_list_prices_are_not_available(tmp_path: Path) -> None:
    async def use() -> None:
        async with site(lambda _: Answer("<html>", 503)) as found:
            prices = market_data(found, lent(tmp_path, Clock()))
            with pytest.raises(DataUnavailable, match="markets of Binance are not known yet"):
                await prices.tickers(["BTC/USDT"])
            await prices.close()

    run(use)


@pytest.mark.parametrize("record", VOUCHED, ids=lambda record: record.id)
def test_a_list_of_the_data_folder_can_be_lent(record: ExchangeRecord) -> None:
    async def nothing(*_: Any) -> None:
        raise AssertionError("nothing is asked here")

    def made() -> Any:
        basics: dict[str, Any] = {"fetch": nothing, "now": lambda: NOW, "nonce": lambda: NOW}
        return make_exchange(record, **basics, credentials={}, sandbox=False, base_url="")

    borrower = made()
    _stocked(made(), [market(record.id)], {}, NOW).lend(borrower)
    assert list(borrower.markets) == ["BTC/USDT"]


def test_kraken_s_other_names_of_its_markets_are_kept_with_them(tmp_path: Path) -> None:
    """An order there is told with another name of its market than the list has."""

    async def use() -> Any:
        async with EMULATORS["kraken"](prices={"BTC/USD": 40_000}, balances={"USD": 1_000}) as exchange:
            settings = CcxtTradingSettings(
                exchange="kraken", base_url=exchange.url, api_key=exchange.key, secret=exchange.secret
            )
            found: list[str] = []
            for _ in range(2):
                trading = open_trading(settings, "account", lent(tmp_path))
                if not found:
                    await trading.create_order(request(symbol="BTC/USD", price=request().price))
                found += [each.symbol for each in await trading.open_orders()]
                found += [each.symbol for each in await trading.trades(0)]
                await trading.close()
            return found

    assert set(run(use)) == {"BTC/USD"}
