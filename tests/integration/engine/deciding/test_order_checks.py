"""Plugins may veto orders; what they do not answer, in time and plainly, is refused."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from octobot_node import CancelOrder, Decision, LimitOrder, MarketOrder, Wake, hookimpl
from octobot_node.contracts.order_checks import OrderContext
from octobot_node.engine.evaluating.order_checks import OrderChecks
from octobot_node.orders import Order
from octobot_node.plugin_system.discovery import load_plugins
from octobot_node.plugin_system.registry import Registry
from tests.support.bench import Bench

BUY = MarketOrder("BTC/USDT", "buy", spend=Decimal(50))
REST = LimitOrder("BTC/USDT", "buy", Decimal("0.1"), Decimal(90))
Check = Callable[[Any, Any], Any]


def plugin(check: Check) -> Any:
    @hookimpl
    def check_order(order: Order, context: OrderContext) -> Any:
        return check(order, context)

    return SimpleNamespace(check_order=check_order)


@pytest.fixture
def plugged() -> Registry:
    """Return a plugin manager of the test's own without any check: plugins are added to it."""
    registry = load_plugins(discover=False)
    for found in registry.hook.check_order.get_hookimpls():
        registry.manager.unregister(found.plugin)
    return registry


@pytest.fixture
def checked(tmp_path: Path, template: Path, plugged: Registry) -> Iterator[Callable[..., Bench]]:
    """Make a bench on which plugins called ``a``, ``b``, … check orders."""
    made: list[Bench] = []

    def make(*checks: Check, **settings: Any) -> Bench:
        for name, check in zip("abc", checks, strict=False):
            plugged.manager.register(plugin(check), name=name)
        made.append(Bench(tmp_path / f"checked{len(made)}", template, plugged, **settings))
        return made[-1]

    yield make
    for bench in made:
        bench.core.order_checks.close()
        bench.close()


def outcomes(bench: Bench) -> list[tuple[str, str]]:
    return [(row.status, row.reason) for row in bench.intents()]


def test_a_plugin_sees_every_order_of_a_decision_once_and_whose_it_is(checked: Callable[..., Bench]) -> None:
    seen: list[tuple[Order, OrderContext]] = []
    bench = checked(lambda order, context: seen.append((order, context)))

    def decide(tick: Any) -> Decision:
        cancels = [CancelOrder(order.id) for order in tick.open_orders]
        return Decision(orders=[*cancels, BUY, REST], wake=Wake(every=timedelta(minutes=1), align=True))

    who = bench.automation("who", decide)
    bench.run(60_000, step=60_000)
    assert [order for order, _ in seen] == [BUY, REST, BUY, REST]
    assert len(bench.intents("cancel")) == 2
    context = seen[0][1]
    assert (context.owner, context.account, context.automation_id, context.automation, context.type) == (
        "local",
        "main",
        who,
        "who",
        "tests.scripted",
    )
    assert context.market.ticker("BTC/USDT").last == Decimal(100)
    assert context.node is bench.core.context


def test_a_text_refuses_the_order_and_reserves_nothing(checked: Callable[..., Bench]) -> None:
    bench = checked(lambda order, _context: None if isinstance(order, LimitOrder) else "not today")
    who = bench.automation("who", lambda _tick: Decision(orders=[REST, BUY], independent=True))
    bench.tick()
    assert outcomes(bench) == [("planned", ""), ("refused", "not today")]
    assert bench.funds(who)["USDT"] == (Decimal(991), Decimal(9))
    assert bench.events(who) == ["automation.created", "order.planned", "order.refused"]


def test_what_follows_a_vetoed_order_is_skipped_as_after_any_refusal(checked: Callable[..., Bench]) -> None:
    bench = checked(lambda order, _context: None if isinstance(order, LimitOrder) else "not today")
    bench.automation("who", lambda _tick: Decision(orders=[BUY, REST]))
    bench.tick()
    assert bench.statuses() == ["refused", "skipped"]


def test_an_automation_is_told_of_a_veto_as_of_any_refusal(checked: Callable[..., Bench]) -> None:
    told: list[tuple[str, str]] = []

    def decide(tick: Any) -> Decision:
        told.extend((result.status, result.reason) for result in tick.results)
        return Decision(orders=[BUY] if tick.number == 0 else [], wake=Wake())

    bench = checked(lambda _order, _context: "not today")
    bench.automation("who", decide)
    bench.run(2_000)
    assert told == [("refused", "not today")]


