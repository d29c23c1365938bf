"""Looking at automations, and changing what they do."""

from __future__ import annotations

import inspect
from datetime import timedelta
from decimal import Decimal
from typing import Any, get_type_hints

import pytest

from octobot_node import Decision, LimitOrder, MarketOrder, Tick, Wake
from octobot_node.engine.commands.commands import NewAccount, NewAutomation
from octobot_node.errors import CommandRefused, UnknownName, UsageError
from octobot_node.operations.catalogue import OPERATIONS
from octobot_node.operations.perform import perform_named
from octobot_node.store.tables import notices
from tests.integration.operations.conftest import Office

HOURLY = Wake(every=timedelta(hours=1), align=True)


def idle(_tick: Tick[Any, Any]) -> Decision:
    return Decision(wake=HOURLY)


def resting(tick: Tick[Any, Any]) -> Decision:
    if tick.open_orders or tick.number:
        return Decision(wake=HOURLY)
    order = LimitOrder("BTC/USDT", "buy", amount=Decimal(1), price=Decimal(90), tag="first")
    return Decision(orders=[order], wake=HOURLY, state={"seen": 1}, figures={"grid profit": Decimal("1.50")})


def test_every_operation_has_the_function_that_the_catalogue_says() -> None:
    for name, operation in OPERATIONS.items():
        function = operation.load()
        hints = get_type_hints(function)
        assert (hints["request"], hints["return"]) == (operation.request, operation.response), name
        assert [*inspect.signature(function).parameters] == ["context", "request"], name
        assert function.__doc__, name


def test_a_list_goes_page_by_page_and_by_status_type_and_account(office: Office) -> None:
    other = office.bench.commands.create_account(NewAccount("other", "fake", "fake", {}, {}))
    ids = [office.bench.automation(f"a{n}", idle, account=other if n == 3 else None) for n in range(5)]
    office.bench.automation("live", idle, type="tests.live_scripted")
    office.do("automations.pause", automation="a1")

    def names(**arguments: Any) -> list[str]:
        return [row.name for row in office.do("automations.list", **arguments).automations]

    first = office.do("automations.list", limit=4)
    assert [row.name for row in first.automations] == ["a0", "a1", "a2", "a3"]
    assert first.next_cursor == ids[3]
    rest = office.do("automations.list", limit=4, cursor=first.next_cursor)
    assert ([row.name for row in rest.automations], rest.next_cursor) == (["a4", "live"], None)
    # A full last page has no page after it.
    assert office.do("automations.list", limit=6).next_cursor is None
    assert names(status="paused") == ["a1"]
    assert names(type="live_scripted") == names(type="tests.live_scripted") == ["live"]
    assert names(account="other") == names(account=other) == ["a3"]
    assert names(account="main", type="scripted", status="active") == ["a0", "a2", "a4"]
    with pytest.raises(UnknownName, match=r"no automation type 'scriptet': did you mean 'scripted'"):
        names(type="scriptet")
    with pytest.raises(UnknownName, match=r"there is no account 'othr': did you mean 'other'\?"):
        names(account="othr")
    with pytest.raises(UsageError, match="limit: must be less than or equal to 500, not 501"):
        names(limit=501)
    with pytest.raises(UsageError, match=r"status\.0: must be 'active', 'waiting'"):
        names(status="idle")


def test_an_automation_is_found_by_name_or_id_and_near_ones_are_told(office: Office) -> None:
    found = office.bench.automation("grid-btc", idle)
    office.bench.automation("grid-eth", idle)
    assert office.do("automations.show", automation="grid-btc").id == found
    assert office.do("automations.show", automation=found).name == "grid-btc"
    with pytest.raises(UnknownName, match=r"no automation 'grid-bct': did you mean 'grid-btc' or 'grid-eth'\?"):
        office.do("automations.show", automation="grid-bct")
    with pytest.raises(UnknownName, match=r"no automation 'zzz': there are grid-btc, grid-eth"):
        office.do("automations.show", automation="zzz")


