"""The emulator of OKX, asked as OKX's documentation says."""

from __future__ import annotations

from typing import Any

import pytest

from octobot_node.testing.exchange_emulators import OkxEmulator
from tests.integration.testing.emulators.conftest import NOON, PlayOkx, StandingClock
from tests.support.okx_client import OkxClient

HOUR = 3_600_000


def test_orders_are_placed_found_filled_and_cancelled(okx: PlayOkx) -> None:
    async def scene(exchange: OkxEmulator, client: OkxClient) -> None:
        status, code, [placed] = await client.order(sz="0.01", px="39000", clOrdId="mine")
        assert (status, code, set(placed)) == (200, "0", {"clOrdId", "ordId", "tag", "ts", "sCode", "sMsg"})
        _, _, [found] = await client.get("trade/order", instId="BTC-USDT", clOrdId="mine")
        assert (found["state"], found["ordId"], found["px"], found["sz"]) == ("live", placed["ordId"], "39000", "0.01")
        assert (await client.get("trade/orders-pending"))[2] == [found]

        exchange.price("BTC/USDT", 38_000)
        _, _, [filled] = await client.get("trade/order", instId="BTC-USDT", ordId=placed["ordId"])
        assert (filled["state"], filled["accFillSz"], filled["avgPx"], filled["feeCcy"]) == (
            "filled", "0.01", "39000", "BTC",
        )  # fmt: skip
        _, _, [fill] = await client.get("trade/fills", instType="SPOT")
        assert (fill["fee"], fill["feeCcy"], fill["execType"], fill["clOrdId"]) == ("-0.000008", "BTC", "M", "mine")
        assert (await client.get("trade/orders-history", instType="SPOT"))[2] == [filled]

        [other] = (await client.order(sz="0.01", px="30000"))[2]
        for said in ("0", "51400"):
            assert (await client.post("trade/cancel-order", {"instId": "BTC-USDT", "ordId": other["ordId"]}))[1] == said
        _, _, [gone] = await client.get("trade/order", instId="BTC-USDT", ordId=other["ordId"])
        assert (gone["state"], gone["cancelSource"]) == ("canceled", "1")

    okx(scene)


def test_a_client_id_is_taken_while_its_order_is_pending(okx: PlayOkx) -> None:
    async def scene(exchange: OkxEmulator, client: OkxClient) -> None:
        mine = {"sz": "0.01", "px": "39000", "clOrdId": "mine"}
        assert (await client.order(**mine))[1] == "0"
        assert (await client.order(**mine))[1] == "51016"
        exchange.price("BTC/USDT", 38_000)
        [second] = (await client.order(**{**mine, "px": "30000"}))[2]
        # Of several with one client id, the latest is found.
        assert (await client.get("trade/order", instId="BTC-USDT", clOrdId="mine"))[2][0]["ordId"] == second["ordId"]

    okx(scene)


@pytest.mark.parametrize(
    ("order", "status", "code"),
    [
        ({"sz": "0.01", "px": "39000.05"}, 200, "51000"),
        ({"sz": "0.01", "px": "1"}, 200, "51006"),
        ({"sz": "0.000000001", "px": "39000"}, 200, "51020"),
        ({"sz": "0.010000001", "px": "39000"}, 200, "51121"),
        ({"sz": "5", "px": "39000"}, 200, "51008"),
        ({"sz": 0.01, "px": "39000"}, 200, "51000"),
        ({"sz": "0.01"}, 200, "51000"),
        ({"px": "39000"}, 400, "50014"),
        ({"sz": "0.01", "px": "39000", "side": "hold"}, 200, "51000"),
        ({"sz": "0.01", "px": "39000", "ordType": "bracket"}, 200, "51000"),
        ({"sz": "0.01", "px": "39000", "clOrdId": "has-hyphen"}, 200, "51000"),
        ({"sz": "0.01", "px": "39000", "clOrdId": "x" * 33}, 200, "51000"),
        ({"sz": "0.01", "px": "39000", "tdMode": "cross"}, 200, "51010"),
        ({"sz": "0.01", "px": "39000", "instId": "BTC-EUR"}, 200, "51001"),
        ({"sz": "0.3", "ordType": "market", "tgtCcy": "quote_ccy"}, 200, "51020"),
        ({"sz": "9", "ordType": "market", "tgtCcy": "base_ccy", "banAmend": True}, 200, "51008"),
    ],
)
def test_an_order_that_may_not_be_is_refused_by_its_code(
    okx: PlayOkx, order: dict[str, Any], status: int, code: str
) -> None:
    async def scene(exchange: OkxEmulator, client: OkxClient) -> None:
        assert (await client.order(**order))[:2] == (status, code)
        assert exchange.orders() == []

    okx(scene)


