"""What is asked of an exchange passes the gates that all accounts and nodes share."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from octobot_node.clock import VirtualClock
from octobot_node.contracts.exchanges import RequestBudget, RequestLimit
from octobot_node.errors import NotSent
from octobot_node.testing.fakes import OpenGate
from octobot_plugins.ccxt.exchanges import record_of
from octobot_plugins.ccxt.exchanges.record import Wire
from octobot_plugins.ccxt.library import make_exchange
from octobot_plugins.ccxt.market_data import open_market_data
from octobot_plugins.ccxt.pacing import Pace
from octobot_plugins.ccxt.settings import CcxtMarketSettings, CcxtTradingSettings
from tests.integration.plugins.ccxt.conftest import Open, request
from tests.support.exchange_site import Answer, Asked

NOW = 1_767_225_600_000


class Lent:
    """Gates, and who asked for them."""

    def __init__(self) -> None:
        self.clock = VirtualClock(NOW)
        self.gates: list[tuple[RequestLimit, str, OpenGate]] = []

    def request_gate(self, limit: RequestLimit, key: str = "") -> OpenGate:
        self.gates.append((limit, key, OpenGate(limit, self.clock)))
        return self.gates[-1][2]


def pace_of(name: str, lent: Lent, *, private: bool = False, sandbox: bool = False) -> Pace:
    record = record_of(name)
    keys: dict[str, Any] = {"api_key": "k3y", "secret": "c2VjcmV0", "password": "w0rd"} if private else {}
    kind = CcxtTradingSettings if private else CcxtMarketSettings
    exchange = make_exchange(
        record, fetch=_nothing, now=lambda: NOW, nonce=lambda: 1, credentials={}, sandbox=False, base_url=""
    )
    return Pace(record, exchange, kind(exchange=name, sandbox=sandbox, **keys), lent)  # type: ignore[arg-type]


async def _nothing(*_: Any, **__: Any) -> Any:
    raise AssertionError("nothing is asked here")


def test_a_minute_of_binance_is_what_its_documentation_says() -> None:
    lent = Lent()
    pace = pace_of("binance", lent)
    limit, _, gate = lent.gates[0]
    assert limit == RequestLimit("binance", "requests", 1_200, 60.0, "address")
    # B-rest: 6,000 a minute; the weights of exchangeInfo, an order, the open orders of all markets and of one.
    weights = [
        pace.cost(Wire("exchangeInfo", ("public",), method="GET")),
        pace.cost(Wire("order")),
        pace.cost(Wire("openOrders", method="GET")),
        pace.cost(Wire("openOrders", method="GET", params={"symbol": "BTCUSDT"})),
    ]
    assert [weight * 5 for weight in weights] == [20, 1, 80, 6]
    # The prices of so many symbols, which ccxt counts as those of one.
    symbols = [json.dumps([f"C{number}USDT" for number in range(count)]) for count in (1, 20, 21, 100, 101)]
    asked = [Wire("ticker/24hr", ("public",), method="GET", params={"symbols": each}) for each in symbols]
    assert [pace.cost(each) * 5 for each in asked] == [2, 2, 40, 40, 80]
    pace.told((RequestBudget("weight a minute", 6_000, 1_500),))
    assert gate.taken == 900


@pytest.mark.parametrize(
    ("name", "per"), [("kraken", "key"), ("okx", "key"), ("binance", "address"), ("gate", "address")]
)
def test_private_requests_count_as_the_exchange_counts_them(name: str, per: str) -> None:
    lent = Lent()
    pace_of(name, lent, private=True)
    pace_of(name, lent)
    private, public = lent.gates
    assert (private[0].per, private[1]) == (per, "k3y")
    assert (public[0].per, public[1]) == ("address", "")


def test_a_key_of_kraken_may_ask_fifteen_at_once_and_one_in_three_seconds() -> None:
    lent = Lent()
    pace_of("kraken", lent, private=True)
    pace = pace_of("kraken", lent)
    private, public = (limit for limit, _, _ in lent.gates)
    assert (private.burst, private.weight / private.seconds, public.burst) == (45, 1.0, 0)
    costs = [pace.cost(Wire(each)) for each in ("OpenOrders", "ClosedOrders", "TradesHistory", "AddOrder")]
    assert costs == [3, 3, 6, 0]


def test_a_test_network_has_limits_of_its_own() -> None:
    lent = Lent()
    pace_of("binance", lent, sandbox=True)
    assert lent.gates[0][0].exchange == "binance sandbox"


def test_ccxts_own_methods_and_ours_pass_the_same_gate_and_a_pause_is_everybodys() -> None:
    lent = Lent()
    pace = pace_of("kraken", lent)
    gate = lent.gates[0][2]

    async def go() -> None:
        await pace.throttle(2.5)
        await pace.throttle(None)
        await pace.take(1.5)
        assert gate.taken == 5
        await pace.shut(None)
        with pytest.raises(NotSent) as caught:
            await pace.take(1, urgent=True)
        assert caught.value.retry_after == 5.0

    asyncio.run(go())


@pytest.mark.parametrize("name", ["coinbase", "poloniex"])
def test_an_order_that_waited_too_long_for_its_turn_is_not_sent(
    name: str, bench: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sent it may ask about it by then, and nobody may find that it was not there yet."""
    clock = VirtualClock(NOW)

    async def slowly(_gate: OpenGate, _weight: float = 1.0, *, urgent: bool = False) -> None:
        del urgent
        clock.advance_to(clock.now() + 6_000)

    monkeypatch.setattr(OpenGate, "take", slowly)

    async def go() -> None:
        async with bench(name, lambda _: Answer({}), clock) as opened:
            assert not opened.trading.capabilities.request_expiry
            with pytest.raises(NotSent, match="its time to be sent ran out"):
                await opened.trading.create_order(request(expires_at=NOW + 5_000))
            assert opened.site.asked == []

    asyncio.run(go())


