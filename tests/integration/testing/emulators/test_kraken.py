"""The emulator of Kraken, asked as Kraken's documentation says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from octobot_node.testing.exchange_emulators import KrakenEmulator
from octobot_node.testing.exchange_emulators.kraken.security import signature_of
from tests.integration.testing.emulators.conftest import NOON, PlayKraken, StandingClock
from tests.support.kraken_client import KrakenClient, kraken_signature

#: The example of "Spot REST authentication" in Kraken's documentation.
SECRET = "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg=="
BODY = "nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25"
SIGNATURE = "4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ=="
CLIENT_ID = "0123456789abcdef" * 2
ORDER = {
    "refid", "userref", "status", "opentm", "starttm", "expiretm", "descr", "vol", "vol_exec", "cost", "fee", "price",
    "stopprice", "limitprice", "misc", "oflags", "cl_ord_id",
}  # fmt: skip
TRADE = {
    "ordertxid", "postxid", "pair", "time", "type", "ordertype", "price", "cost", "fee", "vol", "margin", "leverage",
    "misc", "trade_id", "maker",
}  # fmt: skip


def test_the_documentation_s_own_signature_is_right() -> None:
    made = signature_of("/0/private/AddOrder", "1616492376594", BODY.encode(), SECRET)
    assert made == kraken_signature("/0/private/AddOrder", "1616492376594", BODY, SECRET) == SIGNATURE


def test_orders_are_placed_found_filled_and_cancelled(kraken: PlayKraken, clock: StandingClock) -> None:
    async def scene(exchange: KrakenEmulator, client: KrakenClient) -> None:
        placed = await client.order(volume="0.01", price="39000", cl_ord_id=CLIENT_ID)
        assert placed == {
            "descr": {"order": "buy 0.01000000 XBTUSD @ limit 39000.0"},
            "txid": placed["txid"],
            "cl_ord_id": CLIENT_ID,
        }
        [id_] = placed["txid"]
        open_ = (await client.do("OpenOrders", cl_ord_id=CLIENT_ID))["open"]
        assert set(open_[id_]) == ORDER
        assert (await client.do("OpenOrders", cl_ord_id="another"))["open"] == {}
        assert (await client.do("ClosedOrders"))["closed"] == {}

        clock.now += 1_000
        exchange.price("BTC/USD", 38_000)
        closed = await client.do("ClosedOrders", cl_ord_id=CLIENT_ID, trades="true")
        assert closed["count"] == 1
        assert set(closed["closed"][id_]) == ORDER | {"closetm", "reason", "trades"}
        assert (closed["closed"][id_]["status"], closed["closed"][id_]["vol_exec"]) == ("closed", "0.01000000")
        trades = (await client.do("TradesHistory"))["trades"]
        [trade] = trades.values()
        assert set(trade) == TRADE
        assert [*trades] == closed["closed"][id_]["trades"]
        assert (trade["ordertxid"], trade["fee"], trade["maker"]) == (id_, "0.97500000", True)
        # The fee comes on top, in the quote.
        assert exchange.balances()["USD"] == 100_000 - 390 - exchange.trades()[0].trade.fee

        [other] = (await client.order(volume="0.01", price="30000"))["txid"]
        assert await client.do("CancelOrder", txid=other) == {"count": 1}
        assert await client.do("CancelOrder", txid=other) == "EOrder:Unknown order"
        assert (await client.do("QueryOrders", txid=f"{id_},{other}"))[other]["status"] == "canceled"
        assert await client.do("QueryOrders") == "EGeneral:Invalid arguments:txid"
        assert await client.do("QueryOrders", txid="OAAAAA-AAAAA-AAAAAA") == "EOrder:Unknown order"

    kraken(scene)


def test_a_client_id_is_taken_while_its_order_is_open_and_a_userref_never(kraken: PlayKraken) -> None:
    async def scene(exchange: KrakenEmulator, client: KrakenClient) -> None:
        mine = {"volume": "0.01", "price": "39000", "cl_ord_id": CLIENT_ID}
        assert "txid" in await client.order(**mine)
        exchange.order_desk.duplicate = "EOrder:Whatever"
        assert await client.order(**mine) == "EOrder:Whatever"
        exchange.price("BTC/USD", 38_000)
        assert "txid" in await client.order(**mine)
        for _ in range(2):
            assert "txid" in await client.order(volume="0.01", price="30000", userref=7)
        assert len((await client.do("OpenOrders", userref=7))["open"]) == 2
        assert await client.do("CancelOrder", txid=7) == {"count": 2}
        assert len(exchange.orders()) == 4

    kraken(scene)


@pytest.mark.parametrize(
    ("order", "error"),
    [
        ({"volume": "0.01", "price": "39000.05"}, "EOrder:Tick size check failed"),
        ({"volume": "0.01", "price": "0"}, "EOrder:Invalid price"),
        ({"volume": "0.00001", "price": "39000"}, "EOrder:Order minimum not met"),
        ({"volume": "0.00005", "price": "100"}, "EOrder:Cost minimum not met"),
        ({"volume": "5", "price": "39000"}, "EOrder:Insufficient funds"),
        ({"volume": "0.01", "price": "40001", "oflags": "post"}, "EOrder:Post only order"),
        ({"volume": "x", "price": "39000"}, "EGeneral:Invalid arguments:volume"),
        ({"volume": "0.01"}, "EGeneral:Invalid arguments:price"),
        ({"volume": "0.01", "price": "1", "oflags": "viqc"}, "EGeneral:Invalid arguments:oflags"),
        ({"volume": "0.01", "price": "1", "oflags": "fcib,fciq"}, "EGeneral:Invalid arguments:oflags"),
        ({"volume": "0.01", "price": "1", "ordertype": "bracket"}, "EGeneral:Invalid arguments:ordertype"),
        ({"volume": "0.01", "price": "1", "type": "hold"}, "EGeneral:Invalid arguments:type"),
        ({"volume": "0.01", "price": "1", "timeinforce": "DAY"}, "EGeneral:Invalid arguments:timeinforce"),
        ({"volume": "0.01", "price": "1", "cl_ord_id": "x" * 33}, "EGeneral:Invalid arguments:cl_ord_id"),
        ({"volume": "0.01", "price": "1", "userref": 2**31}, "EGeneral:Invalid arguments:userref"),
        ({"volume": "0.01", "price": "1", "userref": 1, "cl_ord_id": "x"}, "EGeneral:Invalid arguments:userref"),
        ({"volume": "0.01", "price": "1", "pair": "NONE"}, "EQuery:Unknown asset pair"),
        ({"volume": "0.01", "price": "1", "deadline": "tomorrow"}, "EGeneral:Invalid arguments:deadline"),
    ],
)
def test_an_order_that_may_not_be_is_refused_in_kraken_s_words(
    kraken: PlayKraken, order: dict[str, Any], error: str
) -> None:
    async def scene(exchange: KrakenEmulator, client: KrakenClient) -> None:
        assert await client.order(**order) == error
        assert exchange.orders() == []
        assert exchange.report().errors == {error: 1}

    kraken(scene)


def test_nonces_rise_and_signatures_are_right_or_the_door_is_locked(kraken: PlayKraken, clock: StandingClock) -> None:
    async def scene(exchange: KrakenEmulator, client: KrakenClient) -> None:
        assert "USD" not in await client.do("Balance")
        assert (await client.do("Balance", nonce=5_000))["ZUSD"] == "100000.00000000"
        for nonce in (5_000, 4_999, "never", -1):
            assert await client.do("Balance", nonce=nonce) == "EAPI:Invalid nonce"
        assert await client.do("Balance", nonce=5_001) != "EAPI:Invalid nonce"
        exchange.entrance.nonce_window = 100
        assert await client.do("Balance", nonce=4_950) != "EAPI:Invalid nonce"
        assert await client.do("Balance", nonce=4_950) == "EAPI:Invalid nonce"
        assert await client.do("Balance", nonce=4_901) == "EAPI:Invalid nonce"
        wrong = KrakenClient(client.url, client.key, "AAAA", client.session)
        assert await wrong.do("Balance", nonce=6_000) == "EAPI:Invalid signature"
        exchange.limit(mistakes=2)
        exchange.pardon()
        exchange.revoke()
        for said in ("EAPI:Invalid key", "EAPI:Invalid key", "EGeneral:Temporary lockout"):
            assert await client.do("Balance", nonce=6_001) == said
        exchange.restore()
        assert await client.do("Balance", nonce=6_002) == "EGeneral:Temporary lockout"
        clock.now += 15 * 60_000
        assert await client.do("Balance", nonce=6_003) != "EGeneral:Temporary lockout"

    kraken(scene)


def test_calls_and_orders_are_counted_apart_and_counts_fall_by_themselves(
    kraken: PlayKraken, clock: StandingClock
) -> None:
    async def scene(exchange: KrakenEmulator, client: KrakenClient) -> None:
        exchange.limit(counter=3, pair=10)
        await client.do("TradesHistory")
        await client.do("Balance")
        assert await client.do("Balance") == "EAPI:Rate limit exceeded"
        clock.now += 2_000
        assert await client.do("Balance") != "EAPI:Rate limit exceeded"
        # A young order's cancel is dear; orders do not count as calls.
        [young] = (await client.order(volume="0.01", price="39000"))["txid"]
        assert await client.do("CancelOrder", txid=young) == {"count": 1}
        assert "txid" in await client.order(volume="0.01", price="39000")
        assert await client.order(volume="0.01", price="39000") == "EOrder:Rate limit exceeded"
        exchange.deposit({"ETH": 1})
        assert "txid" in await client.order(pair="ETHUSDT", type="sell", volume="0.01", price="3000")
        clock.now += 10_000
        assert "txid" in await client.order(volume="0.01", price="39000")

    kraken(scene)


def test_what_comes_too_late_is_thrown_away_where_a_deadline_was_given(
    kraken: PlayKraken, clock: StandingClock
) -> None:
    async def scene(exchange: KrakenEmulator, client: KrakenClient) -> None:
        def at(milliseconds: int) -> str:
            return datetime.fromtimestamp((NOON + milliseconds) / 1_000, UTC).isoformat()

        order = {"volume": "0.01", "price": "39000"}
        assert await client.order(**order, deadline=at(-1)) == "EService:Deadline elapsed"
        assert await client.order(**order, deadline=at(61_000)) == "EGeneral:Invalid arguments:deadline"
        assert "txid" in await client.order(**order, deadline=at(5_000))
        assert len(exchange.orders()) == 1

    kraken(scene)


def test_histories_are_paged_the_newest_first(kraken: PlayKraken, clock: StandingClock) -> None:
    async def scene(exchange: KrakenEmulator, client: KrakenClient) -> None:
        exchange.limit(counter=1_000, pair=1_000)
        placed = []
        for _ in range(53):
            clock.now += 1_000
            placed += (await client.order(ordertype="market", volume="0.0001"))["txid"]
        first = await client.do("ClosedOrders")
        assert ([*first["closed"]], first["count"]) == ([*reversed(placed)][:50], 53)
        assert [*(await client.do("ClosedOrders", ofs=50))["closed"]] == [*reversed(placed)][50:]
        since = NOON / 1_000 + 51
        assert [*(await client.do("ClosedOrders", start=since))["closed"]] == placed[:50:-1]
        assert [*(await client.do("ClosedOrders", start=placed[50]))["closed"]] == placed[:50:-1]
        trades = await client.do("TradesHistory", end=NOON / 1_000 + 2)
        assert [trade["ordertxid"] for trade in trades["trades"].values()] == [placed[1], placed[0]]
        [newest, *_] = (await client.do("TradesHistory"))["trades"]
        assert (await client.do("QueryTrades", txid=newest))[newest]["ordertxid"] == placed[-1]

    kraken(scene)


def test_look_ups_lag_and_the_engine_does_not(kraken: PlayKraken, clock: StandingClock) -> None:
    async def scene(exchange: KrakenEmulator, client: KrakenClient) -> None:
        exchange.set(visibility_lag_ms=60_000)
        order = {"volume": "0.01", "price": "39000", "cl_ord_id": CLIENT_ID}
        [id_] = (await client.order(**order))["txid"]
        assert (await client.do("OpenOrders"))["open"] == {}
        assert await client.do("QueryOrders", txid=id_) == "EOrder:Unknown order"
        assert await client.order(**order) == "EOrder:Duplicate order"
        clock.now += 60_000
        assert [*(await client.do("OpenOrders"))["open"]] == [id_]

    kraken(scene)


def test_money_fees_and_rights_are_told(kraken: PlayKraken) -> None:
    async def scene(exchange: KrakenEmulator, client: KrakenClient) -> None:
        await client.order(volume="0.01", price="39000")
        assert await client.do("BalanceEx") == {
            "XXBT": {"balance": "1.00000000", "hold_trade": "0.00000000"},
            "ZUSD": {"balance": "100000.00000000", "hold_trade": "391.56000000"},
        }
        assert (await client.do("TradeVolume", pair="XBTUSD"))["fees"]["XXBTZUSD"]["fee"] == "0.4000"
        rights = (await client.do("GetApiKeyInfo"))["permissions"]
        assert "modify-trades" in rights
        assert "withdraw-funds" not in rights
        rich = exchange.add_key("main", may_withdraw=True)
        other = KrakenClient(client.url, rich.key, rich.secret, client.session)
        assert "withdraw-funds" in (await other.do("GetApiKeyInfo"))["permissions"]
        looks = exchange.add_key("main", may_trade=False)
        looker = KrakenClient(client.url, looks.key, looks.secret, client.session)
        assert await looker.order(volume="0.01", price="39000") == "EGeneral:Permission denied"
        base = await client.order(type="sell", ordertype="market", volume="0.01", oflags="fcib")
        assert base["txid"]
        assert exchange.trades()[-1].trade.fee_asset == "BTC"
        bought = await client.order(ordertype="market", volume="50", oflags="viqc")
        assert bought["descr"]["order"] == "buy 50.00000000 XBTUSD @ market"
        assert exchange.trades()[-1].trade.cost <= 50

    kraken(scene)


def test_everything_is_cancelled_when_nobody_says_otherwise(kraken: PlayKraken, clock: StandingClock) -> None:
    async def scene(exchange: KrakenEmulator, client: KrakenClient) -> None:
        await client.order(volume="0.01", price="39000")
        assert (await client.do("CancelAllOrdersAfter", timeout=60))["triggerTime"] == "2026-11-30T12:01:35Z"
        clock.now += 59_000
        assert len((await client.do("OpenOrders"))["open"]) == 1
        clock.now += 1_000
        assert len((await client.do("OpenOrders"))["open"]) == 0
        await client.order(volume="0.01", price="39000")
        await client.do("CancelAllOrdersAfter", timeout=60)
        await client.do("CancelAllOrdersAfter", timeout=0)
        clock.now += 61_000
        assert len((await client.do("OpenOrders"))["open"]) == 1
        assert await client.do("CancelAll") == {"count": 1}

    kraken(scene)


def test_maintenance_has_three_kinds_and_says_which(kraken: PlayKraken) -> None:
    async def scene(exchange: KrakenEmulator, client: KrakenClient) -> None:
        order = {"volume": "0.01", "price": "39000"}
        [id_] = (await client.order(**order))["txid"]
        for kind, status, said in (
            ("post_only", "post_only", "EService:Market in post_only mode"),
            ("cancel_only", "cancel_only", "EService:Market in cancel_only mode"),
            ("down", "maintenance", "EService:Unavailable"),
        ):
            exchange.set(maintenance=kind)
            assert (await client.ask("SystemStatus"))["status"] == status
            assert await client.order(**order) == said
        exchange.set(maintenance="post_only")
        assert "txid" in await client.order(**order, oflags="post")
        exchange.set(maintenance="cancel_only")
        assert await client.do("CancelOrder", txid=id_) == {"count": 1}
        exchange.set(maintenance="none")
        exchange.strike("unknown_after")
        assert await client.order(**order) == "EService:Unavailable"
        assert len(exchange.orders()) == 3
        exchange.strike("rate_limited")
        assert await client.order(**order) == "EAPI:Rate limit exceeded"
        exchange.strike("banned", on="read")
        assert await client.do("Balance") == "EGeneral:Temporary lockout"
        assert await client.order(**order) == "EGeneral:Temporary lockout"

    kraken(scene)


def test_prices_and_rules_are_public(kraken: PlayKraken) -> None:
    async def scene(exchange: KrakenEmulator, client: KrakenClient) -> None:
        assert [*(await client.ask("AssetPairs"))] == ["XXBTZUSD", "ETHUSDT"]
        exchange.change("BTC/USD", tick="0.5", status="cancel_only")
        rules = (await client.ask("AssetPairs", pair="XBT/USD"))["XXBTZUSD"]
        assert (rules["tick_size"], rules["status"], rules["ordermin"]) == ("0.5", "cancel_only", "0.00005")
        assert await client.order(volume="0.01", price="39000") == "EService:Market in cancel_only mode"
        assert await client.ask("Ticker", pair="XBTEUR") == "EQuery:Unknown asset pair"
        assert (await client.ask("Ticker", pair="XBTUSD,ETHUSDT"))["XXBTZUSD"]["c"][0] == "40000.0"
        rows = (await client.ask("OHLC", pair="XBTUSD", interval=60))["XXBTZUSD"]
        assert len(rows) == 720
        assert rows[-1][0] <= NOON // 1_000 < rows[-1][0] + 3_600
        assert len((await client.ask("OHLC", pair="XBTUSD", interval=60, since=rows[-3][0]))["XXBTZUSD"]) == 2
        assert await client.ask("OHLC", pair="XBTUSD", interval=7) == "EGeneral:Invalid arguments:interval"
        assert (await client.ask("Time"))["unixtime"] == NOON // 1_000
        assert await client.ask("Nothing") == "EGeneral:Unknown method"
        assert [*(await client.ask("Assets"))] == ["XXBT", "XETH", "ZUSD", "USDT"]
        book = (await client.ask("Depth", pair="XBTUSD"))["XXBTZUSD"]
        assert (book["bids"][0][0], book["asks"][0][0]) == ("40000.0", "40000.5")

    kraken(scene)
