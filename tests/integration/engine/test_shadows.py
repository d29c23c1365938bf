"""Shadows: a twin on paper of a live automation, at the same looks, that nothing else sees."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from octobot_node import Decision, LimitOrder, MarketOrder, Notify, StopAutomation, Tick, Wake
from octobot_node.engine.commands.commands import NewAccount, NewAutomation
from octobot_node.engine.commands.kill_switch import KillSwitch, Target
from octobot_node.engine.ledger.budget_changes import WantedBudget
from octobot_node.errors import CommandRefused
from octobot_node.limits import Limits
from octobot_node.shadow_ids import shadow_of
from octobot_node.store import automations, tables
from octobot_node.store.queries import exports, history, lists
from tests.support.bench import Bench

D = Decimal
BTC = "BTC/USDT"
MINUTE = Wake(every=timedelta(minutes=1), align=True)


def nothing(_tick: Tick[Any, Any]) -> Decision:
    return Decision(wake=MINUTE)


def buys(tick: Tick[Any, Any]) -> Decision:
    """Buy one at each whole minute, and remember how often."""
    done = tick.state or 0
    if tick.scheduled_at is None:
        return Decision(state=done, wake=MINUTE)
    return Decision(orders=[MarketOrder(BTC, "buy", amount=D(1), tag="buy")], state=done + 1, wake=MINUTE)


def rests(tick: Tick[Any, Any]) -> Decision:
    """Let one order rest below the market, and keep its id."""
    if tick.open_orders:
        return Decision(state={"order": tick.open_orders[0].id}, wake=MINUTE)
    return Decision(orders=[LimitOrder(BTC, "buy", amount=D(2), price=D(90), tag="rung")], wake=MINUTE)


def watch(bench: Bench) -> None:
    """Settle both accounts."""
    bench.settle()
    bench.event_loop.call(bench.watcher.watch(shadow_of(bench.account)))
    bench.settle()


def shadowed(bench: Bench, decide: Callable[[Tick[Any, Any]], Any], **given: Any) -> str:
    """Return an automation that has a shadow from the first."""
    bench.type.scripts["bot"] = decide
    funds = {"USDT": D(1_000)}
    new = NewAutomation("bot", "tests.scripted", bench.account, funds, {"who": "bot"}, shadow=True, **given)
    return bench.commands.create(new)


def orders_of(bench: Bench, automation_id: str) -> list[Any]:
    return [row for row in bench.intents() if row.automation_id == automation_id]


def test_both_see_one_look_and_only_the_original_asks_the_exchange(bench: Bench) -> None:
    looks: list[tuple[Any, ...]] = []

    def decide(tick: Tick[Any, Any]) -> Decision:
        ticker = tick.market.ticker(BTC)
        looks.append((tick.automation_id, tick.number, tick.scheduled_at, tick.now, ticker, tick.random.random()))
        return buys(tick)

    bench.market.prices[BTC] = D(100)
    bench.trading.will(*[bench.trading.fill_at_once] * 3)
    bot = shadowed(bench, decide)
    bench.run(120_000, 20_000)
    watch(bench)
    assert looks[::2] == looks[1::2]
    assert [look[1] for look in looks[::2]] == [*range(len(looks) // 2)]
    assert [request.intent_id for request in bench.trading.requests] == [row.id for row in orders_of(bench, bot)]
    assert {row.account_id for row in orders_of(bench, shadow_of(bot))} == {shadow_of(bench.account)}
    assert [row.status for row in orders_of(bench, shadow_of(bot))] == ["filled"] * 3
    assert bench.row(bot).state == bench.row(shadow_of(bot)).state == "3"


def test_paper_fills_at_what_was_offered_at_the_look(bench: Bench) -> None:
    bench.market.prices[BTC] = D(100)
    bot = shadowed(bench, buys)
    bench.tick()
    # The price is another one by the time that the orders go out.
    bench.market.prices[BTC] = D(110)
    bench.trading.will(bench.trading.fill_at_once)
    bench.send()
    watch(bench)
    paid = {row.automation_id: row.price for row in bench.rows(tables.fills)}
    assert paid == {bot: D(110), shadow_of(bot): D("100.01")}


def test_a_shadow_of_one_that_runs_begins_where_that_stands(bench: Bench) -> None:
    bench.market.prices[BTC] = D(100)
    bot = bench.automation("bot", rests)
    bench.run(60_000, 30_000)
    (order,) = orders_of(bench, bot)
    bench.trading.fill(order.exchange_order_id, "0.5")
    bench.run(60_000, 30_000)
    bench.commands.add_shadow(bot)
    bench.settle()
    watch(bench)
    (twin,) = orders_of(bench, shadow_of(bot))
    assert (twin.amount, twin.price, twin.status, twin.group_id) == (D("1.5"), D(90), "open", order.id)
    assert bench.row(shadow_of(bot)).state == bench.row(bot).state.replace(order.id, twin.id)
    assert bench.funds(shadow_of(bot)) == bench.funds(bot)
    held = {row.automation_id: (row.amount, row.cost) for row in bench.rows(tables.positions)}
    assert held == {bot: (D("0.5"), D(45)), shadow_of(bot): (D("0.5"), D(45))}
    # Paper fills what the market trades through; the exchange has not filled the rest.
    bench.market.prices[BTC] = D(89)
    for _ in range(2):
        bench.advance(5_000)
        watch(bench)
    assert {row.id: row.status for row in bench.intents() if row.id in {order.id, twin.id}} == {
        order.id: "open",
        twin.id: "filled",
    }


def test_a_shadow_is_told_of_its_own_fills_and_plans_nothing_by_itself(bench: Bench) -> None:
    bench.market.prices[BTC] = D(100)
    told: list[tuple[str, int]] = []

    def decide(tick: Tick[Any, Any]) -> Decision:
        told.append(("fill" if tick.fills else "look", tick.number))
        return rests(tick)

    bot = shadowed(bench, decide)
    bench.settle()
    watch(bench)
    bench.market.prices[BTC] = D(80)
    bench.advance(5_000)
    watch(bench)
    bench.advance(2_000)
    watch(bench)
    assert ("fill", 1) in told
    assert bench.row(shadow_of(bot)).next_run_at is None
    assert bench.row(bot).next_run_at is not None


@pytest.mark.parametrize(("command", "status"), [("pause", "paused"), ("stop", "stopped"), ("hold", "held")])
def test_what_is_done_to_one_is_done_to_its_shadow(bench: Bench, command: str, status: str) -> None:
    bench.market.prices[BTC] = D(100)
    bot = shadowed(bench, rests)
    watch(bench)
    if command == "hold":
        bench.commands.hold([bot, shadow_of(bot)], "a reason")
    else:
        bench.commands.many(command, [bot])  # type: ignore[arg-type]  # one of its words
    watch(bench)
    assert (bench.row(bot).status, bench.row(shadow_of(bot)).status) == (status, status)
    live = {"pause": "open", "hold": "open", "stop": "cancelled"}[command]
    assert [row.status for row in bench.intents()] == [live, live]
    if command != "stop":
        bench.commands.resume(bot)
        assert (bench.row(bot).status, bench.row(shadow_of(bot)).status) == ("active", "active")


def test_what_was_held_for_want_of_a_connector_goes_on_with_its_shadow(bench: Bench) -> None:
    bench.market.prices[BTC] = D(100)
    bot = shadowed(bench, rests)
    watch(bench)
    for held in ([bot, shadow_of(bot)], [shadow_of(bot)]):
        bench.commands.hold(held, "a reason")
        assert bench.commands.take_up_held() == [id_ for id_ in held if id_ == bot]
        assert (bench.row(bot).status, bench.row(shadow_of(bot)).status) == ("active", "active")


def test_an_edit_and_a_change_of_the_budget_reach_it_and_its_name_does_not(bench: Bench) -> None:
    bench.market.prices[BTC] = D(100)
    bot = shadowed(bench, rests)
    watch(bench)
    bench.type.scripts["other"] = nothing
    bench.commands.edit(bot, {"who": "other"}, name="bot two", limits=Limits(max_open_orders=3))
    bench.commands.change_budget(bot, WantedBudget({"USDT": D(500)}, {}, {}), {"USDT": D(5_000)})
    watch(bench)
    row, shadow = bench.row(bot), bench.row(shadow_of(bot))
    assert (shadow.config, shadow.limits, shadow.name) == (row.config, row.limits, shadow.id)
    assert bench.funds(shadow.id) == bench.funds(bot) == {"USDT": (D(1_500), D(0))}


def test_of_what_is_taken_a_shadow_gives_what_it_has(bench: Bench) -> None:
    bench.market.prices[BTC] = D(100)
    bench.trading.will(bench.trading.fill_at_once)

    def decide(tick: Tick[Any, Any]) -> Decision:
        # By itself the shadow spends all but 50; its original's order is refused for being too late.
        return Decision(orders=[MarketOrder(BTC, "buy", amount=D(9), tag="buy")] if tick.number == 0 else [])

    bot = shadowed(bench, decide)
    bench.trading.behaviours.clear()
    bench.trading.will(_refused)
    watch(bench)
    bench.commands.change_budget(bot, WantedBudget({}, {"USDT": D(400)}, {}), None)
    free, _ = bench.funds(shadow_of(bot))["USDT"]
    assert (bench.funds(bot)["USDT"][0], free) == (D(600), D(0))


def _refused(_request: Any) -> Any:
    from octobot_node.errors import OrderRefused

    raise OrderRefused("no")


def test_signals_go_to_both_once(bench: Bench) -> None:
    bench.market.prices[BTC] = D(100)
    seen: list[Any] = []

    def decide(tick: Tick[Any, Any]) -> Decision:
        seen.extend(signal.payload for signal in tick.signals)
        return nothing(tick)

    bot = shadowed(bench, decide)
    bench.settle()
    bench.advance(2_000)
    assert bench.commands.signal(bot, "go", key="a")
    assert not bench.commands.signal(bot, "go", key="a")
    bench.settle()
    assert seen == ["go", "go"]


def test_a_shadow_tells_nobody_and_stops_nobody(bench: Bench) -> None:
    bench.market.prices[BTC] = D(100)
    bench.automation("victim", nothing)
    looks: list[int] = []

    def decide(tick: Tick[Any, Any]) -> Decision:
        looks.append(tick.number)
        return Decision(actions=[Notify("hello"), StopAutomation("victim")], wake=MINUTE)

    bot = shadowed(bench, decide)
    bench.settle()
    assert looks == [0, 0]
    assert {row.automation_id for row in bench.rows(tables.notices)} == {bot}
    assert {row.automation_id for row in bench.rows(tables.requests)} == {bot}
    assert shadow_of(bot) not in {row.automation_id for row in bench.rows(tables.events)}
    assert shadow_of(bench.account) not in {row.account_id for row in bench.rows(tables.events)}


def test_a_shadow_is_in_no_list_sum_or_count(bench: Bench) -> None:
    bench.market.prices[BTC] = D(100)
    bench.trading.will(bench.trading.fill_at_once)
    bot = shadowed(bench, buys, owner="local")
    watch(bench)
    core = bench.core
    core.standings.board.refresh()
    assert list(core.standings.board.columns.slots) == [bot]
    with core.storage.read() as connection:
        assert lists.automation_ids(connection, lists.AutomationFilter(), None, 10) == [bot]
        assert lists.automations_matching(connection, shadow_of(bot), None) == []
        assert [row.id for row in lists.account_page(connection, None, None, 10)] == [bench.account]
        assert {row.automation_id for row in lists.order_page(connection, lists.OrderFilter(), None, 10)} == {bot}
        assert {row.automation_id for row in history.fill_page(connection, history.FillFilter(), None, 10)} == {bot}
        wanted = exports.Exported()
        assert {row.automation_id for row in exports.postings_after(connection, wanted, None, 99)} == {bot}
        assert {row.automation_id for row in exports.orders_after(connection, wanted, None, 99)} == {bot}
        assert {row.automation_id for row in exports.fills_after(connection, wanted, None, 99)} == {bot}
        balances = history.balance_page(connection, None, None, None, None, 10)
        assert {row.automation_id for row in balances} == {bot}
        assert sum(lists.automations_by_status(connection, None).values()) == 1
        automations.refuse_too_many(connection, "somebody", 1, 1)


def test_the_kill_switch_stops_shadows_too_and_counts_them_nowhere(bench: Bench) -> None:
    bench.market.prices[BTC] = D(100)
    bot = shadowed(bench, rests)
    watch(bench)
    switch = KillSwitch(bench.core)
    id_, _ = switch.throw(Target("automation", "local", bot, "bot"), "test", by="me", authority="local")
    watch(bench)
    assert [row.status for row in bench.intents()] == ["cancelled", "cancelled"]
    assert not bench.row(shadow_of(bot)).sending
    assert {row.automation_id for row in bench.rows(tables.kill_switch_orders)} == {bot}
    switch.release(id_, by="me", even_if_unsettled=False)
    assert bench.row(shadow_of(bot)).sending


def test_switched_off_nothing_of_it_is_left(bench: Bench) -> None:
    bench.market.prices[BTC] = D(100)
    bot = shadowed(bench, rests)
    watch(bench)
    bench.commands.remove_shadow(bot)
    with pytest.raises(CommandRefused, match="has no shadow"):
        bench.commands.remove_shadow(bot)
    watch(bench)
    for table in tables.metadata.sorted_tables:
        # What is noted of levels is taken by whoever watches prices.
        if "automation_id" in table.c and table is not tables.changed_levels:
            assert shadow_of(bot) not in {row.automation_id for row in bench.rows(table)}, table.name
    assert [row.id for row in bench.rows(tables.automations)] == [bot]
    assert [row.id for row in bench.rows(tables.accounts)] == [bench.account]
    assert bench.row(bot).status == "active"
    # And once more, from where it stands then.
    bench.commands.add_shadow(bot)
    watch(bench)
    assert [row.status for row in orders_of(bench, shadow_of(bot))] == ["open"]


def test_deleted_with_its_original(bench: Bench) -> None:
    bench.market.prices[BTC] = D(100)
    bot = shadowed(bench, rests)
    watch(bench)
    bench.commands.stop(bot)
    watch(bench)
    bench.commands.delete(bot)
    watch(bench)
    assert bench.rows(tables.automations) == []
    assert [row.id for row in bench.rows(tables.accounts)] == [bench.account]
    bench.commands.delete_account(bench.account)


def test_whoever_is_on_paper_or_has_one_or_has_ended_gets_none(bench: Bench) -> None:
    bench.market.prices[BTC] = D(100)
    bot = shadowed(bench, rests)
    with pytest.raises(CommandRefused, match="has a shadow already"):
        bench.commands.add_shadow(bot)
    paper = bench.commands.create_account(NewAccount("paper", "fake", "paper", {}, {"balances": {"USDT": "1000"}}))
    on_paper = bench.automation("other", nothing, account=paper)
    with pytest.raises(CommandRefused, match="fills orders by itself"):
        bench.commands.add_shadow(on_paper)
    over = bench.automation("third", nothing)
    bench.commands.stop(over)
    bench.settle()
    with pytest.raises(CommandRefused, match="goes along with one that runs"):
        bench.commands.add_shadow(over)


def test_no_order_of_a_shadow_passes_the_fence_of_an_exchange(bench: Bench) -> None:
    """However it came there: somebody's SQL, or a mistake of ours."""
    bench.market.prices[BTC] = D(100)
    bot = shadowed(bench, buys)
    bench.tick()
    moved = tables.intents.update().where(tables.intents.c.automation_id == shadow_of(bot))
    with bench.core.storage.write() as connection:
        connection.execute(moved.values(account_id=bench.account, carrier=None))
    bench.queue.clear()
    bench.send()
    shadows = orders_of(bench, shadow_of(bot))
    assert [(row.status, row.reason) for row in shadows] == [("refused", "a shadow sends nothing to an exchange")]
    assert [request.intent_id for request in bench.trading.requests] == [row.id for row in orders_of(bench, bot)]


