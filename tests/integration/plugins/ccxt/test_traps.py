"""Ways in which ccxt as it comes doubles or loses an order, or says that it was refused when it was not.

Each is shown on ccxt itself first, so that a release of it that mends one is noticed, and then beside our layer. The
numbers are those of docs/exchanges.md.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Coroutine
from contextlib import suppress
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, Underflow, getcontext, localcontext
from typing import Any

import aiohttp
import ccxt
import pytest

from octobot_node.errors import NotSent, OrderRefused, Unresolved
from octobot_plugins.ccxt.exchanges import VOUCHED, record_of
from octobot_plugins.ccxt.trading import open_trading
from octobot_plugins.ccxt.verdicts import KeyRefused
from octobot_plugins.proxies.socks5 import Socks5Connector
from tests.integration.plugins.ccxt.conftest import Open, market, plain, request
from tests.support.exchange_site import Answer, Asked, Site, site

#: What exchanges say to whatever they are asked before an order, and to the order.
OPENERS: dict[str, Any] = {
    "bybit": {"retCode": 0, "retMsg": "OK", "result": {"orderId": "28", "unified": 1, "uta": 1, "list": []}},
    "htx": {"status": "ok", "data": [{"id": 77, "type": "spot"}]},
    "gate": {"id": "28"},
    "bitget": {"code": "00000", "data": {"orderId": "28"}},
    "kucoin": {"code": "200000", "data": {"orderId": "28"}},
}
#: What ccxt asks of them while an order is placed.
HIDDEN = {
    "bybit": "/v5/user/query-api",
    "htx": "/v1/account/accounts",
    "gate": "/api/v4/account/detail",
    "bitget": "/api/v3/account/settings",
    "kucoin": "/api/ua/v1/account/mode",
}
TAKEN = Answer({"symbol": "BTCUSDT", "orderId": 28, "clientOrderId": "o", "status": "NEW", "side": "BUY"})


def run(use: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    return asyncio.run(use())


async def raised(doing: Coroutine[Any, Any, Any]) -> Exception:
    try:
        found = await doing
    except Exception as error:
        return error
    raise AssertionError(f"nothing was raised, but {found!r} returned")


def plain_buy(exchange: Any, **params: Any) -> Coroutine[Any, Any, Any]:
    found: Coroutine[Any, Any, Any] = exchange.create_order("BTC/USDT", "limit", "buy", 0.01, 40000.5, params)
    return found


def breaks_at_the_second(asked: list[str]) -> Callable[[Asked], Answer]:
    """Return a script that keeps its first connection and hangs up on the next request of it, without a word."""

    def script(about: Asked) -> Answer:
        asked.append(about.method)
        return TAKEN if len(asked) == 1 else Answer(way="drop")

    return script


def test_1_and_2_a_cancel_is_sent_once_though_its_connection_breaks(bench: Open) -> None:
    async def as_it_is() -> list[str]:
        seen: list[str] = []
        async with site(breaks_at_the_second(seen)) as found, plain("binance", found.url) as exchange:
            await plain_buy(exchange)
            await raised(exchange.cancel_order("28", "BTC/USDT"))
        return seen

    async def ours() -> tuple[list[str], Exception]:
        seen: list[str] = []
        async with bench("binance", breaks_at_the_second(seen)) as found:
            await found.trading.create_order(request())
            error = await raised(found.trading.cancel_order("BTC/USDT", "28"))
        return seen, error

    assert run(as_it_is) == ["POST", "DELETE", "DELETE"]
    seen, error = run(ours)
    assert seen == ["POST", "DELETE"]
    assert isinstance(error, Unresolved)


def test_3_a_signed_order_is_not_posted_to_where_an_answer_points(bench: Open) -> None:
    async def both(open_: Callable[[str], Any]) -> tuple[list[str], Any]:
        async with site(lambda _: TAKEN) as thief:
            moved = Answer("", 307, {"Location": f"{thief.url}/api/v3/order"})
            outcome = await open_(moved)  # type: ignore[arg-type]
            return [each.body for each in thief.asked], outcome

    async def as_it_is(moved: Answer) -> Any:
        async with site(lambda _: moved) as found, plain("binance", found.url) as exchange:
            return await plain_buy(exchange)

    async def ours(moved: Answer) -> Any:
        async with bench("binance", lambda _: moved) as found:
            return await raised(found.trading.create_order(request()))

    stolen, _ = run(lambda: both(as_it_is))  # type: ignore[arg-type]
    assert len(stolen) == 1
    assert "signature=" in stolen[0]
    stolen, error = run(lambda: both(ours))  # type: ignore[arg-type]
    assert stolen == []
    assert isinstance(error, Unresolved)


def answers_before_orders(exchange: str) -> Callable[[Asked], Answer]:
    """Return a script that tells what is asked before an order, and takes the order."""
    taken = {"status": "ok", "data": "28"} if exchange == "htx" else {"orderId": "28", "id": "28"}
    return lambda asked: Answer(taken if asked.path.endswith("orders/place") else OPENERS.get(exchange, taken))


def came_of(bench: Open, answer: Answer, exchange: str = "binance", **given: Any) -> tuple[Exception, Exception]:
    """Return what ccxt raises for an answer to an order, and what our layer does; each sent one request."""

    async def both() -> tuple[Exception, Exception]:
        async with site(lambda _: answer) as found, plain(exchange, found.url, **given) as one:
            theirs = await raised(plain_buy(one))
            assert len(found.asked) == 1
        async with bench(exchange, lambda _: answer) as found:
            ours = await raised(found.trading.create_order(request()))
            assert len(found.site.asked) == 1
        return theirs, ours

    found: tuple[Exception, Exception] = run(both)
    return found


def is_a_refusal(error: Exception) -> bool:
    """Whether ccxt's tree says that it was the exchange's own no, and no failure on the way."""
    return isinstance(error, ccxt.ExchangeError) and not isinstance(error, ccxt.OperationFailed)


def test_4_an_answer_that_is_cut_off_is_no_refusal(bench: Open) -> None:
    theirs, ours = came_of(bench, Answer({"orderId": 28}, way="cut"))
    assert is_a_refusal(theirs)
    assert isinstance(ours, Unresolved)


def test_5_a_page_in_the_place_of_an_answer_is_no_order(bench: Open) -> None:
    page = Answer("<html>soon back</html>")

    async def both() -> tuple[Any, Exception]:
        async with site(lambda _: page) as found, plain("binance", found.url) as exchange:
            theirs = await plain_buy(exchange)
        async with bench("binance", lambda _: page) as found:
            return theirs, await raised(found.trading.create_order(request()))

    theirs, ours = run(both)
    # As if all were well, of an order that nobody knows.
    assert (theirs["id"], theirs["status"]) == (None, None)
    assert isinstance(ours, Unresolved)


def test_6_what_never_left_is_told_from_what_may_have_arrived(bench: Open) -> None:
    async def nobody() -> tuple[Exception, Exception]:
        async with site(lambda _: TAKEN) as gone:
            url = gone.url
        async with plain("binance", url) as exchange:
            theirs = await raised(plain_buy(exchange))
        async with bench("binance", lambda _: TAKEN) as found:
            # Its site goes, its account does not.
            found.trading.remote._exchange.urls["api"]["private"] = f"{url}/api/v3"
            found.trading.remote.settings = found.settings.model_copy(update={"base_url": ""})
            return theirs, await raised(found.trading.create_order(request()))

    refused, nothing_left = run(nobody)
    dropped, may_have = came_of(bench, Answer(way="drop"))
    assert type(refused) is type(dropped) is ccxt.ExchangeNotAvailable
    assert isinstance(nothing_left, NotSent)
    assert isinstance(may_have, Unresolved)


def test_7_a_time_out_while_connecting_is_told_from_one_while_waiting(
    bench: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def waiting() -> tuple[Exception, Exception]:
        hang = Answer(way="hang")
        async with site(lambda _: hang) as found, plain("binance", found.url, timeout=300) as exchange:
            theirs = await raised(plain_buy(exchange))
        async with bench("binance", lambda _: hang, timeout=0.3) as found:
            return theirs, await raised(found.trading.create_order(request()))

    async def connecting() -> tuple[Exception, Exception]:
        async def never(*_: Any, **__: Any) -> Any:
            raise aiohttp.ConnectionTimeoutError

        async with bench("binance", lambda _: TAKEN) as found, plain("binance", found.site.url) as exchange:
            monkeypatch.setattr(aiohttp.TCPConnector, "_create_connection", never)
            theirs = await raised(plain_buy(exchange))
            return theirs, await raised(found.trading.create_order(request()))

    theirs_waiting, ours_waiting = run(waiting)
    theirs_connecting, ours_connecting = run(connecting)
    assert type(theirs_waiting) is type(theirs_connecting) is ccxt.RequestTimeout
    assert isinstance(ours_waiting, Unresolved)
    assert isinstance(ours_connecting, NotSent)


@pytest.mark.parametrize(
    ("exchange", "status"), [("okx", 403), *(("binance", each) for each in (400, 404, 405, 409, 410, 451))]
)
def test_8_a_status_without_a_code_says_nothing(bench: Open, exchange: str, status: int) -> None:
    theirs, ours = came_of(bench, Answer("", status), exchange)
    # As a refused connection, of which trap 6 is about: as if nothing had arrived.
    assert isinstance(theirs, ccxt.ExchangeNotAvailable)
    assert isinstance(ours, Unresolved)


def test_9_a_proxy_s_failure_has_a_meaning(bench: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    from octobot_node.contracts.proxies import ProxyAddress
    from octobot_node.egress import HttpClient

    async def both() -> tuple[Exception, Exception]:
        async with site(lambda _: TAKEN) as gone:
            url, port = gone.url, int(gone.url.rpartition(":")[2])

        class Way:
            def connector(self, *, limit: int) -> Any:
                address = ProxyAddress("socks5", "127.0.0.1", port, "", "")
                return Socks5Connector(address, "", "", private=True, limit=limit)

        async with plain("binance", url, socksProxy=f"socks5h://127.0.0.1:{port}") as exchange:
            theirs = await raised(plain_buy(exchange))
        async with bench("binance", lambda _: TAKEN) as found:
            way: Any = Way()
            found.trading.remote._http = HttpClient(way)
            return theirs, await raised(found.trading.create_order(request()))

    theirs, ours = run(both)
    assert not isinstance(theirs, ccxt.BaseError)
    assert isinstance(ours, NotSent)


@pytest.mark.parametrize(
    ("exchange", "answer"),
    [
        # Order creation timed out there.
        ("bybit", {"retCode": 170146, "retMsg": "Order creation timeout", "result": {}}),
        ("bybit", {"retCode": 170001, "retMsg": "Internal error", "result": {}}),
        ("bybit", {"retCode": 10016, "retMsg": "Internal error", "result": {}}),
        ("bybit", {"retCode": 10000, "retMsg": "Server timeout", "result": {}}),
    ],
)
def test_10_bybit_s_own_time_outs_are_no_refusals(exchange: str, answer: dict[str, Any], bench: Open) -> None:
    theirs, ours = errors_of(exchange, Answer(answer), bench)
    assert is_a_refusal(theirs)
    assert isinstance(ours, Unresolved)


@pytest.mark.parametrize(
    ("exchange", "answer"),
    [
        ("mexc", {"code": 500, "msg": "Internal error"}),
        ("cryptocom", {"code": 50001, "message": "ERR_INTERNAL"}),
        ("bitget", {"code": "40015", "msg": "System is abnormal", "data": None}),
        ("coinbase", {"success": False, "error_response": {"error": "internal_server_error", "message": "?"}}),
        ("okx", {"code": "1", "data": [{"sCode": "51149", "sMsg": "Order timed out"}], "msg": ""}),
    ],
)
def test_11_failures_of_the_exchange_itself_are_no_refusals(exchange: str, answer: dict[str, Any], bench: Open) -> None:
    theirs, ours = errors_of(exchange, Answer(answer), bench)
    assert is_a_refusal(theirs)
    assert isinstance(ours, Unresolved)


def errors_of(exchange: str, answer: Answer, bench: Open) -> tuple[Exception, Exception]:
    """Return what ccxt makes of an answer, and what our layer makes of it as one to an order."""

    async def both() -> tuple[Exception, Exception]:
        async with plain(exchange, "http://127.0.0.1:1") as one:
            text = json.dumps(answer.body)
            with pytest.raises(Exception) as theirs:  # noqa: PT011 - which one is asked of it
                one.handle_errors(answer.status, "", "https://host/v3/x", "POST", {}, text, answer.body, {}, "")
        async with bench(exchange, lambda _: answer) as found:
            return theirs.value, await raised(found.trading.create_order(request()))

    found: tuple[Exception, Exception] = run(both)
    return found


def test_12_a_revoked_key_is_not_taken_for_a_ban(bench: Open) -> None:
    revoked = Answer({"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}, 401)

    async def both() -> tuple[Exception, Exception]:
        answers = iter([TAKEN, revoked])
        async with site(lambda _: next(answers)) as found, plain("binance", found.url) as exchange:
            await plain_buy(exchange)
            theirs = await raised(plain_buy(exchange))
        answers = iter([TAKEN, revoked])
        async with bench("binance", lambda _: next(answers)) as found:
            await found.trading.create_order(request())
            return theirs, await raised(found.trading.create_order(request()))

    theirs, ours = run(both)
    assert isinstance(theirs, ccxt.DDoSProtection)
    assert isinstance(ours, KeyRefused)


@pytest.mark.parametrize(
    ("exchange", "duplicate", "shown"),
    [
        (
            "binance",
            Answer({"code": -2010, "msg": "Duplicate order sent."}, 400),
            {"symbol": "BTCUSDT", "orderId": 28, "clientOrderId": "o1234567890abcdef", "status": "NEW", "side": "BUY"},
        ),
        (
            "okx",
            Answer({"code": "1", "data": [{"sCode": "51016", "sMsg": "Client order ID already exists."}], "msg": ""}),
            {
                "code": "0",
                "data": [{"instId": "BTC-USDT", "ordId": "28", "clOrdId": "o1234567890abcdef", "state": "live",
                          "side": "buy", "ordType": "limit", "sz": "0.01", "px": "40000.5", "accFillSz": "0"}],
                "msg": "",
            },
        ),
        (
            "bybit",
            Answer({"retCode": 170141, "retMsg": "Duplicate clientOrderId", "result": {}}),
            {"retCode": 0, "retMsg": "OK", "result": {"list": [
                {"symbol": "BTCUSDT", "orderId": "28", "orderLinkId": "o1234567890abcdef", "orderStatus": "New",
                 "side": "Buy", "orderType": "Limit", "qty": "0.01", "price": "40000.5", "cumExecQty": "0"}]}},
        ),
        (
            "kucoin",
            Answer({"code": "126044", "msg": "clientOid duplicate"}),
            {"code": "200000", "data": {
                "id": "28", "symbol": "BTC-USDT", "clientOid": "o1234567890abcdef", "type": "limit", "side": "buy",
                "size": "0.01", "price": "40000.5", "dealSize": "0", "active": True, "inOrderBook": True}},
        ),
    ],
)  # fmt: skip
def test_13_an_order_that_is_there_already_is_returned(
    exchange: str, duplicate: Answer, shown: dict[str, Any], bench: Open
) -> None:
    async def ours() -> Any:
        def script(asked: Asked) -> Answer:
            return duplicate if asked.method == "POST" else Answer(shown)

        async with bench(exchange, script) as found:
            return await found.trading.create_order(request())

    async def theirs() -> Exception:
        async with plain(exchange, "http://127.0.0.1:1") as one:
            text = json.dumps(duplicate.body)
            with pytest.raises(Exception) as error:  # noqa: PT011 - which one is asked of it
                one.handle_errors(duplicate.status, "", "https://x/", "POST", {}, text, duplicate.body, {}, "")
            return error.value

    said = run(theirs)
    assert not isinstance(said, ccxt.DuplicateOrderId)
    assert is_a_refusal(said)
    assert run(ours).id.endswith("28")


def test_14_kraken_s_cancel_is_judged_by_its_own_answer(bench: Open) -> None:
    def script() -> Callable[[Asked], Answer]:
        answers = iter([Answer({"error": ["EOrder:Unknown order"]}), Answer(way="hang")])
        return lambda _: next(answers)

    async def both() -> tuple[Exception, Exception]:
        async with site(script()) as found, plain("kraken", found.url, timeout=300) as exchange:
            await raised(exchange.cancel_order("A", "BTC/USDT"))
            theirs = await raised(exchange.cancel_order("B", "BTC/USDT"))
        async with bench("kraken", script(), timeout=0.3) as found:
            await found.trading.cancel_order("BTC/USDT", "A")
            return theirs, await raised(found.trading.cancel_order("BTC/USDT", "B"))

    theirs, ours = run(both)
    assert isinstance(theirs, ccxt.OrderNotFound)
    assert isinstance(ours, Unresolved)


def sizes(asked: Asked) -> dict[str, str]:
    """Return what an order says of how much it is about."""
    order: Any = asked.params
    told = {**order, **order.get("order_configuration", {}).get("market_market_ioc", {})}
    names = ("quantity", "quoteOrderQty", "base_size", "quote_size", "qty", "marketUnit", "amount", "size")
    return {name: str(told[name]) for name in names if name in told}


@pytest.mark.parametrize(
    ("exchange", "theirs", "ours"),
    [
        ("binance", {"quoteOrderQty": "400"}, {"quantity": "0.01"}),
        ("mexc", {"quoteOrderQty": "400"}, {"quantity": "0.01"}),
        ("coinbase", {"quote_size": "400"}, {"base_size": "0.01"}),
        ("bybit", {"qty": "400"}, {"qty": "0.01", "marketUnit": "baseCoin"}),
        # These have none by amount: it is refused, not turned into another order.
        ("gate", {"amount": "400"}, None),
        ("htx", {"amount": "400"}, None),
        ("bitget", {"size": "400"}, None),
    ],
)
def test_15_a_market_buy_of_an_amount_is_of_that_amount(
    exchange: str, theirs: dict[str, str], ours: dict[str, str] | None, bench: Open
) -> None:
    script = answers_before_orders(exchange)
    classic = {"options": {"uta": False}} if exchange == "bitget" else {}

    async def both() -> tuple[Asked, list[Asked], Exception | None]:
        async with site(script) as found, plain(exchange, found.url, **classic) as one:
            with suppress(Exception):
                await one.create_order("BTC/USDT", "market", "buy", 0.01, 40000)
            sent = found.asked[-1]
        async with bench(exchange, script) as found:
            error = None
            try:
                await found.trading.create_order(request(type="market", price=None))
            except Exception as refusal:
                error = refusal
            return sent, [each for each in found.site.asked if each.method == "POST"], error

    plainly, sent, error = run(both)
    assert sizes(plainly) == theirs
    if ours is None:
        assert isinstance(error, OrderRefused)
        assert (sent, "in quote only" in str(error)) == ([], True)
    else:
        assert [sizes(each) for each in sent] == [ours]


def test_16_and_17_okx_spends_what_is_to_be_spent_by_one_order(bench: Open) -> None:
    answer = Answer({"code": "0", "data": [{"ordId": "28", "clOrdId": "o", "sCode": "0", "sMsg": ""}], "msg": ""})

    async def both() -> tuple[Asked, Asked]:
        async with site(lambda _: answer) as found, plain("okx", found.url) as exchange:
            await exchange.create_order("BTC/USDT", "market", "buy", 1, None, {"cost": 25})
            theirs = found.asked[0]
        async with bench("okx", lambda _: answer) as found:
            await found.trading.create_order(request(type="market", price=None, amount=None, spend=Decimal(25)))
            return theirs, found.site.asked[0]

    theirs, ours = run(both)
    assert theirs.path == "/api/v5/trade/batch-orders"
    batch: Any = json.loads(theirs.body)[0]
    assert (batch["sz"], batch["tgtCcy"]) == ("1", "base_ccy")
    assert ours.path == "/api/v5/trade/order"
    assert (ours.params["sz"], ours.params["tgtCcy"]) == ("25", "quote_ccy")


def test_16_crypto_com_spends_what_is_to_be_spent(bench: Open) -> None:
    answer = Answer({"code": 0, "result": {"order_id": "28"}})

    async def both() -> tuple[Any, Any]:
        async with site(lambda _: answer) as found, plain("cryptocom", found.url) as exchange:
            await exchange.create_order("BTC/USDT", "market", "buy", 1, None, {"cost": 25})
            theirs = json.loads(found.asked[0].body)["params"]
        async with bench("cryptocom", lambda _: answer) as found:
            await found.trading.create_order(request(type="market", price=None, amount=None, spend=Decimal(25)))
            return theirs, json.loads(found.site.asked[0].body)["params"]

    theirs, ours = run(both)
    assert (theirs["quantity"], theirs.get("notional")) == ("1", None)
    assert (ours.get("quantity"), ours["notional"]) == (None, "25")


@pytest.mark.parametrize("exchange", HIDDEN)
def test_18_what_an_order_needs_is_asked_for_before_it(exchange: str, bench: Open) -> None:
    script = answers_before_orders(exchange)

    async def both() -> tuple[list[str], list[str], list[str]]:
        async with site(script) as found, plain(exchange, found.url) as one:
            with_questions = await theirs_of(one, found)
        async with bench(exchange, script) as found:
            await found.trading.create_order(request(client_order_id="o1"))
            first = found.site.paths()
            await found.trading.create_order(request(client_order_id="o2"))
            return with_questions, first, found.site.paths()[len(first) :]

    async def theirs_of(one: Any, found: Any) -> list[str]:
        with suppress(Exception):
            await plain_buy(one)
        paths: list[str] = found.paths()
        return paths

    theirs, first, second = run(both)
    assert theirs[0] == HIDDEN[exchange]
    # Where one is needed it is asked for once, and before: the order is the last thing that leaves, and alone later on.
    assert first[:-1] == [
        wire.path if wire.path.startswith("/") else f"/{wire.path}"
        for wire, _ in record_of(exchange).before_orders.values()
    ]
    assert len(second) == 1
    assert first[-1] == second[0]


def actions(site_: Site) -> list[str]:
    bodies: list[Any] = [json.loads(each.body) for each in site_.of("/exchange")]
    return [body["action"]["type"] for body in bodies]


def test_19_hyperliquid_s_first_order_is_the_first_thing_that_is_signed(bench: Open) -> None:
    answer = Answer({"status": "ok", "response": {"type": "order", "data": {"statuses": [{"resting": {"oid": 28}}]}}})

    async def both() -> tuple[list[str], list[str]]:
        async with site(lambda _: answer) as found, plain("hyperliquid", found.url) as exchange:
            await plain_buy(exchange)
            theirs = actions(found)
        keys = {"api_key": "0x" + "22" * 20, "secret": "0x" + "11" * 32}
        async with bench("hyperliquid", lambda _: answer, **keys) as found:
            order = await found.trading.create_order(request())
            assert order.id == "28"
            return theirs, actions(found.site)

    theirs, ours = run(both)
    assert theirs[-1] == "order"
    assert len(theirs) == 3
    assert ours == ["order"]


#: What ccxt names an order that is given no id; "" where it sends none.
UNNAMED = {
    "binance": r"newClientOrderId=x-TKT5PX2F[0-9a-f]{22}&",
    "okx": r'"clOrdId":"6b9ad766b55dBCDE[0-9a-f]{16}"',
    "coinbase": r'"client_order_id":"ccxt-[0-9a-f-]{36}"',
    "htx": r'"client-order-id":"AA03022abc[0-9a-f-]+"',
    "kucoin": r'"clientOid":"[0-9a-f-]{32,36}"',
    **dict.fromkeys(("kraken", "bybit", "gate", "bitget", "hyperliquid", "mexc", "cryptocom"), ""),
}
#: How an id looks in a request, whatever it is.
NAMES = (
    "clientOrderId|newClientOrderId|client_order_id|client-order-id|clOrdId|clientOid|client_oid|orderLinkId|cl_ord_id"
    '|"text"|"c":'
)


@pytest.mark.slow
@pytest.mark.parametrize("record", VOUCHED, ids=lambda record: record.id)
def test_20_every_order_has_our_id_and_nobody_else_s(record: Any, bench: Open) -> None:
    keys = {"api_key": "0x" + "22" * 20, "secret": "0x" + "11" * 32} if record.id == "hyperliquid" else {}
    named = record.client_id(request().client_order_id)
    script = answers_before_orders(record.id)

    async def both() -> tuple[str, str, str]:
        # KuCoin's and Bitget's other kind of account is another interface, and Hyperliquid signs two more actions.
        classic = {"options": {"uta": False, "builderFee": False}}
        async with site(script) as found, plain(record.id, found.url, **classic) as one:
            if record.id == "hyperliquid":
                one.initialize_client = _nothing
            for params in ({}, {"clientOrderId": request().client_order_id}):
                with suppress(Exception):
                    await plain_buy(one, **params)
            orders = [each.target + each.body for each in found.asked if each.method == "POST"]
        async with bench(record.id, script, **keys) as found:
            with suppress(Exception):
                await found.trading.create_order(request())
            sent: Asked = found.site.asked[-1]
            return orders[-2], orders[-1], sent.target + sent.body

    unnamed, given, sent = run(both)
    pattern = UNNAMED[record.id]
    assert re.search(pattern or NAMES, unnamed) if pattern else not re.search(NAMES, unnamed)
    # And an id that is given is dropped by two.
    assert (request().client_order_id not in given) == (record.id in ("coinbase", "cryptocom"))
    assert named in sent
    for broker in ("x-TKT5PX2F", "6b9ad766b55dBCDE", "AA03022abc", "ccxt-", "CCXT"):
        assert broker not in sent


async def _nothing() -> None:
    """Sign nothing before the first order."""


def test_21_two_connectors_of_one_key_never_use_a_nonce_twice(bench: Open) -> None:
    taken = Answer({"error": [], "result": {"txid": ["O1"]}})

    class Stopped:
        """A clock that a whole test is one millisecond of."""

        virtual = True

        def now(self) -> int:
            return 1_796_000_000_000

        def monotonic(self) -> float:
            return 1.0

    async def theirs() -> list[int]:
        async with plain("kraken", "http://127.0.0.1:1") as one, plain("kraken", "http://127.0.0.1:1") as other:
            one.milliseconds = other.milliseconds = Stopped().now
            signed = [each.sign("Balance", ["private"], "POST", {})["body"] for each in (one, other)]
            return [int(body.partition("=")[2]) for body in signed]

    async def ours() -> list[int]:
        async with bench("kraken", lambda _: taken, Stopped()) as found:
            other = open_trading(found.settings, "another", found.context)
            remote: Any = other.remote
            (await remote._made()).set_markets_from_exchange(found.trading.remote._exchange)
            remote._with_markets = remote._with_time = found.trading.remote._with_time
            expires_at = Stopped().now() + 5_000
            orders = [
                each.create_order(request(client_order_id=f"o{number}", expires_at=expires_at))
                for number in range(6)
                for each in (found.trading, other)
            ]
            await asyncio.gather(*orders)
            await other.close()
            return [int(each.params["nonce"]) for each in found.site.asked]

    assert len(set(run(theirs))) == 1
    nonces = run(ours)
    assert len(nonces) == 12
    # Each above the one before, in the order in which they arrived.
    assert nonces == sorted(set(nonces))


def test_what_ccxt_itself_would_not_send_is_refused_here(bench: Open) -> None:
    async def ours() -> Exception:
        async with bench("binance", lambda _: TAKEN) as found:
            error = await raised(found.trading.create_order(request(symbol="BTC/USDT:USDT")))
            assert found.site.asked == []
        return error

    error = run(ours)
    assert isinstance(error, OrderRefused)
    assert "derivative" in str(error)


def test_22_rounding_leaves_the_thread_s_own_decimals_alone(bench: Open) -> None:
    """Not among the notes' traps: found when a replay in the same process was off by its last digit."""

    async def theirs() -> str:
        async with plain("binance", "http://127.0.0.1:9") as exchange:
            exchange.set_markets([market("binance")])
            exchange.amount_to_precision("BTC/USDT", "0.123456789")
        return getcontext().rounding

    async def ours() -> tuple[str, bool]:
        async with bench("binance", lambda _: TAKEN) as found:
            await found.trading.create_order(request())
            exchange = await found.trading.remote._made()
            assert exchange.amount_to_precision("BTC/USDT", "0.123456789") == "0.12345"
        return getcontext().rounding, getcontext().traps[Underflow]

    with localcontext():
        assert run(theirs) == ROUND_HALF_UP
    with localcontext():
        assert run(ours) == (ROUND_HALF_EVEN, False)
