"""What an account on an exchange is asked, how often, and what is made of the answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Any

import pytest

from octobot_node.contracts.exchanges import Fees
from octobot_node.errors import NotSent, OrderRefused, Unresolved
from octobot_node.testing.fakes import OpenGate
from octobot_plugins.ccxt.exchanges import record_of
from tests.integration.plugins.ccxt.conftest import Open, request
from tests.support.exchange_site import Answer, Asked, lent

OURS = f"o{'0123456789abcdef' * 2}"[:32]
NOW = 1_796_000_000_000


class Stopped:
    """A clock that a test sets."""

    virtual = True

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> int:
        return self.at

    def monotonic(self) -> float:
        return self.at / 1000


def run(use: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    return asyncio.run(use())


def order(symbol: str = "BTCUSDT", number: int = 28, **given: Any) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "orderId": number,
        "clientOrderId": OURS,
        "price": "40000.5",
        "origQty": "0.01",
        "executedQty": "0",
        "status": "NEW",
        "type": "LIMIT",
        "side": "BUY",
        "time": NOW,
        **given,
    }


def trade(symbol: str, number: int, order_id: int, **given: Any) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "id": number,
        "orderId": order_id,
        "price": "40000.5",
        "qty": "0.01",
        "time": NOW,
        "commission": "0.00001",
        "commissionAsset": "BTC",
        "isBuyer": True,
        "isMaker": False,
        **given,
    }


def test_markets_that_count_their_orders_by_themselves_are_kept_apart(bench: Open) -> None:
    """Binance: the first order of BTC/USDT and the first one of ETH/USDT have the same number."""

    def script(asked: Asked) -> Answer:
        market = asked.params["symbol"]
        if asked.path.endswith("myTrades"):
            return Answer([trade(market, 7, 1)])
        return Answer(order(market, 1))

    async def use() -> Any:
        async with bench("binance", script, Stopped()) as found:
            trading = found.trading
            one = await trading.create_order(request(expires_at=NOW + 5_000))
            other = await trading.create_order(request(symbol="ETH/USDT", expires_at=NOW + 5_000))
            trades = await trading.trades(NOW)
            looked_up = await trading.order("ETH/USDT", other.id)
            await trading.cancel_order("ETH/USDT", other.id)
            return one.id, other.id, {each.order_id: each.symbol for each in trades}, looked_up, found.site.asked[-1]

    one, other, trades, looked_up, cancel = run(use)
    assert (one, other) == ("BTCUSDT-1", "ETHUSDT-1")
    assert trades == {"BTCUSDT-1": "BTC/USDT", "ETHUSDT-1": "ETH/USDT"}
    assert looked_up.id == other
    # To the exchange it is what the exchange calls it.
    assert (cancel.method, cancel.params["orderId"], cancel.params["symbol"]) == ("DELETE", "1", "ETHUSDT")


def test_all_open_orders_are_asked_for_once_a_minute_and_else_those_of_our_markets(bench: Open) -> None:
    clock = Stopped()
    strangers = order("ETHUSDT", 2, clientOrderId="web_abc")

    def script(asked: Asked) -> Answer:
        return Answer([order()] if "symbol" in asked.params else [order(), strangers])

    async def use() -> Any:
        async with bench("binance", script, clock) as found:
            shown = [[each.symbol for each in await found.trading.open_orders()]]
            for after in (1_000, 30_000, 40_000):
                clock.at = NOW + after
                shown.append([each.symbol for each in await found.trading.open_orders()])
            clock.at = NOW + 61_000
            await found.trading.open_orders()
            return shown, [each.params.get("symbol") for each in found.site.asked]

    shown, asked = run(use)
    assert shown[0] == ["BTC/USDT", "ETH/USDT"]
    # A stranger's market is not asked about by itself.
    assert asked == [None, "BTCUSDT", "BTCUSDT", "BTCUSDT", None]


def test_executions_of_a_market_are_read_from_its_first_order_on_and_no_more_once_it_rests(bench: Open) -> None:
    clock = Stopped()
    old = order(time=NOW - 86_400_000)

    def script(asked: Asked) -> Answer:
        if asked.path.endswith("myTrades"):
            return Answer(
                [trade("BTCUSDT", 7, 28, time=NOW - 80_000_000)]
                if int(asked.params["startTime"]) < NOW - 80_000_000
                else []
            )
        return Answer(old)

    async def use() -> Any:
        async with bench("binance", script, clock) as found:
            trading = found.trading
            counts = [len(await trading.trades(NOW))]
            await trading.order("BTC/USDT", "BTCUSDT-28")
            counts += [len(await trading.trades(NOW)), len(await trading.trades(NOW))]
            clock.at = NOW + 11 * 60_000
            counts.append(len(await trading.trades(NOW)))
            return counts, [int(each.params["startTime"]) for each in found.site.of("/api/v3/myTrades")]

    counts, since = run(use)
    assert counts == [0, 1, 0, 0]
    assert since == [NOW - 86_401_000, NOW]


def test_executions_are_asked_for_while_something_happens_and_else_twice_a_minute(bench: Open) -> None:
    clock = Stopped()
    filled = "0"

    def script(asked: Asked) -> Answer:
        if asked.path.endswith("myTrades"):
            return Answer([])
        return Answer([order(executedQty=filled)] if asked.path.endswith("openOrders") else order())

    async def use() -> Any:
        nonlocal filled
        async with bench("binance", script, clock) as found:
            counts = []
            for second in range(100):
                clock.at = NOW + second * 1_000
                filled = "0" if second < 80 else "0.005"
                await found.trading.open_orders()
                await found.trading.trades(NOW)
                counts.append(len(found.site.of("/api/v3/myTrades")))
            return counts

    counts = run(use)
    # Thirteen seconds after the first look (three of them the exchange's lag), once more half a minute later, and again
    # from when the order was filled in part.
    assert (counts[0], counts[13], counts[42], counts[44], counts[79]) == (1, 14, 14, 15, 16)
    assert counts[80:93] == list(range(17, 30))
    assert counts[99] < 34


def test_pages_of_executions_are_read_to_their_end(bench: Open) -> None:
    def script(asked: Asked) -> Answer:
        if not asked.path.endswith("myTrades"):
            return Answer(order())
        begin = int(asked.params.get("fromId", 1))
        return Answer(
            [trade("BTCUSDT", number, 28, time=NOW + number) for number in range(begin, min(begin + 1_000, 2_501))]
        )

    async def use() -> Any:
        async with bench("binance", script, Stopped()) as found:
            await found.trading.order("BTC/USDT", "BTCUSDT-28")
            return [each.id for each in await found.trading.trades(NOW)], len(found.site.of("/api/v3/myTrades"))

    ids, pages = run(use)
    assert ids == [str(number) for number in range(1, 2_501)]
    assert pages == 3


def test_where_there_is_no_next_page_a_full_answer_is_asked_for_in_halves(bench: Open) -> None:
    """Bybit tells the newest hundred of a span: the older ones would be lost."""
    clock = Stopped()
    clock.at = NOW + 3_600_000

    def script(asked: Asked) -> Answer:
        begin, end = int(asked.params["startTime"]), int(asked.params["endTime"])
        rows = [
            {
                "symbol": "BTCUSDT",
                "execId": str(number),
                "orderId": "28",
                "side": "Buy",
                "execPrice": "40000",
                "execQty": "0.01",
                "execFee": "0.1",
                "feeCurrency": "USDT",
                "execTime": str(NOW + number * 5_000),
            }
            for number in range(700)
            if begin <= NOW + number * 5_000 <= end
        ]
        return Answer({"retCode": 0, "retMsg": "OK", "result": {"list": rows[-100:]}})

    async def use() -> Any:
        async with bench("bybit", script, clock) as found:
            return [each.id for each in await found.trading.trades(NOW)], len(found.site.asked)

    ids, asked = run(use)
    assert ids == [str(number) for number in range(700)]
    assert asked < 40


def test_a_request_is_signed_for_the_fence_s_time_however_late_it_leaves(bench: Open) -> None:
    """A process that stood still after the fence sends a request that is dead on arrival."""
    clock = Stopped()

    async def use() -> Any:
        async with bench("binance", lambda _: Answer(order()), clock) as found:
            await found.trading.create_order(request(expires_at=NOW + 5_000))
            clock.at = NOW + 60_000
            await found.trading.create_order(request(expires_at=NOW + 5_000))
            return [each.params for each in found.site.asked]

    first, late = run(use)
    assert (first["timestamp"], late["timestamp"]) == (str(NOW), str(NOW))
    assert first["recvWindow"] == late["recvWindow"] == "5000"


def test_where_requests_do_not_expire_one_that_is_late_does_not_leave(bench: Open) -> None:
    clock = Stopped()
    clock.at = NOW + 5_000

    async def use() -> Any:
        async with bench("gate", lambda _: Answer({"id": "1"}), clock) as found:
            with pytest.raises(NotSent, match="ran out"):
                await found.trading.create_order(request(expires_at=NOW + 5_000))
            return found.site.asked

    assert run(use) == []


def test_after_a_429_nothing_leaves_until_its_time_is_over(bench: Open) -> None:
    clock = Stopped()
    limited = Answer({"code": -1003, "msg": "Too many requests"}, 429, {"Retry-After": "7"})

    async def use() -> Any:
        async with bench("binance", lambda _: limited, clock) as found:
            waits = []
            for _ in range(2):
                with pytest.raises(NotSent) as error:
                    await found.trading.create_order(request(expires_at=clock.at + 5_000))
                waits.append(error.value.retry_after)
                clock.at += 2_000
            asked = len(found.site.asked)
            clock.at += 6_000
            found.site.script = lambda _: Answer(order())
            await found.trading.create_order(request(expires_at=clock.at + 5_000))
            return waits, asked, len(found.site.asked)

    assert run(use) == ([7.0, 5.0], 1, 2)


def test_cancels_and_what_a_person_waits_for_may_use_what_is_kept_of_the_allowance(
    bench: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    async def take(_gate: OpenGate, _weight: float = 1.0, *, urgent: bool = False) -> None:
        asked.append(urgent)

    monkeypatch.setattr(OpenGate, "take", take)

    async def use() -> None:
        async with bench("binance", lambda _: Answer(order(balances=[])), Stopped()) as found:
            trading = found.trading
            await trading.create_order(request(expires_at=NOW + 5_000))
            await trading.order("BTC/USDT", "BTCUSDT-28")
            await trading.cancel_order("BTC/USDT", "BTCUSDT-28")
            await trading.balances()
            await trading.check_keys()

    run(use)
    assert asked == [False, False, True, True, True]


def test_times_are_told_by_this_machine_s_clock(bench: Open) -> None:
    """An exchange whose clock is behind would otherwise seem to fill orders before they were sent."""

    async def use() -> Any:
        def script(asked: Asked) -> Answer:
            if asked.path.endswith("myTrades"):
                return Answer([trade("BTCUSDT", 7, 28, time=NOW - 9_000)])
            return Answer(order(time=NOW - 9_500))

        async with bench("binance", script, Stopped()) as found:
            found.trading.remote.clock.ahead = -10_000
            shown = await found.trading.order("BTC/USDT", "BTCUSDT-28")
            (fill,) = await found.trading.trades(NOW)
            return shown.created_at, fill.at, found.site.asked[-1].params["startTime"]

    assert run(use) == (NOW + 500, NOW + 1_000, str(NOW - 10_500))


@pytest.mark.parametrize(
    ("exchange", "path", "body", "other"),
    [
        ("binance", "account", {"commissionRates": {"maker": "0.00075", "taker": "0.00095"}, "balances": []}, True),
        ("okx", "trade-fee", {"code": "0", "data": [{"maker": "-0.00075", "taker": "-0.00095"}]}, True),
        (
            "kraken",
            "TradeVolume",
            {
                "error": [],
                "result": {"fees": {"XBTUSDT": {"fee": "0.095"}}, "fees_maker": {"XBTUSDT": {"fee": "0.075"}}},
            },
            False,
        ),
    ],
)
def test_what_the_account_pays_is_asked_for_once_somebody_wants_to_know(
    bench: Open, exchange: str, path: str, body: dict[str, Any], other: bool
) -> None:
    clock = Stopped()

    def script(asked: Asked) -> Answer:
        if asked.path.endswith(path):
            return Answer(body)
        return Answer([] if exchange == "binance" else {"code": "0", "data": [], "error": [], "result": {"open": {}}})

    async def use() -> Any:
        async with bench(exchange, script, clock) as found:
            trading = found.trading
            await trading.open_orders()
            told = [trading.fees("BTC/USDT")]
            for after in (0, 60_000, 7 * 3_600_000):
                clock.at = NOW + after
                await trading.open_orders()
            told += [trading.fees("BTC/USDT"), trading.fees("ETH/USDT")]
            return told, sum(each.path.endswith(path) for each in found.site.asked)

    told, asked = run(use)
    paid = Fees(taker=Decimal("0.00095"), maker=Decimal("0.00075"))
    assert told == [Fees(), paid, paid if other else Fees()]
    assert asked == 2


@pytest.mark.parametrize("answer", [Answer("<html>", 502), Answer({}), Answer({"commissionRates": {"taker": "10"}})])
def test_fees_that_are_not_told_keep_nobody_waiting(bench: Open, answer: Answer) -> None:
    def script(asked: Asked) -> Answer:
        return answer if asked.path.endswith("account") else Answer([])

    async def use() -> Any:
        async with bench("binance", script, Stopped()) as found:
            found.trading.fees("BTC/USDT")
            for _ in range(3):
                await found.trading.open_orders()
            return found.trading.fees("BTC/USDT"), len(found.site.of("/api/v3/account"))

    assert run(use) == (Fees(), 1)


def test_fees_are_told_by_asset_and_every_digit_is_kept(bench: Open) -> None:
    def script(asked: Asked) -> Answer:
        if asked.path.endswith("myTrades"):
            paid = {"price": "40000.12345678", "qty": "0.00000001", "commission": "0.123456789012345678"}
            return Answer([trade("BTCUSDT", 7, 28, commissionAsset="BNB", isMaker=True, **paid)])
        return Answer(order())

    async def use() -> Any:
        async with bench("binance", script, Stopped()) as found:
            await found.trading.order("BTC/USDT", "BTCUSDT-28")
            return await found.trading.trades(NOW)

    (fill,) = run(use)
    assert (fill.price, fill.amount, fill.cost) == (
        Decimal("40000.12345678"),
        Decimal("0.00000001"),
        Decimal("0.0004000012345678"),
    )
    assert (fill.fee, fill.fee_asset, fill.liquidity) == (Decimal("0.123456789012345678"), "BNB", "maker")


@pytest.mark.parametrize(
    "answer", [Answer({"orderId": 28}), Answer([]), Answer("nonsense"), Answer({"code": -9999, "msg": "?"}, 400)]
)
def test_a_look_up_whose_answer_makes_no_sense_does_not_say_that_there_is_none(bench: Open, answer: Answer) -> None:
    async def use() -> Any:
        async with bench("okx", lambda _: answer) as found:
            with pytest.raises(Unresolved):
                await found.trading.find_order("BTC/USDT", "o1", 0)

    run(use)


def test_an_order_that_is_not_there_is_none(bench: Open) -> None:
    missing = Answer({"code": -2013, "msg": "Order does not exist."}, 400)

    async def use() -> Any:
        async with bench("binance", lambda _: missing) as found:
            found_by_name = await found.trading.find_order("BTC/USDT", "o1", 0)
            return found_by_name, await found.trading.order("BTC/USDT", "1")

    assert run(use) == (None, None)


def test_a_cancel_of_what_is_over_is_no_error_and_of_what_is_unknown_is(bench: Open) -> None:
    answers = iter([Answer({"code": -2011, "msg": "Unknown order sent."}, 400), Answer("<html>", 502)])

    async def use() -> Any:
        async with bench("binance", lambda _: next(answers)) as found:
            await found.trading.cancel_order("BTC/USDT", "BTCUSDT-1")
            with pytest.raises(Unresolved):
                await found.trading.cancel_order("BTC/USDT", "BTCUSDT-1")

    run(use)


# Exchanges that nobody vouches for ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (Answer({"status": "error", "reason": "insufficient funds"}, 400), Unresolved),
        (Answer("<html>", 502), Unresolved),
        (Answer(way="drop"), Unresolved),
        (Answer("", 429), NotSent),
        (Answer({"type": "0"}), Unresolved),
    ],
)
def test_of_other_exchanges_only_a_success_is_certain(bench: Open, answer: Answer, wanted: type[Exception]) -> None:
    async def use() -> Any:
        async with bench("bitstamp", lambda _: answer) as found:
            with pytest.raises(wanted):
                await found.trading.create_order(request())
            return len(found.site.asked)

    assert run(use) == 1


def test_an_order_on_another_exchange_that_is_taken_is_known_by_its_id(bench: Open) -> None:
    async def use() -> Any:
        taken = Answer(
            {"id": "28", "type": "0", "price": "40000.5", "amount": "0.01", "datetime": "2026-11-30 00:00:00"}
        )
        async with bench("bitstamp", lambda _: taken) as found:
            return await found.trading.create_order(request()), found.trading.capabilities

    order_, capabilities = run(use)
    assert (order_.id, order_.status, order_.amount, order_.price) == (
        "28",
        "open",
        Decimal("0.01"),
        Decimal("40000.5"),
    )
    assert capabilities == record_of("bitstamp").capabilities


def test_what_ccxt_would_not_even_send_is_a_refusal(bench: Open) -> None:
    async def use() -> Any:
        async with bench("poloniex", lambda _: Answer({})) as found:
            # It wants to be told how much may be spent, which an amount does not say.
            with pytest.raises(OrderRefused, match="nothing was sent"):
                await found.trading.create_order(request(type="market", price=None))
            return found.site.asked

    assert run(use) == []


def test_a_connector_that_is_closed_sends_nothing(bench: Open, tmp_path: Any) -> None:
    async def use() -> None:
        async with bench("binance", lambda _: Answer(order())) as found:
            await found.trading.close()
            with pytest.raises(NotSent, match="closed"):
                await found.trading.create_order(request())
            assert found.site.asked == []
        assert lent(tmp_path).settings.data_dir == tmp_path

    run(use)