def test_an_order_that_one_of_two_plugins_refuses_is_refused(checked: Callable[..., Bench]) -> None:
    bench = checked(lambda *_: None, lambda *_: "b says no")
    bench.automation("who", lambda _tick: Decision(orders=[BUY]))
    bench.tick()
    assert outcomes(bench) == [("refused", "b says no")]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (5, "the plugin a could not check it: it answered int, neither a reason nor None"),
        (True, "the plugin a could not check it: it answered bool, neither a reason nor None"),
        ("", "the plugin a refuses it without a reason"),
    ],
)
def test_what_is_no_answer_refuses(checked: Callable[..., Bench], answer: Any, reason: str) -> None:
    bench = checked(lambda *_: answer)
    bench.automation("who", lambda _tick: Decision(orders=[BUY]))
    bench.tick()
    assert outcomes(bench) == [("refused", reason)]


def test_a_check_that_raises_refuses_and_is_a_trouble_of_its_plugin(checked: Callable[..., Bench]) -> None:
    def check(order: Order, _context: OrderContext) -> str | None:
        if order is REST:
            return None
        raise SystemExit("gone")

    bench = checked(check)
    bench.automation("who", lambda _tick: Decision(orders=[BUY, REST], independent=True))
    bench.tick()
    line = inspect.getsourcelines(check)[1] + 3
    gone = f"SystemExit: gone (test_order_checks.py, line {line}, in check)"
    assert outcomes(bench)[0] == ("refused", f"the plugin a could not check it: {gone}")
    (trouble,) = bench.core.plugin_failures.of("a")
    assert (trouble.what, trouble.count, trouble.error) == ("check_order", 1, gone)


def test_a_check_that_blocks_refuses_in_time_and_after_three_times_is_not_asked_any_more(
    checked: Callable[..., Bench],
) -> None:
    release, asked = threading.Event(), []

    def block(order: Order, _context: OrderContext) -> None:
        asked.append(order)
        release.wait(30)

    bench = checked(block, evaluate_timeout=0.05)
    bench.automation("who", lambda _tick: Decision(orders=[BUY] * 5, independent=True))
    try:
        bench.tick()
    finally:
        release.set()
    late = ("refused", "the plugin a could not check it: no answer within 0.05 s")
    why = "it hung 3 times and is not asked any more: mend or remove it, then restart the node"
    hopeless = ("refused", f"the plugin a could not check it: {why}")
    assert outcomes(bench) == [late, late, late, hopeless, hopeless]
    assert len(asked) == 3
    assert bench.core.plugin_failures.of("a")[0].count == 3


def test_one_slow_answer_does_not_count_against_the_others_of_its_batch(checked: Callable[..., Bench]) -> None:
    release = threading.Event()

    def block_once(order: Order, _context: OrderContext) -> None:
        if order is REST:
            release.wait(30)

    bench = checked(block_once, evaluate_timeout=0.5)
    bench.automation("who", lambda _tick: Decision(orders=[BUY, REST, BUY], independent=True))
    try:
        bench.tick()
    finally:
        release.set()
    assert bench.statuses() == ["planned", "refused", "planned"]


def test_nothing_is_asked_inside_the_transaction(checked: Callable[..., Bench]) -> None:
    free: list[bool] = []

    def look(_order: Order, context: OrderContext) -> None:
        with context.node.storage.write() as connection:
            connection.exec_driver_sql("SELECT 1")
        free.append(True)

    bench = checked(look, evaluate_timeout=5.0)
    bench.automation("who", lambda _tick: Decision(orders=[BUY]))
    bench.tick()
    assert (free, bench.statuses()) == ([True], ["planned"])


def test_an_implementation_may_leave_out_an_argument(plugged: Registry, bench: Bench) -> None:
    @hookimpl
    def check_order(order: Order) -> str:
        return f"no {order.symbol}"

    plugged.manager.register(SimpleNamespace(check_order=check_order), name="short")
    checks = OrderChecks(plugged, bench.core.plugin_failures, 2.0)
    context: Any = None
    assert checks.refusals([(BUY, context)]) == ["no BTC/USDT"]
    checks.close()


def test_without_a_plugin_there_is_nothing_to_ask(bench: Bench, plugged: Registry) -> None:
    assert not OrderChecks(plugged, bench.core.plugin_failures, 2.0)


def test_a_rehearsal_is_checked_too(checked: Callable[..., Bench]) -> None:
    bench = checked(lambda *_: "not today")
    who = bench.automation("who", lambda _tick: Decision(orders=[BUY]))
    rehearsal = bench.batches.rehearse(who, bench.clock.now())
    assert rehearsal is not None
    assert [intent["reason"] for intent in rehearsal.changes.intents] == ["not today"]
