from __future__ import annotations

import threading
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from pydantic import ValidationError

from octobot_node.contracts.exchanges import Capabilities, ExchangeOrder, Lookup
from octobot_node.errors import OrderRefused, RequestExpired
from octobot_node.plugin_system.discovery import load_named
from octobot_plugins.paper.settings import PaperSettings
from octobot_plugins.paper.tables import PAPER_TABLES, trades

D = Decimal
MINUTE = 60_000
ROWS = [
    ("100", "101", "99", "100"),
    ("102", "103", "98", "99"),
    ("99", "100", "95", "97"),
    ("97", "106", "97", "105"),
]


def test_the_plugin_registers_simulated_trading_and_its_tables(past: Any) -> None:
    registry = load_named(["octobot_plugins.paper"])
    assert registry.trading_factory("paper").simulated
    assert registry.tables == (PAPER_TABLES,)
    assert past(ROWS).trading().capabilities == Capabilities(
        dedupe="forever",
        lookup=Lookup("all"),
        request_expiry=True,
        visibility_lag_ms=0,
        market_spend=True,
        native_stops=True,
        post_only=True,
    )


def test_the_migration_makes_exactly_the_tables(storage: Any) -> None:
    mine = {"include_object": lambda thing, name, kind, *_: kind != "table" or name.startswith("paper_")}
    with storage.read() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": "paper_schema", **mine})
        found = compare_metadata(context, PAPER_TABLES.metadata)
    assert [change for change in found if "paper_schema" not in str(change)] == []


def test_open_orders_and_trades_are_found_by_their_indexes(storage: Any) -> None:
    from octobot_plugins.paper import statements

    plans = []
    with storage.read() as connection:
        for statement in (statements._OPEN, statements._TRADES):
            text = str(statement.compile(dialect=connection.dialect))
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", tuple("a" * text.count("?")))
            plans.append(" ".join(row[3] for row in rows))
    assert "USING INDEX ix_paper_orders_open" in plans[0]
    assert "USING INDEX ix_paper_trades_at" in plans[1]
    assert "TEMP B-TREE" not in "".join(plans)


def test_a_repeated_client_id_is_the_first_order_whatever_became_of_it(past: Any, run: Any) -> None:
    bench = past(ROWS)
    paper = bench.trading()
    taken, resting = bench.request("buy", "market"), bench.request("buy", "limit", price="97")
    first = [run(paper.create_order(taken)), run(paper.create_order(resting))]
    run(paper.cancel_order("BTC/USD", first[1].id))
    bench.at(MINUTE)
    later = bench.clock.now() + 5_000
    again = [run(paper.create_order(replace(request, expires_at=later))) for request in (taken, resting)]
    assert again == [first[0], replace(first[1], status="cancelled")]
    assert len(run(paper.trades(0))) == 1


def test_a_client_id_is_known_per_account_only(past: Any, run: Any) -> None:
    bench = past(ROWS)
    request = bench.request("buy", "market")
    for account in ("one", "two"):
        run(bench.trading(account).create_order(request))
    found = [[(t.id, t.client_order_id) for t in run(bench.trading(account).trades(0))] for account in ("one", "two")]
    assert found == [[("p1", "c0")], [("p1", "c0")]]


