"""The matching core of the exchange emulators."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from octobot_node.testing.exchange_emulators.core.exchange import Exchange, Manner
from octobot_node.testing.exchange_emulators.core.listing import Listing, broken_rule
from octobot_node.testing.exchange_emulators.core.orders import NewOrder, Order, Refused

SYMBOL = "BTC/USDT"
D = Decimal


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000

    def __call__(self) -> int:
        return self.now


def exchange(clock: Clock | None = None, **manner: Any) -> Exchange:
    made = Exchange(clock or Clock(), manner=Manner(**manner))
    made.enlist(Listing(SYMBOL), D(100))
    made.deposit("main", {"USDT": D(10_000), "BTC": D(10)})
    return made


def place(on: Exchange, side: Any = "buy", kind: Any = "limit", **fields: Any) -> Order:
    given: dict[str, Any] = {
        name: D(str(fields.pop(name))) for name in ("amount", "spend", "price", "stop") if name in fields
    }
    fields = {"account": "main", "symbol": SYMBOL, "side": side, "kind": kind, **given, **fields}
    return on.place(NewOrder(**fields))


def money(of: Exchange, account: str = "main") -> dict[str, tuple[Decimal, Decimal]]:
    held = of.account(account)
    return {asset: (held.free[asset], held.locked[asset]) for asset in ("USDT", "BTC")}


def test_a_limit_order_locks_what_it_may_cost_and_trades_at_its_own_price_once_it_is_crossed() -> None:
    on = exchange()
    order = place(on, amount=2, price=90)
    assert order.status == "open"
    assert money(on) == {"USDT": (D(9_820), D(180)), "BTC": (D(10), D(0))}

    on.set_price(SYMBOL, D("89.5"))
    assert (order.status, order.filled, order.cost) == ("filled", D(2), D(180))
    assert [(trade.price, trade.liquidity, trade.fee, trade.fee_asset) for trade in order.trades] == [
        (D(90), "maker", D("0.002"), "BTC")
    ]
    assert money(on) == {"USDT": (D(9_820), D(0)), "BTC": (D("11.998"), D(0))}


def test_a_market_order_trades_at_once_and_a_cancel_gives_back_what_was_locked() -> None:
    on = exchange()
    sold = place(on, "sell", "market", amount=1)
    assert (sold.status, sold.cost, money(on)["USDT"][0]) == ("filled", D(100), D("10099.9"))
    resting = place(on, "sell", amount=3, price=120)
    assert money(on)["BTC"] == (D(6), D(3))
    assert on.cancel(resting)
    assert not on.cancel(resting)
    assert (resting.status, money(on)["BTC"]) == ("cancelled", (D(9), D(0)))


def test_a_market_buy_by_quote_buys_whole_steps_and_is_done() -> None:
    on = exchange()
    order = place(on, "buy", "market", spend=50)
    assert order.status == "filled"
    assert order.filled % Listing(SYMBOL).step == 0
    assert order.cost <= 50
    assert money(on)["USDT"] == (D(10_000) - order.cost, D(0))


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"amount": 1_000, "price": 90}, "funds"),
        ({"side": "sell", "amount": 11, "price": 120}, "funds"),
        ({"side": "sell", "kind": "market", "amount": 11}, "funds"),
        ({"amount": 1, "price": 101, "post_only": True}, "would_take"),
        ({"side": "sell", "kind": "stop", "amount": 1, "stop": 100}, "would_trigger"),
    ],
)
def test_what_cannot_be_is_refused_and_moves_nothing(fields: dict[str, Any], why: str) -> None:
    on = exchange()
    before = money(on)
    with pytest.raises(Refused) as refused:
        place(on, **fields)
    assert (refused.value.why, money(on), on.orders) == (why, before, [])


def test_nothing_is_placed_where_the_market_is_closed() -> None:
    on = exchange()
    on.change(SYMBOL, status="cancel_only")
    with pytest.raises(Refused, match="closed"):
        place(on, amount=1, price=90)


def test_what_is_not_filled_at_once_ends_if_it_should() -> None:
    on = exchange()
    assert place(on, amount=1, price=90, tif="ioc").status == "expired"
    assert place(on, amount=1, price=90, tif="fok").status == "expired"
    on.set_depth(SYMBOL, D(1))
    half = place(on, amount=2, price=101, tif="ioc")
    assert (half.status, half.filled) == ("expired", D(1))
    on.set_price(SYMBOL, D(100))
    assert place(on, amount=2, price=101, tif="fok").filled == 0
    assert place(on, amount=1, price=101, tif="fok").status == "filled"
    assert money(on)["USDT"][1] == 0


def test_a_market_order_that_finds_too_little_ends_with_what_it_found() -> None:
    on = exchange()
    on.set_depth(SYMBOL, D(1))
    order = place(on, "buy", "market", amount=3)
    assert (order.status, order.filled, money(on)["USDT"][1]) == ("expired", D(1), D(0))


def test_a_stop_waits_for_its_price_and_then_trades_as_it_says() -> None:
    on = exchange()
    falls = place(on, "sell", "stop", amount=1, stop=95)
    limit = place(on, "sell", "stop_limit", amount=1, stop=96, price=97)
    rises = place(on, "buy", "stop", amount=1, stop=110)
    gains = place(on, "sell", "take_profit", amount=1, stop=109)
    assert [order.resting for order in (falls, limit, rises, gains)] == [False] * 4
    on.set_price(SYMBOL, D(94))
    assert (falls.status, falls.cost, limit.status, limit.resting) == ("filled", D(94), "open", True)
    on.set_price(SYMBOL, D(110))
    assert [order.status for order in (limit, rises, gains)] == ["filled"] * 3
    assert (limit.cost, rises.cost, gains.cost) == (D(97), D("110.01"), D(110))
    assert money(on)["BTC"][1] == money(on)["USDT"][1] == 0


def test_accounts_trade_with_each_other_the_best_price_and_the_oldest_first() -> None:
    on = exchange()
    on.deposit("other", {"USDT": D(1_000), "BTC": D(5)})
    on.set_depth(SYMBOL, D(0))
    late = place(on, "sell", amount=1, price=101, account="other")
    best = place(on, "sell", amount=1, price="100.5", account="other")
    later = place(on, "sell", amount=1, price=101, account="other")
    taker = place(on, amount="2.5", price=102)
    assert [(order.status, order.filled) for order in (best, late, later, taker)] == [
        ("filled", D(1)),
        ("filled", D(1)),
        ("open", D("0.5")),
        ("filled", D("2.5")),
    ]
    assert taker.cost == D("100.5") + 101 + D("50.5")


@pytest.mark.parametrize(
    ("mode", "maker", "taker"),
    [
        ("none", "filled", "filled"),
        ("taker", "open", "expired"),
        ("maker", "expired", "open"),
        ("both", "expired", "expired"),
    ],
)
def test_an_account_trades_with_itself_only_where_it_may(mode: Any, maker: str, taker: str) -> None:
    on = exchange()
    on.set_depth(SYMBOL, D(0))
    resting = place(on, "sell", amount=1, price=101)
    coming = place(on, amount=1, price=102, stp=mode)
    assert (resting.status, coming.status) == (maker, taker)


def test_fills_come_in_parts_at_once_or_after_each_other() -> None:
    clock = Clock()
    on = exchange(clock, parts=3)
    assert [trade.amount for trade in place(on, "buy", "market", amount=1).trades] == [D("0.33333")] * 2 + [
        D("0.33334")
    ]
    on.manner.part_interval_ms = 50
    order = place(on, amount=1, price=101)
    seen = [order.filled]
    for _ in range(3):
        clock.now += 50
        on.advance()
        seen.append(order.filled)
    assert seen == [D("0.33333"), D("0.66666"), D("0.99999"), D(1)]
    assert (order.status, money(on)["USDT"][1]) == ("filled", D(0))


def test_fees_come_out_of_what_is_received_or_on_top_of_it_or_out_of_a_token() -> None:
    on = exchange()
    received = place(on, "buy", "market", amount=1)
    quote = place(on, "buy", "market", amount=1, fee_in="quote")
    base = place(on, "sell", "market", amount=1, fee_in="base")
    on.enlist(Listing("BNB/USDT"), D(500))
    on.deposit("main", {"BNB": D(1)})
    on.account("main").fee_token = "BNB"
    token = place(on, "buy", "market", amount=1)
    assert [(order.trades[0].fee, order.trades[0].fee_asset) for order in (received, quote, base, token)] == [
        (D("0.001"), "BTC"),
        (D("0.10001"), "USDT"),
        (D("0.001"), "BTC"),
        (D("0.00020002"), "BNB"),
    ]
    assert all(locked == 0 for _, locked in money(on).values())


def test_a_whole_day_of_orders_moves_money_and_makes_none() -> None:
    """Everything that was ever paid is in what the trades say, whatever became of the orders."""
    clock = Clock()
    on = exchange(clock, parts=2, part_interval_ms=30)
    for number in range(400):
        clock.now += 17
        on.set_price(SYMBOL, D(90 + number * 7 % 20))
        side, kind = ("buy", "sell")[number % 2], ("limit", "market", "limit", "stop_limit")[number % 4]
        price = {} if kind == "market" else {"price": 88 + number * 11 % 25}
        stop = {"stop": 140 if side == "buy" else 60} if kind == "stop_limit" else {}
        try:
            order = place(on, side, kind, amount="0.2", **price, **stop)
        except Refused:
            continue
        if number % 5 == 0:
            on.cancel(order)
    expected = {"USDT": D(10_000), "BTC": D(10)}
    for trade in on.trades:
        sign = 1 if trade.order.new.side == "buy" else -1
        expected["BTC"] += sign * trade.amount
        expected["USDT"] -= sign * trade.cost
        expected[trade.fee_asset] -= trade.fee
    assert len(on.trades) > 200
    assert on.account("main").totals() == expected
    open_orders = on.open_orders("main")
    locked = {"USDT": D(0), "BTC": D(0)}
    for order in open_orders:
        locked["USDT" if order.new.side == "buy" else "BTC"] += order.locked
    assert {asset: on.account("main").locked[asset] for asset in locked} == locked
    for order in open_orders:
        on.cancel(order)
    assert all(on.account("main").locked[asset] == 0 for asset in locked)


@pytest.mark.parametrize(
    ("amount", "price", "broken"),
    [
        ("1", "100", None),
        ("1", "100.001", "price_tick"),
        ("1", "0", "price_range"),
        ("1", "501", "price_far"),
        ("1", "19", "price_far"),
        ("0.000001", "100", "amount_min"),
        ("0.100001", "100", "amount_step"),
        ("9001", "100", "amount_max"),
        ("101", None, "market_amount_max"),
        ("0.01", "100", "notional_min"),
        ("0.04", None, "notional_min"),
    ],
)
def test_a_market_s_rules_hold(amount: str, price: str | None, broken: str | None) -> None:
    assert broken_rule(Listing(SYMBOL), D(amount), None if price is None else D(price), None, D(100)) == broken


def test_ids_of_orders_and_trades_are_a_market_s_own_where_the_exchange_counts_so() -> None:
    on = exchange(numbers_by_market=True)
    on.enlist(Listing("ETH/USDT"), D(10))
    orders = [place(on, "buy", "market", amount=1), place(on, "buy", "market", amount=1, symbol="ETH/USDT")]
    assert orders[0].number == orders[1].number
    assert orders[0].trades[0].id == orders[1].trades[0].id
    assert [order.serial for order in orders] == [1, 2]
