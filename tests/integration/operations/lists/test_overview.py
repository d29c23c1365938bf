"""What needs somebody, how the day went, and how late ticks were."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from octobot_node import Decision, MarketOrder, Tick, Wake
from octobot_node.engine.acting.balance_watch import BalanceWatch
from octobot_node.errors import OrderRefused
from tests.integration.operations.conftest import Office

HOURLY = Wake(every=timedelta(hours=1), align=True)
START = datetime(2026, 1, 1, tzinfo=UTC)


def idle(_tick: Tick[Any, Any]) -> Decision:
    return Decision(wake=HOURLY)


def failing(_tick: Tick[Any, Any]) -> Decision:
    raise KeyError("rsi")


def greedy(tick: Tick[Any, Any]) -> Decision:
    order = MarketOrder("BTC/USDT", "buy", amount=Decimal(1_000))
    return Decision(orders=[] if tick.number else [order], wake=HOURLY)


def buying(tick: Tick[Any, Any]) -> Decision:
    order = MarketOrder("BTC/USDT", "buy", amount=Decimal(int(tick.config.who[1:])))
    return Decision(orders=[] if tick.number else [order], wake=HOURLY)


def test_nothing_needs_anybody_where_all_is_well(office: Office) -> None:
    office.bench.automation("a", idle)
    office.bench.settle()
    assert office.do("attention.show").causes == []
    assert office.do("attention.show").automations == 0


def test_what_needs_somebody_is_told_by_cause_with_what_helps(office: Office) -> None:
    for name in ("f1", "f2"):
        office.bench.automation(name, failing)
    office.bench.automation("poor", greedy)
    office.bench.automation("blind", idle, symbols=("NO/SUCH",))
    office.bench.run(120_000, step=10_000)
    office.do("kill_switch.throw", scope="account", target="main", reason="news")
    found = office.do("attention.show")
    told = {each.kind: each for each in found.causes}
    assert found.causes[0] == told["failed"]
    failed = told["failed"]
    assert (failed.count, failed.title.partition(" (")[0]) == (2, "2 of scripted are failed: KeyError: 'rsi'")
    assert failed.help is not None
    assert failed.help.model_dump() == {
        "operation": "automations.bulk",
        "arguments": {"command": "resume", "status": ["failed"], "type": "tests.scripted"},
    }
    assert office.do("automations.bulk", dry_run=True, **failed.help.arguments).total == 2
    assert failed.cure.endswith("`octobot-node automations resume --status failed --type tests.scripted`")
    # Each says what to do, and not once more what is the matter.
    assert [each.kind for each in found.causes if not each.cure or each.cure in (each.title, each.detail)] == []
    assert {each.kind for each in found.causes if each.mends_itself} == {
        each.kind for each in found.causes if each.cure == "nothing: it mends itself"
    }
    lacking = told["lacking_funds"]
    assert (lacking.count, lacking.oldest, lacking.mends_itself) == (1, START, False)
    assert lacking.title == "poor lacks funds for its orders"
    assert "USDT" in lacking.detail
    assert lacking.help is not None
    assert office.do("orders.list", **lacking.help.arguments).orders[0].automation == "poor"
    waiting = told["waiting"]
    assert (waiting.count, waiting.mends_itself, waiting.help) == (1, True, None)
    assert (told["kill_switch"].title, told["kill_switch"].detail) == ("Thrown: main", "news")
    assert found.automations == 3


def test_several_that_lack_funds_are_one_cause_which_names_one_of_them(office: Office) -> None:
    for name in ("rich", "broke"):
        office.bench.automation(name, greedy)
    office.bench.run(20_000, step=10_000)
    (lacking,) = [each for each in office.do("attention.show").causes if each.kind == "lacking_funds"]
    assert (lacking.title, lacking.count) == ("2 automations on main lack funds for their orders", 2)
    assert lacking.detail.endswith("; one of them is broke")


def test_an_exchange_that_refuses_the_key_needs_somebody(office: Office) -> None:
    office.bench.automation("a", idle)
    office.bench.trading.faults["balances"] = OrderRefused("it does not take the key")
    BalanceWatch(office.bench.core).step()
    (silent,) = [each for each in office.do("attention.show").causes if each.kind == "silent_account"]
    assert (silent.title, silent.mends_itself) == ("The exchange of the account main does not answer", False)
    assert silent.detail.startswith("it does not take the key; ")
    assert silent.cure.startswith("`octobot-node accounts check main`")
    assert (silent.oldest, silent.help.operation) == (START, "accounts.check")


def test_what_is_late_is_told_from_a_minute_on(office: Office) -> None:
    office.bench.automation("a", idle)
    office.bench.advance(59_000)
    assert [each.kind for each in office.do("attention.show").causes] == []
    office.bench.advance(2_000)
    (late,) = office.do("attention.show").causes
    assert (late.kind, late.count, late.oldest, late.mends_itself) == ("late", 1, START, True)
    assert office.do("attention.show", late_after=120).causes == []


def test_the_day_s_results_have_their_ends_and_what_is_not_known(office: Office) -> None:
    for amount in (0, 1, 2, 5):
        office.bench.automation(f"n{amount}", buying if amount else idle)
    office.bench.trading.will(*[office.bench.trading.fill_at_once] * 3)
    office.bench.settle()
    office.bench.market.prices["BTC/USDT"] = Decimal(90)
    office.bench.advance(60_000)
    found = office.do("results.show", bins=4, ends=2)
    assert (found.gained, found.lost, found.unchanged, found.unknown) == (0, 3, 1, 0)
    assert [(each.automation, each.today, round(each.ratio, 6)) for each in found.worst] == [
        ("n5", Decimal(-50), -0.05),
        ("n2", Decimal(-20), -0.02),
    ]
    assert (found.best, round(found.median or 0, 6)) == ([], -0.015)
    assert [each.count for each in found.bins] == [1, 2, 1, 0]
    assert (found.bins[0].low, found.bins[-1].high, found.bins[1].high) == (None, None, 0.0)
    office.bench.advance(86_400_000)
    tomorrow = office.do("results.show")
    assert (tomorrow.unknown, tomorrow.bins, tomorrow.median) == (4, [], None)


def test_lag_is_that_of_the_last_hour_s_ticks(office: Office) -> None:
    assert office.do("lag.show").ticks == 0
    office.bench.automation("a", idle)
    office.bench.advance(4_000)
    office.bench.settle()
    found = office.do("lag.show")
    assert (found.ticks, len(found.minutes)) == (1, 1)
    assert 4.0 <= found.median <= 4.4
    office.bench.advance(3_700_000)
    assert office.do("lag.show").ticks == 0
