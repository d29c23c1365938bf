"""Commands happen whole, or are refused and change nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from octobot_node import Decision, LimitOrder, MarketOrder, Tick
from octobot_node.engine.commands.commands import NewAccount, NewAutomation
from octobot_node.errors import CommandRefused, DataUnavailable, UnknownType, UsageError
from octobot_node.store import automations as store_automations
from octobot_node.store import tables
from tests.support.bench import Bench, Decide
from tests.support.transitions import allow_any_transition

BUY = LimitOrder("BTC/USDT", "buy", amount=Decimal(1), price=Decimal(90))
MARKET_BUY = MarketOrder("BTC/USDT", "buy", amount=Decimal(1))


def once(*orders: Any) -> Decide:
    return lambda tick: Decision(orders=orders if tick.number == 0 else ())


def new(bench: Bench, **changes: Any) -> NewAutomation:
    values: dict[str, Any] = {
        "name": "a",
        "type": "tests.scripted",
        "account_id": bench.account,
        "budget": {"USDT": Decimal(10)},
        "config": {"who": "a"},
    }
    return NewAutomation(**{**values, **changes})


def snapshot(bench: Bench) -> dict[str, list[Any]]:
    """Return every row of every table."""
    # But the leases: a heartbeat prolongs them meanwhile.
    kept = [table for table in tables.metadata.sorted_tables if table.name != "leases"]
    return {table.name: bench.rows(table, *table.primary_key.columns) for table in kept}


def test_what_is_created_is_active_due_now_and_has_its_budget(bench: Bench) -> None:
    a = bench.commands.create(new(bench, budget={"USDT": Decimal("10.50"), "BTC": Decimal(1)}))
    row = bench.row(a)
    assert (row.name, row.type, row.status, row.runnable, row.next_run_at, row.source) == (
        "a",
        "tests.scripted",
        "active",
        True,
        bench.clock.now(),
        "fake",
    )
    assert bench.funds(a) == {"BTC": (Decimal(1), Decimal(0)), "USDT": (Decimal("10.50"), Decimal(0))}
    assert [(p.kind, p.asset, p.amount) for p in bench.rows(tables.postings, tables.postings.c.asset)] == [
        ("budget", "BTC", Decimal(1)),
        ("budget", "USDT", Decimal("10.50")),
    ]
    assert bench.events(a) == ["automation.created"]


def test_a_type_may_be_named_without_its_package_where_that_is_enough(bench: Bench) -> None:
    a = bench.commands.create(new(bench, type="scripted"))
    assert bench.row(a).type == "tests.scripted"


@pytest.mark.parametrize(
    ("changes", "error", "text"),
    [
        ({"type": "nothing"}, UnknownType, "no plugin registers the automation type 'nothing'; there are: "),
        ({"account_id": "gone"}, CommandRefused, "there is no account gone"),
        ({"config": {}}, UsageError, "automation 'a': config.who: is missing"),
        ({"config": {"who": "a", "candles": "many"}}, UsageError, "automation 'a': config.candles: "),
        ({"config": {"who": "a", "candles": 10_000}}, UsageError, "needs() wants 10000 candles"),
        ({"budget": {"USDT": Decimal(0)}}, UsageError, "the budget of USDT must be positive, not 0"),
        ({"budget": {"USDT": Decimal("NaN")}}, UsageError, "the budget of USDT must be positive"),
        ({"name": "taken"}, CommandRefused, "an automation is called 'taken' already"),
    ],
)
def test_what_cannot_be_created_is_refused_and_changes_nothing(
    bench: Bench, changes: dict[str, Any], error: type[Exception], text: str
) -> None:
    bench.commands.create(new(bench, name="taken"))
    before = snapshot(bench)
    with pytest.raises(error) as refused:
        bench.commands.create(new(bench, **changes))
    assert text in str(refused.value)
    assert snapshot(bench) == before


def test_of_many_all_are_created_or_none(bench: Bench) -> None:
    before = snapshot(bench)
    with pytest.raises(CommandRefused, match="an automation is called 'b' already"):
        bench.commands.create_many([new(bench, name="a"), new(bench, name="b"), new(bench, name="b")])
    assert snapshot(bench) == before


@pytest.mark.parametrize("make_bench", ["postgres"], indirect=True)
@pytest.mark.parametrize("looks_up", ["named", "account_id_named"])
@pytest.mark.parametrize("renames", [False, True])
def test_a_name_that_somebody_takes_between_look_and_commit_is_refused(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, looks_up: str, *, renames: bool
) -> None:
    # On SQLite one transaction writes at a time: nobody comes between.
    commands, of_automations = bench.commands, looks_up == "named"
    an_account = NewAccount("taken", "fake", "fake", {}, {})
    create: Callable[[], object] = (
        (lambda: commands.create(new(bench, name="taken")))
        if of_automations
        else (lambda: commands.add_account(an_account))
    )
    other = commands.create(new(bench, name="other"))
    rename: Callable[[], object] = (
        (lambda: commands.edit(other, name="taken"))
        if of_automations
        else (lambda: commands.edit_account(bench.account, name="taken"))
    )
    look, looks = getattr(store_automations, looks_up), list[str]()

    def somebody_is_faster(connection: sa.Connection, owner: str, name: str) -> Any:
        looks.append(name)
        found = look(connection, owner, name)
        if len(looks) == 1:
            with ThreadPoolExecutor(1) as elsewhere:
                elsewhere.submit(create).result()
        return found

    monkeypatch.setattr(store_automations, looks_up, somebody_is_faster)
    with pytest.raises(CommandRefused, match="is called 'taken' already: choose another name"):
        (rename if renames else create)()
    table = tables.automations if of_automations else tables.accounts
    assert [row.name for row in bench.rows(table, table.c.name)].count("taken") == 1


def test_an_account_of_the_same_name_is_returned_as_it_is(bench: Bench) -> None:
    before = snapshot(bench)
    assert bench.commands.create_account(NewAccount("main", "fake", "fake", {}, {})) == bench.account
    assert snapshot(bench) == before
    with pytest.raises(UnknownType, match="no plugin registers the trading connector 'nothing'"):
        bench.commands.create_account(NewAccount("other", "fake", "nothing", {}, {}))
    assert snapshot(bench) == before


def test_paused_it_decides_nothing_and_its_orders_stay(bench: Bench) -> None:
    a = bench.automation("a", once(BUY))
    bench.settle()
    bench.commands.pause(a)
    bench.commands.signal(a, "wake up")
    bench.run(5_000)
    assert (bench.row(a).status, bench.row(a).tick, bench.statuses()) == ("paused", 1, ["open"])
    bench.commands.resume(a)
    bench.settle()
    assert (bench.row(a).status, bench.row(a).tick) == ("active", 2)


def test_a_failed_automation_is_resumed_with_its_failures_forgiven(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(failure_limit=1)
    broken = [True]

    def decide(_tick: Tick[Any, Any]) -> Decision:
        if broken:
            raise RuntimeError("no")
        return Decision()

    a = bench.automation("a", decide)
    bench.settle()
    assert bench.row(a).status == "failed"
    broken.clear()
    bench.commands.resume(a)
    assert (bench.row(a).status, bench.row(a).failures, bench.row(a).reason) == ("active", 0, "")
    bench.settle()
    assert bench.row(a).tick == 2


def test_an_edit_cancels_own_orders_and_the_next_tick_sees_the_config_before(bench: Bench) -> None:
    seen: list[Any] = []

    def decide(tick: Tick[Any, Any]) -> Decision:
        seen.append((tick.config.symbols, tick.previous_config and tick.previous_config.symbols))
        return Decision(orders=[BUY] if tick.number == 0 else [])

    a = bench.automation("a", decide)
    bench.settle()
    bench.advance(5_000)
    bench.commands.edit(a, {"who": "a", "symbols": ["ETH/USDT"]})
    bench.settle()
    assert seen[1] == (("ETH/USDT",), ("BTC/USDT",))
    assert (bench.statuses(), bench.trading.cancels) == (["cancelled"], ["x1"])
    bench.run(2_000)
    assert seen[-1] == (("ETH/USDT",), None)


def test_edited_twice_between_two_ticks_the_next_sees_what_the_last_one_saw(bench: Bench) -> None:
    seen: list[Any] = []

    def decide(tick: Tick[Any, Any]) -> Decision:
        seen.append(tick.previous_config and tick.previous_config.symbols)
        return Decision()

    a = bench.automation("a", decide)
    bench.settle()
    for symbol in ("ETH/USDT", "BTC/EUR"):
        bench.commands.edit(a, {"who": "a", "symbols": [symbol]})
    bench.run(2_000)
    assert seen == [None, ("BTC/USDT",)]


def test_a_type_that_is_edited_live_keeps_its_orders(bench: Bench) -> None:
    a = bench.automation("a", once(BUY), type="tests.live_scripted")
    bench.settle()
    bench.commands.edit(a, {"who": "a", "symbols": ["ETH/USDT"]})
    bench.run(2_000)
    assert (bench.statuses(), bench.trading.cancels) == (["open"], [])


def test_an_edited_automation_still_needs_what_its_state_asks_for(bench: Bench) -> None:
    a = bench.automation("a", lambda _: Decision(state={"also": ["ETH/USDT"]}))
    bench.settle()
    bench.commands.edit(a, {"who": "a", "candles": 3})
    assert json.loads(bench.row(a).needs) == [["BTC/USDT", "ETH/USDT"], [["BTC/USDT", "1h", 3]]]


def test_a_bad_edit_names_the_field_and_changes_nothing(bench: Bench) -> None:
    a = bench.automation("a", once(BUY))
    bench.settle()
    before = snapshot(bench)
    with pytest.raises(UsageError, match=r"automation 'a': config\.who: is missing"):
        bench.commands.edit(a, {})
    assert snapshot(bench) == before


def test_a_paused_automation_is_edited_without_being_evaluated(bench: Bench) -> None:
    a = bench.automation("a", once())
    bench.settle()
    bench.commands.pause(a)
    bench.commands.edit(a, {"who": "a", "symbols": ["ETH/USDT"]})
    bench.run(2_000)
    assert (bench.row(a).status, bench.row(a).tick) == ("paused", 1)


def test_stop_cancels_own_orders_settles_and_ends(bench: Bench) -> None:
    a = bench.automation("a", once(BUY))
    b = bench.automation("b", once(BUY))
    bench.settle()
    bench.trading.fill("x1", "0.5")
    bench.commands.stop(a)
    assert bench.row(a).status == "stopping"
    bench.settle()
    assert (bench.row(a).status, bench.row(b).status, bench.trading.cancels) == ("stopped", "active", ["x1"])
    assert bench.funds(a) == {"BTC": (Decimal("0.5"), Decimal(0)), "USDT": (Decimal(955), Decimal(0))}
    assert bench.events(a)[-3:] == ["order.fill", "order.cancelled", "automation.stopped"]


def test_stop_with_close_sells_what_is_held_once(bench: Bench) -> None:
    bench.trading.will(bench.trading.fill_at_once, bench.trading.fill_at_once)
    a = bench.automation("a", once(MARKET_BUY))
    bench.run(1_000)
    bench.commands.stop(a, close=True)
    bench.run(2_000)
    assert [(r.side, r.type, r.amount) for r in bench.trading.requests] == [
        ("buy", "market", Decimal(1)),
        ("sell", "market", Decimal(1)),
    ]
    assert (bench.row(a).status, bench.statuses()) == ("stopped", ["filled", "filled"])
    assert bench.funds(a) == {"BTC": (Decimal(0), Decimal(0)), "USDT": (Decimal(1000), Decimal(0))}


def test_stop_with_close_sells_first_what_is_paid_from_another_position_and_then_that(bench: Bench) -> None:
    bench.market.prices["ETH/BTC"] = Decimal("0.5")
    bitcoin = MarketOrder("BTC/USDT", "buy", amount=Decimal(2))
    ether = MarketOrder("ETH/BTC", "buy", amount=Decimal(2))
    bench.trading.will(*[bench.trading.fill_at_once] * 4)
    bought = {0: [bitcoin], 1: [ether]}
    a = bench.automation("a", lambda t: Decision(orders=bought.get(t.number, [])), symbols=("BTC/USDT", "ETH/BTC"))
    bench.run(3_000)
    bench.commands.stop(a, close=True)
    bench.run(3_000)
    assert [(r.side, r.symbol, r.amount) for r in bench.trading.requests] == [
        ("buy", "BTC/USDT", Decimal(2)),
        ("buy", "ETH/BTC", Decimal(2)),
        ("sell", "ETH/BTC", Decimal(2)),
        ("sell", "BTC/USDT", Decimal(2)),
    ]
    assert bench.row(a).status == "stopped"
    assert {asset: free for asset, (free, _) in bench.funds(a).items()} == {"BTC": 0, "ETH": 0, "USDT": 1000}


def test_what_an_ended_automation_still_holds_is_sold_by_stopping_it_with_close(bench: Bench) -> None:
    bench.trading.will(bench.trading.fill_at_once, bench.trading.fill_at_once)
    a = bench.automation("a", once(MARKET_BUY))
    bench.run(1_000)
    bench.commands.stop(a)
    bench.run(1_000)
    with pytest.raises(CommandRefused, match=r"'a' is stopped already$"):
        bench.commands.stop(a)
    bench.commands.stop(a, close=True)
    bench.run(2_000)
    assert (bench.row(a).status, bench.funds(a)["BTC"]) == ("stopped", (Decimal(0), Decimal(0)))
    with pytest.raises(CommandRefused, match="'a' is stopped already and holds nothing"):
        bench.commands.stop(a, close=True)


def test_a_second_stop_does_not_undo_that_it_was_to_sell(bench: Bench) -> None:
    bench.trading.will(bench.trading.fill_at_once)
    a = bench.automation("a", once(MARKET_BUY))
    bench.run(1_000)
    bench.commands.stop(a, close=True)
    bench.commands.stop(a)
    assert bench.row(a).close_on_stop


def test_a_close_that_lacks_a_price_waits_and_holds_up_nobody_else(bench: Bench) -> None:
    bench.trading.will(bench.trading.fill_at_once)
    a = bench.automation("a", once(MARKET_BUY))
    b = bench.automation("b", once())
    bench.run(1_000)
    bench.market.fault = DataUnavailable("down")
    bench.advance(1)
    bench.commands.stop(a, close=True)
    bench.commands.stop(b)
    bench.run(1_000)
    assert (bench.row(a).status, bench.row(b).status) == ("stopping", "stopped")
    bench.market.fault = None
    bench.trading.will(bench.trading.fill_at_once)
    bench.run(2_000)
    assert (bench.row(a).status, bench.statuses()) == ("stopped", ["filled", "filled"])


def test_an_ending_whose_connector_is_gone_holds_up_nobody_else(bench: Bench) -> None:
    with bench.core.storage.write() as connection:
        gone = {**dict(bench.rows(tables.accounts)[0]._mapping), "id": "0", "name": "gone"}
        connection.execute(tables.accounts.insert(), [gone])
    a = bench.automation("a", once(), account="0")
    b = bench.automation("b", once())
    bench.settle()
    bench.commands.stop(a)
    bench.commands.stop(b)
    with bench.core.storage.write() as connection:
        broken = tables.accounts.update().where(tables.accounts.c.id == "0").values(trading="uninstalled")
        connection.execute(broken)
    bench.core.accounts._open.clear()
    bench.sweeper.sweep()
    assert bench.row(b).status == "stopped"


def test_an_ended_automation_is_deleted_with_all_that_was_its_own(bench: Bench) -> None:
    bench.trading.will(bench.trading.fill_at_once, bench.trading.fill_at_once)
    a = bench.automation("a", once(MARKET_BUY))
    b = bench.automation("b", once(MARKET_BUY))
    bench.run(1_000)
    bench.commands.signal(a, 1)
    bench.commands.stop(a)
    bench.settle()
    bench.commands.delete(a)
    left = {name: {row._mapping.get("automation_id") for row in rows} for name, rows in snapshot(bench).items()}
    for name in ("schedule", "intents", "fills", "postings", "balances", "positions", "equity"):
        assert left[name] == {b}, name
    assert [row.id for row in bench.rows(tables.automations)] == [b]
    assert bench.events(a)[-1] == "automation.deleted"


STATUSES = ("active", "waiting", "paused", "stopping", "completing", "stopped", "completed", "failed", "held")
ALLOWED = {
    "pause": {"active", "waiting", "held"},
    "resume": {"paused", "failed", "held"},
    "run_now": {"active", "waiting"},
    "edit": {"active", "waiting", "paused", "held"},
    "stop": set(STATUSES) - {"stopped", "completed"},
    "delete": {"stopped", "completed", "failed"},
}
RUN: dict[str, Callable[[Bench, str], object]] = {
    "pause": lambda bench, a: bench.commands.pause(a),
    "resume": lambda bench, a: bench.commands.resume(a),
    "run_now": lambda bench, a: bench.commands.run_now(a),
    "edit": lambda bench, a: bench.commands.edit(a, {"who": "b"}),
    "stop": lambda bench, a: bench.commands.stop(a),
    "delete": lambda bench, a: bench.commands.delete(a),
}


@pytest.mark.parametrize("command", sorted(RUN))
def test_a_command_in_the_wrong_status_is_refused_and_changes_nothing(bench: Bench, command: str) -> None:
    for status in STATUSES:
        a = bench.automation(f"{command} {status}", once())
        with bench.core.storage.write() as connection:
            columns = tables.automations.c
            allow_any_transition(connection)
            connection.execute(tables.automations.update().where(columns.id == a).values(status=status))
        before = snapshot(bench)
        if status in ALLOWED[command]:
            RUN[command](bench, a)
            assert snapshot(bench) != before
        else:
            with pytest.raises(CommandRefused):
                RUN[command](bench, a)
            assert snapshot(bench) == before


@pytest.mark.parametrize("command", sorted(RUN))
def test_a_command_about_nobody_is_refused(bench: Bench, command: str) -> None:
    with pytest.raises(CommandRefused, match="there is no automation nobody"):
        RUN[command](bench, "nobody")


def test_a_signal_with_a_key_seen_before_is_heard_once(bench: Bench) -> None:
    a = bench.automation("a", once())
    said = [
        bench.commands.signal(a, n, channel=channel, key=key)
        for n, (channel, key) in enumerate([("tv", "k"), ("tv", "k"), ("other", "k"), ("tv", None), ("tv", None)])
    ]
    assert said == [True, False, True, True, True]
    assert [row.payload for row in bench.rows(tables.inbox, tables.inbox.c.id)] == ["0", "2", "3", "4"]


def test_a_signal_past_its_expiry_is_not_given_to_a_tick(bench: Bench) -> None:
    heard: list[Any] = []

    def decide(tick: Tick[Any, Any]) -> Decision:
        heard.extend(signal.payload for signal in tick.signals)
        return Decision()

    a = bench.automation("a", decide)
    bench.settle()
    bench.commands.pause(a)
    bench.commands.signal(a, "stale", expires_at=bench.clock.now() + 1_000)
    bench.commands.signal(a, "fresh")
    bench.advance(2_000)
    bench.commands.resume(a)
    bench.settle()
    assert heard == ["fresh"]


def test_a_signal_that_fails_three_ticks_is_set_aside(bench: Bench) -> None:
    def decide(tick: Tick[Any, Any]) -> Decision:
        if tick.signals:
            raise RuntimeError("cannot read this")
        return Decision()

    a = bench.automation("a", decide)
    bench.settle()
    bench.commands.signal(a, "poison")
    bench.run(30_000, step=1_000)
    assert [(row.status, row.tries) for row in bench.rows(tables.inbox)] == [("dead", 3)]
    assert (bench.row(a).status, bench.row(a).failures) == ("active", 0)


def test_run_now_evaluates_at_once_but_not_twice_in_a_second(bench: Bench) -> None:
    a = bench.automation("a", once())
    bench.settle()
    bench.advance(400)
    bench.commands.run_now(a)
    assert bench.row(a).next_run_at == bench.clock.now() + 600
    bench.settle()
    assert bench.row(a).tick == 1
    bench.run(600)
    assert bench.row(a).tick == 2