def test_an_original_that_completes_leaves_its_shadow_to_end_by_itself(bench: Bench) -> None:
    bench.market.prices[BTC] = D(100)

    def decide(tick: Tick[Any, Any]) -> Decision:
        if tick.fills:
            return Decision(done=True)
        if tick.open_orders:
            return Decision(wake=MINUTE)
        return Decision(orders=[LimitOrder(BTC, "buy", amount=D(1), price=D(90), tag="entry")], wake=MINUTE)

    bot = shadowed(bench, decide)
    watch(bench)
    (order,) = orders_of(bench, bot)
    bench.trading.fill(order.exchange_order_id)
    bench.advance(1_000)
    watch(bench)
    bench.advance(1_000)
    watch(bench)
    assert (bench.row(bot).status, bench.row(shadow_of(bot)).status) == ("completed", "active")
    assert bench.row(shadow_of(bot)).next_run_at is not None
    bench.market.prices[BTC] = D(80)
    bench.advance(1_000)
    watch(bench)
    bench.advance(1_000)
    watch(bench)
    assert bench.row(shadow_of(bot)).status == "completed"


def test_killed_between_any_two_stages_both_stand_as_one_transaction_left_them(bench: Bench) -> None:
    bench.market.prices[BTC] = D(100)
    bot = shadowed(bench, buys)
    bench.trading.will(bench.trading.fill_at_once)
    bench.tick()
    # kill -9 after the commit: what was delivered is gone from memory, and taken up from the tables.
    bench.queue.clear()
    bench.build_stages()
    bench.market.prices[BTC] = D(105)
    bench.advance(1_000)
    watch(bench)
    ticks = {row.automation_id: row.tick for row in bench.rows(tables.schedule)}
    assert ticks[bot] == ticks[shadow_of(bot)]
    paid = {row.automation_id: row.price for row in bench.rows(tables.fills)}
    # The look's price survives, since the order itself has it.
    assert paid == {bot: D(105), shadow_of(bot): D("100.01")}
    assert len(bench.intents()) == 2
