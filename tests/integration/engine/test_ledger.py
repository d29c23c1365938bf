"""Money: every amount is exact, whatever is bought, sold and paid in fees."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octobot_node.contracts.exchanges import ExchangeTrade
from octobot_node.engine.ledger.book import ZERO, Book, Owner, exact, load_book
from octobot_node.store import tables
from tests.support.bench import Bench

OWNER = Owner("automation", "local", "account")


def trade(side: Any, amount: Decimal, price: Decimal, fee: Decimal = ZERO, fee_asset: str = "USDT") -> ExchangeTrade:
    with exact():
        cost = amount * price
    return ExchangeTrade(
        "t", "o", None, "BTC/USDT", side, amount, price, cost, fee, fee_asset, "taker", 0
    )  # fmt: skip


def settle(book: Book, made: ExchangeTrade, reserved: Decimal = ZERO) -> tuple[Decimal, Decimal]:
    found: tuple[Decimal, Decimal] = book.settle(OWNER, "BTC", "USDT", made, reserved, "fill")
    return found


def funds(book: Book) -> dict[str, tuple[Decimal, Decimal]]:
    return {asset: (row.free, row.reserved) for (_, asset), row in book.funds.items()}


@pytest.fixture
def book() -> Book:
    book = Book()
    book.deposit(OWNER, "USDT", Decimal(1_000), 0)
    return book


def test_a_buy_with_its_fee_in_quote_costs_both(book: Book) -> None:
    book.reserve(OWNER, "USDT", Decimal(110))
    left, realised = settle(book, trade("buy", Decimal(1), Decimal(100), Decimal("0.1")), Decimal(110))
    assert (left, realised) == (Decimal("9.9"), ZERO)
    assert funds(book) == {"USDT": (Decimal(890), Decimal("9.9")), "BTC": (Decimal(1), ZERO)}
    held = book.position(OWNER, "BTC/USDT")
    assert (held.amount, held.cost, held.invested, held.fees) == (
        Decimal(1),
        Decimal("100.1"),
        Decimal("100.1"),
        Decimal("0.1"),
    )


def test_a_sale_realises_its_proceeds_less_fee_and_average_cost(book: Book) -> None:
    settle(book, trade("buy", Decimal(1), Decimal(100)))
    settle(book, trade("buy", Decimal(1), Decimal(200)))
    _, realised = settle(book, trade("sell", Decimal(1), Decimal(180), Decimal(1)))
    assert realised == Decimal(29)
    held = book.position(OWNER, "BTC/USDT")
    assert (held.amount, held.cost, held.realised) == (Decimal(1), Decimal(150), Decimal(29))


def test_what_costs_more_than_was_reserved_comes_out_of_what_is_free(book: Book) -> None:
    book.reserve(OWNER, "USDT", Decimal(100))
    left, _ = settle(book, trade("buy", Decimal(1), Decimal(103)), Decimal(100))
    assert (left, funds(book)["USDT"]) == (ZERO, (Decimal(897), ZERO))


def test_a_fee_in_a_third_asset_is_paid_from_it(book: Book) -> None:
    settle(book, trade("buy", Decimal(1), Decimal(100), Decimal("0.01"), "BNB"))
    assert funds(book)["BNB"] == (Decimal("-0.01"), ZERO)
    assert book.position(OWNER, "BTC/USDT").cost == Decimal(100)


def test_what_is_reserved_comes_back_whole(book: Book) -> None:
    book.reserve(OWNER, "USDT", Decimal("33.3"))
    assert funds(book)["USDT"] == (Decimal("966.7"), Decimal("33.3"))
    book.release(OWNER, "USDT", Decimal("33.3"))
    assert funds(book)["USDT"] == (Decimal(1000), ZERO)


amounts = st.decimals("0.00000001", "1000", places=8)
prices = st.decimals("0.01", "100000", places=2)
fees = st.decimals("0", "1", places=8)
trades = st.lists(
    st.builds(
        trade,
        st.sampled_from(["buy", "sell"]),
        amounts,
        prices,
        fees,
        st.sampled_from(["BTC", "USDT", "BNB"]),
    ),
    max_size=30,
)


@settings(max_examples=200, deadline=None)
@given(made=trades, last=prices, start=st.decimals("0", "1000000", places=2), base=st.decimals("0", "10", places=8))
def test_final_equity_is_start_and_realised_and_unrealised_to_the_last_digit(
    made: list[ExchangeTrade], last: Decimal, start: Decimal, base: Decimal
) -> None:
    book = Book()
    book.deposit(OWNER, "USDT", start, 0)
    book.deposit(OWNER, "BTC", base, 0)
    held = book.position(OWNER, "BTC/USDT")
    with exact():
        held.amount, held.cost = base, base * 100
        opening = start + held.cost
        realised = sum((settle(book, one)[1] for one in made), ZERO)
        usdt, btc = (sum(funds(book).get(asset, (ZERO, ZERO))) for asset in ("USDT", "BTC"))
        assert held.amount == btc
        assert held.realised == realised
        assert usdt + held.amount * last == opening + realised + (held.amount * last - held.cost)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=trades, data=st.data())
def test_postings_on_disk_add_up_to_the_balances_however_the_book_is_written(
    make_bench: Callable[..., Bench], tmp_path: Any, made: list[ExchangeTrade], data: st.DataObject
) -> None:
    bench = _reused(make_bench)
    owner = Owner(f"a{len(bench.rows(tables.balances))}-{data.draw(st.uuids())}"[:36], "local", "account")
    with bench.core.storage.write() as connection:
        book = Book()
        book.deposit(owner, "USDT", Decimal(1000), 0)
        book.write(connection)
    for one in made:
        with bench.core.storage.write() as connection:
            book = load_book(connection, [owner.automation_id])
            free = book.free(owner.automation_id, "USDT")
            reserved = max(min(free, Decimal(7)), ZERO)
            book.reserve(owner, "USDT", reserved)
            left = book.settle(owner, "BTC", "USDT", one, reserved, "fill")[0] if one.side == "buy" else reserved
            if one.side == "sell":
                book.settle(owner, "BTC", "USDT", one, ZERO, "fill")
            book.release(owner, "USDT", left)
            book.write(connection)
    sums: dict[str, Decimal] = {}
    with exact():
        for row in bench.rows(tables.postings):
            if row.automation_id == owner.automation_id:
                sums[row.asset] = sums.get(row.asset, ZERO) + row.amount
    balances = bench.funds(owner.automation_id)
    assert {asset: free for asset, (free, _) in balances.items()} == {
        asset: sums.get(asset, ZERO) for asset in balances
    }
    assert all(reserved == 0 for _, reserved in balances.values())


_benches: dict[int, Bench] = {}


def _reused(make_bench: Callable[..., Bench]) -> Bench:
    """Return one bench for all the examples of a test."""
    if id(make_bench) not in _benches:
        _benches.clear()
        _benches[id(make_bench)] = make_bench()
    return _benches[id(make_bench)]