def test_a_market_order_is_made_smaller_unless_that_is_banned(okx: PlayOkx) -> None:
    async def scene(exchange: OkxEmulator, client: OkxClient) -> None:
        [sold] = (await client.order(side="sell", ordType="market", sz="5"))[2]
        _, _, [found] = await client.get("trade/order", instId="BTC-USDT", ordId=sold["ordId"])
        assert (found["state"], found["accFillSz"]) == ("filled", "1")
        [bought] = (await client.order(ordType="market", sz="100"))[2]
        _, _, [found] = await client.get("trade/order", instId="BTC-USDT", ordId=bought["ordId"])
        assert (found["tgtCcy"], found["sz"]) == ("quote_ccy", "100")
        assert exchange.trades()[-1].trade.cost <= 100

    okx(scene)


def test_a_post_only_order_that_would_take_is_taken_in_and_cancelled(okx: PlayOkx) -> None:
    async def scene(exchange: OkxEmulator, client: OkxClient) -> None:
        _, code, [placed] = await client.order(ordType="post_only", sz="0.01", px="40001")
        assert code == "0"
        _, _, [found] = await client.get("trade/order", instId="BTC-USDT", ordId=placed["ordId"])
        assert (found["state"], found["cancelSource"], found["accFillSz"]) == ("canceled", "31", "0")
        assert exchange.balances()["USDT"] == 100_000

    okx(scene)


def test_each_order_of_a_batch_has_its_own_code(okx: PlayOkx) -> None:
    async def scene(exchange: OkxEmulator, client: OkxClient) -> None:
        good = {"instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit", "px": "39000", "sz": "0.01"}
        _, _, parts = await client.post("trade/batch-orders", [good, {**good, "sz": "9"}, {**good, "instId": "X-Y"}])
        assert [part["sCode"] for part in parts] == ["0", "51008", "51001"]
        cancels = [{"instId": "BTC-USDT", "ordId": parts[0]["ordId"]}, {"instId": "BTC-USDT", "clOrdId": "nothing"}]
        _, _, parts = await client.post("trade/cancel-batch-orders", cancels)
        assert [part["sCode"] for part in parts] == ["0", "51400"]
        assert (await client.post("trade/batch-orders", [good] * 21))[1] == "50025"
        assert (await client.post("trade/batch-orders", "x"))[1] == "50002"
        assert len(exchange.orders()) == 1

    okx(scene)


def test_a_request_that_expired_is_thrown_away(okx: PlayOkx) -> None:
    async def scene(exchange: OkxEmulator, client: OkxClient) -> None:
        for expires, code in ((NOON - 1, "50036"), (NOON, "0")):
            client.headers = {"expTime": str(expires)}
            assert (await client.order(sz="0.01", px="39000"))[1] == code
        assert len(exchange.orders()) == 1

    okx(scene)


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"OK-ACCESS-KEY": ""}, 401, "50103"),
        ({"OK-ACCESS-PASSPHRASE": ""}, 401, "50104"),
        ({"OK-ACCESS-SIGN": ""}, 401, "50106"),
        ({"OK-ACCESS-TIMESTAMP": ""}, 401, "50107"),
        ({"OK-ACCESS-KEY": "nobody"}, 401, "50111"),
        ({"OK-ACCESS-PASSPHRASE": "wrong"}, 401, "50105"),
        ({"OK-ACCESS-SIGN": "wrong"}, 401, "50113"),
        ({"OK-ACCESS-TIMESTAMP": "noon"}, 401, "50112"),
        ({"OK-ACCESS-TIMESTAMP": "2026-11-30T11:00:00.000Z"}, 401, "50102"),
        ({"x-simulated-trading": "1"}, 401, "50101"),
    ],
)
def test_keys_signatures_and_times_are_checked(okx: PlayOkx, headers: dict[str, str], status: int, code: str) -> None:
    async def scene(exchange: OkxEmulator, client: OkxClient) -> None:
        assert (await client.get("account/balance"))[1] == "0"
        client.headers = headers
        assert (await client.get("account/balance"))[:2] == (status, code)

    okx(scene)


