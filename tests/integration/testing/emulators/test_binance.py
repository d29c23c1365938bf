"""The emulator of Binance, asked as Binance's documentation says."""

from __future__ import annotations

import asyncio
import time
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from octobot_node.testing.exchange_emulators import BinanceEmulator
from octobot_node.testing.exchange_emulators.binance.security import check_signature, signed_payload
from octobot_node.testing.exchange_emulators.core.accounts import ApiKey
from octobot_node.testing.exchange_emulators.web.call import Call
from tests.integration.testing.emulators.conftest import NOON, PlayBinance, StandingClock
from tests.support.binance_client import BinanceClient

#: The example of "SIGNED endpoint security" in Binance's documentation.
EXAMPLE = (
    "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
)
SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
SIGNATURE = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"
FULL_ORDER = {
    "symbol", "orderId", "orderListId", "clientOrderId", "transactTime", "price", "origQty", "executedQty",
    "origQuoteOrderQty", "cummulativeQuoteQty", "status", "timeInForce", "type", "side", "workingTime",
    "selfTradePreventionMode", "fills",
}  # fmt: skip
QUERIED_ORDER = {
    "symbol", "orderId", "orderListId", "clientOrderId", "price", "origQty", "executedQty", "cummulativeQuoteQty",
    "status", "timeInForce", "type", "side", "stopPrice", "icebergQty", "time", "updateTime", "isWorking",
    "workingTime", "origQuoteOrderQty", "selfTradePreventionMode",
}  # fmt: skip
MY_TRADE = {
    "symbol", "id", "orderId", "orderListId", "price", "qty", "quoteQty", "commission", "commissionAsset", "time",
    "isBuyer", "isMaker", "isBestMatch",
}  # fmt: skip


def call(query: str, body: str = "") -> Call:
    return Call("POST", "/api/v3/order", query, {}, body.encode(), "127.0.0.1")


@pytest.mark.parametrize(
    ("query", "body"),
    [
        (f"{EXAMPLE}&signature={SIGNATURE}", ""),
        ("", f"{EXAMPLE}&signature={SIGNATURE}"),
        (f"signature={SIGNATURE}&{EXAMPLE}", ""),
    ],
)
def test_the_documentation_s_own_signature_is_right_wherever_it_is_sent(query: str, body: str) -> None:
    for signature in (SIGNATURE, SIGNATURE.upper()):
        check_signature(signed_payload(call(query, body)), signature, ApiKey("main", "key", SECRET))


def test_parameters_of_query_and_body_are_signed_one_after_the_other() -> None:
    query, body = "symbol=LTCBTC&side=BUY", f"quantity=1&signature={SIGNATURE}"
    assert signed_payload(call(query, body)) == "symbol=LTCBTC&side=BUYquantity=1"


def test_orders_are_placed_found_filled_and_cancelled(binance: PlayBinance) -> None:
    async def scene(exchange: BinanceEmulator, client: BinanceClient) -> None:
        placed = await client.order(quantity="0.01", price="39000", newClientOrderId="mine")
        assert placed.status == 200
        assert set(placed.body) == FULL_ORDER
        assert (placed.body["status"], placed.body["fills"]) == ("NEW", [])
        found = await client.get("/api/v3/order", symbol="BTCUSDT", origClientOrderId="mine")
        assert set(found.body) == QUERIED_ORDER
        assert [found.body] == (await client.get("/api/v3/openOrders")).body

        exchange.price("BTC/USDT", 38_000)
        found = await client.get("/api/v3/order", symbol="BTCUSDT", orderId=placed.body["orderId"])
        assert (found.body["status"], found.body["executedQty"]) == ("FILLED", "0.01000000")
        [trade] = (await client.get("/api/v3/myTrades", symbol="BTCUSDT")).body
        assert set(trade) == MY_TRADE
        assert (trade["price"], trade["commission"], trade["commissionAsset"], trade["isMaker"]) == (
            "39000.00000000", "0.00001000", "BTC", True,
        )  # fmt: skip

        resting = await client.order(quantity="0.01", price="30000")
        cancelled = await client.delete(
            "/api/v3/order", symbol="BTCUSDT", orderId=resting.body["orderId"], newClientOrderId="undo"
        )
        assert cancelled.body["status"] == "CANCELED"
        assert (cancelled.body["clientOrderId"], cancelled.body["origClientOrderId"]) == (
            "undo", resting.body["clientOrderId"],
        )  # fmt: skip
        again = await client.delete("/api/v3/order", symbol="BTCUSDT", orderId=resting.body["orderId"])
        assert (again.status, again.body) == (400, {"code": -2011, "msg": "Unknown order sent."})

    binance(scene)