def test_a_name_that_two_owners_gave_is_ambiguous_and_one_owner_sees_only_his_own(office: Office) -> None:
    ours = office.bench.automation("same", idle)
    account = office.bench.commands.create_account(NewAccount("main", "fake", "fake", {}, {}, owner="bob"))
    his = office.bench.commands.create(
        NewAutomation("same", "tests.scripted", account, {}, {"who": "same"}, owner="bob")
    )
    with pytest.raises(UnknownName, match=rf"2 automations are called 'same': .*{ours} of local, {his} of bob"):
        office.do("automations.show", automation="same")
    assert office.do("automations.show", automation=his).id == his
    bobs = office.context(owner="bob")
    assert perform_named(bobs, "automations.show", {"automation": "same"}).id == his  # type: ignore[attr-defined]
    with pytest.raises(UnknownName):
        perform_named(bobs, "automations.show", {"automation": ours})
    assert [row.id for row in perform_named(bobs, "automations.list", {}).automations] == [his]  # type: ignore[attr-defined]
    events = perform_named(bobs, "events.list", {}).events  # type: ignore[attr-defined]
    assert {event.automation_id for event in events} == {his}


def test_show_tells_money_orders_state_and_events(office: Office) -> None:
    found = office.bench.automation("grid", resting, budget={"USDT": "1000"})
    office.bench.settle()
    everything = ["state", "orders", "events", "report"]
    shown = office.do("automations.show", automation="grid", include=everything)
    plain = shown.model_dump(mode="json")
    assert {key: plain[key] for key in ("name", "status", "ticks", "open_orders", "unknown_orders")} == {
        "name": "grid",
        "status": "active",
        "ticks": 1,
        "open_orders": 1,
        "unknown_orders": 0,
    }
    assert plain["balances"] == {"USDT": {"free": "910", "reserved": "90"}}
    assert plain["budget"] == {"USDT": "1000"}
    assert (plain["state"], [(row["label"], row["value"]) for row in plain["figures"]]) == (
        {"seen": 1},
        [("grid profit", "1.50")],
    )
    assert plain["config"]["who"] == "grid"
    assert plain["needs"] == {"tickers": ["BTC/USDT"], "candles": [], "automations": []}
    assert plain["next_run"] == "2026-01-01T01:00:00Z"
    (order,) = plain["orders"]
    assert (order["status"], order["price"], order["tag"], order["automation"]) == ("open", "90", "first", "grid")
    assert [event["kind"] for event in plain["events"]] == ["order.planned", "automation.created"]
    assert plain["report"]["final_equity"] == "1000"
    assert shown.id == found


def test_what_is_held_is_shown_while_there_are_no_prices_to_value_it(office: Office) -> None:
    office.bench.automation("grid", lambda _: Decision(orders=[MarketOrder("BTC/USDT", "buy", amount=Decimal(1))]))
    office.bench.trading.will(office.bench.trading.fill_at_once)
    office.bench.settle()
    office.bench.market.fault = RuntimeError("no prices today")
    office.bench.advance(60_001)
    shown = office.do("automations.show", automation="grid", include=["report"])
    assert shown.report.final_equity is None
    assert [(position.symbol, position.amount) for position in shown.positions] == [("BTC/USDT", Decimal(1))]


def test_pause_resume_and_run_now_take_effect_and_hurry_the_node(office: Office) -> None:
    found = office.bench.automation("a", idle)
    office.bench.settle()
    assert office.do("automations.pause", automation="a").status == "paused"
    assert office.do("automations.show", automation="a").next_run is None
    with pytest.raises(CommandRefused, match="'a' is paused: resume it first"):
        office.do("automations.run_now", automation="a")
    assert office.hurried == []
    assert office.do("automations.resume", automation=found).model_dump() == {
        "automation": "a",
        "id": found,
        "status": "active",
        "note": "",
    }
    assert len(office.hurried) == 1
    with pytest.raises(CommandRefused, match="'a' is active already"):
        office.do("automations.resume", automation="a")
    office.bench.advance(5_000)
    office.bench.settle()
    office.do("automations.run_now", automation="a")
    office.bench.advance(1_000)
    office.bench.settle()
    assert (office.bench.row(found).tick, len(office.hurried)) == (3, 2)


