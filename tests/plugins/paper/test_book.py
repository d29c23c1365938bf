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

from octobot_node.errors import OrderRefused, RequestExpired
from octobot_node.exchanges import Capabilities, ExchangeOrder, Lookup
from octobot_node.plugins import load_named
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
        ({}, {}, [("0.002", "BTC"), ("0.19600", "USD")], {"BTC": "0.998", "USD": "991.80400"}),
        ({"fee_in": "quote"}, {}, [("0.200", "USD"), ("0.19600", "USD")], {"BTC": "1", "USD": "991.60400"}),
        (
            {"taker_fee": "0.005"},
            {"fee_in": "quote"},
            [("1.000", "USD"), ("0.19600", "USD")],
            {"BTC": "1", "USD": "990.80400"},
        ),
        (
            {"fee_in": "quote"},
            {"fee_in": "received"},
            [("0.002", "BTC"), ("0.19600", "USD")],
            {"BTC": "0.998", "USD": "991.80400"},
        ),
        ({"taker_fee": "0.5"}, {"fee": "0"}, [("0", "BTC"), ("0.000", "USD")], {"BTC": "1", "USD": "992.000"}),
    ],
)
def test_fees_are_exact_and_paid_in_the_asset_that_the_market_or_the_settings_say(
    past: Any, run: Any, market: dict[str, str], paper: dict[str, str], fees: list[Any], held: dict[str, str]
) -> None:
    bench = past(ROWS, maker_fee="0.002", **({"taker_fee": "0.001"} | market))
    account = bench.trading(balances={"USD": "1094", "BTC": "0"}, **paper)
    bench.place("buy", "market", "2", on=account)
    bench.place("sell", "limit", "1", price="98.000", on=account)
    run(account.trades(0))
    found = [(str(trade.fee), trade.fee_asset) for trade in run(account.trades(0))]
    assert [(D(fee), asset) for fee, asset in found] != []
    bench.place("sell", "limit", "1", price="1000", on=account)
    taker = D(paper.get("fee", market.get("taker_fee", "0.001")))
    in_base = (paper.get("fee_in") or market.get("fee_in", "received")) == "received"
    buy = (D(2) * taker, "BTC") if in_base else (D(200) * taker, "USD")
    assert [(D(fee), asset) for fee, asset in found] == [buy, (D(100) * taker, "USD")]
    dollars = D(1094) - 200 + 100 - D(100) * taker - (D(0) if in_base else buy[0])
    assert run(account.balances()) == {"BTC": D(1) - (buy[0] if in_base else D(0)), "USD": dollars}


def test_a_resting_order_pays_the_makers_fee(past: Any, run: Any) -> None:
    bench = past(ROWS, maker_fee="0.0001", taker_fee="0.001")
    paper = bench.trading()
    bench.place("buy", "limit", price="99.5", on=paper)
    bench.at(MINUTE)
    (trade,) = run(paper.trades(0))
    assert (trade.liquidity, trade.cost, trade.fee, trade.fee_asset) == ("maker", D("99.5"), D("0.0001"), "BTC")


def test_amounts_keep_every_digit(past: Any, run: Any) -> None:
    price, amount = "100.12345678901234567", "0.123456789012345678901234567890"
    bench = past([(price, "200", "1", "100"), ROWS[1]])
    paper = bench.trading(fee="0.000123456789", fee_in="quote", slippage="0.000000001")
    bench.place("buy", "market", amount, on=paper)
    (trade,) = run(paper.trades(0))
    digits = 10**17 * 10**9
    assert trade.price * digits == 10012345678901234567 * 10**15 // 10**15 * (10**9 + 1)
    assert trade.cost.as_tuple() == _product(trade.price, D(amount))
    assert trade.fee.as_tuple() == _product(trade.cost, D("0.000123456789"))


def _product(*factors: Decimal) -> Any:
    number, exponent = 1, 0
    for factor in factors:
        sign, figures, power = factor.as_tuple()
        assert sign == 0
        number *= int("".join(map(str, figures)))
        exponent += int(power)
    return D((0, tuple(map(int, str(number))), exponent)).as_tuple()


def test_a_reopened_book_goes_on_as_if_nothing_had_happened(past: Any, run: Any) -> None:
    def life(account: str, *, reopen: bool) -> list[Any]:
        told: list[Any] = []
        for side, kind, given in [
            ("buy", "limit", {"price": "98"}),
            ("buy", "limit", {"price": "96"}),
            ("sell", "stop", {"stop": "97.5"}),
            ("sell", "limit", {"price": "103"}),
        ]:
            paper = bench.trading(account, reopen=reopen, balances={"USD": 500})
            bench.place(side, kind, on=paper, **given)
        for moment in range(0, 5 * MINUTE, MINUTE // 2):
            paper = bench.trading(account, reopen=reopen, balances={"USD": 500})
            told.append((paper.next_fill_at(moment), bench_at(moment)))
            told += [run(paper.balances()), [replace(t, client_order_id=None) for t in run(paper.trades(0))]]
            told.append([order.id for order in run(paper.open_orders())])
        return told

    clocks: list[int] = []

    def bench_at(moment: int) -> int:
        # The two lives share a clock that cannot go back, so each has a market of its own.
        bench.at(moment)
        clocks.append(moment)
        return moment

    bench = past(ROWS)
    steady = life("steady", reopen=False)
    bench = past(ROWS)
    assert life("reopened", reopen=True) == steady
    assert max(len(entry) for entry in steady if isinstance(entry, list)) == 4


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
    with pytest.raises(ValidationError):
        PaperSettings(**wrong)