def test_a_client_order_id_is_taken_while_its_order_is_open_only(binance: PlayBinance) -> None:
    async def scene(exchange: BinanceEmulator, client: BinanceClient) -> None:
        mine = {"quantity": "0.01", "price": "39000", "newClientOrderId": "mine"}
        assert (await client.order(**mine)).status == 200
        twice = await client.order(**mine)
        assert (twice.status, twice.body) == (400, {"code": -2010, "msg": "Duplicate order sent."})
        exchange.price("BTC/USDT", 38_000)
        assert (await client.order(**mine)).status == 200
        assert [order.order.client_order_id for order in exchange.orders()] == ["mine", "mine"]
        cancelled = {**mine, "newClientOrderId": "undone", "price": "30000"}
        for reused, status in ((True, 200), (False, 400)):
            exchange.order_desk.reuse_after_cancel = reused
            placed = await client.order(**cancelled)
            assert placed.status == status
            if reused:
                await client.delete("/api/v3/order", symbol="BTCUSDT", origClientOrderId="undone")

    binance(scene)


@pytest.mark.parametrize(
    ("order", "code", "words"),
    [
        ({"quantity": "0.01", "price": "39000.001"}, -1013, "Filter failure: PRICE_FILTER"),
        ({"quantity": "0.010001", "price": "39000"}, -1013, "Filter failure: LOT_SIZE"),
        ({"quantity": "0.0001", "price": "39000"}, -1013, "Filter failure: NOTIONAL"),
        ({"quantity": "0.01", "price": "1000"}, -1013, "Filter failure: PERCENT_PRICE_BY_SIDE"),
        ({"type": "MARKET", "quantity": "200"}, -1013, "Filter failure: MARKET_LOT_SIZE"),
        ({"type": "MARKET", "quoteOrderQty": "1"}, -1013, "Filter failure: NOTIONAL"),
        ({"quantity": "0.0100000001", "price": "39000"}, -1111, "Parameter 'quantity' has too much precision."),
        ({"quantity": "1e-2", "price": "39000"}, -1100, "Illegal characters found in parameter 'quantity'"),
        ({"quantity": "", "price": "39000"}, -1105, "Parameter 'quantity' was empty."),
        ({"price": "39000"}, -1102, "Mandatory parameter 'quantity' was not sent"),
        ({"quantity": "0.01"}, -1102, "Mandatory parameter 'price' was not sent"),
        ({"quantity": "0.01", "price": "39000", "timeInForce": "DAY"}, -1115, "Invalid timeInForce."),
        ({"type": "MARKET", "quantity": "0.01", "timeInForce": "GTC"}, -1106, "'timeInForce' sent when not required"),
        ({"type": "MARKET", "quantity": "0.01", "price": "1"}, -1106, "Parameter 'price' sent when not required."),
        ({"type": "BRACKET", "quantity": "0.01"}, -1116, "Invalid orderType."),
        ({"side": "HOLD", "quantity": "0.01"}, -1117, "Invalid side."),
        ({"symbol": "BTCEUR", "quantity": "0.01", "price": "1"}, -1121, "Invalid symbol."),
        ({"quantity": "0.01", "price": "39000", "newClientOrderId": "a b"}, -1100, "'newClientOrderId'; legal range"),
        ({"quantity": "0.01", "price": "39000", "userref": "1"}, -1104, "Not all sent parameters were read; read '8'"),
        ({"quantity": "5", "price": "39000"}, -2010, "Account has insufficient balance for requested action."),
        ({"type": "LIMIT_MAKER", "quantity": "0.01", "price": "40001"}, -2010, "immediately match and take"),
        ({"type": "STOP_LOSS", "side": "SELL", "quantity": "0.01", "stopPrice": "40000"}, -2010, "trigger immediately"),
        ({"quantity": "0.01", "price": "39000", "icebergQty": "0.001"}, -1013, "Iceberg orders are not supported"),
    ],
)  # fmt: skip
def test_an_order_that_may_not_be_is_refused_in_binance_s_words(
    binance: PlayBinance, order: dict[str, Any], code: int, words: str
) -> None:
    async def scene(exchange: BinanceEmulator, client: BinanceClient) -> None:
        said = await client.order(**order)
        assert (said.status, said.code) == (400, code)
        assert words in said.body["msg"]
        assert exchange.orders() == []

    binance(scene)