def test_an_edit_changes_single_fields_or_the_whole_config(office: Office) -> None:
    found = office.bench.automation("a", idle, symbols=("BTC/USDT",))

    def config() -> dict[str, Any]:
        shown = office.do("automations.show", automation="a").config
        return {name: shown[name] for name in ("who", "symbols", "candles")}

    office.do("automations.edit", automation="a", changes={"candles": 3})
    assert config() == {"who": "a", "symbols": ["BTC/USDT"], "candles": 3}
    office.do("automations.edit", automation="a", config={"who": "a", "symbols": ["ETH/USDT"]})
    assert config() == {"who": "a", "symbols": ["ETH/USDT"], "candles": 0}
    assert office.bench.row(found).needs == '[["ETH/USDT"],[]]'
    for arguments, said in (
        ({}, "an edit changes nothing: give a whole config, changes of single fields, a name, limits or tags"),
        ({"config": {}, "changes": {"who": "b"}}, "either a whole config or changes of single fields"),
        ({"changes": {"candles": "many"}}, r"automation 'a': config.candles: must be a whole number, not 'many'"),
        ({"changes": {"candles.deep": 1}}, "config.candles is 0 and has no fields: set candles itself"),
        ({"changes": {"candles.": 1}}, "config.candles is 0 and has no fields"),
        ({"config": {"symbols": []}}, "automation 'a': config.who: is missing: add it"),
    ):
        with pytest.raises(UsageError, match=said):
            office.do("automations.edit", automation="a", **arguments)
    assert config() == {"who": "a", "symbols": ["ETH/USDT"], "candles": 0}


def test_a_stop_says_what_is_still_to_come_and_the_ended_can_be_removed(office: Office) -> None:
    found = office.bench.automation("grid", resting)
    office.bench.settle()
    with pytest.raises(CommandRefused, match="'grid' is active: stop it and let its orders settle first"):
        office.do("automations.delete", automation="grid")
    stopping = office.do("automations.stop", automation="grid", close=True)
    assert (stopping.status, stopping.note) == (
        "stopping",
        "its orders are being cancelled, then what it holds is sold",
    )
    office.bench.run(2_000)
    assert office.do("automations.show", automation="grid").status == "stopped"
    for name in ("automations.stop", "automations.pause", "automations.resume", "automations.run_now"):
        with pytest.raises(CommandRefused, match="'grid' is stopped"):
            office.do(name, automation="grid")
    with pytest.raises(CommandRefused, match="'grid' is stopped and cannot be edited"):
        office.do("automations.edit", automation="grid", changes={"candles": 1})
    with pytest.raises(CommandRefused, match="'grid' is stopped: it takes no signals any more"):
        office.do("signals.send", automation="grid", payload=1)
    with pytest.raises(CommandRefused, match="'grid' is stopped: it decides nothing any more"):
        office.do("automations.plan", automation="grid")
    assert office.do("automations.delete", automation="grid").status == "deleted"
    with pytest.raises(UnknownName, match="there are none yet"):
        office.do("automations.show", automation="grid")
    # Its events stay, under its id.
    last = office.do("events.list", limit=1).events[0]
    assert (last.kind, last.automation, last.automation_id, last.data) == (
        "automation.deleted",
        "",
        found,
        {"name": "grid"},
    )


