"""One command for many automations, and another automation like one that there is."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from octobot_node import Decision, LimitOrder, MarketOrder, Tick, Wake
from octobot_node.engine.commands.commands import NewAccount, NewAutomation
from octobot_node.errors import CommandRefused, UnknownName, UsageError
from octobot_node.limits import Limits
from octobot_node.operations.perform import perform_named
from tests.integration.operations.conftest import Office

HOURLY = Wake(every=timedelta(hours=1), align=True)
COMMANDS = ("pause", "resume", "run_now", "stop", "stop_close", "delete")


def idle(_tick: Tick[Any, Any]) -> Decision:
    return Decision(wake=HOURLY)


def resting(tick: Tick[Any, Any]) -> Decision:
    order = LimitOrder("BTC/USDT", "buy", amount=Decimal(1), price=Decimal(90))
    return Decision(orders=[] if tick.number else [order], wake=HOURLY)


def buying(tick: Tick[Any, Any]) -> Decision:
    return Decision(orders=[] if tick.number else [MarketOrder("BTC/USDT", "buy", amount=Decimal(1))])


def statuses(office: Office) -> dict[str, str]:
    return {row.name: row.status for row in office.do("automations.list", limit=500).automations}


def reasons(done: Any) -> list[str]:
    return [refusal.reason for refusal in done.refused]


def mixed(office: Office) -> dict[str, str]:
    """Make an automation of each kind that commands differ for; return name -> id."""
    made = {}
    for name, decide in (("active", idle), ("paused", idle), ("resting", resting), ("ended", idle)):
        made[name] = office.bench.automation(name, decide)
    made["holding"] = office.bench.automation(
        "holding",
        lambda tick: Decision(orders=[] if tick.number else [MarketOrder("BTC/USDT", "buy", amount=Decimal(1))]),
    )
    office.bench.settle()
    office.bench.trading.fill(next(row.exchange_order_id for row in office.bench.intents() if row.type == "market"))
    for name in ("ended", "holding"):
        office.do("automations.stop", automation=name)
    office.do("automations.pause", automation="paused")
    office.bench.run(2_000)
    assert statuses(office) == {
        "active": "active",
        "paused": "paused",
        "resting": "active",
        "ended": "stopped",
        "holding": "stopped",
    }
    return made


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_many_are_told_what_each_alone_would_be_told(open_office: Any, command: str) -> None:
    together, alone = open_office(), open_office()
    ids, same = mixed(together), mixed(alone)
    dry = together.do("automations.bulk", command=command, everything=True, dry_run=True)
    assert statuses(together) == statuses(alone)
    done = together.do("automations.bulk", command=command, everything=True)
    assert (dry.done, dry.refused, dry.dry_run, done.dry_run) == (done.done, done.refused, True, False)

    single, close = command.removesuffix("_close"), command.endswith("_close")
    refused = {}
    for name, id_ in same.items():
        try:
            alone.do(f"automations.{single}", automation=id_, **({"close": True} if close else {}))
        except CommandRefused as error:
            refused[name] = str(error)
    assert {name: id_ in done.done for name, id_ in ids.items()} == {name: name not in refused for name in ids}
    assert {refusal.id: refusal.reason for refusal in done.refused} == {ids[name]: why for name, why in refused.items()}
    assert statuses(together) == statuses(alone)
    assert together.bench.events() == alone.bench.events()
    assert [row.kind for row in together.bench.intents("cancel")] == [row.kind for row in alone.bench.intents("cancel")]
    assert sorted(together.bench.row(ids[name]).next_run_at or 0 for name in statuses(together)) == sorted(
        alone.bench.row(same[name]).next_run_at or 0 for name in statuses(alone)
    )


def test_filters_narrow_a_bulk_and_none_at_all_is_refused(office: Office) -> None:
    other = office.bench.commands.create_account(NewAccount("other", "fake", "fake", {}, {}))
    ids = [office.bench.automation(f"a{n}", idle, account=other if n == 1 else None) for n in range(4)]
    office.bench.automation("live", idle, type="tests.live_scripted")

    def told(**filters: Any) -> list[str]:
        return list(office.do("automations.bulk", command="pause", dry_run=True, **filters).done)

    assert told(account="other") == [ids[1]]
    assert told(type="scripted") == ids
    assert told(type="scripted", account="main", ids=ids[:2]) == [ids[0]]
    office.do("automations.bulk", command="pause", ids=[ids[3]])
    assert told(status="active", type="scripted") == ids[:3]
    assert told(status="waiting") == []
    for wrong in ({}, {"everything": True, "status": "active"}):
        with pytest.raises(UsageError, match="which automations to pause"):
            told(**wrong)
    with pytest.raises(UnknownName, match="no automation type 'scriptet'"):
        told(type="scriptet")


def test_a_bulk_goes_on_where_the_call_before_ended(office: Office) -> None:
    ids = [office.bench.automation(f"a{n}", idle) for n in range(5)]
    first = office.do("automations.bulk", command="pause", status="active", limit=3)
    assert (first.done, first.next_cursor) == (ids[:3], ids[2])
    rest = office.do("automations.bulk", command="pause", status="active", limit=3, cursor=first.next_cursor)
    assert (rest.done, rest.next_cursor) == (ids[3:], None)
    assert set(statuses(office).values()) == {"paused"}
    # What is paused already is refused one by one, and the others are still paused.
    office.do("automations.resume", automation="a2")
    again = office.do("automations.bulk", command="pause", everything=True)
    assert (again.done, reasons(again)) == ([ids[2]], [f"'a{n}' is paused already" for n in (0, 1, 3, 4)])


def test_more_than_one_transaction_s_worth_is_changed_whole(office: Office) -> None:
    office.bench.type.scripts["x"] = idle
    office.bench.commands.create_many(
        [NewAutomation(f"n{n}", "tests.scripted", office.bench.account, {}, {"who": "x"}) for n in range(1_001)]
    )
    done = office.do("automations.bulk", command="pause", everything=True)
    assert (len(done.done), done.refused, done.next_cursor) == (1_001, [], None)
    assert office.do("node.status").automations == {"paused": 1_001}
    assert office.bench.events().count("automation.paused") == 1_001


def test_one_whose_account_cannot_be_opened_is_stopped_with_the_others(office: Office) -> None:
    broken = office.bench.commands.create_account(NewAccount("broken", "fake", "paper", {}, {"fee": "much"}))
    good = office.bench.automation("good", idle)
    bad = office.bench.automation("bad", idle, account=broken)
    done = office.do("automations.bulk", command="stop", everything=True)
    assert (sorted(done.done), done.refused) == (sorted([good, bad]), [])
    assert office.bench.row(bad).status == "stopping"


def test_nobody_s_ids_and_other_owners_ids_are_refused_alike(office: Office) -> None:
    ours = office.bench.automation("a", idle)
    context = office.context(owner="bob")
    done: Any = perform_named(context, "automations.bulk", {"command": "stop", "ids": [ours, "nobody"]})
    assert (done.done, reasons(done)) == ([], [f"there is no automation {ours}", "there is no automation nobody"])
    everything: Any = perform_named(context, "automations.bulk", {"command": "stop", "everything": True})
    assert (everything.done, everything.refused) == ([], [])
    assert statuses(office) == {"a": "active"}


def test_a_clone_has_all_but_the_name_and_what_is_given(office: Office) -> None:
    office.bench.automation(
        "a", resting, budget={"USDT": "500", "BTC": "0.5"}, limits=Limits(max_open_orders=2), candles=3
    )
    office.bench.settle()
    (made,) = office.do("automations.clone", automation="a", name="b").automations
    assert (made.name, made.type, made.account, made.status, made.ticks) == ("b", "tests.scripted", "main", "active", 0)
    same = office.do("automations.show", automation="b", include=["orders", "state"])
    assert (same.budget, same.limits) == ({"USDT": Decimal(500), "BTC": Decimal("0.5")}, {"max_open_orders": 2})
    assert (same.config["candles"], same.orders, same.state) == (3, [], None)

    office.bench.commands.create_account(NewAccount("other", "fake", "fake", {}, {}))
    more = {"account": "other", "budget": {"USDT": "7"}, "limits": {}, "changes": {"candles": 1}}
    office.do("automations.clone", automation="a", name="c", **more)
    other = office.do("automations.show", automation="c")
    assert (other.account, other.budget, other.limits, other.config["candles"]) == (
        "other",
        {"USDT": Decimal(7)},
        {},
        1,
    )
    office.do("automations.clone", automation="a", name="d", config={"who": "a"})
    assert office.do("automations.show", automation="d").config["candles"] == 0


def test_a_clone_belongs_to_the_owner_of_what_it_is_made_from(office: Office) -> None:
    account = office.bench.commands.create_account(NewAccount("main", "fake", "fake", {}, {}, owner="bob"))
    his = office.bench.automation("his", idle, account=account, owner="bob")
    (made,) = office.do("automations.clone", automation=his, name="more").automations
    assert (made.owner, made.account) == ("bob", "main")
    office.bench.commands.create_account(NewAccount("second", "fake", "fake", {}, {}))
    with pytest.raises(UnknownName, match="no account 'second'"):
        office.do("automations.clone", automation=his, name="other", account="second")


@pytest.mark.parametrize(
    ("more", "error", "said"),
    [
        ({"name": "a"}, UsageError, "an automation is called 'a' already"),
        ({"name": "b", "account": "no"}, UnknownName, "there is no account 'no'"),
        ({"name": "b", "changes": {"candles": "many"}}, UsageError, "config.candles: must be a whole number"),
        ({"name": "b", "config": {}, "changes": {"x": 1}}, UsageError, "either a whole config or changes"),
        ({"name": "b", "budget": {"USDT": "-1"}}, UsageError, "budget.USDT: must be greater than 0"),
        ({}, UsageError, "name: is missing"),
    ],
)
def test_a_clone_that_cannot_be_is_refused(office: Office, more: Any, error: type[Exception], said: str) -> None:
    office.bench.automation("a", idle)
    before = office.database()
    with pytest.raises(error, match=said):
        office.do("automations.clone", automation="a", **more)
    assert office.database() == before


def test_a_clone_may_not_be_given_money_that_a_paper_account_does_not_hold(office: Office) -> None:
    config = {"symbol": "BTC/USD", "amount": 1, "every": "1h"}
    account = {"market_data": {"use": "simulated"}, "trading": {"use": "paper"}, "balances": {"USD": 100}}
    spec = {"name": "dca", "type": "dca", "account": "paper", "budget": {"USD": 60}, "config": config}
    content = json.dumps({"accounts": {"paper": account}, "automations": [spec]})
    office.do("automations.import", files=[{"name": "run.json", "text": content}])
    with pytest.raises(UsageError, match="with it the budgets on account 'paper' are 120 USD, but it has 100 USD"):
        office.do("automations.clone", automation="dca", name="more")
    office.do("automations.clone", automation="dca", name="more", budget={"USD": 40})
    assert office.do("automations.show", automation="more").budget == {"USD": Decimal(40)}