def test_a_request_is_dead_after_its_expiry_and_alive_at_it(past: Any, run: Any) -> None:
    bench = past(ROWS)
    bench.at(10_000)
    paper = bench.trading()
    dead = bench.request("buy", "market", expires_at=9_999)
    with pytest.raises(RequestExpired, match=r"^the request arrived 1 ms after it expired$"):
        run(paper.create_order(dead))
    assert run(paper.find_order("BTC/USD", dead.client_order_id, 0)) is None
    assert bench.place("buy", "market", expires_at=10_000, on=paper).status == "open"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"symbol": "XRP/USD"}, "the market does not list XRP/USD"),
        ({"amount": None}, "either an amount or a spend"),
        ({"spend": D(5)}, "either an amount or a spend"),
        ({"amount": D(0)}, "either an amount or a spend"),
        ({"amount": None, "spend": D(5), "side": "sell"}, "only a market buy"),
        ({"type": "limit"}, "a limit order needs a price above 0"),
        ({"type": "stop", "stop": D(0)}, "a stop order needs a price above 0"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(past: Any, run: Any, given: dict[str, Any], why: str) -> None:
    bench = past(ROWS)
    paper = bench.trading()
    with pytest.raises(OrderRefused, match=why):
        run(paper.create_order(replace(bench.request("buy", "market"), **given)))


def test_cancelling_is_repeatable_and_never_undoes_a_fill(past: Any, run: Any) -> None:
    bench = past(ROWS)
    paper = bench.trading()
    filled = bench.place("buy", "limit", price="99.5", on=paper)
    resting = bench.place("buy", "limit", price="50", on=paper)
    bench.at(MINUTE)
    for order_id in (filled.id, resting.id, resting.id, "o99", "nonsense", ""):
        run(paper.cancel_order("BTC/USD", order_id))
    assert [run(paper.order("BTC/USD", order.id)).status for order in (filled, resting)] == ["filled", "cancelled"]
    assert paper.next_fill_at(0) is None


def test_an_order_is_told_as_it_was_asked_for(past: Any, run: Any) -> None:
    bench = past(ROWS)
    bench.at(30_000)
    paper = bench.trading()
    told = ExchangeOrder("o1", "c0", "BTC/USD", "buy", "open", D("0.5"), D("95.50"), D(0), 30_000)
    assert bench.place("buy", "limit", "0.5", price="95.50", on=paper) == told
    assert run(paper.open_orders()) == [told]
    assert run(paper.order("BTC/USD", "o1")) == run(paper.find_order("BTC/USD", "c0", 10**15)) == told
    assert run(paper.order("ETH/USD", "o1")) is run(paper.find_order("ETH/USD", "c0", 0)) is None
    assert run(paper.order("BTC/USD", "o2")) is run(paper.find_order("BTC/USD", "c9", 0)) is None


@pytest.mark.parametrize(
    ("market", "paper", "fees", "held"),
    [
        ({}, {}, [("0.002", "BTC"), ("0.1", "USD")], {"BTC": "0.998", "USD": "999.9"}),
        ({"fee_in": "quote"}, {}, [("0.2", "USD"), ("0.1", "USD")], {"BTC": "1", "USD": "999.7"}),
        (
            {"taker_fee": "0.005"},
            {"fee_in": "quote"},
            [("1", "USD"), ("0.5", "USD")],
            {"BTC": "1", "USD": "998.5"},
        ),
        (
            {"fee_in": "quote"},
            {"fee_in": "received", "fee": "0.01"},
            [("0.02", "BTC"), ("1", "USD")],
            {"BTC": "0.98", "USD": "999"},
        ),
        ({"taker_fee": "0.5"}, {"fee": "0"}, [("0", "BTC"), ("0", "USD")], {"BTC": "1", "USD": "1000"}),
    ],
)
def test_fees_are_exact_and_paid_in_the_asset_that_the_market_or_the_settings_say(
    past: Any, run: Any, market: dict[str, str], paper: dict[str, str], fees: list[Any], held: dict[str, str]
) -> None:
    bench = past(ROWS, **market)
    account = bench.trading(balances={"USD": "1100"}, **paper)
    bench.place("buy", "market", "2", on=account)
    bench.place("sell", "market", "1", on=account)
    found = run(account.trades(0))
    assert [(trade.fee, trade.fee_asset) for trade in found] == [(D(fee), asset) for fee, asset in fees]
    assert run(account.balances()) == {asset: D(amount) for asset, amount in held.items()}


def test_a_resting_order_pays_the_makers_fee(past: Any, run: Any) -> None:
    bench = past(ROWS, maker_fee="0.0001", taker_fee="0.001")
    paper = bench.trading()
    bench.place("buy", "limit", price="99.5", on=paper)
    bench.at(MINUTE)
    (trade,) = run(paper.trades(0))
    assert (trade.liquidity, trade.cost, trade.fee, trade.fee_asset) == ("maker", D("99.5"), D("0.0001"), "BTC")


def test_amounts_keep_every_digit(past: Any, run: Any) -> None:
    bench = past([("100.12345678901234567", "200", "1", "100"), ROWS[1]])
    paper = bench.trading(fee="0.000123456789", fee_in="quote", slippage="0.000000001")
    bench.place("buy", "market", "0.12345678901234567890123456789", on=paper)
    (trade,) = run(paper.trades(0))
    price = (10012345678901234567 * 1000000001, 17 + 9)
    cost = (price[0] * 12345678901234567890123456789, price[1] + 29)
    fee = (cost[0] * 123456789, cost[1] + 12)
    assert [_digits(money) for money in (trade.price, trade.cost, trade.fee)] == [price, cost, fee]


def _digits(money: Decimal) -> tuple[int, int]:
    """Return (number, decimals) of an amount, by integers alone."""
    sign, figures, exponent = money.as_tuple()
    assert sign == 0
    return int("".join(map(str, figures))), -int(exponent)


@pytest.mark.parametrize("step", [MINUTE // 2, MINUTE, 2 * MINUTE, 5 * MINUTE])
def test_a_book_that_is_reopened_all_the_time_ends_like_one_that_never_was(past: Any, run: Any, step: int) -> None:
    def live_through(account: str, *, reopen: bool) -> list[Any]:
        bench = past(ROWS)
        for side, kind, given in [
            ("buy", "limit", {"price": "98"}),
            ("buy", "limit", {"price": "96"}),
            ("sell", "stop", {"stop": "97.5"}),
            ("sell", "limit", {"price": "103"}),
        ]:
            bench.place(side, kind, on=bench.trading(account, reopen=reopen), **given)
        seen: list[Any] = []
        for moment in range(0, 5 * MINUTE + 1, step):
            bench.at(moment)
            paper = bench.trading(account, reopen=reopen)
            seen += [paper.next_fill_at(moment), run(paper.trades(0)), run(paper.balances()), run(paper.open_orders())]
        return seen

    steady = live_through("steady", reopen=False)
    assert live_through("reopened", reopen=True) == steady
    assert [(trade.id, trade.order_id) for trade in steady[-3]] == [
        ("p1", "o1"),
        ("p2", "o2"),
        ("p3", "o3"),
        ("p4", "o4"),
    ]


def test_two_connectors_on_one_book_see_each_others_orders(past: Any, run: Any) -> None:
    bench = past(ROWS)
    one, two = bench.trading(reopen=True), bench.trading(reopen=True)
    assert run(one.open_orders()) == run(two.open_orders()) == []
    order = bench.place("buy", "limit", price="99.5", on=one)
    assert run(two.open_orders()) == [order]
    assert two.next_fill_at(0) == MINUTE
    bench.at(MINUTE)
    assert len(run(two.trades(0))) == 1
    assert run(one.open_orders()) == []
    run(one.cancel_order("BTC/USD", order.id))
    assert run(one.order("BTC/USD", order.id)).status == "filled"


def test_a_write_on_top_of_anothers_does_not_hide_it(past: Any, run: Any) -> None:
    bench = past(ROWS)
    one, two = bench.trading(reopen=True), bench.trading(reopen=True)
    assert run(one.open_orders()) == []
    theirs = bench.place("buy", "limit", price="50", on=two)
    mine = bench.place("buy", "limit", price="51", on=one)
    assert run(one.open_orders()) == run(two.open_orders()) == [theirs, mine]


def test_threads_that_ask_at_once_write_each_fill_once(past: Any, run: Any, storage: Any) -> None:
    bench = past(ROWS)
    makers = [bench.trading(reopen=True) for _ in range(4)]
    requests = [bench.request("buy", "limit", price="98", client_order_id=f"same{i}") for i in range(10)]
    barrier, failures = threading.Barrier(4), []

    def work(paper: Any) -> None:
        try:
            barrier.wait(10)
            for request in requests:
                run(paper.create_order(request))
            barrier.wait(10)
            if paper is makers[0]:
                bench.at(3 * MINUTE)
            barrier.wait(10)
            run(paper.trades(0))
        except Exception as error:
            failures.append(error)

    workers = [threading.Thread(target=work, args=(paper,)) for paper in makers]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert failures == []
    with storage.read() as connection:
        found = connection.execute(sa.select(trades.c.number, trades.c.order_number)).all()
    assert sorted(number for number, _ in found) == sorted(order for _, order in found) == list(range(1, 11))
    assert run(makers[0].balances()) == {"BTC": D("9.990"), "USD": D(-980)}


def test_a_write_that_fails_leaves_nothing_behind_in_memory(past: Any, run: Any, storage: Any) -> None:
    bench = past(ROWS)
    paper = bench.trading()
    bench.place("buy", "limit", price="99.5", on=paper)
    with storage.write() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER broken BEFORE UPDATE ON paper_books BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
        )
    with pytest.raises(sa.exc.DBAPIError, match="disk is full"):
        bench.place("buy", "limit", price="50", on=paper)
    bench.at(MINUTE)
    with pytest.raises(sa.exc.DBAPIError, match="disk is full"):
        run(paper.trades(0))
    with storage.write() as connection:
        connection.exec_driver_sql("DROP TRIGGER broken")
    assert [trade.order_id for trade in run(paper.trades(0))] == ["o1"]
    assert run(paper.open_orders()) == []


@pytest.mark.parametrize("wrong", [{"slippage": 1}, {"slippage": -1}, {"fee": "NaN"}, {"fee_in": "BNB"}, {"lag": 1}])
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        PaperSettings(**wrong)
    assert {error["loc"][0] for error in refused.value.errors()} == set(wrong)
