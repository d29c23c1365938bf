"""The kill switch: what it stops, what its checklist says, and when it lets go."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from octobot_node import Decision, LimitOrder, MarketOrder, Tick, Wake
from octobot_node.contracts.exchanges import Capabilities, Lookup
from octobot_node.engine.commands.commands import NewAccount, NewAutomation
from octobot_node.engine.commands.kill_switch import KillSwitch
from octobot_node.errors import CommandRefused, NotSent, UnknownName, Unresolved, UsageError
from octobot_node.operations.perform import perform_named
from octobot_node.store import tables
from tests.integration.operations.conftest import Office

HOURLY = Wake(every=timedelta(hours=1), align=True)


class Rester:
    """Keeps ``count`` orders resting, and replaces what is gone as soon as it is told: the worst that can be thrown."""

    def __init__(self, count: int = 1) -> None:
        self.count = count
        self.told: list[tuple[str, str]] = []

    def __call__(self, tick: Tick[Any, Any]) -> Decision:
        self.told += [(result.status, result.reason) for result in tick.results]
        missing = self.count - len(tick.open_orders)
        new = [LimitOrder("BTC/USDT", "buy", amount=Decimal(1), price=Decimal(90)) for _ in range(missing)]
        return Decision(orders=new, independent=True, wake=HOURLY)


def throw(office: Office, scope: str = "everything", target: str | None = None, **others: Any) -> Any:
    given = {} if target is None else {"target": target}
    return office.do("kill_switch.throw", scope=scope, reason="it buys and buys", **given, **others)


def watch_every(office: Office) -> None:
    """Settle, and watch every account that has something to watch."""
    bench = office.bench
    for _ in range(4):
        bench.settle()
        for account in bench.live_accounts():
            bench.event_loop.call(bench.watcher.watch(account))
    bench.settle()


def sending(office: Office) -> tuple[bool, dict[str, bool], dict[str, bool]]:
    rows, names = office.bench.rows, tables.automations.c.name
    return (
        rows(tables.installation)[0].sending,
        {row.name: row.sending for row in rows(tables.accounts)},
        {row.name: row.sending for row in rows(tables.automations, names)},
    )


def switch_events(office: Office) -> list[str]:
    return [kind for kind in office.bench.events() if kind.startswith("kill_switch.")]


def test_thrown_it_cancels_what_rests_and_skips_what_was_never_sent(office: Office) -> None:
    bench = office.bench
    a = bench.automation("a", Rester(3))
    bench.settle()
    bench.trading.fill("x2", "0.4")
    bench.trading.will(NotSent("no route", retry_after=60))
    bench.automation("b", Rester(1))
    bench.tick()
    bench.drain()
    thrown = throw(office)
    assert (thrown.already, thrown.switch.orders, thrown.switch.settled, thrown.switch.in_force) == (
        *(False, 4, False),
        True,
    )
    assert (thrown.switch.now, thrown.switch.by, thrown.switch.reason) == (
        {"open": 3, "planned": 1},
        "alice",
        "it buys and buys",
    )
    assert sending(office)[0] is False
    assert len(office.hurried) == 1

    watch_every(office)
    found = office.do("kill_switch.show")
    assert (found.switch.settled, found.switch.now, found.switch.cancels) == (True, {"cancelled": 3, "skipped": 1}, 0)
    assert [(line.automation, line.status_then, line.status, line.outcome) for line in found.lines] == [
        ("a", "open", "cancelled", "cancelled"),
        ("a", "open", "cancelled", "cancelled, 0.4 BTC of it filled"),
        ("a", "open", "cancelled", "cancelled"),
        ("b", "planned", "skipped", "never sent"),
    ]
    assert [line.confirmed_at is not None for line in found.lines] == [True] * 4
    assert (found.lines[1].filled_then, found.lines[1].filled, found.lines[3].reason) == (
        Decimal(0),
        Decimal("0.4"),
        "the kill switch is thrown",
    )
    assert sorted(bench.trading.cancels) == ["x1", "x2", "x3"]
    assert bench.funds(a)["USDT"][1] == 0


def test_what_is_decided_meanwhile_neither_leaves_nor_piles_up_and_release_lets_automations_decide_anew(
    office: Office,
) -> None:
    bench, rester = office.bench, Rester(1)
    a = bench.automation("a", rester)
    bench.settle()
    throw(office)
    bench.run(30_000, step=2_000)
    # It was told of the cancel, ordered anew in vain, and rests until there is something to tell.
    assert rester.told == [("cancelled", "")]
    assert (bench.statuses(), len(bench.trading.requests)) == (["cancelled", "skipped"], 1)
    ticks = bench.row(a).tick
    assert ticks <= 3
    # New ones may be made, and others resumed: they decide, and nothing leaves.
    bench.automation("b", Rester(2))
    bench.commands.pause(a)
    bench.commands.resume(a)
    bench.run(5_000)
    assert len(bench.trading.requests) == 1
    assert {row.status for row in bench.intents()} == {"cancelled", "skipped"}

    office.do("kill_switch.release")
    bench.run(3_000)
    # What was decided before is gone; what they decide now is sent.
    assert len(bench.trading.requests) == 4
    assert [row.status for row in bench.intents()].count("open") == 3
    assert ("skipped", "the kill switch is thrown") in rester.told
    assert switch_events(office) == ["kill_switch.thrown", "kill_switch.settled", "kill_switch.released"]
    notices = [(row.level, row.message) for row in bench.rows(tables.notices, tables.notices.c.id)]
    assert notices == [
        ("warning", "The kill switch is thrown for everything by alice: it buys and buys. Orders live then: 1."),
        ("info", "The kill switch for everything is settled: what became of its orders: 1 cancelled."),
        ("info", "The kill switch for everything is released by alice: orders are sent again."),
    ]


def test_it_stops_one_automation_or_one_account_and_the_others_go_on(office: Office) -> None:
    bench = office.bench
    other = bench.commands.create_account(NewAccount("other", "fake", "fake", {}, {}))
    bench.automation("a", Rester(1))
    bench.automation("b", Rester(1))
    bench.automation("c", Rester(1), account=other)
    watch_every(office)
    throw(office, "automation", "a")
    throw(office, "account", "other")
    assert sending(office) == (True, {"main": True, "other": False}, {"a": False, "b": True, "c": True})
    watch_every(office)
    by_name = {row.automation: row.status for row in reversed(office.do("orders.list").orders)}
    assert by_name == {"a": "cancelled", "b": "open", "c": "cancelled"}
    assert [(row.scope, row.target, row.settled) for row in office.do("kill_switch.list").switches] == [
        ("account", "other", True),
        ("automation", "a", True),
    ]
    last = bench.trading.requests[-1]
    bench.automation("d", Rester(1), account=other)
    watch_every(office)
    assert bench.trading.requests[-1] == last
    # The event is found with its automation.
    assert [e.kind for e in office.do("events.list", automation="a", kind="kill_switch.").events] == [
        *("kill_switch.thrown", "kill_switch.settled"),
    ]


def test_thrown_again_it_is_the_same_one_and_nothing_changes(office: Office) -> None:
    office.bench.automation("a", Rester(1))
    office.bench.settle()
    first = throw(office)
    before = office.database()
    again = throw(office)
    assert (again.already, again.switch.id) == (True, first.switch.id)
    assert office.database() == before
    watch_every(office)
    office.do("kill_switch.release", id=first.switch.id)
    assert throw(office).switch.id != first.switch.id
    assert [row.in_force for row in office.do("kill_switch.list").switches] == [True, False]


def test_released_it_lets_nothing_send_that_another_one_stops(office: Office) -> None:
    bench = office.bench
    bench.automation("a", Rester(1))
    mine = perform_named(office.context(owner="local"), "kill_switch.throw", {"scope": "everything", "reason": "mine"})
    throw(office, "account", "main")
    assert sending(office)[1] == {"main": False}
    watch_every(office)
    with pytest.raises(UnknownName, match="2 kill switches are in force: give the id of one"):
        office.do("kill_switch.release")
    office.do("kill_switch.release", id=mine.switch.id)  # type: ignore[attr-defined]
    assert sending(office)[1] == {"main": False}
    office.do("kill_switch.release")
    assert sending(office)[1] == {"main": True}
    with pytest.raises(UnknownName, match="no kill switch is in force"):
        office.do("kill_switch.release")
    with pytest.raises(CommandRefused, match="was released by alice"):
        office.do("kill_switch.release", id=mine.switch.id)  # type: ignore[attr-defined]


def bobs(office: Office, count: int) -> list[str]:
    """Give bob accounts with an automation each."""
    commands, made = office.bench.commands, []
    for number in range(count):
        account = commands.create_account(NewAccount(f"bobs{number}", "fake", "fake", {}, {}, owner="bob"))
        who = f"bob{number}"
        office.bench.type.scripts[who] = Rester(1)
        commands.create(
            NewAutomation(who, "tests.scripted", account, {"USDT": Decimal(1000)}, {"who": who}, owner="bob")
        )
        made.append(account)
    return made


def test_an_owner_stops_what_is_his_and_no_more(office: Office) -> None:
    bench = office.bench
    bench.automation("a", Rester(1))
    bobs(office, 2)
    watch_every(office)
    bob = office.context(owner="bob", by="bob")
    thrown: Any = perform_named(bob, "kill_switch.throw", {"scope": "everything", "reason": "help"})
    assert (thrown.switch.owner, thrown.switch.orders) == ("bob", 2)
    on = {"main": True, "bobs0": False, "bobs1": False}
    assert sending(office)[:2] == (True, on)
    # An account that they add meanwhile does not send either.
    bench.commands.create_account(NewAccount("bobs2", "fake", "fake", {}, {}, owner="bob"))
    assert sending(office)[1] == {**on, "bobs2": False}
    watch_every(office)
    assert [row.status for row in bench.intents()].count("open") == 1
    for scope, target in (("automation", "a"), ("account", "main")):
        with pytest.raises(UnknownName):
            perform_named(bob, "kill_switch.throw", {"scope": scope, "target": target, "reason": "hers"})
    perform_named(bob, "kill_switch.release", {})
    assert sending(office)[1] == {"main": True, "bobs0": True, "bobs1": True, "bobs2": True}


def test_what_the_operator_throws_an_owner_sees_his_part_of_and_cannot_release(office: Office) -> None:
    office.bench.automation("a", Rester(1))
    bobs(office, 1)
    watch_every(office)
    bob = office.context(owner="bob", by="bob")
    everything = throw(office).switch
    seen: Any = perform_named(bob, "kill_switch.show", {"id": everything.id})
    assert (everything.orders, seen.switch.orders, [line.automation for line in seen.lines]) == (2, 1, ["bob0"])
    watch_every(office)
    with pytest.raises(CommandRefused, match="for the whole installation's sake: ask there"):
        perform_named(bob, "kill_switch.release", {"id": everything.id})
    mine: Any = perform_named(bob, "kill_switch.throw", {"scope": "account", "target": "bobs0", "reason": "mine"})
    perform_named(bob, "kill_switch.release", {"id": mine.switch.id})
    mine = perform_named(bob, "kill_switch.throw", {"scope": "account", "target": "bobs0", "reason": "mine"})
    assert throw(office, "account", "bobs0").already is True
    with pytest.raises(CommandRefused, match="ask there"):
        perform_named(bob, "kill_switch.release", {"id": mine.switch.id})
    alone = office.context(owner="carol")
    with pytest.raises(UnknownName, match="there is no kill switch"):
        perform_named(alone, "kill_switch.show", {"id": mine.switch.id})


def blind(office: Office, *, accepted: bool) -> str:
    """Let an order be sent into the dark, on an exchange that finds nothing by client id, until it is unknown."""
    trading = office.bench.trading
    trading.capabilities = Capabilities(lookup=Lookup("none"), visibility_lag_ms=1_000)
    trading.will(trading.accept_then_drop if accepted else Unresolved("the connection dropped"))
    trading.faults["open_orders"] = Unresolved("it says nothing")
    office.bench.automation("a", Rester(1))
    office.bench.settle()
    return str(office.bench.intents()[0].id)


def test_an_unknown_order_keeps_it_unsettled_until_a_person_settles_that(office: Office) -> None:
    bench = office.bench
    order = blind(office, accepted=True)
    switch = throw(office).switch
    assert switch.now == {"sent": 1}
    bench.run(60_000, step=5_000)
    found = office.do("kill_switch.show")
    (line,) = found.lines
    assert (found.switch.settled, found.switch.now, found.switch.cancels) == (False, {"unknown": 1}, 1)
    assert line.outcome == "still unknown; its cancel is to be sent (its order's id is not known yet)"
    assert (line.status_then, line.confirmed_at) == ("sent", None)
    assert line.advice == (
        f"look for it at the exchange: `octobot-node orders adopt {order}` if it is there,"
        f" `octobot-node orders declare-not-sent {order}` if it never was"
    )
    with pytest.raises(CommandRefused, match=r"not settled \(1 unknown, 1 cancels under way\): see .* settle unknown"):
        office.do("kill_switch.release")
    assert sending(office)[0] is False
    # Adopted, it is cancelled at last, without another word.
    bench.trading.faults.clear()
    office.do("orders.adopt", order=order, exchange_order_id="x1")
    bench.run(5_000)
    found = office.do("kill_switch.show")
    assert (found.switch.settled, found.lines[0].outcome, bench.trading.cancels) == (True, "cancelled", ["x1"])
    assert switch_events(office) == ["kill_switch.thrown", "kill_switch.settled"]


def test_one_that_is_declared_not_sent_settles_it_and_its_cancel_ends(office: Office) -> None:
    order = blind(office, accepted=False)
    throw(office)
    office.bench.run(60_000, step=5_000)
    office.do("orders.declare_not_sent", order=order)
    office.bench.run(5_000)
    found = office.do("kill_switch.show")
    assert (found.switch.settled, found.lines[0].outcome) == (True, "refused: it did not and will not execute")
    assert (office.bench.trading.cancels, [row.status for row in office.bench.intents("cancel")]) == ([], ["done"])


def test_it_may_be_released_though_it_is_not_settled_and_cancels_no_more_then(office: Office) -> None:
    order = blind(office, accepted=True)
    throw(office)
    office.bench.run(60_000, step=5_000)
    released = office.do("kill_switch.release", even_if_unsettled=True)
    assert (released.in_force, released.settled, released.settled_at, released.released_by) == (
        *(False, False, None),
        "alice",
    )
    events = office.do("events.list", kind="kill_switch.released").events
    assert events[0].data["unsettled"] == "1 unknown, 1 cancels under way"
    assert sending(office)[0] is True
    office.bench.trading.faults.clear()
    office.do("orders.declare_not_sent", order=order)
    office.bench.run(3_000)
    # Nobody says that it is settled: it is over.
    assert switch_events(office) == ["kill_switch.thrown", "kill_switch.released"]


def test_an_order_that_fills_before_its_cancel_arrives_is_told_as_filled(office: Office) -> None:
    bench = office.bench
    bench.automation("a", Rester(1))
    bench.settle()
    throw(office)
    bench.trading.fill("x1")
    watch_every(office)
    found = office.do("kill_switch.show")
    assert (found.switch.settled, found.switch.now, found.lines[0].outcome) == (True, {"filled": 1}, "filled")


def test_an_order_under_way_that_turns_up_late_is_cancelled(office: Office) -> None:
    bench = office.bench
    bench.trading.will(bench.trading.accept_then_drop_late(2_000))
    bench.automation("a", Rester(1))
    bench.settle()
    assert bench.statuses() == ["sent"]
    throw(office)
    bench.run(1_000)
    assert office.do("kill_switch.show").switch.settled is False
    bench.run(15_000)
    found = office.do("kill_switch.show")
    assert (found.switch.settled, found.lines[0].status_then, found.lines[0].outcome) == (True, "sent", "cancelled")
    assert bench.trading.cancels == ["x1"]


def test_an_order_that_was_not_executed_after_all_is_not_sent_again(office: Office) -> None:
    bench = office.bench
    bench.trading.will(Unresolved("the connection dropped"))
    bench.automation("a", Rester(1))
    bench.settle()
    throw(office)
    bench.run(30_000, step=2_000)
    found = office.do("kill_switch.show")
    assert (found.switch.settled, found.lines[0].outcome, len(bench.trading.requests)) == (True, "never sent", 1)


def test_a_cancel_that_was_answered_and_came_to_nothing_is_repeated(office: Office) -> None:
    bench = office.bench
    bench.automation("a", Rester(1))
    bench.settle()
    cancel = bench.trading.cancel_order

    async def ignored(symbol: str, order_id: str) -> None:
        bench.trading.cancels.append(order_id)
        bench.trading.cancel_order = cancel  # type: ignore[method-assign]

    bench.trading.cancel_order = ignored  # type: ignore[method-assign]
    throw(office)
    bench.run(5_000)
    found = office.do("kill_switch.show")
    assert (found.switch.settled, found.lines[0].outcome, bench.trading.cancels) == (False, "still open", ["x1"])
    bench.run(10_000)
    assert (office.do("kill_switch.show").switch.settled, bench.trading.cancels) == (True, ["x1", "x1"])


def test_a_node_that_dies_in_the_middle_is_followed_by_one_that_goes_on(office: Office) -> None:
    bench = office.bench
    bench.automation("a", Rester(450), budget={"USDT": "100000"})
    bench.settle()
    throw(office)
    steps = iter([True, False])
    assert KillSwitch(bench.core).move_on(lambda: next(steps)) == 200
    assert len(bench.intents("cancel")) == 200
    # Another life: what the last one carried has no carrier any more.
    bench.queue.clear()
    bench.build_stages()
    bench.run(5_000)
    found = office.do("kill_switch.show", limit=500)
    assert (found.switch.settled, found.switch.now, len(found.lines)) == (True, {"cancelled": 450}, 450)
    assert len(bench.trading.cancels) == 450
    page = office.do("kill_switch.show", limit=449)
    rest = office.do("kill_switch.show", limit=449, cursor=page.next_cursor)
    assert ([*page.lines, *rest.lines], rest.next_cursor) == (found.lines, None)
    assert office.do("kill_switch.show", live=True).lines == []


LOST = (
    "still open; its cancel is to be sent (its account cannot be opened: no plugin registers the trading connector"
    " 'gone'; there are: ccxt, fake, paper: see `octobot-node doctor`, mend it and restart the node)"
)


def test_an_account_whose_connector_is_missing_holds_up_no_other(office: Office) -> None:
    bench = office.bench
    lost = bench.commands.create_account(NewAccount("a lost one", "fake", "fake", {}, {}))
    bench.automation("a", Rester(1), account=lost)
    bench.automation("b", Rester(1))
    watch_every(office)
    with bench.core.storage.write() as connection:
        connection.execute(tables.accounts.update().where(tables.accounts.c.id == lost).values(trading="gone"))
    bench.core.accounts._open.clear()
    throw(office)
    bench.settle()
    found = office.do("kill_switch.show")
    assert [(line.account, line.outcome) for line in found.lines] == [
        ("a lost one", LOST),
        ("main", "cancelled"),
    ]
    assert found.switch.settled is False


class Freezing:
    """A clock that calls ``at`` once, the next time somebody asks for the time in the middle of the send fence."""

    def __init__(self, office: Office, at: Callable[[], None]) -> None:
        self._clock, self._at = office.bench.clock, at
        self.armed = False

    def now(self) -> int:
        if self.armed:
            self.armed = False
            self._at()
        return self._clock.now()

    def monotonic(self) -> float:
        return self._clock.monotonic()


@pytest.mark.parametrize(
    ("scope", "target", "leave"), [("everything", None, 1), ("account", "main", 1), ("automation", "a", 2)]
)
def test_a_passage_through_the_fence_is_either_noted_as_sent_or_finds_sending_off(
    office: Office, scope: str, target: str | None, leave: int
) -> None:
    bench, thrown = office.bench, []
    waits: list[bool] = []
    thread = threading.Thread(target=lambda: thrown.append(throw(office, scope, target)))

    def throw_now() -> None:
        thread.start()
        thread.join(0.5)
        waits.append(thread.is_alive())

    bench.automation("a", Rester(1))
    bench.tick()
    clock = Freezing(office, throw_now)
    owns = bench.core.owns

    def arm(connection: sa.Connection, workflow: str) -> bool:
        clock.armed = True
        return owns(connection, workflow)

    bench.core.clock, bench.core.owns = clock, arm  # type: ignore[assignment]
    bench.drain()
    thread.join(20)
    bench.core.clock, bench.core.owns = bench.clock, owns
    # It waits for the passage, which has read the switch.
    assert waits == [True]
    assert thrown[0].switch.orders == 1
    # Whether it was sent by then, or acknowledged already: it is not taken for one that never left.
    assert [row.status in ("sent", "open") for row in bench.rows(tables.kill_switch_orders)] == [True]
    bench.automation("b", Rester(1))
    watch_every(office)
    assert (len(bench.trading.requests), bench.trading.cancels) == (leave, ["x1"])


def test_two_who_throw_at_once_throw_one(office: Office) -> None:
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(throw(office))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len({thrown.switch.id for thrown in found}) == 1
    assert sorted(thrown.already for thrown in found) == [False, True, True, True]


def test_a_sale_that_stop_with_close_is_to_make_waits_for_the_release(office: Office) -> None:
    bench = office.bench
    bench.trading.will(bench.trading.fill_at_once)

    def buy_once(tick: Tick[Any, Any]) -> Decision:
        orders = [MarketOrder("BTC/USDT", "buy", amount=Decimal(1))] if tick.number == 0 else []
        return Decision(orders=orders, wake=HOURLY)

    a = bench.automation("a", buy_once)
    bench.settle()
    throw(office, "automation", "a")
    bench.commands.stop(a, close=True)
    bench.run(3_000)
    assert (bench.row(a).status, len(bench.trading.requests)) == ("stopping", 1)
    office.do("kill_switch.release")
    bench.trading.will(bench.trading.fill_at_once)
    bench.run(3_000)
    assert (bench.row(a).status, bench.trading.requests[-1].side) == ("stopped", "sell")


def test_a_checklist_keeps_the_orders_of_an_automation_that_is_deleted(office: Office) -> None:
    bench = office.bench
    a = bench.automation("a", Rester(1))
    bench.settle()
    throw(office)
    bench.commands.stop(a)
    watch_every(office)
    office.do("automations.delete", automation="a")
    (line,) = office.do("kill_switch.show").lines
    assert (line.automation, line.automation_id, line.outcome) == ("", a, "cancelled")
    # The one that it ordered in vain meanwhile is nobody's concern.
    assert len(bench.intents()) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"scope": "everything", "target": "a", "reason": "x"}, "nothing where everything is stopped"),
        ({"scope": "account", "reason": "x"}, "name the account or the automation to stop"),
        ({"scope": "everything", "reason": ""}, "reason: must have at least 1 character"),
        ({"scope": "all", "reason": "x"}, "scope: must be 'everything', 'account' or 'automation'"),
    ],
)
def test_what_cannot_be_thrown_changes_nothing(office: Office, arguments: dict[str, Any], said: str) -> None:
    before = office.database()
    with pytest.raises(UsageError, match=said):
        office.do("kill_switch.throw", **arguments)
    assert office.database() == before


def test_names_that_do_not_exist_are_told_with_those_that_are_near(office: Office) -> None:
    office.bench.automation("grid", Rester(0))
    with pytest.raises(UnknownName, match="there is no automation 'gird': did you mean 'grid'"):
        throw(office, "automation", "gird")
    with pytest.raises(UnknownName, match="no kill switch was ever thrown here"):
        office.do("kill_switch.show")
    with pytest.raises(UnknownName, match="there is no kill switch 'x': `octobot-node kill-switch list` shows"):
        office.do("kill_switch.show", id="x")