def test_executions_of_which_only_some_may_be_asked_for_now_are_gone_on_with_later(
    bench: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else what an exchange lets be asked would always be used up by the first pages."""
    rows = {
        f"T{number}": {
            "ordertxid": f"O{number}",
            "pair": "XBTUSDT",
            "time": (NOW - number) / 1_000,
            "type": "buy",
            "ordertype": "limit",
            "price": "40000",
            "cost": "40",
            "fee": "0.1",
            "vol": "0.001",
        }
        for number in range(120)
    }

    def answer(asked: Asked) -> Answer:
        begin = int(asked.params.get("ofs", 0))
        page = dict(list(rows.items())[begin : begin + 50])
        return Answer({"error": [], "result": {"trades": page, "count": 120}})

    passes = iter([True, False, True, False, True])

    async def sometimes(_gate: OpenGate, _weight: float = 1.0, *, urgent: bool = False) -> None:
        del urgent
        if not next(passes):
            raise NotSent("too much", retry_after=5.0)

    monkeypatch.setattr(OpenGate, "take", sometimes)

    async def go() -> None:
        async with bench("kraken", answer, VirtualClock(NOW)) as opened:
            for _ in range(2):
                with pytest.raises(NotSent):
                    await opened.trading.trades(NOW - 60_000)
            assert len(await opened.trading.trades(NOW - 60_000)) == 120
            assert len(opened.site.asked) == 3

    asyncio.run(go())


def test_what_prices_candles_polling_and_orders_take_is_said_beforehand(bench: Open) -> None:
    async def costs(name: str) -> list[tuple[float, float] | None]:
        async with bench(name, lambda _: Answer({}), VirtualClock(NOW)) as opened:
            found = [await opened.trading.request_cost(what) for what in ("polling", "orders", "tickers")]
            market = open_market_data(CcxtMarketSettings(exchange=name), opened.context)
            found += [await market.request_cost("tickers", 50), await market.request_cost("candles")]
            await market.close()
            assert opened.site.asked == []
            return [None if each is None else (each.requests, round(each.weight, 3)) for each in found]

    # Binance's in fifths of its weight; Kraken's in thirds of a point, orders apart.
    assert asyncio.run(costs("binance")) == [(1, 1.2), (1, 0.2), None, (1, 8.0), (1, 1.0)]
    assert asyncio.run(costs("kraken")) == [(1, 3.0), (1, 0.0), None, (1, 1.0), (1, 1.0)]
