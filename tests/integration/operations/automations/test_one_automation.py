"""One automation looked at closely: what is large only where it is asked for, typed figures, what it does next."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from octobot_node import About, Decision, Figure, LimitOrder, Notify, Tick, Wake
from tests.integration.operations.conftest import Office

HOURLY = Wake(every=timedelta(hours=1), align=True)
FIGURES = (
    Figure("grid profit", "money", "quote"),
    Figure("* weight", "percent"),
    Figure("trips", "count", key="round_trips"),
    Figure("stop", "price", "USDT"),
)


def decides(_tick: Tick[Any, Any]) -> Decision:
    figures = {
        "grid profit": Decimal("1.50"),
        "BTC weight": Decimal(40),
        "trips": 3,
        "stop": "none",
        "odd": "x",
        "n": 7,
    }
    order = LimitOrder("BTC/USDT", "buy", Decimal(1), Decimal(90), tag="first")
    return Decision(
        state={"seen": 1}, orders=[order], actions=[Notify("look\nhere", "warning")], wake=HOURLY, figures=figures
    )


@pytest.fixture
def shown_type(office: Office, monkeypatch: pytest.MonkeyPatch) -> Office:
    kind = type(office.bench.type)
    monkeypatch.setattr(kind, "about", About(figures=FIGURES))
    monkeypatch.setattr(kind, "describe", lambda _self, config, state: f"asks {config.who} {{when}}, {state}")
    return office


def test_what_is_large_is_there_where_it_is_asked_for(office: Office) -> None:
    office.bench.automation("grid", decides)
    office.bench.settle()
    short = office.do("automations.show", automation="grid")
    some = office.do("automations.show", automation="grid", include=["orders", "state"])
    whole = office.do("automations.show", automation="grid", include=["report", "events", "state", "orders"])

    assert (short.state, short.orders, short.events, short.report, short.included) == (None, None, None, None, [])
    assert (some.state, len(some.orders), some.events, some.report) == ({"seen": 1}, 1, None, None)
    assert some.included == ["state", "orders"]
    assert whole.included == ["state", "orders", "events", "report"]
    assert whole.report.final_equity == 1000
    alike = {"state", "orders", "events", "report", "included"}
    assert short.model_dump(exclude=alike) == whole.model_dump(exclude=alike)


def test_figures_are_as_their_author_says(shown_type: Office) -> None:
    shown_type.bench.automation("grid", decides)
    shown_type.bench.settle()
    rows = shown_type.do("automations.show", automation="grid").figures
    assert [(row.key, row.label, row.kind, row.unit, row.value, row.order) for row in rows] == [
        ("grid_profit", "grid profit", "money", "", "1.50", 0),
        ("btc_weight", "BTC weight", "percent", "", "40", 1),
        ("round_trips", "trips", "count", "", "3", 2),
        # A price that is none is a text.
        ("stop", "stop", "text", "", "none", 3),
        ("odd", "odd", "text", "", "x", 4),
        ("n", "n", "number", "", "7", 5),
    ]
    assert shown_type.do("automations.plan", automation="grid", at_once=True).figures == rows


def test_the_built_in_types_money_has_its_asset(office: Office) -> None:
    office.bench.commands.create(
        _new(office, "grid", {"symbol": "BTC/USDT", "around": "5", "levels": 5, "spend": "100"}, "1000")
    )
    office.bench.settle()
    shown = office.do("automations.show", automation="grid")
    units = {row.key: (row.kind, row.unit) for row in shown.figures}
    assert units["grid_profit"] == ("money", "USDT")
    assert units["inventory"] == ("money", "BTC")
    assert units["at_price"] == ("price", "USDT")
    assert units["round_trips"] == ("count", "")
    assert "buys at" in shown.next_step.text


def _new(office: Office, kind: str, config: dict[str, Any], budget: str) -> Any:
    from octobot_node.engine.commands.commands import NewAutomation

    return NewAutomation(kind, kind, office.bench.account, {"USDT": Decimal(budget)}, config)


def test_what_it_does_next_is_said_before_and_after_a_tick_and_an_edit(shown_type: Office) -> None:
    office = shown_type
    office.bench.automation("grid", decides)
    assert office.do("automations.show", automation="grid").next_step.text == "asks grid now, None"
    office.bench.settle()
    office.bench.advance(60_000)

    said = office.do("automations.show", automation="grid").next_step
    assert (said.template, said.text) == ("asks grid {when}, {'seen': 1}", "asks grid in 59 min, {'seen': 1}")
    assert said.at is not None
    assert said.at.isoformat() == "2026-01-01T01:00:00+00:00"
    office.bench.type.scripts["other"] = decides
    office.do("automations.edit", automation="grid", changes={"who": "other"})
    assert office.do("automations.show", automation="grid").next_step.text == "asks other now, {'seen': 1}"
    office.do("automations.pause", automation="grid")
    assert office.do("automations.show", automation="grid").next_step.text == "does nothing until it is resumed"


def test_words_that_cannot_be_had_stop_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def describe(_self: Any, _config: Any, state: Any) -> Any:
        if state is None:
            return 7
        raise RuntimeError("no words")

    monkeypatch.setattr(type(office.bench.type), "describe", describe)
    office.bench.automation("grid", decides)
    office.bench.settle()
    shown = office.do("automations.show", automation="grid")
    assert (shown.status, shown.ticks, shown.next_step.text) == ("active", 1, "decides again in 1 h")


def test_words_are_one_line_of_bearable_length(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(office.bench.type), "describe", lambda *_: "a\n\x1b[31m" + "b" * 400)
    found = office.bench.automation("grid", decides)
    office.bench.settle()
    said = office.bench.row(found).next_step
    assert (len(said), said[:9], said[-1]) == (300, "a \\x1b[31", "…")


def test_events_say_in_words_what_happened_and_what_was_told(office: Office) -> None:
    office.bench.automation("grid", decides)
    office.bench.settle()
    events = office.do("events.list", automation="grid").events
    assert [(event.kind, event.level, event.message) for event in events] == [
        ("automation.created", "info", "was created"),
        ("order.planned", "info", "order to buy 1 BTC at 90 USDT: planned"),
        ("notice.told", "warning", "look here"),
    ]
    assert json.loads(json.dumps(events[-1].data)) == {"level": "warning", "message": "look\nhere"}
    # The log is made of the same sentences, each once.
    lines = office.do("automations.log", automation="grid").lines
    assert [(line.event, line.message) for line in lines] == [(event.kind, event.message) for event in reversed(events)]
