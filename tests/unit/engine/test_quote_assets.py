"""One symbol's base that is another one's quote: what was paid is counted once, in the asset it was first paid in."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octobot_node import MarketRules, Ticker
from octobot_node.contracts.exchanges import ExchangeTrade
from octobot_node.engine.ledger.book import ZERO, Book, Owner, exact
from octobot_node.engine.ledger.opening_positions import open_base_positions
from octobot_node.market import Market, from_ms
from octobot_node.quote_assets import base_of, counted_in, paid_from, quote_of, untold_money

D = Decimal
OWNER = Owner("automation", "local", "account")


def settle(book: Book, side: Any, symbol: str, amount: str, price: str, fee: str = "0", fee_asset: str = "") -> Decimal:
    base, quote = base_of(symbol), quote_of(symbol)
    with exact():
        made = ExchangeTrade(
            "t", "o", None, symbol, side, D(amount), D(price), D(amount) * D(price), D(fee), fee_asset or quote,
            "taker", 0,
        )  # fmt: skip
    realised: Decimal = book.settle(OWNER, base, quote, made, ZERO, "fill")[1]
    return realised


def held(book: Book, symbol: str) -> tuple[Decimal, ...]:
    """Return amount, cost, carried cost and realised PnL."""
    position = book.held[OWNER.automation_id, symbol]
    return position.amount, position.cost, position.carried, position.realised


def funded(**amounts: int) -> Book:
    book = Book()
    for asset, amount in amounts.items():
        book.deposit(OWNER, asset, D(amount), 0)
    return book


def test_what_pays_for_a_buy_leaves_its_position_with_its_cost_and_comes_back_with_it() -> None:
    book = funded(USD=10_000)
    settle(book, "buy", "BTC/USD", "0.1", "40000")
    settle(book, "buy", "ETH/BTC", "1", "0.05")
    assert held(book, "BTC/USD") == (D("0.05"), 2000, 0, 0)
    assert held(book, "ETH/BTC") == (1, D("0.05"), 2000, 0)
    assert settle(book, "sell", "ETH/BTC", "1", "0.06") == D("0.01")
    assert held(book, "BTC/USD") == (D("0.11"), 4000, 0, 0)
    assert settle(book, "sell", "BTC/USD", "0.11", "50000") == 1500
    assert book.free(OWNER.automation_id, "USD") == 11_500


def test_a_fee_in_an_asset_that_is_held_leaves_its_position_as_a_loss() -> None:
    book = funded(USD=1000)
    settle(book, "buy", "BNB/USD", "2", "100")
    settle(book, "buy", "BTC/USD", "1", "500", fee="0.5", fee_asset="BNB")
    assert held(book, "BNB/USD") == (D("1.5"), 150, 0, -50)


def test_what_is_sold_for_another_asset_than_it_was_bought_with_is_spent_there_and_earned_here() -> None:
    book = funded(USD=1000, EUR=1000)
    settle(book, "buy", "BTC/USD", "1", "500")
    assert settle(book, "sell", "BTC/EUR", "1", "400") == 400
    assert held(book, "BTC/USD") == (0, 0, 0, -500)
    assert held(book, "BTC/EUR") == (0, 0, 0, 400)


SYMBOLS = ("BTC/USD", "ETH/BTC", "ETH/USD", "BNB/USD", "XMR/EUR", "BNB/EUR")
trades = st.lists(
    st.tuples(
        st.sampled_from(["buy", "sell"]),
        st.sampled_from(SYMBOLS),
        st.decimals("0.0001", "20", places=4),
        st.decimals("0.01", "300", places=2),
        st.decimals("0", "0.01", places=4),
        st.sampled_from(["base", "quote", "BNB", "EUR"]),
    ),
    max_size=40,
)


@settings(max_examples=300, deadline=None)
@given(made=trades)
def test_in_every_asset_money_and_cost_are_start_and_realised_to_the_last_digit(made: list[tuple[Any, ...]]) -> None:
    book = funded(USD=1000, EUR=1000)
    for symbol in SYMBOLS:
        book.position(OWNER, symbol)
    beside = ZERO
    for side, symbol, amount, price, fee, fee_asset in made:
        asset = {"base": base_of(symbol), "quote": quote_of(symbol)}.get(fee_asset, fee_asset)
        paid, cost = (quote_of(symbol), amount * price) if side == "buy" else (base_of(symbol), amount)
        there = {name: book.free(OWNER.automation_id, name) for name in (paid, asset)}
        if there[paid] < cost + (fee if asset == paid else ZERO) or there[asset] < fee:
            continue
        settle(book, side, symbol, str(amount), str(price), str(fee), asset)
        beside += fee if asset == "EUR" and quote_of(symbol) != "EUR" else ZERO
    rows = {symbol: book.held[OWNER.automation_id, symbol] for symbol in SYMBOLS}
    with exact():
        for asset, start in (("USD", D(1000)), ("EUR", 1000 - beside)):
            direct = [row for symbol, row in rows.items() if quote_of(symbol) == asset]
            carried = [row.carried for s, row in rows.items() if row not in direct and counted_in(s, SYMBOLS) == asset]
            cost = sum((row.cost for row in direct), sum(carried, ZERO))
            realised = sum((row.realised for row in direct), ZERO)
            assert book.free(OWNER.automation_id, asset) + cost == start + realised
        for asset in ("BTC", "ETH", "BNB", "XMR"):
            amounts = sum((row.amount for symbol, row in rows.items() if base_of(symbol) == asset), ZERO)
            assert amounts == book.free(OWNER.automation_id, asset)


def market(**prices: str) -> Market:
    symbols = {name.replace("_", "/"): D(price) for name, price in prices.items()}
    tickers = {symbol: Ticker(symbol, last, last, last, from_ms(0)) for symbol, last in symbols.items()}
    rules = {symbol: MarketRules(symbol, base_of(symbol), quote_of(symbol)) for symbol in symbols}
    return Market(from_ms(0), tickers, {}, rules)


def test_a_budget_in_a_base_that_pays_for_another_is_worth_what_both_were_at_the_first_tick() -> None:
    book = funded(BTC=1, ETH=4)
    assert open_base_positions(OWNER, ["ETH/BTC", "BTC/USD"], market(ETH_BTC="0.05", BTC_USD="40000"), book)
    assert held(book, "BTC/USD") == (1, 40_000, 0, 0)
    assert held(book, "ETH/BTC") == (4, D("0.20"), 8000, 0)


def test_what_is_got_for_a_base_of_the_budget_has_a_position_to_go_to() -> None:
    book = funded(ETH=4)
    open_base_positions(OWNER, ["ETH/BTC", "BTC/USD"], market(ETH_BTC="0.05", BTC_USD="40000"), book)
    settle(book, "sell", "ETH/BTC", "1", "0.06")
    assert held(book, "BTC/USD") == (D("0.06"), 2000, 0, 0)


def test_a_symbol_that_comes_later_counts_what_it_pays_for_from_then_on() -> None:
    book = funded(BTC=1)
    settle(book, "buy", "ETH/BTC", "4", "0.05")
    open_base_positions(OWNER, ["ETH/BTC", "BTC/USD"], market(ETH_BTC="0.06", BTC_USD="40000"), book)
    assert held(book, "BTC/USD") == (D("0.80"), 32_000, 0, 0)
    assert held(book, "ETH/BTC") == (4, D("0.20"), 8000, 0)


@pytest.mark.parametrize(
    ("symbols", "counted", "paid"),
    [
        ({"BTC/USD"}, {"BTC/USD": "USD"}, {"BTC/USD": None}),
        ({"BTC/USD", "ETH/BTC"}, {"BTC/USD": "USD", "ETH/BTC": "USD"}, {"BTC/USD": None, "ETH/BTC": "BTC/USD"}),
        ({"BTC/USD", "BTC/EUR"}, {"BTC/USD": "USD", "BTC/EUR": "EUR"}, {"BTC/USD": None, "BTC/EUR": None}),
    ],
)
def test_the_asset_that_a_position_is_counted_in(symbols: set[str], counted: Any, paid: Any) -> None:
    assert {symbol: counted_in(symbol, symbols) for symbol in symbols} == counted
    assert {symbol: paid_from(symbol, symbols) for symbol in symbols} == paid
    assert untold_money(symbols) is None


def test_symbols_whose_money_cannot_be_told_apart_are_said() -> None:
    assert untold_money({"BTC/USD", "BTC/EUR", "ETH/BTC"}) == (
        "BTC, which pays for ETH/BTC, is bought in BTC/EUR and in BTC/USD, so it cannot be told whose money was spent: "
        "give each of them an automation of its own"
    )
    assert untold_money({"BTC/USD", "ETH/BTC", "XMR/ETH"}) == (
        "XMR/ETH is paid with what ETH/BTC buys, and that with what another pair buys: that is one step too many for "
        "one automation's books: split them into two automations"
    )
    assert untold_money({"BTC/ETH", "ETH/BTC"}) is not None
