"""From a decision's orders to intents: rounded, within limits, paid for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from octobot_node import CancelOrder, LimitOrder, MarketOrder, MarketRules, StopOrder, Ticker
from octobot_node.contracts.exchanges import Capabilities
from octobot_node.engine.ledger.book import Book, Owner
from octobot_node.engine.ledger.planning import Installation, Plan, plan_group
from octobot_node.limits import Limits
from octobot_node.market import Market, from_ms

OWNER = Owner("automation", "local", "account")
RULES = MarketRules(
    "BTC/USDT",
    "BTC",
    "USDT",
    price_step=Decimal("0.05"),
    amount_step=Decimal("0.001"),
    min_amount=Decimal("0.01"),
    min_notional=Decimal(5),
)
CAPABLE = Capabilities(native_stops=True, post_only=True)


def market(rules: MarketRules = RULES, age_ms: int = 0) -> Market:
    ticker = Ticker("BTC/USDT", Decimal(100), Decimal("99.9"), Decimal("100.1"), from_ms(60_000 - age_ms))
    return Market(from_ms(60_000), {"BTC/USDT": ticker}, {}, {"BTC/USDT": rules})


def plan(**changes: Any) -> Plan:
    whole: dict[str, Any] = {
        "installation": Installation("installation", 0),
        "owner": OWNER,
        "tick": 3,
        "now": 60_000,
        "market": market(),
        "capabilities": CAPABLE,
        "limits": Limits(),
    }
    return Plan(**{**whole, **changes})


@pytest.fixture
def book() -> Book:
    book = Book()
    book.deposit(OWNER, "USDT", Decimal(1000), 0)
    book.deposit(OWNER, "BTC", Decimal(2), 0)
    return book


def one(book: Book, order: Any, **changes: Any) -> dict[str, Any]:
    (row,) = plan_group(plan(**changes), [order], book, independent=False)
    return row


def outline(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("status", "type", "amount", "spend", "price", "stop", "reserved"))


def limit(side: Any = "buy", amount: str = "1", price: str = "90", **more: Any) -> LimitOrder:
    return LimitOrder("BTC/USDT", side, amount=Decimal(amount), price=Decimal(price), **more)


def test_amounts_round_down_buying_prices_down_and_selling_prices_up(book: Book) -> None:
    bought = one(book, limit("buy", "1.2345", "90.07"))
    sold = one(book, limit("sell", "1.2345", "110.07"))
    assert (bought["amount"], bought["price"]) == (Decimal("1.234"), Decimal("90.05"))
    assert (sold["amount"], sold["price"]) == (Decimal("1.234"), Decimal("110.10"))


def test_a_step_that_divides_nothing_evenly_rounds_all_the_same(book: Book) -> None:
    odd = market(replace(RULES, price_step=Decimal("0.3"), amount_step=Decimal("0.07")))
    row = one(book, limit("buy", "1", "90.5"), market=odd)
    assert (row["status"], row["amount"], row["price"]) == ("planned", Decimal("0.98"), Decimal("90.3"))


def test_a_limit_buy_reserves_its_quote_and_a_sale_its_base(book: Book) -> None:
    assert outline(one(book, limit("buy"))) == (
        "planned",
        "limit",
        Decimal(1),
        None,
        Decimal(90),
        None,
        Decimal(90),
    )
    assert one(book, limit("sell"))["reserved_asset"] == "BTC"
    assert {asset: (f.free, f.reserved) for (_, asset), f in book.funds.items()} == {
        "USDT": (Decimal(910), Decimal(90)),
        "BTC": (Decimal(1), Decimal(1)),
    }


def test_a_fee_paid_in_quote_is_reserved_too(book: Book) -> None:
    row = one(book, limit("buy"), market=market(replace(RULES, fee_in="quote")))
    assert row["reserved"] == Decimal("90.090")


def test_a_market_buy_by_spend_is_turned_into_an_amount_at_what_is_asked_that_its_fee_leaves_room_for(
    book: Book,
) -> None:
    row = one(book, MarketOrder("BTC/USDT", "buy", spend=Decimal(100)))
    assert outline(row) == ("planned", "market", Decimal("0.998"), None, None, None, Decimal("104.894790"))
    assert row["amount"] * Decimal("100.1") * Decimal("1.001") <= 100


def test_a_market_buy_by_spend_stays_by_spend_where_the_exchange_takes_that(book: Book) -> None:
    row = one(
        book, MarketOrder("BTC/USDT", "buy", spend=Decimal(100)), capabilities=replace(CAPABLE, market_spend=True)
    )
    assert outline(row) == ("planned", "market", None, Decimal(100), None, None, Decimal(100))


SPENDING = replace(CAPABLE, market_spend=True)
IN_QUOTE = market(replace(RULES, fee_in="quote"))


def test_a_market_buy_by_amount_reserves_five_percent_above_what_is_asked(book: Book) -> None:
    row = one(book, MarketOrder("BTC/USDT", "buy", amount=Decimal(9)))
    assert outline(row) == ("planned", "market", Decimal(9), None, None, None, Decimal("945.945"))


@pytest.mark.parametrize(
    ("amount", "seen", "spend", "reserved"),
    [
        # 1000 are free: 9.6 cost 960.96 at what is asked, and may cost 1009.01.
        ("9.6", market(), "960.96", "960.96"),
        # At the last price they pay for ten, at what is asked they do not.
        ("10", market(), "1000", "1000"),
        ("9.9", IN_QUOTE, "990.99", "991.98099"),
        # 999 and its fee of 0.1 % are 999.999.
        ("9.99", IN_QUOTE, "999.00", "999.99900"),
    ],
)
def test_a_market_buy_that_a_rise_would_leave_unpaid_goes_by_what_is_spent(
    book: Book, amount: str, seen: Market, spend: str, reserved: str
) -> None:
    row = one(book, MarketOrder("BTC/USDT", "buy", amount=Decimal(amount)), capabilities=SPENDING, market=seen)
    assert outline(row) == ("planned", "market", None, Decimal(spend), None, None, Decimal(reserved))


@pytest.mark.parametrize("order", [{"amount": Decimal("9.9")}, {"spend": Decimal(1000)}])
def test_where_the_exchange_takes_amounts_alone_it_buys_what_a_rise_leaves_paid(book: Book, order: Any) -> None:
    row = one(book, MarketOrder("BTC/USDT", "buy", **order))
    assert outline(row) == ("planned", "market", Decimal("9.514"), None, None, None, Decimal("999.968970"))


def test_what_a_rise_leaves_paid_may_be_too_little_for_the_market() -> None:
    poor = Book()
    poor.deposit(OWNER, "USDT", Decimal(5), 0)
    row = one(poor, MarketOrder("BTC/USDT", "buy", amount=Decimal("0.05")))
    assert (row["status"], row["lacking"]) == ("refused", True)
    assert row["reason"] == (
        "5.25525 USDT is needed, 5 % above what it costs now, since the price may rise until it is filled; 5 is free in"
        " the automation's budget, and what that pays for is below the market's smallest order"
    )


@pytest.mark.parametrize(
    ("stop", "amount", "reserved"),
    # The second is past its stop already: it is filled at once, at what is asked.
    [(110, "8", "924.00"), (90, "9", "945.945")],
)
def test_a_buy_at_a_stop_reserves_five_percent_above_it(book: Book, stop: int, amount: str, reserved: str) -> None:
    row = one(book, StopOrder("BTC/USDT", "buy", amount=Decimal(amount), stop=Decimal(stop)), capabilities=SPENDING)
    assert outline(row) == ("planned", "stop", Decimal(amount), None, None, Decimal(stop), Decimal(reserved))


def test_a_buy_at_a_stop_that_a_rise_would_leave_unpaid_is_refused(book: Book) -> None:
    row = one(book, StopOrder("BTC/USDT", "buy", amount=Decimal(9), stop=Decimal(110)), capabilities=SPENDING)
    assert (row["status"], row["lacking"], row["reserved"]) == ("refused", True, 0)
    assert row["reason"] == (
        "1039.50 USDT is needed, 5 % above what it costs at its stop, since it is filled at the price of that moment;"
        " 1000 is free in the automation's budget"
    )


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (limit(amount="0.009"), "0.009 BTC is below the market's smallest amount 0.01"),
        (limit(amount="0.05"), "4.50 USDT is below the market's smallest order of 5"),
        (limit(price="0.01"), "the price 0.01 is below the market's step 0.05"),
        (limit(amount="20"), "1800 USDT is needed, 1000 is free in the automation's budget"),
        (limit("sell", amount="3"), "3 BTC is needed, 2 is free in the automation's budget"),
        (MarketOrder("BTC/USDT", "buy", spend=Decimal("0.01")), "buys less than the market's smallest amount"),
        (MarketOrder("BTC/USDT", "buy", spend=Decimal("0.9")), "buys less than the market's smallest amount"),
        (MarketOrder("BTC/USDT", "sell", amount=Decimal("0.0001")), "is below the market's smallest amount"),
    ],
)
def test_what_the_market_or_the_budget_does_not_allow_is_refused_with_its_reason(
    book: Book, order: Any, reason: str
) -> None:
    row = one(book, order)
    assert (row["status"], row["news"], row["reserved"]) == ("refused", True, Decimal(0))
    assert reason in row["reason"]
    assert {asset: f.reserved for (_, asset), f in book.funds.items()} == {"USDT": Decimal(0), "BTC": Decimal(0)}


@pytest.mark.parametrize(
    ("limits", "order", "reason"),
    [
        ({"max_order_notional": 80}, limit(), "90 USDT is above the limit of 80 an order"),
        ({"max_order_notional": 80}, MarketOrder("BTC/USDT", "buy", amount=Decimal(1)), "above the limit of 80"),
        ({"price_collar": "0.05"}, limit(price="106"), "is more than 0.05 past the last price 100"),
        ({"price_collar": "0.05"}, limit("sell", price="94"), "is more than 0.05 past the last price 100"),
        ({"max_open_orders": 2}, limit(), "2 orders are open; the limit is 2"),
        ({"max_data_age": timedelta(seconds=1)}, limit(), "the price is 1500 ms old; the limit is 0:00:01"),
    ],
)
def test_each_limit_refuses_what_exceeds_it(book: Book, limits: Any, order: Any, reason: str) -> None:
    row = one(book, order, limits=Limits(**limits), live_orders=2, market=market(age_ms=1_500))
    assert (row["status"], reason in row["reason"]) == ("refused", True)


@pytest.mark.parametrize(
    ("limits", "order"),
    [
        ({"max_order_notional": 90}, limit()),
        ({"price_collar": "0.05"}, limit(price="105")),
        ({"price_collar": "0.05"}, limit("sell", price="300")),
        ({"max_open_orders": 3}, limit()),
        ({"max_data_age": timedelta(seconds=2)}, limit()),
    ],
)
def test_what_just_keeps_to_a_limit_is_planned(book: Book, limits: Any, order: Any) -> None:
    row = one(book, order, limits=Limits(**limits), live_orders=2, market=market(age_ms=1_500))
    assert (row["status"], row["reason"]) == ("planned", "")


def test_what_the_exchange_cannot_do_is_refused(book: Book) -> None:
    stop = StopOrder("BTC/USDT", "sell", amount=Decimal(1), stop=Decimal(80))
    assert one(book, stop, capabilities=Capabilities())["reason"] == "the exchange has no stop orders"
    assert one(book, limit(post_only=True), capabilities=Capabilities())["reason"] == (
        "the exchange has no post-only orders"
    )
    assert outline(one(book, stop)) == ("planned", "stop", Decimal(1), None, None, Decimal(80), Decimal(1))
    less = replace(CAPABLE, market_orders=False, fill_or_kill=False)
    assert one(book, limit(tif="fok"), capabilities=less)["reason"] == (
        "the exchange has no fill-or-kill orders: ioc takes what there is at once"
    )
    for order in (
        MarketOrder("BTC/USDT", "buy", spend=Decimal(100)),
        MarketOrder("BTC/USDT", "sell", amount=Decimal(1)),
    ):
        assert one(book, order, capabilities=less)["reason"] == (
            "the exchange has no orders at market: a limit order with ioc trades at once"
        )


def test_where_market_buys_are_in_quote_alone_an_amount_is_bought_for_what_it_costs(book: Book) -> None:
    quote = replace(CAPABLE, market_spend=True, market_amount=False)
    bought = one(book, MarketOrder("BTC/USDT", "buy", amount=Decimal("1.2345")), capabilities=quote)
    # 1.234, which the market's step leaves of it, at the 100.1 that is asked.
    assert outline(bought) == ("planned", "market", None, Decimal("123.52"), None, None, Decimal("123.52"))
    sold = one(book, MarketOrder("BTC/USDT", "sell", amount=Decimal(1)), capabilities=quote)
    assert outline(sold) == ("planned", "market", Decimal(1), None, None, None, Decimal(1))


def test_nothing_is_no_amount_that_can_be_spent(book: Book) -> None:
    loose = market(
        replace(
            RULES, price_step=Decimal(1), amount_step=Decimal("0.00001"), min_amount=Decimal(0), min_notional=Decimal(0)
        )
    )
    quote = replace(CAPABLE, market_spend=True, market_amount=False)
    row = one(book, MarketOrder("BTC/USDT", "buy", amount=Decimal("0.00009")), capabilities=quote, market=loose)
    assert (row["status"], row["reason"]) == ("refused", "0.009009 USDT is less than can be spent")


def test_after_a_refusal_the_rest_is_skipped_and_nothing_of_it_stays_reserved(book: Book) -> None:
    rows = plan_group(plan(), [limit(), limit(amount="100"), limit("sell")], book, independent=False)
    assert [(row["status"], row["reserved"]) for row in rows] == [
        ("planned", Decimal(90)),
        ("refused", Decimal(0)),
        ("skipped", Decimal(0)),
    ]
    assert {asset: f.reserved for (_, asset), f in book.funds.items()} == {"USDT": Decimal(90), "BTC": Decimal(0)}


def test_independent_orders_are_planned_whatever_became_of_the_one_before(book: Book) -> None:
    rows = plan_group(plan(), [limit(amount="100"), limit()], book, independent=True)
    assert [(row["status"], row["independent"]) for row in rows] == [("refused", True), ("planned", True)]


def test_cancels_come_first_and_every_order_has_a_client_id_of_its_own(book: Book) -> None:
    rows = plan_group(plan(), [limit(), CancelOrder("old"), limit("sell")], book, independent=False)
    assert [(row["seq"], row["kind"], row["parent"], row["side"]) for row in rows] == [
        (0, "cancel", "old", ""),
        (1, "order", None, "buy"),
        (2, "order", None, "sell"),
    ]
    assert len({row["group_id"] for row in rows}) == 1
    assert len({row["client_order_id"] for row in rows}) == 3
    assert all(len(row["client_order_id"]) == 32 for row in rows)


def test_an_order_is_cancelled_once_and_not_at_all_while_a_cancel_of_it_is_under_way(book: Book) -> None:
    cancels = [CancelOrder("old"), CancelOrder("older"), CancelOrder("old")]
    rows = plan_group(replace(plan(), cancelling={"older"}), cancels, book, independent=False)
    assert [(row["seq"], row["parent"]) for row in rows] == [(0, "old")]


def test_orders_of_one_decision_share_its_budget(book: Book) -> None:
    rows = plan_group(plan(), [limit(amount="10"), limit(amount="2")], book, independent=True)
    assert [row["status"] for row in rows] == ["planned", "refused"]
    assert rows[1]["reason"] == "180 USDT is needed, 100 is free in the automation's budget"
