"""Money that a running automation is given, or that is taken from it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from octobot_node import Decision, LimitOrder, MarketOrder, Tick, Wake
from octobot_node.engine.sampling import Sampler
from octobot_node.errors import CommandRefused, Conflict, NotSent, UsageError
from octobot_node.store import retention, tables
from octobot_node.text.event_sentences import number
from tests.integration.operations.conftest import Office
from tests.integration.operations.money.test_budgets import ACCOUNT, at_once, create, imported

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
D = Decimal


@pytest.fixture(autouse=True)
def silent(office: Office) -> None:
    """The exchange does not say what it has, unless a test lets it."""
    office.bench.trading.faults["balances"] = NotSent("no connection")


CURE = "take less, or cancel orders and sell first"
FIRST = "add at most that, or take it from another automation first"
ONE = f"""{ACCOUNT}automations:
  - {{name: a, type: dca, account: paper, budget: {{USD: 30}}, config: {{symbol: BTC/USD, amount: 10, every: 1h}}}}
"""


def idle(_tick: Tick[Any, Any]) -> Decision:
    return Decision(wake=Wake(every=timedelta(days=1)))


def buying(tick: Tick[Any, Any]) -> Decision:
    order = MarketOrder("BTC/USDT", "buy", amount=D(2))
    return Decision(orders=[] if tick.number else [order], wake=Wake(every=timedelta(days=1)))


def resting(tick: Tick[Any, Any]) -> Decision:
    order = LimitOrder("BTC/USDT", "buy", amount=D(2), price=D(50))
    return Decision(orders=[] if tick.number else [order], wake=Wake(every=timedelta(days=1)))


def change(office: Office, name: str = "a", **amounts: Any) -> Any:
    return office.do("budgets.change", automation=name, **amounts)


def asset(found: Any, name: str = "USDT") -> dict[str, Any]:
    (row,) = [each for each in found.assets if each.asset == name]
    return {key: value for key, value in row.model_dump().items() if key != "asset"}


def budget_postings(office: Office) -> list[tuple[str, Decimal]]:
    rows = office.bench.rows(tables.postings, tables.postings.c.id)
    return [(row.asset, row.amount) for row in rows if row.kind == "budget"]


def test_what_is_given_and_taken_is_postings_an_event_and_a_tick_at_once(office: Office) -> None:
    seen = []

    def looking(tick: Tick[Any, Any]) -> Decision:
        seen.append(tick.balances["USDT"])
        return Decision(wake=Wake(every=timedelta(days=1)))

    made = office.bench.automation("a", looking)
    office.bench.settle()
    office.bench.advance(60_000)
    revision = office.do("automations.show", automation="a").revision
    found = change(office, add={"USDT": "100"}, revision=revision)
    assert asset(found) == {
        "change": D(100), "budget": D(1_100), "free": D(1_100), "reserved": D(0), "held": D(0),
        "takeable": D(1_100), "addable": None,
    }  # fmt: skip
    assert (found.status, found.account, found.revision) == ("active", "main", revision + 1)
    office.bench.settle()
    office.bench.advance(60_000)
    change(office, take={"USDT": "350.5"})
    office.bench.settle()
    assert seen == [D(1_000), D(1_100), D("749.5")]
    assert budget_postings(office) == [("USDT", D(1_000)), ("USDT", D(100)), ("USDT", D("-350.5"))]
    told = [row for row in office.bench.rows(tables.events, tables.events.c.id) if row.kind == "budget.changed"]
    assert [(row.automation_id, json.loads(row.data)) for row in told] == [
        (made, {"changes": {"USDT": "100"}, "budget": {"USDT": "1100"}, "by": "alice"}),
        (made, {"changes": {"USDT": "-350.5"}, "budget": {"USDT": "749.5"}, "by": "alice"}),
    ]
    messages = [line.message for line in office.do("automations.log", automation="a").lines]
    assert "was given 100 USDT (its budget is 1100 now)" in messages
    assert "had taken from it 350.5 USDT (its budget is 749.5 now)" in messages


def test_a_set_budget_gives_or_takes_the_difference_and_nothing_is_refused(office: Office) -> None:
    office.bench.automation("a", idle)
    office.bench.settle()
    assert asset(change(office, set={"USDT": "400"}))["change"] == D(-600)
    assert asset(change(office, set={"USDT": "500"}))["budget"] == D(500)
    with pytest.raises(CommandRefused, match="is that already: nothing is changed"):
        change(office, set={"USDT": "500"})
    assert asset(change(office, set={"USDT": "0"}))["free"] == D(0)
    # Nothing is left of it to be exported or cloned.
    assert "budget" not in office.do("automations.export", automations=["a"], format="json").text


def test_what_orders_hold_back_and_what_is_in_positions_is_not_taken(office: Office) -> None:
    office.bench.automation("a", resting, budget={"USDT": "150", "BTC": "1"})
    office.bench.settle()
    with pytest.raises(UsageError) as refused:
        change(office, take={"USDT": "60", "BTC": "0.5"})
    reserved = office.bench.funds(office.do("automations.show", automation="a").id)["USDT"][1]
    spare = D(150) - reserved
    assert reserved > 0
    assert [(each.field, each.reason) for each in refused.value.mistakes] == [
        ("take.BTC", f"0 BTC can be taken, not 0.5 (1 are in its positions): {CURE}"),
        (
            "take.USDT",
            f"{number(spare)} USDT can be taken, not 60 ({number(reserved)} are reserved by its orders): {CURE}",
        ),
    ]
    planned = office.do("budgets.plan", automation="a")
    assert asset(planned, "BTC") == {
        "change": D(0), "budget": D(1), "free": D(1), "reserved": D(0), "held": D(1), "takeable": D(0), "addable": None,
    }  # fmt: skip


def test_a_plan_writes_nothing_and_refuses_what_the_change_would(office: Office) -> None:
    office.bench.automation("a", idle)
    office.bench.settle()
    before = office.database()
    assert asset(office.do("budgets.plan", automation="a", take={"USDT": "300"})) == {
        "change": D(-300), "budget": D(700), "free": D(700), "reserved": D(0), "held": D(0),
        "takeable": D(700), "addable": None,
    }  # fmt: skip
    with pytest.raises(UsageError, match=r"^take\.USDT: 1000 USDT can be taken, not 1000\.5: take less$"):
        office.do("budgets.plan", automation="a", take={"USDT": "1000.5"})
    assert office.database() == before


@pytest.mark.parametrize(
    ("amounts", "said"),
    [
        ({}, "no amount is given: say what to add, take or set"),
        ({"add": {"USDT": "1"}, "take": {"USDT": "1"}}, "USDT is in two of add, take and set"),
        ({"add": {"USDT": "0"}}, "add.USDT"),
        ({"add": {"USDT": "NaN"}}, "add.USDT"),
        ({"set": {"USDT": "-1"}}, "set.USDT"),
        ({"add": {"usdt!": "1"}}, "add.usdt!"),
    ],
)
def test_amounts_that_say_nothing_are_refused(office: Office, amounts: Any, said: str) -> None:
    office.bench.automation("a", idle)
    with pytest.raises(UsageError) as refused:
        change(office, **amounts)
    assert said in str(refused.value)
    assert budget_postings(office) == [("USDT", D(1_000))]


def test_one_that_is_paused_takes_it_and_stays_paused_and_one_that_ended_does_not(office: Office) -> None:
    made = office.bench.automation("a", idle)
    office.bench.settle()
    office.do("automations.pause", automation="a")
    found = change(office, add={"USDT": "1"})
    assert (found.status, office.bench.row(made).next_run_at) == ("paused", office.bench.row(made).next_run_at)
    assert not office.bench.row(made).runnable
    office.do("automations.stop", automation="a")
    with pytest.raises(CommandRefused, match="is stopping: what it has is its own until it has ended"):
        change(office, take={"USDT": "1"})
    office.bench.settle()
    for name in ("budgets.change", "budgets.plan"):
        with pytest.raises(CommandRefused, match="is stopped: it spends nothing any more; deleted, it gives"):
            office.do(name, automation="a", take={"USDT": "1"})
    # What it has is told all the same.
    assert asset(office.do("budgets.plan", automation="a"))["budget"] == D(1_001)


def test_another_state_than_the_one_that_was_looked_at_is_left_alone(office: Office) -> None:
    office.bench.automation("a", idle)
    office.bench.settle()
    seen = office.do("budgets.plan", automation="a").revision
    change(office, add={"USDT": "1"}, revision=seen)
    # The same, sent once more because its answer was lost.
    with pytest.raises(Conflict):
        change(office, add={"USDT": "1"}, revision=seen)
    assert budget_postings(office) == [("USDT", D(1_000)), ("USDT", D(1))]


def test_an_evaluation_that_is_under_way_does_not_decide_with_the_money_of_before(office: Office) -> None:
    office.bench.automation("a", buying, budget={"USDT": "200"})
    office.bench.dispatcher.dispatch()
    change(office, take={"USDT": "150"})
    office.bench.settle()
    # The one order that it decides is refused: there are 50 left.
    assert office.bench.statuses() == ["refused"]


def test_a_commit_that_does_not_come_leaves_everything_as_it_was(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.bench.automation("a", idle)
    office.bench.settle()
    before = office.database()

    def dies(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("octobot_node.engine.commands.budget_commands.schedules.set_runnable", dies)
        with pytest.raises(KeyboardInterrupt):
            change(office, add={"USDT": "1"})
    assert office.database() == before


def test_a_simulated_account_gives_what_it_has_once_however_many_ask(office: Office) -> None:
    imported(office, ONE)
    create(office, "b", "30")
    assert asset(office.do("budgets.plan", automation="a"), "USD")["addable"] == D(40)
    found = at_once(8, lambda number: change(office, "ab"[number % 2], add={"USD": "15"}))
    refused = [each for each in found if isinstance(each, Exception)]
    assert len(refused) == 6
    assert {str(each) for each in refused} == {
        f"add.USD: account 'paper' has 10 USD that no automation was given: {FIRST}"
    }
    # What one gives back another may have.
    change(office, "a", take={"USD": "20"})
    assert asset(change(office, "b", add={"USD": "30"}), "USD")["addable"] == D(0)


def test_an_exchange_is_asked_what_it_has_and_its_silence_is_said(office: Office) -> None:
    office.bench.automation("a", idle)
    office.bench.settle()
    found = change(office, add={"USDT": "50"})
    assert (asset(found)["addable"], found.note) == (
        None,
        "whether its account has that money is not known: no connection",
    )
    office.bench.trading.faults.clear()
    office.bench.trading.held["USDT"] = D(1_300)
    with pytest.raises(UsageError, match="account 'main' has 250 USDT that no automation was given"):
        change(office, add={"USDT": "251"})
    assert asset(change(office, add={"USDT": "100"}))["addable"] == D(150)
    assert change(office, add={"USDT": "150"}).note == ""


def sampled(office: Office, *prices: int) -> None:
    sampler = Sampler(office.bench.core)
    for price in prices:
        office.bench.market.prices["BTC/USDT"] = D(price)
        sampler.step()
        office.bench.advance(60_000)


def test_a_deposit_is_no_profit_and_a_withdrawal_no_loss_anywhere(office: Office) -> None:
    made = office.bench.automation("a", buying)
    office.bench.trading.will(office.bench.trading.fill_at_once)
    office.bench.settle()
    sampled(office, 100, 110)
    row = office.do("automations.list").automations[0]
    assert (row.equity, row.pnl, row.today) == (D(1_020), D(20), D(20))
    change(office, add={"USDT": "1020"})
    sampled(office, 110, 100)
    change(office, take={"USDT": "500"})
    sampled(office, 120)
    row = office.do("automations.list").automations[0]
    assert (row.equity, row.start_equity, row.pnl, row.today) == (D(1_560), D(1_520), D(40), D(40))
    (total,) = office.do("totals.show").rows
    assert (total.equity, total.today, total.realised + total.unrealised) == (D(1_560), D(40), D(40))
    (whole,) = office.do("equity.total").courses
    assert whole.max_drawdown == D(20)

    found = office.do("equity.course", automation="a")
    assert [(each.asset, each.amount) for each in found.deposits] == [
        ("USDT", D(1_000)), ("USDT", D(1_020)), ("USDT", D(-500)),
    ]  # fmt: skip
    gains = [point.equity - point.start for point in found.points]
    assert set(gains) == {D(0), D(20), D(40)}
    # From 2040 to 2020 at the price of 100, of which nothing is the deposit's.
    assert (found.max_drawdown, found.max_drawdown_ratio) == (D(20), D("0.00980392"))
    # A thousand bought ten at 100, the deposit more at 110, and the withdrawal sold five at 100.
    assert found.points[-1].held == ((10 + D(1_020) / 110 - 5) * 120).quantize(D("1e-8"))
    lines = office.do("equity.sparklines", ids=[made], days=0.01, points=4)
    assert lines.rows[0].equity[-1] == D(1_560)
    assert set(lines.rows[0].equity) <= {None, D(1_520), D(1_540), D(1_560)}


def test_steps_stay_where_points_are_rolled_up(office: Office) -> None:
    office.bench.automation("a", buying)
    office.bench.trading.will(office.bench.trading.fill_at_once)
    office.bench.settle()
    sampled(office, 100)
    change(office, add={"USDT": "500"})
    sampled(office, 100)
    change(office, add={"USDT": "500"})
    office.bench.advance(7_200_000)
    with office.bench.core.storage.write() as connection:
        retention.roll_up_equity(connection, office.bench.clock.now(), 100, office.bench.clock.now())
    starts = [row.start for row in office.bench.rows(tables.equity, tables.equity.c.at)]
    assert starts == [D(1_000), D(1_500), D(2_000)]
    points = office.do("equity.course", automation="a").points
    assert {point.equity - point.start for point in points} == {D(0)}


def test_a_base_that_is_given_goes_into_its_position_at_its_price(office: Office) -> None:
    office.bench.automation("a", idle, budget={"USDT": "1000", "BTC": "1"})
    office.bench.settle()
    sampled(office, 150)
    change(office, add={"BTC": "2"})
    row = office.do("automations.list").automations[0]
    assert (row.start_equity, row.pnl, row.unrealised) == (D(1_400), D(50), D(50))
    sampled(office, 160)
    found = office.do("equity.course", automation="a")
    assert {point.equity - point.start for point in found.points} == {D(0), D(50), D(80)}
    report = office.do("automations.show", automation="a", include=["report"]).report
    assert (report.start_equity, report.final_equity) == (D(1_400), D(1_480))


def test_a_result_of_the_day_does_not_have_what_was_given_that_day(office: Office) -> None:
    office.bench.automation("a", buying)
    office.bench.trading.will(office.bench.trading.fill_at_once)
    office.bench.settle()
    office.bench.advance(86_400_000)
    sampled(office, 100)
    change(office, add={"USDT": "5000"})
    sampled(office, 105)
    (total,) = office.do("totals.show").rows
    assert (total.today, office.do("automations.list").automations[0].today) == (D(10), D(10))
    assert office.do("results.show").best[0].today == D(10)


def test_gains_can_be_taken_out_and_are_none_of_what_a_clone_or_an_export_is_given(office: Office) -> None:
    def trades(tick: Tick[Any, Any]) -> Decision:
        side = "buy" if tick.number == 0 else "sell"
        orders = [MarketOrder("BTC/USDT", side, amount=D(2))] if tick.number < 2 else []  # type: ignore[arg-type]
        return Decision(orders=orders, wake=Wake(every=timedelta(minutes=1), align=True))

    office.bench.automation("a", trades)
    office.bench.trading.will(*[office.bench.trading.fill_at_once] * 2)
    for price in (100, 800):
        office.bench.market.prices["BTC/USDT"] = D(price)
        office.bench.advance(60_000)
        office.bench.settle()
    found = change(office, take={"USDT": "2000"})
    assert (asset(found)["budget"], asset(found)["free"]) == (D(-1_000), D(400))
    row = office.do("automations.list").automations[0]
    assert (row.equity, row.start_equity, row.pnl, row.pnl_ratio) == (D(400), D(-1_000), D(1_400), None)
    assert office.do("equity.course", automation="a").max_drawdown == 0
    assert "budget" not in office.do("automations.export", automations=["a"], format="json").text
    office.bench.type.scripts["b"] = idle
    (made,) = office.do("automations.clone", automation="a", name="b", changes={"who": "b"}).automations
    assert made.budget == {}
