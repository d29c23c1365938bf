"""Names, limits and configs that are edited, and commands that were meant for an automation as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from octobot_node import Decision, LimitOrder, Tick, Wake
from octobot_node.engine.commands.commands import Commands
from octobot_node.errors import CommandRefused, Conflict, UsageError
from octobot_node.operations.perform import perform_named
from octobot_node.store import tables
from tests.integration.operations.conftest import Office

HOURLY = Wake(every=timedelta(hours=1), align=True)


def idle(_tick: Tick[Any, Any]) -> Decision:
    return Decision(wake=HOURLY)


def resting(tick: Tick[Any, Any]) -> Decision:
    order = LimitOrder("BTC/USDT", "buy", amount=Decimal(1), price=Decimal(90))
    return Decision(orders=[] if tick.number else [order], wake=HOURLY)


def shown(office: Office, name: str) -> Any:
    return office.do("automations.show", automation=name, include=["events"])


def test_what_is_created_belongs_to_whom_the_desk_creates_for(office: Office) -> None:
    run_file = {
        "accounts": {"paper": {"market_data": {"use": "simulated"}, "trading": {"use": "paper"}}},
        "automations": [
            {
                "name": "dca",
                "type": "dca",
                "account": "paper",
                "config": {"symbol": "BTC/USD", "amount": 1, "every": "1h"},
            }
        ],
    }
    run_file["accounts"]["paper"]["balances"] = {"USD": 10}  # type: ignore[index]

    files = [{"name": "run.json", "text": json.dumps(run_file)}]

    def owners(**context: Any) -> list[str]:
        made: Any = perform_named(office.context(**context), "automations.import", {"files": files})
        return [row.owner for row in made.automations]

    assert owners() == ["local"]
    assert owners(creates_for="ann") == ["ann"]
    assert owners(owner="bob") == ["bob"]
    assert owners(owner="carol", creates_for="ann") == ["carol"]


def test_a_command_with_a_revision_is_refused_once_it_moved_and_changes_nothing(office: Office) -> None:
    office.bench.automation("a", resting)
    office.bench.settle()
    revision = shown(office, "a").revision
    office.bench.advance(3_600_000)
    office.bench.settle()
    # A tick is no change of anybody's.
    assert shown(office, "a").revision == revision
    assert office.do("automations.pause", automation="a", revision=revision).status == "paused"
    before = office.database()
    for name, more in (
        ("automations.pause", {}),
        ("automations.resume", {}),
        ("automations.run_now", {}),
        ("automations.stop", {}),
        ("automations.stop", {"close": True}),
        ("automations.delete", {}),
        ("automations.edit", {"changes": {"candles": 1}}),
        ("automations.edit", {"name": "b"}),
    ):
        with pytest.raises(
            Conflict, match=rf"'a' was changed meanwhile \(its revision is {revision + 1}, not {revision}\)"
        ):
            office.do(name, automation="a", revision=revision, **more)
    assert office.database() == before
    assert office.do("automations.resume", automation="a", revision=revision + 1).status == "active"


class Overtaken(Commands):
    """Somebody else edits just before every edit."""

    def edit(self, automation_id: str, *arguments: Any, **more: Any) -> None:
        super().edit(automation_id, {"who": "a", "candles": 7})
        super().edit(automation_id, *arguments, **more)


def test_changes_of_fields_are_not_made_to_a_config_that_changed_since_they_were_read(office: Office) -> None:
    office.bench.automation("a", idle)
    context = replace(office.context(), commands=Overtaken(office.bench.core))
    with pytest.raises(Conflict, match="'a' was changed meanwhile"):
        perform_named(context, "automations.edit", {"automation": "a", "changes": {"symbols": ["ETH/USDT"]}})
    assert (shown(office, "a").config["candles"], shown(office, "a").config["symbols"]) == (7, ["BTC/USDT"])


def test_name_limits_and_config_are_edited_together_and_one_event_says_what_changed(office: Office) -> None:
    found = office.bench.automation("a", resting)
    office.bench.settle()
    done = office.do(
        "automations.edit",
        automation="a",
        name="b",
        limits={"max_order_notional": "50", "max_data_age": "30s"},
        changes={"candles": 2},
    )
    assert (done.automation, done.id, done.status) == ("b", found, "active")
    row = shown(office, "b")
    assert row.limits == {"max_order_notional": "50", "max_data_age": "PT30S"}
    assert row.config["candles"] == 2
    last = row.events[0]
    assert (last.kind, last.data) == (
        "automation.edited",
        {
            "name": {"before": "a", "after": "b"},
            "limits": {"before": {}, "after": {"max_order_notional": "50", "max_data_age": "PT30S"}},
            "config": ["candles"],
        },
    )
    office.do("automations.edit", automation="b", limits={})
    assert shown(office, "b").limits == {}


def test_a_new_name_or_limit_leaves_orders_and_plan_alone_but_drops_an_evaluation_under_way(office: Office) -> None:
    found = office.bench.automation("a", resting)
    office.bench.settle()
    row = office.bench.row(found)
    office.do("automations.edit", automation="a", name="b", limits={"max_open_orders": 3})
    after = office.bench.row(found)
    assert (after.next_run_at, after.due_at, after.revision) == (row.next_run_at, row.due_at, row.revision + 1)
    assert office.bench.statuses() == ["open"]
    assert office.bench.intents("cancel") == []
    office.bench.advance(3_600_000)
    office.bench.dispatcher.dispatch()
    office.do("automations.edit", automation="b", limits={})
    office.bench.drain()
    assert office.bench.row(found).tick == 1
    # It was due, and is done with the limits that it has now.
    office.bench.settle()
    assert office.bench.row(found).tick == 2


def test_an_order_decided_after_limits_were_edited_is_under_the_new_ones(office: Office) -> None:
    def buying(_tick: Tick[Any, Any]) -> Decision:
        return Decision(orders=[LimitOrder("BTC/USDT", "buy", amount=Decimal(1), price=Decimal(90))], wake=HOURLY)

    office.bench.automation("a", buying)
    office.do("automations.edit", automation="a", limits={"max_order_notional": 50})
    office.bench.settle()
    (order,) = office.bench.intents()
    assert (order.status, order.reason) == ("refused", "90 USDT is above the limit of 50 an order")


def test_who_watches_the_old_or_the_new_name_is_woken_by_a_rename(office: Office) -> None:
    office.bench.automation("a", idle)
    watchers = [office.bench.automation(f"of-{name}", idle, watches=(name,)) for name in ("a", "b", "c")]
    office.bench.settle()
    office.bench.advance(60_000)
    office.do("automations.edit", automation="a", name="b")
    office.bench.settle()
    assert [office.bench.row(watcher).tick for watcher in watchers] == [2, 2, 1]


@pytest.mark.parametrize(
    ("edit", "error", "said"),
    [
        ({}, UsageError, "an edit changes nothing"),
        ({"config": {"who": "a"}, "changes": {"candles": 1}}, UsageError, "either a whole config or changes"),
        ({"name": "taken"}, CommandRefused, "an automation is called 'taken' already: choose another name"),
        ({"name": " a"}, UsageError, "name: "),
        ({"limits": {"max_open_orders": 0}}, UsageError, "limits.max_open_orders: must be greater than or equal to 1"),
        ({"limits": {"most": 0}}, UsageError, "limits.most: there is no field 'most'"),
        ({"name": "b", "changes": {"candles": "many"}}, UsageError, "config.candles: must be a whole number"),
    ],
)
def test_an_edit_that_cannot_be_changes_nothing(
    office: Office, edit: dict[str, Any], error: type[Exception], said: str
) -> None:
    office.bench.automation("a", idle)
    office.bench.automation("taken", idle)
    before = office.database()
    with pytest.raises(error, match=said):
        office.do("automations.edit", automation="a", **edit)
    assert office.database() == before


def test_an_automation_keeps_its_own_name_when_it_is_given_it_again(office: Office) -> None:
    found = office.bench.automation("a", idle)
    assert office.do("automations.edit", automation="a", name="a").automation == "a"
    assert [row.data for row in office.bench.rows(tables.events) if row.automation_id == found][-1] == "{}"