def test_keys_may_do_what_they_may(okx: PlayOkx) -> None:
    async def scene(exchange: OkxEmulator, client: OkxClient) -> None:
        assert (await client.get("account/config"))[2][0]["perm"] == "read_only,trade"
        looks = exchange.add_key("main", may_trade=False, may_withdraw=True, addresses=frozenset({"127.0.0.1"}))
        looker = OkxClient(client.url, looks.key, looks.secret, looks.passphrase, client.session, client.clock)
        [config] = (await looker.get("account/config"))[2]
        assert (config["perm"], config["ip"]) == ("read_only,withdraw", "127.0.0.1")
        assert (await looker.order(sz="0.01", px="39000"))[1] == "50120"
        exchange.keys[looks.key].addresses = frozenset({"192.0.2.1"})
        assert (await looker.get("account/config"))[1] == "50110"
        exchange.revoke()
        assert (await client.get("account/config"))[1] == "50119"

    okx(scene)


def test_demo_keys_trade_with_demo_s_header_alone(okx: PlayOkx) -> None:
    async def scene(exchange: OkxEmulator, client: OkxClient) -> None:
        assert (await client.get("account/balance"))[1] == "50101"
        client.headers = {"x-simulated-trading": "1"}
        assert (await client.get("account/balance"))[1] == "0"

    okx(scene, demo=True)


def test_look_ups_forget_and_are_late(okx: PlayOkx, clock: StandingClock) -> None:
    async def scene(exchange: OkxEmulator, client: OkxClient) -> None:
        exchange.set(visibility_lag_ms=1_000)
        [placed] = (await client.order(sz="0.01", px="39000", clOrdId="mine"))[2]
        question = {"instId": "BTC-USDT", "clOrdId": "mine"}
        assert (await client.get("trade/order", **question))[1] == "51603"
        assert (await client.get("trade/orders-pending"))[2] == []
        clock.now += 1_000
        assert (await client.get("trade/order", **question))[2][0]["ordId"] == placed["ordId"]
        assert (await client.get("trade/order", instId="BTC-USDT"))[1] == "51003"
        await client.post("trade/cancel-order", question)
        clock.now += 2 * HOUR
        assert (await client.get("trade/order", **question))[1] == "0"
        clock.now += 1
        assert (await client.get("trade/order", **question))[1] == "51603"
        assert (await client.get("trade/orders-history", instType="SPOT"))[2] == []
        await client.order(ordType="market", sz="100")
        clock.now += 3 * 24 * HOUR + 1
        assert (await client.get("trade/fills"))[2] == []
        assert len((await client.get("trade/fills-history", instType="SPOT"))[2]) == 1
        assert len((await client.get("trade/orders-history", instType="SPOT"))[2]) == 1
        assert (await client.get("trade/orders-history"))[1] == "50014"

    okx(scene)


def test_pages_go_back_from_the_newest(okx: PlayOkx, clock: StandingClock) -> None:
    async def scene(exchange: OkxEmulator, client: OkxClient) -> None:
        for _ in range(5):
            clock.now += 1_000
            await client.order(ordType="market", sz="100")
        _, _, fills = await client.get("trade/fills")
        bills = [fill["billId"] for fill in fills]
        assert bills == sorted(bills, reverse=True)

        async def asked(**params: Any) -> list[str]:
            return [fill["billId"] for fill in (await client.get("trade/fills", **params))[2]]

        assert await asked(limit=2) == bills[:2]
        assert await asked(after=bills[1], limit=2) == bills[2:4]
        assert await asked(before=bills[3]) == bills[:3]
        assert await asked(begin=NOON + 3_000, end=NOON + 4_000) == bills[1:3]
        assert await asked(ordId=fills[2]["ordId"]) == bills[2:3]
        assert (await client.get("trade/fills", after="x"))[1] == "51000"

    okx(scene)