def test_a_request_is_good_for_its_window_and_no_longer(binance: PlayBinance) -> None:
    async def scene(exchange: BinanceEmulator, client: BinanceClient) -> None:
        now = NOON
        old = await client.get("/api/v3/account", timestamp=now - 5_100)
        assert (old.code, old.body["msg"]) == (-1021, "Timestamp for this request is outside of the recvWindow.")
        assert (await client.get("/api/v3/account", timestamp=now - 5_000)).status == 200
        assert (await client.get("/api/v3/account", timestamp=now - 60_000, recvWindow=60_000)).status == 200
        assert (await client.get("/api/v3/account", timestamp=now - 5_001, recvWindow="5000.5")).code == -1021
        assert (await client.get("/api/v3/account", timestamp=(now - 100) * 1_000)).status == 200
        ahead = await client.get("/api/v3/account", timestamp=now + 1_000)
        assert (await client.get("/api/v3/account", timestamp=now + 999)).status == 200
        assert "1000ms ahead of the server's time" in ahead.body["msg"]
        assert (await client.get("/api/v3/account", timestamp=None)).code == -1102
        assert (await client.get("/api/v3/account", recvWindow=60_001)).code == -1131
        # The clock of the exchange goes wrong, and right again.
        exchange.set(clock_drift_ms=-1_000)
        assert (await client.get("/api/v3/account")).code == -1021
        exchange.set(clock_drift_ms=0)

    binance(scene)


