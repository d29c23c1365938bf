"""Live accounts whose exchange has less than automations on them reckon with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from octobot_node import Decision, LimitOrder, Tick, Wake
from octobot_node.engine.acting.balance_watch import BalanceWatch
from octobot_node.errors import NotSent, OrderRefused
from octobot_node.store.queries import attention
from octobot_node.store.tables import accounts, intents
from tests.support.bench import Bench

HOUR = 3_600_000


def buying(_tick: Tick[Any, Any]) -> Decision:
    orders = [LimitOrder("BTC/USDT", "buy", amount=Decimal(1), price=Decimal(90))]
    return Decision(orders=orders, wake=Wake(every=timedelta(hours=1), align=True))


def waiting(_tick: Tick[Any, Any]) -> Decision:
    return Decision(wake=Wake(every=timedelta(hours=1), align=True))


@pytest.fixture
def look(bench: Bench) -> Callable[[], int]:
    """Look at all accounts, as some minutes later."""
    watch = BalanceWatch(bench.core)

    def step() -> int:
        bench.advance(300_000)
        return watch.step()

    return step


def lacks(bench: Bench) -> dict[str, Any]:
    found: dict[str, Any] = bench.rows(accounts)[0].lacks
    return found


def test_what_is_all_there_is_not_spoken_of(bench: Bench, look: Callable[[], int]) -> None:
    bench.automation("a", waiting)
    bench.trading.held = {"USDT": Decimal("999.95"), "BTC": Decimal(3)}
    assert (look(), lacks(bench)) == (0, {})


def test_orders_that_spend_what_is_missing_are_not_sent_until_it_is_back(bench: Bench, look: Callable[[], int]) -> None:
    bench.automation("a", buying)
    bench.trading.held = {"USDT": Decimal(800)}
    assert (look(), lacks(bench)) == (1, {"USDT": {"needs": "1000", "has": "800"}})
    assert look() == 0
    bench.settle()
    [skipped] = bench.intents()
    assert skipped.status == "skipped"
    assert skipped.reason == (
        "the account main has 800 USDT at its exchange, and its automations reckon with 1000: put back what is missing,"
        " or stop an automation that it is of"
    )
    assert bench.trading.requests == []
    with bench.core.storage.read() as connection:
        assert [row.name for row in attention.short(connection, "local")] == ["main"]
        assert attention.short(connection, "another") == []
    # Less of it is news in the account, and not told anew.
    bench.trading.held = {"USDT": Decimal(700)}
    assert (look(), lacks(bench)["USDT"]["has"]) == (1, "700")
    bench.trading.held = {"USDT": Decimal(1_000)}
    assert (look(), lacks(bench)) == (1, {})
    assert [kind for kind in bench.events() if kind.startswith("account.")] == ["account.short", "account.covered"]
    # Whoever was not told is woken.
    bench.run(2_000)
    assert bench.statuses() == ["skipped", "open"]


def test_what_open_orders_may_have_spent_this_moment_counts_once_it_was_missing_twice(
    bench: Bench, look: Callable[[], int]
) -> None:
    bench.automation("a", buying)
    bench.settle()
    # The order was filled a moment ago, say, and its execution is not settled yet.
    bench.trading.held = {"USDT": Decimal(910)}
    assert (look(), lacks(bench)) == (0, {})
    assert (look(), set(lacks(bench))) == (1, {"USDT"})
    # Less than what is free is missing whatever became of the order.
    bench.trading.held = {"USDT": Decimal(1_000)}
    look()
    bench.trading.held = {"USDT": Decimal(500)}
    assert (look(), lacks(bench)["USDT"]["has"]) == (1, "500")


def test_an_asset_that_is_missing_stops_no_order_that_spends_another(bench: Bench, look: Callable[[], int]) -> None:
    bench.automation("a", buying, budget={"USDT": "1000", "BTC": "2"})
    bench.trading.held = {"USDT": Decimal(1_000)}
    assert (look(), set(lacks(bench))) == (1, {"BTC"})
    bench.settle()
    assert bench.statuses() == ["open"]


def test_what_an_automation_had_that_is_over_is_anybodys(bench: Bench, look: Callable[[], int]) -> None:
    first = bench.automation("a", waiting)
    bench.automation("b", waiting, budget={"USDT": "300"})
    bench.settle()
    bench.trading.held = {"USDT": Decimal(300)}
    assert look() == 1
    bench.commands.stop(first)
    bench.settle()
    assert (look(), lacks(bench)) == (1, {})


def told_of(bench: Bench) -> list[str]:
    return [kind for kind in bench.events() if kind.startswith("account.")]


def test_an_exchange_that_does_not_answer_twice_in_a_row_is_told(bench: Bench, look: Callable[[], int]) -> None:
    bench.automation("a", waiting)
    bench.trading.held = {"USDT": Decimal(1_000)}
    bench.trading.faults["balances"] = NotSent("not now")
    assert (look(), lacks(bench), told_of(bench)) == (0, {}, [])
    assert look() == 1
    [row] = bench.rows(accounts)
    assert (row.unanswered, row.unanswered_since) == ("not now", bench.core.clock.now())
    with bench.core.storage.read() as connection:
        assert [(each.name, each.unanswered) for each in attention.silent(connection, "local")] == [("main", "not now")]
        assert attention.silent(connection, "another") == []
    # Once is enough to be told.
    assert look() == 0
    del bench.trading.faults["balances"]
    assert look() == 1
    assert (bench.rows(accounts)[0].unanswered, bench.rows(accounts)[0].unanswered_since) == ("", None)
    assert told_of(bench) == ["account.unanswered", "account.answered"]


def test_a_failure_now_and_then_is_not_told(bench: Bench, look: Callable[[], int]) -> None:
    bench.automation("a", waiting)
    bench.trading.held = {"USDT": Decimal(1_000)}
    for _ in range(3):
        bench.trading.faults["balances"] = NotSent("not now")
        look()
        del bench.trading.faults["balances"]
        look()
    assert told_of(bench) == []


def test_a_key_that_is_refused_is_told_at_once(bench: Bench, look: Callable[[], int]) -> None:
    bench.automation("a", waiting)
    bench.trading.faults["balances"] = OrderRefused("it does not take the key")
    assert look() == 1
    assert bench.rows(accounts)[0].unanswered == "it does not take the key"


@pytest.mark.parametrize("question", ["open_orders", "trades"])
def test_executions_that_cannot_be_read_for_a_minute_are_told_and_nothing_is_missed_by_books_of_before(
    bench: Bench, look: Callable[[], int], question: str
) -> None:
    bench.automation("a", buying)
    bench.settle()
    bench.trading.fill("x1")
    bench.trading.held = {"USDT": Decimal(910), "BTC": Decimal(1)}
    bench.trading.faults[question] = NotSent("429")
    bench.run(50_000, step=5_000)
    assert told_of(bench) == []
    bench.run(20_000, step=5_000)
    [row] = bench.rows(accounts)
    assert (row.executions_unread, told_of(bench)) == (
        "what was executed cannot be read: 429",
        ["account.unanswered"],
    )
    assert 50_000 < bench.core.clock.now() - row.executions_unread_since < 80_000
    with bench.core.storage.read() as connection:
        assert [each.executions_unread for each in attention.silent(connection, "local")] == [row.executions_unread]
    # Neither by what was executed and is not booked, nor does it say that the exchange answers.
    assert (look(), look(), lacks(bench), told_of(bench)) == (0, 0, {}, ["account.unanswered"])
    # What is free is free: what rests stays reserved.
    bench.automation("b", buying)
    bench.settle()
    assert len(bench.trading.requests) >= 2
    del bench.trading.faults[question]
    bench.run(10_000, step=1_000)
    assert (bench.statuses()[0], bench.rows(accounts)[0].executions_unread) == ("filled", "")
    assert told_of(bench) == ["account.unanswered", "account.answered"]


def test_an_account_that_is_silent_about_two_things_is_told_once_and_answers_when_neither_is_left(
    bench: Bench, look: Callable[[], int]
) -> None:
    bench.automation("a", buying)
    bench.settle()
    bench.trading.held = {"USDT": Decimal(1_000)}
    bench.trading.faults = {"trades": NotSent("429"), "balances": OrderRefused("it does not take the key")}
    bench.run(70_000, step=5_000)
    look()
    [row] = bench.rows(accounts)
    assert (row.unanswered != "", row.executions_unread != "") == (True, True)
    assert told_of(bench) == ["account.unanswered"]
    del bench.trading.faults["trades"]
    bench.run(5_000, step=1_000)
    assert told_of(bench) == ["account.unanswered"]
    del bench.trading.faults["balances"]
    look()
    assert told_of(bench) == ["account.unanswered", "account.answered"]


def test_where_nothing_is_left_to_read_nobody_has_to_see_to_it(bench: Bench) -> None:
    bench.automation("a", buying)
    bench.settle()
    bench.trading.faults["trades"] = NotSent("429")
    bench.run(70_000, step=5_000)
    with bench.core.storage.write() as connection:
        connection.execute(intents.update().values(status="cancelled"))
    bench.run(5_000, step=1_000)
    assert bench.rows(accounts)[0].executions_unread == ""


def test_where_nothing_trades_any_more_nobody_has_to_see_to_it(bench: Bench, look: Callable[[], int]) -> None:
    first = bench.automation("a", waiting)
    bench.trading.faults["balances"] = OrderRefused("it does not take the key")
    look()
    bench.commands.stop(first)
    bench.settle()
    look()
    assert bench.rows(accounts)[0].unanswered == ""
    # That it answers again would be a lie.
    assert told_of(bench) == ["account.unanswered"]


def test_an_account_is_asked_about_no_more_often_than_the_setting_says(bench: Bench) -> None:
    bench.automation("a", waiting)
    bench.trading.held = {"USDT": Decimal(1_000)}
    watch = BalanceWatch(bench.core)
    watch.step()
    bench.trading.held = {}
    bench.advance(299_000)
    assert watch.step() == 0
    bench.advance(1_000)
    assert watch.step() == 1


def test_play_money_is_nobodys_business(bench: Bench, look: Callable[[], int]) -> None:
    bench.automation("a", waiting)
    trading = bench.core.registry.trading
    trading["fake"] = replace(trading["fake"], simulated=True)  # type: ignore[index]
    assert (look(), lacks(bench)) == (0, {})
