"""One bad automation hurts nobody else in its batch: it fails, waits or is held alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from octobot_node import CancelOrder, Decision, LimitOrder, MarketOrder, Notify, StopOrder, Tick, Wake
from octobot_node.errors import DataUnavailable
from octobot_node.store import tables
from tests.integration.engine.committing import MINUTE, buy, idle
from tests.support.bench import Bench


def test_a_failed_tick_advances_the_number_and_leaves_state_and_news_alone(bench: Bench) -> None:
    heard: list[tuple[int, list[Any]]] = []

    def decide(tick: Tick[Any, Any]) -> Decision:
        if tick.number == 1:
            raise RuntimeError("no idea")
        heard.append((tick.number, [signal.payload for signal in tick.signals]))
        return Decision(state={"n": tick.number}, wake=MINUTE)

    a = bench.automation("a", decide)
    bench.settle()
    bench.advance(10_000)
    bench.commands.signal(a, "hello")
    bench.settle()
    failed = bench.row(a)
    assert (failed.tick, failed.state, failed.failures, failed.status) == (2, '{"n":0}', 1, "active")
    assert failed.reason.startswith("RuntimeError: no idea")
    bench.run(2_000)
    assert heard == [(0, []), (2, ["hello"])]
    assert (bench.row(a).failures, bench.row(a).reason) == (0, "")


def test_failures_back_off_further_each_time_and_end_at_the_limit(bench: Bench) -> None:
    def decide(_tick: Tick[Any, Any]) -> Decision:
        raise ValueError("never works")

    a = bench.automation("a", decide)
    waits = []
    for _ in range(4):
        bench.settle()
        waits.append(bench.row(a).next_run_at - bench.clock.now())
        bench.clock.advance_to(bench.row(a).next_run_at)
    bench.settle()
    assert waits == [2_000, 4_000, 8_000, 16_000]
    row = bench.row(a)
    assert (row.status, row.runnable, row.next_run_at, row.failures) == ("failed", False, None, 5)
    assert bench.events(a) == ["automation.created", *["tick.failed"] * 5, "automation.failed"]


def test_a_type_that_is_not_installed_is_held_until_it_is(bench: Bench) -> None:
    a = bench.automation("a", idle)
    missing = bench.registry.automations["tests.scripted"]
    del bench.registry.automations["tests.scripted"]  # type: ignore[attr-defined]
    bench.settle()
    row = bench.row(a)
    assert (row.status, row.tick, row.failures, row.next_run_at) == ("held", 0, 0, None)
    assert row.reason == "no plugin provides the type 'tests.scripted'"
    bench.registry.automations["tests.scripted"] = missing  # type: ignore[index]
    bench.commands.resume(a)
    bench.settle()
    assert (bench.row(a).status, bench.row(a).tick) == ("active", 1)


def test_a_state_newer_than_its_type_is_held(bench: Bench) -> None:
    a = bench.automation("a", lambda _: Decision(state=1, wake=MINUTE))
    bench.settle()
    with bench.core.storage.write() as connection:
        connection.execute(tables.automations.update().values(state_version=2))
    bench.advance(60_000)
    bench.settle()
    row = bench.row(a)
    assert (row.status, row.state, row.reason) == (
        "held",
        "1",
        "its state was written by version 2, this is 1: upgrade",
    )


def test_waiting_for_data_is_no_failure_and_is_told_once(bench: Bench) -> None:
    a = bench.automation("a", idle)
    bench.market.fault = DataUnavailable("the exchange is down")
    bench.run(20_000, step=5_000)
    row = bench.row(a)
    assert (row.status, row.reason, row.tick, row.failures) == ("waiting", "the exchange is down", 0, 0)
    assert bench.events(a) == ["automation.created", "automation.waiting"]
    bench.market.fault = None
    bench.run(60_000, step=5_000)  # on a virtual clock: at the next close of a candle
    assert (bench.row(a).status, bench.row(a).reason, bench.row(a).tick) == ("active", "", 1)


def test_one_whose_symbol_is_not_listed_waits_alone(bench: Bench) -> None:
    a = bench.automation("a", idle, symbols=("NOPE/USDT",))
    b = bench.automation("b", idle)
    bench.settle()
    assert (bench.row(a).status, bench.row(a).reason) == ("waiting", "no price of NOPE/USDT")
    assert (bench.row(b).status, bench.row(b).tick) == ("active", 1)


def test_an_evaluation_that_says_it_lacks_data_waits(bench: Bench) -> None:
    def decide(_tick: Tick[Any, Any]) -> Decision:
        raise DataUnavailable("the index has no value yet")

    a = bench.automation("a", decide)
    bench.settle()
    assert (bench.row(a).status, bench.row(a).failures) == ("waiting", 0)


@pytest.mark.parametrize("look", ["ticker", "rules", "candles"])
def test_an_evaluation_that_looks_at_what_its_needs_did_not_ask_for_fails_and_says_so(bench: Bench, look: str) -> None:
    given = ("ETH/USDT", "1h") if look == "candles" else ("ETH/USDT",)
    a = bench.automation("a", lambda tick: Decision(state=str(getattr(tick.market, look)(*given))))
    bench.run(300_000, step=5_000)
    row = bench.row(a)
    assert (row.status, row.failures) == ("failed", 5)
    assert row.reason.startswith("NotAskedFor: ")
    assert "ETH/USDT is not here: add it to what needs() returns for the state that the tick is given (" in row.reason
    assert bench.events(a).count("automation.failed") == 1


def _wrong() -> dict[str, tuple[Callable[[Tick[Any, Any]], Any], str]]:
    class Odd(BaseModel):
        amount: float

    hour = datetime(2026, 1, 1, 1)  # noqa: DTZ001 - naive on purpose

    def order(**changes: Any) -> Callable[[Tick[Any, Any]], Decision]:
        values: dict[str, Any] = {"amount": Decimal(1), "price": Decimal(90), **changes}
        return lambda _: Decision(orders=[LimitOrder("BTC/USDT", "buy", **values)])

    return {
        "a state over 64 kB": (lambda _: Decision(state="x" * 64_001), "the state takes 64,003 characters"),
        "a NaN state": (lambda _: Decision(state=float("nan")), "the state is not JSON"),
        "a NaN in a model": (lambda _: Decision(state={"a": Odd(amount=1)}), "the state is not JSON"),
        "a float price": (order(price=90.0), "price must be a positive Decimal, not 90.0"),
        "a NaN price": (order(price=Decimal("NaN")), "price must be a positive Decimal"),
        "a price of nothing": (order(price=None), "price must be a positive Decimal, not None"),
        "an amount of nothing": (order(amount=None), "amount must be a positive Decimal, not None"),
        "a negative amount": (order(amount=Decimal(-1)), "amount must be a positive Decimal"),
        "an expiry as text": (order(expires="soon"), "expires must be an aware time, not 'soon'"),
        "a naive expiry": (order(expires=hour), "expires must be an aware time"),
        "an unknown tif": (order(tif="day"), "tif is 'gtc', 'ioc' or 'fok', not 'day'"),
        "a stop of nothing": (
            lambda _: Decision(orders=[StopOrder("BTC/USDT", "sell", Decimal(1), None)]),  # type: ignore[arg-type]
            "stop must be a positive Decimal, not None",
        ),
        "an amount and a spend": (
            lambda _: Decision(orders=[MarketOrder("BTC/USDT", "buy", amount=Decimal(1), spend=Decimal(1))]),
            "either amount or spend",
        ),
        "a sale by spend": (
            lambda _: Decision(orders=[MarketOrder("BTC/USDT", "sell", spend=Decimal(1))]),
            "spend is for buying",
        ),
        "an unasked symbol": (
            lambda _: Decision(orders=[MarketOrder("ETH/USDT", "buy", spend=Decimal(50))]),
            "an order for 'ETH/USDT', which needs() does not ask for",
        ),
        "a stranger's order cancelled": (lambda _: Decision(orders=[CancelOrder("another")]), "names no open order"),
        "no decision": (lambda _: None, "evaluate() returned NoneType, not a Decision"),
        "a naive wake": (lambda _: Decision(wake=Wake(at=hour)), "has no time zone"),
        "a wake every nothing": (lambda _: Decision(wake=Wake(every=timedelta(0))), "the shortest interval"),
        "a notice that is not text": (
            lambda _: Decision(actions=[Notify(object())]),  # type: ignore[arg-type]
            "",
        ),
        "half a surrogate pair": (lambda _: Decision(actions=[Notify("\ud800")]), "its decision cannot be stored"),
        "half a surrogate pair in an error": (_raise_surrogate, "RuntimeError: "),
    }


def _raise_surrogate(_tick: Tick[Any, Any]) -> Decision:
    raise RuntimeError("\ud800")


@pytest.mark.parametrize("what", sorted(_wrong()))
def test_only_the_automation_that_decides_wrongly_fails(bench: Bench, what: str) -> None:
    decide, reason = _wrong()[what]
    before = bench.automation("before", buy)
    wrong = bench.automation("wrong", decide)
    after = bench.automation("after", buy)
    bench.tick()
    row = bench.row(wrong)
    assert (row.status, row.tick, row.failures, row.state) == ("active", 1, 1, None)
    assert reason in row.reason
    assert [order.automation_id for order in bench.intents()] == [before, after]
    assert [bench.row(a).failures for a in (before, after)] == [0, 0]


def test_an_order_for_a_symbol_that_only_a_neighbour_asks_for_is_refused_too(bench: Bench) -> None:
    bench.automation("other", idle, symbols=("ETH/USDT",))
    a = bench.automation("a", lambda _: Decision(orders=[MarketOrder("ETH/USDT", "buy", spend=Decimal(50))]))
    bench.tick()
    assert (bench.row(a).failures, bench.intents()) == (1, [])


def test_a_tick_sees_what_it_asked_for_whoever_shares_its_batch(bench: Bench) -> None:
    seen: dict[str, Any] = {}

    def look(tick: Tick[Any, Any]) -> Decision:
        market = tick.market
        candles = {key: len(found) for key, found in market.all_candles.items()}
        seen[tick.config.who] = (sorted(market.tickers), sorted(market.all_rules), candles)
        return Decision()

    bench.automation("few", look, candles=3)
    bench.automation("many", look, candles=50, symbols=("BTC/USDT", "ETH/USDT"))
    bench.automation("none", look, symbols=("ETH/USDT",))
    bench.tick()
    both = ["BTC/USDT", "ETH/USDT"]
    assert seen == {
        "few": (["BTC/USDT"], ["BTC/USDT"], {("BTC/USDT", "1h"): 3}),
        "many": (both, both, {("BTC/USDT", "1h"): 50, ("ETH/USDT", "1h"): 50}),
        "none": (["ETH/USDT"], ["ETH/USDT"], {}),
    }


def test_a_row_that_the_database_refuses_is_split_from_its_neighbours(bench: Bench) -> None:
    """Whatever the checks before did not think of: the database has the last word, on that row alone."""
    ids = [bench.automation(f"n{n}", buy) for n in range(5)]
    with bench.core.storage.write() as connection:
        when = f"BEFORE INSERT ON intents {{}} WHEN (NEW.automation_id = '{ids[2]}')"
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(
                f"CREATE TRIGGER no {when.format('')} BEGIN SELECT RAISE(ABORT, 'refused by a trigger'); END"
            )
        else:
            body = "BEGIN RAISE EXCEPTION 'refused by a trigger'; END"
            connection.exec_driver_sql(f"CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $${body}$$")
            connection.exec_driver_sql(f"CREATE TRIGGER no {when.format('FOR EACH ROW')} EXECUTE FUNCTION no()")
    bench.tick()
    assert [(bench.row(a).tick, bench.row(a).failures) for a in ids] == [(1, 0), (1, 0), (1, 1), (1, 0), (1, 0)]
    assert "refused by a trigger" in bench.row(ids[2]).reason
    assert [row.automation_id for row in bench.intents()] == [*ids[:2], *ids[3:]]
    assert bench.funds(ids[2]) == {"USDT": (Decimal(1000), Decimal(0))}


def test_an_account_whose_connector_is_gone_holds_its_own_automations_only(bench: Bench) -> None:
    with bench.core.storage.write() as connection:
        gone = {**dict(bench.rows(tables.accounts)[0]._mapping), "id": "gone", "name": "gone", "trading": "uninstalled"}
        connection.execute(tables.accounts.insert(), [gone])
    a = bench.automation("a", buy)
    b = bench.automation("b", buy, account="gone")
    bench.tick()
    assert [bench.row(id_).failures for id_ in (a, b)] == [0, 0]
    assert [bench.row(id_).status for id_ in (a, b)] == ["active", "held"]
    assert "no plugin registers the trading connector 'uninstalled'" in bench.row(b).reason
