"""Orders on the hostile exchange: what they fill at and pay, and the same one twice; by its process and connector."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from octobot_node.contracts.exchanges import ExchangeOrder
from octobot_node.errors import OrderRefused
from octobot_node.testing import HostileExchange
from octobot_node.testing.hostile_exchange.connector import HostileTrading
from octobot_node.testing.hostile_exchange.report import HostileReport
from tests.acceptance.testing.ordering import Play, limit, market, now, outcome, until

# -- orders, prices, fees


def test_a_market_order_fills_at_the_price_and_pays_its_fee_from_what_it_brings_in(
    exchange: HostileExchange, play: Play, account: str
) -> None:
    async def scenario(trading: HostileTrading) -> Any:
        order = await trading.create_order(market())
        return order, await trading.order("BTC/USD", order.id), await trading.trades(0), await trading.balances()

    order, again, trades, balances = play(scenario)

    assert order == again
    assert (order.client_order_id, order.status, order.amount, order.filled) == (
        "c1",
        "filled",
        Decimal("0.1"),
        Decimal("0.1"),
    )
    [trade] = trades
    assert (trade.order_id, trade.client_order_id, trade.side, trade.liquidity) == (order.id, "c1", "buy", "taker")
    assert (trade.price, trade.cost, trade.fee, trade.fee_asset) == (40_000, 4_000, Decimal("0.0001"), "BTC")
    assert abs(trade.at - now()) < 5_000
    assert balances == {"BTC": Decimal("0.0999"), "USD": Decimal(-4_000)}
    assert exchange.report(account) == HostileReport(
        orders=1,
        trades=1,
        intents=1,
        duplicates=0,
        duplicated_intents={},
        requests={"create": 1, "order": 1, "trades": 1, "balances": 1},
    )
    [seen] = exchange.trades(account)
    assert (seen.account, seen.intent_id, seen.trade) == (account, "intent of c1", trade)


def test_a_sale_and_a_fee_in_quote_pay_the_fee_in_quote(exchange: HostileExchange, play: Play) -> None:
    async def scenario(trading: HostileTrading) -> Any:
        await trading.create_order(market("sold", side="sell"))
        exchange.set(fee_in="quote", fee=Decimal("0.002"))
        await trading.create_order(market("bought"))
        return [(trade.fee, trade.fee_asset) for trade in await trading.trades(0)]

    assert play(scenario) == [(4, "USD"), (8, "USD")]


def test_a_market_buy_by_spend_never_spends_more(play: Play) -> None:
    async def scenario(trading: HostileTrading) -> Any:
        order = await trading.create_order(market(symbol="BTC/EUR", amount=None, spend=Decimal("99.99999")))
        return order.amount, [trade.cost for trade in await trading.trades(0)]

    assert play(scenario) == (None, [Decimal("99.9996")])


def test_a_limit_order_rests_until_the_price_crosses_it_then_fills_at_its_own_price(
    exchange: HostileExchange, play: Play
) -> None:
    exchange.set_price("CROSS/USD", 110)

    async def scenario(trading: HostileTrading) -> Any:
        order = await trading.create_order(limit(symbol="CROSS/USD"))
        [resting] = await trading.open_orders()
        exchange.set_price("CROSS/USD", 101)
        [still] = await trading.open_orders()
        exchange.set_price("CROSS/USD", 99)
        [trade] = await trading.trades(0)
        return order == resting == still, await trading.open_orders(), (trade.price, trade.liquidity)

    assert play(scenario) == (True, [], (100, "maker"))


def test_a_marketable_limit_order_takes_liquidity_unless_it_is_post_only(exchange: HostileExchange, play: Play) -> None:
    exchange.set_price("TAKE/USD", 90)

    async def scenario(trading: HostileTrading) -> Any:
        refused = await outcome(trading.create_order(limit("posted", symbol="TAKE/USD", post_only=True)))
        await trading.create_order(limit("taken", symbol="TAKE/USD"))
        return refused, [(trade.price, trade.liquidity) for trade in await trading.trades(0)]

    assert play(scenario) == (OrderRefused, [(90, "taker")])


@pytest.mark.parametrize(("fill", "status"), [("never", "open"), ("immediate", "filled")])
def test_limit_orders_fill_never_or_at_once_if_told_so(
    exchange: HostileExchange, play: Play, fill: str, status: str
) -> None:
    exchange.set(limit_fill=fill)
    price = {"never": 50_000, "immediate": 1}[fill]

    assert play(lambda trading: outcome(trading.create_order(limit(price=price)))) == status


def test_limit_orders_fill_after_a_time_if_told_so(exchange: HostileExchange, play: Play) -> None:
    exchange.set(limit_fill="after", limit_fill_after_ms=40)

    async def scenario(trading: HostileTrading) -> Any:
        order = await trading.create_order(limit())
        [trade] = await until(lambda: trading.trades(0))
        return order.status, trade.at - order.created_at

    assert play(scenario) == ("open", 40)


def test_an_order_that_must_trade_at_once_is_cancelled_when_it_cannot(exchange: HostileExchange, play: Play) -> None:
    exchange.set_price("IOC/USD", 110)

    assert play(lambda trading: outcome(trading.create_order(limit(symbol="IOC/USD", tif="ioc")))) == "cancelled"


def test_a_market_order_can_be_left_hanging(exchange: HostileExchange, play: Play) -> None:
    exchange.set(market_fill="never")

    assert play(lambda trading: outcome(trading.create_order(market()))) == "open"


def test_partial_fills_come_one_by_one(exchange: HostileExchange, play: Play) -> None:
    exchange.set(partial_fills=3, fill_interval_ms=30)

    async def scenario(trading: HostileTrading) -> Any:
        order = await trading.create_order(market())
        done = await until(lambda: _filled(trading, order.id))
        return order, done, await trading.trades(0)

    order, done, trades = play(scenario)

    assert (order.status, order.filled) == ("open", Decimal("0.03333333"))
    assert (done.status, done.filled) == ("filled", Decimal("0.1"))
    assert [trade.amount for trade in trades] == [Decimal("0.03333333"), Decimal("0.03333333"), Decimal("0.03333334")]
    assert [trade.at - order.created_at for trade in trades] == [0, 30, 60]


async def _filled(trading: HostileTrading, order_id: str) -> ExchangeOrder | None:
    order = await trading.order("BTC/USD", order_id)
    return order if order is not None and order.status == "filled" else None


def test_a_cancel_stops_the_rest_of_a_partial_fill_and_may_be_repeated(exchange: HostileExchange, play: Play) -> None:
    exchange.set(partial_fills=2, fill_interval_ms=60_000)

    async def scenario(trading: HostileTrading) -> Any:
        order = await trading.create_order(market())
        await trading.cancel_order("BTC/USD", order.id)
        await trading.cancel_order("BTC/USD", order.id)
        return await trading.order("BTC/USD", order.id), await trading.open_orders()

    order, resting = play(scenario)
    assert (order.status, order.filled, resting) == ("cancelled", Decimal("0.05"), [])


def test_a_cancel_of_an_order_that_never_was_is_refused(play: Play) -> None:
    assert play(lambda trading: outcome(trading.cancel_order("BTC/USD", "none"))) == OrderRefused


def test_a_cancel_race_answers_ok_and_fills_the_order(exchange: HostileExchange, play: Play, account: str) -> None:
    exchange.set(cancel_race=1)

    async def scenario(trading: HostileTrading) -> Any:
        order = await trading.create_order(limit())
        await trading.cancel_order("BTC/USD", order.id)
        return await trading.order("BTC/USD", order.id)

    order = play(scenario)
    assert (order.status, order.filled) == ("filled", Decimal("0.1"))
    assert exchange.report(account).cancel_races == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": Decimal("0.000000001")},
        {"amount": Decimal(0)},
        {"amount": Decimal("NaN")},
        {"spend": Decimal(1)},
        {"price": Decimal(1)},
        {"type": "limit", "price": Decimal("1.001")},
        {"type": "stop", "stop": Decimal(1)},
        {"symbol": "BTC"},
    ],
    ids=str,
)
def test_an_order_against_the_rules_is_refused(
    exchange: HostileExchange, play: Play, account: str, wrong: dict[str, Any]
) -> None:
    assert play(lambda trading: outcome(trading.create_order(market(**wrong)))) == OrderRefused
    assert (exchange.orders(account), exchange.report(account).refused) == ([], 1)


def test_a_refusal_is_definite_and_leaves_no_order(exchange: HostileExchange, play: Play, account: str) -> None:
    exchange.set(refuse=1)

    assert play(lambda trading: outcome(trading.create_order(market()))) == OrderRefused
    assert (exchange.orders(account), exchange.report(account).refused) == ([], 1)


# -- the same order twice


def test_without_dedupe_one_client_id_executes_twice(exchange: HostileExchange, play: Play, account: str) -> None:
    exchange.set(dedupe="none", market_fill="never")

    assert play(_twice) == ["open", "open"]
    assert exchange.report(account).duplicates == 1


def test_dedupe_of_open_orders_answers_with_the_order_that_is_open(
    exchange: HostileExchange, play: Play, account: str
) -> None:
    exchange.set(dedupe="open", market_fill="never")

    assert play(_twice) == ["open", "open"]
    report = exchange.report(account)
    assert (report.orders, report.duplicates_refused, report.duplicates) == (1, 1, 0)


def test_dedupe_of_open_orders_lets_a_filled_orders_id_execute_again(
    exchange: HostileExchange, play: Play, account: str
) -> None:
    exchange.set(dedupe="open")

    assert play(_twice) == ["filled", "filled"]
    ids = [seen.order.id for seen in exchange.orders(account)]
    assert exchange.report(account) == HostileReport(
        orders=2,
        trades=2,
        intents=1,
        duplicates=1,
        duplicated_intents={"intent of c1": ids},
        requests={"create": 2},
    )


def test_dedupe_for_ever_answers_with_the_order_that_is_there(
    exchange: HostileExchange, play: Play, account: str
) -> None:
    async def scenario(trading: HostileTrading) -> Any:
        return await trading.create_order(market()), await trading.create_order(market())

    first, second = play(scenario)
    assert first == second
    report = exchange.report(account)
    assert (report.orders, report.duplicates_refused, report.duplicates) == (1, 1, 0)


def test_duplicates_are_counted_per_intent_whatever_the_client_ids(
    exchange: HostileExchange, play: Play, account: str
) -> None:
    async def scenario(trading: HostileTrading) -> None:
        for client in ("a", "b", "c"):
            await trading.create_order(market(client, intent=f"one of {account}"))
        await trading.create_order(market("d", intent=f"another of {account}"))

    play(scenario)
    report = exchange.report(account)
    assert (report.intents, report.duplicates) == (2, 2)


def test_an_order_cancelled_unfilled_makes_no_duplicate(exchange: HostileExchange, play: Play, account: str) -> None:
    async def scenario(trading: HostileTrading) -> None:
        order = await trading.create_order(limit("first", intent="tried again"))
        await trading.cancel_order("BTC/USD", order.id)
        await trading.create_order(limit("second", intent="tried again"))

    play(scenario)
    report = exchange.report(account)
    assert (report.orders, report.intents, report.duplicates) == (2, 1, 0)


async def _twice(trading: HostileTrading) -> list[Any]:
    return [await outcome(trading.create_order(market())) for _ in range(2)]
