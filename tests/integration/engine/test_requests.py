"""An automation sees, wakes for, stops and pauses others of its owner; a crash in between changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from octobot_node import (
    Decision,
    LimitOrder,
    MarketOrder,
    PauseAutomation,
    Position,
    StopAutomation,
    Tick,
    WatchedAutomation,
)
from octobot_node.automation import AutomationStatus
from octobot_node.engine.commands.commands import NewAutomation
from octobot_node.errors import DataUnavailable, UsageError
from octobot_node.store import automations, tables
from tests.support.bench import Bench, Decide

BUY = LimitOrder("BTC/USDT", "buy", amount=Decimal(1), price=Decimal(90))
STOP, CLOSE, PAUSE = StopAutomation("trader"), StopAutomation("trader", close=True), PauseAutomation("trader")
Ask = StopAutomation | PauseAutomation


def once(*orders: Any) -> Decide:
    return lambda tick: Decision(orders=orders if tick.number == 0 else ())


def asks(*actions: Ask) -> Decide:
    return lambda tick: Decision(actions=actions if tick.number == 0 else ())


def sees(seen: list[Any]) -> Decide:
    def decide(tick: Tick[Any, Any]) -> Decision:
        seen.append({name: watched.status for name, watched in tick.automations.items()})
        return Decision()

    return decide


def requests(bench: Bench) -> list[tuple[str, str, str]]:
    rows = bench.rows(tables.requests, tables.requests.c.id)
    return [(row.command, row.status, row.reason) for row in rows]


def trader_that_holds(bench: Bench) -> str:
    """Return an automation that bought 1 BTC and has another order resting."""
    bench.trading.will(bench.trading.fill_at_once)
    trader = bench.automation("trader", once(BUY, LimitOrder("BTC/USDT", "buy", Decimal(1), Decimal(50))))
    bench.settle()
    assert bench.statuses() == ["filled", "open"]
    return trader


def test_a_tick_sees_those_that_its_needs_name_and_no_others(bench: Bench) -> None:
    seen: list[dict[str, WatchedAutomation]] = []

    def decide(tick: Tick[Any, Any]) -> Decision:
        seen.append(dict(tick.automations))
        return Decision()

    trader_that_holds(bench)
    bench.automation("other", once())
    bench.automation("guard", decide, watches=("trader", "nobody"))
    bench.settle()
    held = Position("BTC/USDT", Decimal(1), Decimal(90), Decimal(0))
    assert seen == [
        {"trader": WatchedAutomation("trader", "tests.scripted", AutomationStatus.ACTIVE, {"BTC/USDT": held})}
    ]


@pytest.mark.parametrize(
    ("ask", "command", "status"), [(STOP, "stop", "stopped"), (CLOSE, "close", "stopped"), (PAUSE, "pause", "paused")]
)
def test_what_was_asked_is_carried_out_in_the_next_sweep(bench: Bench, ask: Ask, command: str, status: str) -> None:
    trader = trader_that_holds(bench)
    guard = bench.automation("guard", asks(ask))
    bench.trading.will(bench.trading.fill_at_once)
    bench.run(3_000)
    assert (bench.row(trader).status, requests(bench)) == (status, [(command, "done", "")])
    sold = [(row.side, row.status) for row in bench.intents() if row.side == "sell"]
    assert sold == ([("sell", "filled")] if command == "close" else [])
    assert bench.statuses()[1] == ("open" if command == "pause" else "cancelled")
    assert bench.events(guard) == ["automation.created", "request.done"]
    assert bench.rows(tables.notices) == []


def test_a_commit_that_asks_says_so_and_another_does_not(bench: Bench) -> None:
    said: list[str] = []
    bench.core.requested = lambda: said.append("now")
    bench.automation("trader", once())
    bench.tick()
    assert said == []
    bench.automation("guard", asks(PAUSE))
    bench.tick()
    assert said == ["now"]


@pytest.mark.parametrize(
    ("before", "ask", "reason"),
    [
        ("stop", STOP, "it was stopped already"),
        ("stop", CLOSE, "it was stopped already"),
        ("stop", PAUSE, "it was stopped already"),
        ("pause", PAUSE, "it was paused already"),
    ],
)
def test_what_is_so_already_is_done_and_left_as_it_is(bench: Bench, before: str, ask: Ask, reason: str) -> None:
    trader = bench.automation("trader", once())
    bench.settle()
    getattr(bench.commands, before)(trader)
    bench.settle()
    status, happened = bench.row(trader).status, bench.events(trader)
    bench.automation("guard", asks(ask))
    bench.settle()
    assert [row[1:] for row in requests(bench)] == [("done", reason)]
    assert (bench.row(trader).status, bench.events(trader)) == (status, happened)


def test_one_that_is_stopping_without_selling_is_not_made_to_sell(bench: Bench) -> None:
    trader = trader_that_holds(bench)
    bench.trading.faults["open_orders"] = DataUnavailable("silent")
    bench.commands.stop(trader)
    bench.automation("guard", asks(CLOSE))
    bench.tick()
    bench.sweeper.sweep()
    assert (requests(bench), bench.row(trader).close_on_stop) == ([("close", "done", "it was stopping already")], False)


def test_one_that_has_ended_is_made_to_sell_what_it_still_holds(bench: Bench) -> None:
    trader = trader_that_holds(bench)
    bench.commands.stop(trader)
    bench.settle()
    assert bench.row(trader).status == "stopped"
    bench.trading.will(bench.trading.fill_at_once)
    bench.automation("guard", asks(CLOSE))
    bench.run(3_000)
    assert [row[1:] for row in requests(bench)] == [("done", "")]
    assert (bench.row(trader).status, bench.trading.requests[-1].side) == ("stopped", "sell")


def test_one_that_failed_is_stopped_and_sold_all_the_same(bench: Bench) -> None:
    def fails(tick: Tick[Any, Any]) -> Decision:
        if tick.number == 0:
            return Decision(orders=[BUY])
        raise ValueError("broken")

    bench.trading.will(bench.trading.fill_at_once)
    trader = bench.automation("trader", fails)
    bench.run(60_000, step=1_000)
    bench.run(600_000, step=30_000)
    assert bench.row(trader).status == "failed"
    bench.trading.will(bench.trading.fill_at_once)
    bench.automation("guard", asks(CLOSE))
    bench.run(3_000)
    assert bench.row(trader).status == "stopped"
    assert bench.funds(trader)["BTC"] == (Decimal(0), Decimal(0))


def test_a_name_that_nobody_has_fails_the_request_and_its_owner_is_told(bench: Bench) -> None:
    guard = bench.automation("guard", asks(StopAutomation("nobody", close=True)))
    bench.settle()
    assert requests(bench) == [("close", "failed", "there is no automation 'nobody'")]
    (notice,) = bench.rows(tables.notices)
    assert (notice.automation_id, notice.level, notice.message) == (
        guard,
        "error",
        "asked 'nobody' to stop and sell what it holds, but there is no automation 'nobody'",
    )
    assert bench.events(guard) == ["automation.created", "request.failed", "notice.told"]


def test_only_the_owner_s_own_automations_are_seen_and_reached(bench: Bench) -> None:
    bench.type.scripts["theirs"] = once()
    theirs = bench.commands.create(
        NewAutomation("trader", "tests.scripted", bench.account, {}, {"who": "theirs"}, owner="somebody else")
    )
    seen: list[Any] = []
    bench.automation("watcher", sees(seen), watches=("trader",))
    bench.automation("guard", asks(STOP))
    bench.settle()
    assert (seen, bench.row(theirs).status) == ([{}], "active")
    assert requests(bench) == [("stop", "failed", "there is no automation 'trader'")]


def test_carried_out_but_not_marked_before_a_crash_it_is_marked_after(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    trader = trader_that_holds(bench)
    bench.automation("guard", asks(CLOSE))
    bench.tick()

    def die(*_: Any) -> bool:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(automations, "end_request", die)
        with pytest.raises(SystemExit):
            bench.sweeper.sweep()
    assert (bench.row(trader).status, requests(bench)) == ("stopping", [("close", "waiting", "")])
    bench.build_stages()
    bench.trading.will(bench.trading.fill_at_once)
    bench.run(3_000)
    assert requests(bench) == [("close", "done", "it was stopping already")]
    assert [row.status for row in bench.intents() if row.side == "sell"] == ["filled"]
    assert bench.events(trader).count("automation.stopping") == 1


def test_one_whose_connector_cannot_be_opened_waits_and_holds_up_no_other(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    trader = bench.automation("trader", once())
    other = bench.automation("other", once())
    bench.automation("guard", asks(STOP, PauseAutomation("other")))
    bench.tick()
    with monkeypatch.context() as patch:
        patch.setattr(bench.commands, "stop", _refuse)
        bench.sweeper.sweep()
    assert [status for _, status, _ in requests(bench)] == ["waiting", "done"]
    assert (bench.row(trader).status, bench.row(other).status) == ("active", "paused")
    bench.settle()
    assert (bench.row(trader).status, requests(bench)[0]) == ("stopped", ("stop", "done", ""))


def _refuse(*_: Any, **__: Any) -> None:
    raise UsageError("its key is wrong")


# -- waking


def test_a_fill_wakes_who_watches_and_nobody_else(bench: Bench) -> None:
    bench.automation("trader", once(BUY))
    seen: list[Any] = []
    guard = bench.automation("guard", sees(seen), watches=("trader",))
    other = bench.automation("other", sees([]), watches=("guard",))
    bench.run(2_000)
    ticks = (bench.row(guard).tick, bench.row(other).tick)
    bench.trading.fill("x1")
    bench.run(2_000)
    assert (bench.row(guard).tick, bench.row(other).tick) == (ticks[0] + 1, ticks[1])


def test_an_order_that_ends_unfilled_wakes_no_watcher(bench: Bench) -> None:
    bench.automation("trader", once(BUY))
    guard = bench.automation("guard", sees([]), watches=("trader",))
    bench.run(2_000)
    bench.trading.become("x1", "cancelled")
    bench.run(2_000)
    assert (bench.statuses(), bench.row(guard).tick) == (["cancelled"], 1)


Change = Callable[[Bench, str], Any]


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        (lambda bench, trader: bench.commands.pause(trader), [{"trader": "paused"}]),
        (lambda bench, trader: bench.commands.stop(trader), [{"trader": "stopping"}, {"trader": "stopped"}]),
        (lambda bench, trader: bench.commands.run_now(trader), []),
    ],
)
def test_a_change_of_status_wakes_who_watches(bench: Bench, change: Change, seen: list[Any]) -> None:
    trader = bench.automation("trader", once())
    found: list[Any] = []
    bench.automation("guard", sees(found), watches=("trader",))
    bench.run(2_000)
    del found[:]
    change(bench, trader)
    bench.run(2_000)
    assert found == seen


def test_completing_wakes_who_watches(bench: Bench) -> None:
    def decide(tick: Tick[Any, Any]) -> Decision:
        return Decision(orders=[BUY] if tick.number == 0 else (), done=tick.number == 0)

    bench.automation("trader", decide)
    found: list[Any] = []
    bench.automation("guard", sees(found), watches=("trader",))
    bench.run(2_000)
    bench.trading.fill("x1")
    bench.run(2_000)
    assert found[-1] == {"trader": "completed"}
    assert {"trader": "completing"} in found


def test_failing_wakes_who_watches(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(failure_limit=2)

    def fails(_tick: Tick[Any, Any]) -> Decision:
        raise ValueError("broken")

    bench.automation("trader", fails)
    found: list[Any] = []
    bench.automation("guard", sees(found), watches=("trader",))
    bench.run(10_000)
    assert found == [{"trader": "active"}, {"trader": "failed"}]


def test_a_new_one_of_the_name_and_a_deleted_one_wake_who_watches(bench: Bench) -> None:
    found: list[Any] = []
    bench.automation("guard", sees(found), watches=("trader",))
    bench.run(2_000)
    trader = bench.automation("trader", once())
    bench.run(2_000)
    bench.commands.stop(trader)
    bench.run(2_000)
    bench.commands.delete(trader)
    bench.run(2_000)
    assert found == [{}, {"trader": "active"}, {"trader": "stopping"}, {"trader": "stopped"}, {}]


def test_two_that_watch_each_other_and_fill_at_every_tick_tick_once_a_second(bench: Bench) -> None:
    def trades(tick: Tick[Any, Any]) -> Decision:
        side = "buy" if tick.number % 2 == 0 else "sell"
        return Decision(orders=[MarketOrder("BTC/USDT", side, amount=Decimal("0.01"))])  # type: ignore[arg-type]

    a = bench.automation("a", trades, watches=("b", "a"))
    b = bench.automation("b", trades, watches=("a",))
    bench.trading.behaviours.extend([bench.trading.fill_at_once] * 100)
    bench.run(5_000, step=100)
    assert (bench.row(a).tick, bench.row(b).tick) == (6, 6)


def test_two_that_watch_each_other_and_do_nothing_rest(bench: Bench) -> None:
    a = bench.automation("a", sees([]), watches=("b",))
    b = bench.automation("b", sees([]), watches=("a",))
    bench.run(5_000)
    assert (bench.row(a).tick, bench.row(b).tick) == (1, 1)


def test_an_edit_changes_whom_it_watches(bench: Bench) -> None:
    bench.automation("trader", once())
    other = bench.automation("other", once())
    found: list[Any] = []
    guard = bench.automation("guard", sees(found), watches=("trader",))
    bench.run(2_000)
    bench.commands.edit(guard, {"who": "guard", "watches": ["other"]})
    bench.run(2_000)
    bench.commands.pause(other)
    bench.run(2_000)
    assert found == [{"trader": "active"}, {"other": "active"}, {"other": "paused"}]


def test_the_position_of_a_budget_in_base_wakes_who_watches(bench: Bench) -> None:
    found: list[Any] = []

    def decide(tick: Tick[Any, Any]) -> Decision:
        found.append({name: watched.position("BTC/USDT").amount for name, watched in tick.automations.items()})
        return Decision()

    bench.automation("guard", decide, watches=("trader",))
    bench.automation("trader", once(), budget={"BTC": "2"})
    bench.run(3_000)
    assert found == [{"trader": Decimal(0)}, {"trader": Decimal(2)}]


def test_one_that_is_given_up_wakes_who_watches(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(claim_ttl=1.0)
    trader = bench.automation("trader", once())
    for _ in range(3):
        bench.dispatcher.dispatch()
        bench.dispatcher.reclaim()
        bench.queue.clear()  # its batches never come back
        bench.advance(1_001)
    found: list[Any] = []
    bench.automation("guard", sees(found), watches=("trader",))
    bench.tick()
    bench.dispatcher.reclaim()
    bench.run(2_000)
    assert bench.row(trader).status == "failed"
    assert found == [{"trader": "active"}, {"trader": "failed"}]