def test_what_waited_too_long_for_the_engine_is_thrown_away_before_it(binance: PlayBinance) -> None:
    async def scene(exchange: BinanceEmulator, client: BinanceClient) -> None:
        exchange.set(engine_delay_ms=60)
        late = await client.order(quantity="0.01", price="39000", recvWindow=40)
        assert (late.code, exchange.orders()) == (-1021, [])

    binance(scene, clock=lambda: time.time_ns() // 1_000_000)


def test_keys_and_signatures_are_checked(binance: PlayBinance) -> None:
    async def scene(exchange: BinanceEmulator, client: BinanceClient) -> None:
        assert (await client.get("/api/v3/account")).status == 200
        stranger = client.but(client.key, "not it")
        assert (await stranger.get("/api/v3/account")).code == -1022
        assert (await client.but("short", "x").get("/api/v3/account")).code == -2014
        assert (await client.but("k" * 64, "x").get("/api/v3/account")).code == -2015
        looks = exchange.add_key("main", may_trade=False)
        looker = client.but(looks.key, looks.secret)
        assert (await looker.get("/api/v3/account")).status == 200
        assert (await looker.order(quantity="0.01", price="39000")).code == -2015
        elsewhere = exchange.add_key("main", addresses=frozenset({"192.0.2.1"}))
        wrong = client.but(elsewhere.key, elsewhere.secret)
        assert (await wrong.get("/api/v3/account")).code == -2015
        withdraws = exchange.add_key("main", may_withdraw=True)
        rich = client.but(withdraws.key, withdraws.secret)
        for who, may in ((client, False), (rich, True)):
            rights = (await who.get("/sapi/v1/account/apiRestrictions")).body
            assert rights["enableWithdrawals"] is may
        exchange.revoke()
        revoked = await client.get("/api/v3/account")
        assert revoked.body == {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}

    binance(scene)


def test_weights_are_told_too_much_is_refused_and_going_on_bans(binance: PlayBinance) -> None:
    async def scene(exchange: BinanceEmulator, client: BinanceClient) -> None:
        exchange.limit(weight=90, patience=1)
        assert (await client.ask("/api/v3/time")).headers["X-MBX-USED-WEIGHT-1M"] == "1"
        assert (await client.get("/api/v3/openOrders")).headers["X-MBX-USED-WEIGHT-1M"] == "81"
        first = await client.get("/api/v3/account")
        assert (first.status, first.code) == (429, -1003)
        assert first.headers["Retry-After"] == "26"
        banned = await client.ask("/api/v3/time")
        assert banned.status == 418
        assert banned.headers["Retry-After"] == "121"
        assert "IP banned until" in banned.body["msg"]
        exchange.pardon()
        assert (await client.ask("/api/v3/time")).headers["X-MBX-USED-WEIGHT-1M"] == "1"
        exchange.ban(call(""))
        exchange.pardon()
        exchange.strike("banned", on="public", times=1)
        assert (await client.ask("/api/v3/time")).status == 418

    binance(scene)


def test_unfilled_orders_are_counted_and_fills_give_back(binance: PlayBinance, clock: StandingClock) -> None:
    async def scene(exchange: BinanceEmulator, client: BinanceClient) -> None:
        exchange.limit(orders_10s=2)
        filled = await client.order(type="MARKET", quantity="0.01")
        assert (filled.headers["X-MBX-ORDER-COUNT-10S"], filled.headers["X-MBX-ORDER-COUNT-1D"]) == ("0", "0")
        for count in ("1", "2"):
            resting = await client.order(quantity="0.01", price="39000")
            assert resting.headers["X-MBX-ORDER-COUNT-1D"] == count
        limits = (await client.get("/api/v3/rateLimit/order")).body
        assert [(each["interval"], each["intervalNum"], each["limit"]) for each in limits] == [
            ("SECOND", 10, 2), ("DAY", 1, 160_000),
        ]  # fmt: skip
        assert [each["count"] for each in limits] == [2, 2]
        refused = await client.order(quantity="0.01", price="39000")
        assert (refused.status, refused.code, refused.headers["Retry-After"]) == (429, -1015, "6")
        clock.now += 5_000
        assert (await client.order(quantity="0.01", price="39000")).headers["X-MBX-ORDER-COUNT-10S"] == "1"
        exchange.price("BTC/USDT", 38_000)
        assert (await client.get("/api/v3/rateLimit/order")).body[1]["count"] == 0

    binance(scene)


def test_look_ups_have_the_gaps_that_binance_has(binance: PlayBinance) -> None:
    async def scene(exchange: BinanceEmulator, client: BinanceClient) -> None:
        exchange.set(visibility_lag_ms=60_000)
        hidden = await client.order(quantity="0.01", price="39000", newClientOrderId="mine")
        assert (await client.get("/api/v3/order", symbol="BTCUSDT", origClientOrderId="mine")).code == -2013
        assert (await client.get("/api/v3/openOrders", symbol="BTCUSDT")).body == []
        # The engine knows it, whatever look-ups show.
        assert (await client.order(quantity="0.01", price="39000", newClientOrderId="mine")).code == -2010
        exchange.exchange.orders[0].visible_at = 0
        found = await client.get("/api/v3/order", symbol="BTCUSDT", origClientOrderId="mine")
        assert found.body["orderId"] == hidden.body["orderId"]
        wrong = await client.get(
            "/api/v3/order", symbol="BTCUSDT", orderId=hidden.body["orderId"], origClientOrderId="other"
        )
        assert wrong.code == -2039
        assert (await client.get("/api/v3/order", symbol="BTCUSDT")).code == -1102
        # Ids are a market's own.
        assert (await client.get("/api/v3/order", symbol="ETHUSDT", origClientOrderId="mine")).code == -2013
        await client.delete("/api/v3/order", symbol="BTCUSDT", origClientOrderId="mine")
        exchange.exchange.orders[0].updated_at -= 91 * 86_400_000
        assert (await client.get("/api/v3/order", symbol="BTCUSDT", origClientOrderId="mine")).code == -2026

    binance(scene)


def test_trades_are_asked_for_in_the_seven_documented_ways(binance: PlayBinance) -> None:
    async def scene(exchange: BinanceEmulator, client: BinanceClient) -> None:
        exchange.set(parts=2)
        orders = [(await client.order(type="MARKET", quantity="0.01")).body for _ in range(3)]
        everything = (await client.get("/api/v3/myTrades", symbol="BTCUSDT")).body
        ids = [trade["id"] for trade in everything]
        assert len(ids) == 6
        assert ids == sorted(ids)

        async def asked(**params: Any) -> list[int] | int:
            said = await client.get("/api/v3/myTrades", symbol="BTCUSDT", **params)
            return said.code or [trade["id"] for trade in said.body]

        assert await asked(fromId=ids[2]) == ids[2:]
        assert await asked(fromId=ids[2], limit=2) == ids[2:4]
        assert await asked(limit=2) == ids[-2:]
        assert await asked(orderId=orders[1]["orderId"]) == ids[2:4]
        assert await asked(orderId=orders[1]["orderId"], fromId=ids[3]) == ids[3:4]
        first = everything[0]["time"]
        assert await asked(startTime=first, limit=2) == ids[:2]
        assert await asked(endTime=first - 1) == []
        assert await asked(startTime=first, endTime=first + 86_400_000) == ids
        assert await asked(startTime=first, endTime=first + 86_400_001) == -1127
        assert await asked(startTime=first, fromId=ids[0]) == -1128
        assert (await client.get("/api/v3/myTrades", symbol="ETHUSDT")).body == []
        numbers = [order["orderId"] for order in orders]
        listed = await client.get("/api/v3/allOrders", symbol="BTCUSDT", orderId=numbers[1])
        assert [order["orderId"] for order in listed.body] == numbers[1:]

    binance(scene)


def test_money_is_free_or_locked(binance: PlayBinance) -> None:
    async def scene(exchange: BinanceEmulator, client: BinanceClient) -> None:
        await client.order(quantity="0.01", price="39000")
        account = (await client.get("/api/v3/account", omitZeroBalances="true")).body
        assert account["balances"] == [
            {"asset": "BTC", "free": "1.00000000", "locked": "0.00000000"},
            {"asset": "USDT", "free": "99610.00000000", "locked": "390.00000000"},
        ]
        assert exchange.balances() == {"BTC": 1, "USDT": 100_000, "ETH": 0}
        rates = (await client.get("/api/v3/account/commission", symbol="BTCUSDT")).body["standardCommission"]
        assert (rates["maker"], rates["taker"]) == ("0.00100000", "0.00100000")

    binance(scene)


def test_prices_and_rules_are_public(binance: PlayBinance) -> None:
    async def scene(exchange: BinanceEmulator, client: BinanceClient) -> None:
        info = (await client.ask("/api/v3/exchangeInfo", symbol="BTCUSDT")).body
        [market] = info["symbols"]
        assert [each["filterType"] for each in market["filters"]][:3] == ["PRICE_FILTER", "LOT_SIZE", "MARKET_LOT_SIZE"]
        assert [each["rateLimitType"] for each in info["rateLimits"]] == [
            "REQUEST_WEIGHT", "ORDERS", "ORDERS", "RAW_REQUESTS",
        ]  # fmt: skip
        exchange.change("BTC/USDT", step="0.001", status="halted")
        [market] = (await client.ask("/api/v3/exchangeInfo", symbols='["BTCUSDT"]')).body["symbols"]
        assert (market["status"], market["filters"][1]["stepSize"]) == ("HALT", "0.00100000")
        assert (await client.order(quantity="0.01", price="39000")).body["msg"] == "Market is closed."
        assert (await client.ask("/api/v3/exchangeInfo", symbol="NONE")).code == -1121

        exchange.price("BTC/USDT", "40100.5")
        assert (await client.ask("/api/v3/ticker/price", symbol="BTCUSDT")).body["price"] == "40100.50000000"
        assert [each["symbol"] for each in (await client.ask("/api/v3/ticker/24hr")).body] == ["BTCUSDT", "ETHUSDT"]
        best = (await client.ask("/api/v3/ticker/bookTicker", symbol="BTCUSDT")).body
        assert (best["bidPrice"], best["askPrice"]) == ("40100.50000000", "40100.51000000")
        depth = (await client.ask("/api/v3/depth", symbol="BTCUSDT", limit=5)).body
        assert [len(depth[side]) for side in ("bids", "asks")] == [5, 5]
        assert (await client.ask("/api/v3/time")).body == {"serverTime": NOON}

    binance(scene)


def test_candles_open_on_their_interval_and_the_last_is_not_closed(binance: PlayBinance) -> None:
    async def scene(exchange: BinanceEmulator, client: BinanceClient) -> None:
        exchange.price("BTC/USDT", 41_000)
        rows = (await client.ask("/api/v3/klines", symbol="BTCUSDT", interval="1h", limit=3)).body
        assert [row[0] % 3_600_000 for row in rows] == [0, 0, 0]
        assert [row[6] - row[0] for row in rows] == [3_599_999] * 3
        assert rows[-1][6] > NOON
        assert (rows[0][4], rows[-1][4], rows[-1][2]) == ("40000.00000000", "41000.00000000", "41000.00000000")
        start = rows[0][0] - 10 * 3_600_000
        earlier = (await client.ask("/api/v3/klines", symbol="BTCUSDT", interval="1h", startTime=start, limit=2)).body
        assert [row[0] for row in earlier] == [start, start + 3_600_000]
        assert (await client.ask("/api/v3/klines", symbol="BTCUSDT", interval="7m")).code == -1120
        week = (await client.ask("/api/v3/klines", symbol="BTCUSDT", interval="1w", limit=1)).body[0][0]
        assert time.gmtime(week / 1_000).tm_wday == 0

    binance(scene)


async def struck_and_answered(exchange: BinanceEmulator) -> None:
    """Wait until the exchange keeps silent about an order."""
    while not exchange.silent:  # noqa: ASYNC110 - nobody is told of silence
        await asyncio.sleep(0.001)


@pytest.mark.parametrize(
    ("strike", "taken"),
    [
        ("drop_before", False), ("drop_after", True), ("error_before", False), ("error_after", True),
        ("unknown_before", False), ("unknown_after", True), ("truncated", True), ("html", True),
        ("redirected", False), ("rate_limited", False), ("silent_before", False), ("silent_after", True),
    ],
)  # fmt: skip
def test_what_strikes_an_order_has_the_effect_of_its_name(binance: PlayBinance, strike: Any, taken: bool) -> None:
    async def scene(exchange: BinanceEmulator, client: BinanceClient) -> None:
        exchange.strike(strike)
        ordering = asyncio.create_task(client.order(type="MARKET", quantity="0.01", newClientOrderId="mine"))
        if strike.startswith("silent"):
            await struck_and_answered(exchange)
            ordering.cancel()
        try:
            said = await ordering
        except (aiohttp.ClientError, asyncio.CancelledError):
            assert strike in ("drop_before", "drop_after", "truncated", "silent_before", "silent_after")
        else:
            expected = {"error": 502, "unknown": 408, "html": 200, "redirected": 307, "rate": 429}
            assert said.status == expected[strike.split("_")[0]]
        assert len(exchange.orders()) == taken
        assert exchange.report().strikes == {strike: 1}
        if taken:
            assert exchange.trades()[0].trade.amount == Decimal("0.01")

    binance(scene)


def test_maintenance_clock_and_connections_are_seen_from_outside(binance: PlayBinance) -> None:
    async def scene(exchange: BinanceEmulator, client: BinanceClient) -> None:
        exchange.set(maintenance="down")
        assert (await client.ask("/api/v3/time")).status == 503
        exchange.set(maintenance="none", clock_drift_ms=3_600_000)
        assert (await client.ask("/api/v3/time")).body == {"serverTime": NOON + 3_600_000}
        report = exchange.report()
        assert report.connections == {"127.0.0.1": 1}
        assert len(report.peers) == 1
        assert report.requests == {"/api/v3/time": 2}

    binance(scene)


def test_what_cannot_be_a_fault_or_money_is_refused() -> None:
    with pytest.raises(ValueError, match="drop_often"):
        BinanceEmulator(drop_often=1)
    with pytest.raises(TypeError, match="not exact"):
        BinanceEmulator(prices={"BTC/USDT": 0.1})