def test_a_stop_on_a_folder_at_rest_says_that_it_is_carried_out_later(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.bench.automation("grid", resting)
    office.bench.settle()
    # On a shared database the bench is a node that works, which a folder at rest is not.
    monkeypatch.setattr(type(office.bench.core.coordinator), "nodes", lambda _self: [])
    stopped: Any = perform_named(office.context(live=False), "automations.stop", {"automation": "grid"})
    assert stopped.note == (
        "its orders are being cancelled; no node runs on this data folder: it is carried out when one runs next"
    )


def test_events_are_followed_by_id_without_missing_one(office: Office) -> None:
    for name in ("a", "b", "c"):
        office.bench.automation(name, idle)
    office.do("automations.pause", automation="b")
    newest = office.do("events.list", limit=2)
    assert [(event.automation, event.kind) for event in newest.events] == [
        ("c", "automation.created"),
        ("b", "automation.paused"),
    ]
    assert newest.last == newest.events[-1].id
    seen, after = [], 0
    while True:
        page = office.do("events.list", after=after, limit=3)
        seen += [event.id for event in page.events]
        if page.last == after:
            break
        after = page.last
    assert seen == sorted(set(seen))
    assert len(seen) == 4
    # What is filtered out is behind a follower, too.
    created = office.do("events.list", after=0, kind="automation.created", automation="b")
    assert ([event.automation for event in created.events], created.last) == (["b"], after)
    assert [e.kind for e in office.do("events.list", kind="automation.", automation="b").events] == [
        "automation.created",
        "automation.paused",
    ]
    assert office.do("events.list", kind="order.").events == []


def test_a_signal_arrives_once_as_json_and_not_after_its_time(office: Office) -> None:
    seen: list[Any] = []

    def listen(tick: Tick[Any, Any]) -> Decision:
        seen.extend((signal.channel, signal.payload) for signal in tick.signals)
        return Decision(wake=HOURLY)

    office.bench.automation("ear", listen)
    office.bench.settle()
    office.bench.advance(5_000)
    payload = {"side": "buy", "amount": Decimal("0.25"), "n": 3, "nothing": None}
    assert office.do("signals.send", automation="ear", payload=payload, key="1", channel="tv").accepted
    assert not office.do("signals.send", automation="ear", payload=payload, key="1", channel="tv").accepted
    assert office.do("signals.send", automation="ear", payload=None).accepted
    assert office.do("signals.send", automation="ear", payload="late", expires_in=0.5).accepted
    office.bench.advance(1_000)
    office.bench.settle()
    assert seen == [("tv", {"side": "buy", "amount": 0.25, "n": 3, "nothing": None}), ("default", None)]
    with pytest.raises(UsageError, match="takes 70,002 characters of JSON; 64,000 is the most"):
        office.do("signals.send", automation="ear", payload="x" * 70_000)
    with pytest.raises(UsageError, match="not valid JSON"):
        office.do("signals.send", automation="ear", payload=float("nan"))


def test_status_and_accounts_count_what_there_is(office: Office) -> None:
    office.bench.automation("grid", resting)
    office.bench.automation("idle", idle)
    office.bench.settle()
    office.do("automations.pause", automation="idle")
    found = office.do("node.status").model_dump(mode="json")
    assert {
        key: found[key] for key in ("running", "sending", "automations", "open_orders", "unknown_orders", "lag")
    } == {
        "running": True,
        "sending": True,
        "automations": {"active": 1, "paused": 1},
        "open_orders": 1,
        "unknown_orders": 0,
        "lag": 0.0,
    }
    office.bench.advance(3_600_000 + 2_500)
    assert office.do("node.status").lag == 2.5
    (account,) = office.do("accounts.list").accounts
    assert (account.name, account.automations, account.open_orders, account.simulated) == ("main", 2, 1, False)


def test_unknown_operations_and_arguments_are_refused(office: Office) -> None:
    with pytest.raises(UsageError, match=r"knows no operation 'automations\.destroy'"):
        office.do("automations.destroy")
    with pytest.raises(UsageError, match="colour: there is no field 'colour'"):
        office.do("automations.pause", automation="a", colour="red")
    with pytest.raises(UsageError, match="automation: is missing"):
        office.do("automations.pause")


def test_what_a_plugin_tells_is_a_notice_of_the_node_or_of_an_automation(office: Office) -> None:
    found = office.bench.automation("a", idle)
    office.context().plugin_context.tell("the disk is nearly full", level="warning")
    office.context().plugin_context.tell("look here", automation_id=found)
    told = [
        (row.automation_id, row.account_id, row.level, row.message) for row in office.bench.rows(notices, notices.c.id)
    ]
    assert told == [("", "", "warning", "the disk is nearly full"), (found, office.bench.account, "info", "look here")]