def test_too_many_requests_are_refused_for_two_seconds(okx: PlayOkx, clock: StandingClock) -> None:
    async def scene(exchange: OkxEmulator, client: OkxClient) -> None:
        exchange.limit(orders=2, reads=1)
        for code in ("0", "0", "50011"):
            assert (await client.order(sz="0.01", px="39000"))[1] == code
        assert (await client.get("account/config"))[:2] == (200, "0")
        assert (await client.get("account/config"))[:2] == (429, "50011")
        clock.now += 2_000
        assert (await client.order(sz="0.01", px="39000"))[1] == "0"
        exchange.limit(orders=60, account_orders=2)
        assert (await client.order(sz="0.01", px="39000"))[1] == "0"
        assert (await client.order(sz="0.01", px="39000"))[1] == "50061"
        exchange.strike("banned", on="read")
        assert (await client.get("account/config"))[0] == 403
        assert (await client.get("public/time"))[0] == 403
        exchange.pardon()
        assert (await client.get("public/time"))[2] == [{"ts": str(NOON + 2_000)}]

    okx(scene)


def test_maintenance_is_told_and_orders_wait_for_its_end(okx: PlayOkx) -> None:
    async def scene(exchange: OkxEmulator, client: OkxClient) -> None:
        order = {"sz": "0.01", "px": "39000"}
        for kind, status, code in (("down", 503, "50001"), ("cancel_only", 429, "50013"), ("post_only", 429, "50013")):
            exchange.set(maintenance=kind)
            assert (await client.order(**order))[:2] == (status, code)
            assert (await client.get("system/status"))[2][0]["state"] == "ongoing"
        assert (await client.order(**order, ordType="post_only"))[1] == "0"
        exchange.set(maintenance="none")
        exchange.strike("unknown_after")
        assert (await client.order(**order))[:2] == (400, "50004")
        assert len(exchange.orders()) == 2

    okx(scene)


def test_money_prices_and_rules_are_told(okx: PlayOkx) -> None:
    async def scene(exchange: OkxEmulator, client: OkxClient) -> None:
        await client.order(sz="0.01", px="39000")
        _, _, [balance] = await client.get("account/balance", ccy="USDT")
        [usdt] = balance["details"]
        assert (usdt["availBal"], usdt["frozenBal"], usdt["cashBal"]) == ("99610", "390", "100000")
        assert (await client.get("account/trade-fee", instType="SPOT"))[2][0]["taker"] == "-0.001"
        assert (await client.get("public/instruments"))[1] == "50014"
        assert (await client.get("public/instruments", instType="SWAP"))[2] == []
        exchange.change("BTC/USDT", tick="0.5", status="halted")
        _, _, [rules] = await client.get("public/instruments", instType="SPOT", instId="BTC-USDT")
        assert (rules["tickSz"], rules["state"], rules["minSz"]) == ("0.5", "suspend", "0.00001")
        assert (await client.order(sz="0.01", px="39000"))[1] == "51009"
        tickers = (await client.get("market/tickers", instType="SPOT"))[2]
        assert [each["instId"] for each in tickers] == ["BTC-USDT", "ETH-USDT"]
        assert (await client.get("market/ticker", instId="ETH-USDT"))[2][0]["last"] == "2500"
        book = (await client.get("market/books", instId="BTC-USDT", sz=2))[2][0]
        assert (book["bids"][0][0], book["asks"][0][0], len(book["asks"])) == ("40000", "40000.5", 2)
        _, _, rows = await client.get("market/candles", instId="BTC-USDT", bar="1H", limit=3)
        assert [int(row[0]) % HOUR for row in rows] == [0, 0, 0]
        assert [row[-1] for row in rows] == ["0", "1", "1"]
        _, _, earlier = await client.get("market/candles", instId="BTC-USDT", bar="1H", after=rows[2][0], limit=1)
        assert int(earlier[0][0]) == int(rows[2][0]) - HOUR
        # Days open at midnight in Hong Kong, unless they say utc.
        _, _, [day] = await client.get("market/candles", instId="BTC-USDT", bar="1D", limit=1)
        assert int(day[0]) % (24 * HOUR) == 16 * HOUR
        _, _, [day] = await client.get("market/candles", instId="BTC-USDT", bar="1Dutc", limit=1)
        assert int(day[0]) % (24 * HOUR) == 0
        assert (await client.get("market/candles", instId="BTC-USDT", bar="7m"))[1] == "51000"
        assert (await client.get("trade/nothing"))[:2] == (410, "50005")

    okx(scene)
