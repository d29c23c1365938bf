"""Automations before there are any: planned without being created, created without starting, refused in one go."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from octobot_node import Decision, Finding, MarketOrder, Tick, Wake
from octobot_node.errors import Mistake, UsageError
from tests.integration.operations.conftest import Office

DAILY = Wake(every=timedelta(days=1), align=True)


def spends(tick: Tick[Any, Any]) -> Decision:
    order = MarketOrder("BTC/USDT", "buy", spend=Decimal(60), tag="first")
    return Decision(state={"ticks": tick.number + 1}, orders=[order], wake=DAILY, figures={"lots": 1})


def draft(**changes: Any) -> dict[str, Any]:
    return {"type": "tests.scripted", "account": "main", "budget": {"USDT": "100"}, "config": {"who": "d"}} | changes


def test_a_type_is_planned_without_creating_anything(office: Office) -> None:
    office.bench.type.scripts["d"] = spends
    before = office.database()

    plan = office.do("types.plan", **draft())

    assert office.database() == before
    assert (plan.id, plan.automation, plan.tick, plan.scheduled, plan.outcome) == ("", "", 0, True, "decides")
    assert [(order.side, order.amount, order.status, order.tag) for order in plan.orders] == [
        ("buy", Decimal("0.5993"), "planned", "first")
    ]
    assert (plan.free_funds, plan.needs_funds, plan.lacking_funds) == (
        {"USDT": Decimal(100)},
        {"USDT": plan.orders[0].reserves},
        {},
    )
    assert plan.state == {"ticks": 1}
    poor = office.do("types.plan", **draft(budget={"USDT": "50"}))
    assert [order.status for order in poor.orders] == ["refused"]
    assert poor.lacking_funds == {"USDT": Decimal("9.93")}


def test_what_is_planned_is_what_its_first_tick_then_does(office: Office) -> None:
    office.bench.type.scripts["d"] = spends
    planned = office.do("types.plan", **draft())
    office.do("automations.create", name="real", **draft())
    again = office.do("automations.plan", automation="real")

    left_out = {"automation", "id"}
    assert planned.model_dump(exclude=left_out) == again.model_dump(exclude=left_out)


def test_a_plan_is_under_the_limits_that_are_given(office: Office) -> None:
    office.bench.type.scripts["d"] = spends
    plan = office.do("types.plan", **draft(limits={"max_order_notional": "40"}))
    assert [order.reason for order in plan.orders] == ["59.9300 USDT is above the limit of 40 an order"]


def test_a_budget_in_base_is_counted_as_the_first_tick_would(office: Office) -> None:
    sell = MarketOrder("BTC/USDT", "sell", amount=Decimal(1))
    office.bench.type.scripts["d"] = lambda _: Decision(orders=[sell], wake=DAILY)
    plan = office.do("types.plan", **draft(budget={"BTC": "2"}))
    assert ([order.status for order in plan.orders], plan.needs_funds) == (["planned"], {"BTC": Decimal(1)})


@pytest.mark.parametrize("operation", ["types.plan", "automations.create"])
def test_everything_that_is_wrong_is_told_at_once(office: Office, operation: str) -> None:
    before = office.database()
    wrong = draft(config={"candles": "many"}, account="mian", budget={"USDT": "-5", "usd t": "1"})
    wrong |= {"limits": {"max_order_notional": "0"}, "name": "x"}

    with pytest.raises(UsageError, match=r"^\d things are wrong: ") as refused:
        office.do(operation, **wrong)

    assert {mistake.field for mistake in refused.value.mistakes} == {
        "budget.USDT",
        "budget.usd t.[key]",
        "limits.max_order_notional",
        "config.who",
        "config.candles",
        "account",
    }
    assert office.database() == before


def test_of_what_can_be_read_everything_is_looked_at(office: Office) -> None:
    office.bench.automation("taken", lambda _: Decision(wake=DAILY))
    with pytest.raises(UsageError) as refused:
        office.do("automations.create", name="taken", **draft(account="nowhere", config={}, type="scriptde"))
    assert [mistake.field for mistake in refused.value.mistakes] == ["type", "name", "account"]
    with pytest.raises(UsageError) as refused:
        office.do("automations.create", name="taken", **draft(account="mian", config={}))
    assert refused.value.mistakes == (
        Mistake("config.who", "is missing: add it"),
        Mistake("name", "an automation is called 'taken' already: choose another name, or edit that one"),
        Mistake("account", "there is no account 'mian': did you mean 'main'?"),
    )


def test_one_that_is_not_to_start_is_paused_and_starts_when_resumed(office: Office) -> None:
    office.bench.type.scripts["d"] = lambda tick: Decision(state=[tick.number, tick.scheduled_at is None], wake=DAILY)
    made = office.do("automations.create", name="later", start=False, **draft())
    assert (made.status, made.next_run, made.ticks) == ("paused", None, 0)

    office.bench.advance(3_600_000)
    office.bench.settle()
    assert office.bench.row(made.id).tick == 0
    office.do("automations.resume", automation="later")
    office.bench.settle()
    assert (office.bench.row(made.id).status, office.bench.row(made.id).state) == ("active", "[0,true]")
    kinds = [event.kind for event in office.do("events.list", automation="later").events]
    assert kinds[:3] == ["automation.created", "automation.paused", "automation.active"]


def test_clones_and_run_files_may_be_created_paused_too(office: Office) -> None:
    office.bench.automation("one", lambda _: Decision(wake=DAILY))
    cloned = office.do("automations.clone", automation="one", name="two", start=False)
    text = "automations:\n  - {name: three, type: tests.scripted, account: main, config: {who: one}}\n"
    created = office.do("automations.import", files=[{"name": "f.yaml", "text": text}], start=False)
    assert [row.status for row in (*cloned.automations, *created.automations)] == ["paused", "paused"]


def test_a_symbol_that_is_not_listed_is_an_error_and_a_market_that_is_silent_none(office: Office) -> None:
    office.bench.type.scripts["d"] = lambda _: Decision(wake=DAILY)
    misspelt = draft(config={"who": "d", "symbols": ["BTC/USDT", "BCT/USDT"]})
    for operation, name in (("types.plan", {}), ("automations.create", {"name": "x"})):
        with pytest.raises(UsageError) as refused:
            office.do(operation, **misspelt, **name)
        assert refused.value.mistakes == (Mistake("config", "BCT/USDT is not listed by fake: did you mean BTC/USDT?"),)
    office.bench.market.fault = RuntimeError("down")
    office.bench.advance(61_000)
    assert office.do("automations.create", name="x", **misspelt).findings == []


def test_an_edit_to_a_symbol_that_is_not_listed_is_refused_with_its_field(office: Office) -> None:
    config = {"symbol": "BTC/USDT", "amount": "10"}
    office.do("automations.create", name="dca", **draft(type="dca", config=config))
    with pytest.raises(UsageError, match="DOGE/USDT is not listed by fake") as refused:
        office.do("automations.edit", automation="dca", changes={"symbol": "DOGE/USDT"})
    assert refused.value.field == "config.symbol"


def test_what_a_type_finds_is_told_with_everything_else_that_is_wrong(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [
        Finding("who", "earns nothing: raise it", "error"),
        Finding("", "it is late"),
        Finding("a.b", "x", "error"),
    ]
    monkeypatch.setattr(type(office.bench.type), "check", lambda *_: found)
    office.bench.automation("taken", lambda _: Decision(wake=DAILY))
    with pytest.raises(UsageError) as refused:
        office.do("automations.create", name="taken", **draft())
    assert [mistake.field for mistake in refused.value.mistakes] == ["name", "config.who", "config.a.b"]

    found[:] = [Finding("", "it is late")]
    office.bench.type.scripts["d"] = lambda _: Decision(wake=DAILY)
    assert [each.text for each in office.do("types.plan", **draft()).findings] == ["it is late"]
    assert [each.severity for each in office.do("automations.create", name="new", **draft()).findings] == ["warning"]
