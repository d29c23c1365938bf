"""The OpenAPI document: nothing that our rules find in it, and answers are as it says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from octobot_node import Decision, LimitOrder, MarketOrder, Notify, Tick
from octobot_node.api.document.lint import problems
from octobot_node.operations.node.event_kinds import GROUPS
from octobot_node.orders import OrderAction
from tests.integration.api.conftest import Service

Found = dict[str, Any]
ROOT = Path(__file__).parents[4]


@pytest.fixture
def document(service: Service) -> Found:
    found: Found = service.client.get("/api/v1/openapi.json").json()
    return found


def checker(document: Found, name: str) -> Any:
    whole = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    return jsonschema_rs.validator_for(whole)


def test_our_rules_find_nothing_wrong_with_it(document: Found) -> None:
    assert problems(document) == []


def test_the_headings_are_words_that_are_described(document: Found) -> None:
    assert {each["name"] for each in document["tags"]} >= {"automations", "kill-switches", "events"}


def trades(tick: Tick[Any, Any]) -> Decision:
    tick.log("thinking", "warning")
    if tick.number:
        raise ValueError("no idea")
    orders: list[OrderAction] = [
        MarketOrder("BTC/USDT", "buy", amount=Decimal("0.5")),
        LimitOrder("BTC/USDT", "buy", Decimal(100), Decimal(90), tag="too much"),
    ]
    return Decision(orders=orders, actions=[Notify("hello")], independent=True)


def test_every_event_is_one_of_its_kind_as_the_document_has_it(service: Service, document: Found) -> None:
    bench, root = service.office.bench, service.as_("root")
    bench.automation("one", trades, budget={"USDT": "1000"})
    bench.trading.will(bench.trading.fill_at_once)
    bench.settle()
    service.do("automations.edit", automation="one", name="two", limits={"max_open_orders": 3}, changes={"candles": 1})
    bench.settle()
    service.do("kill_switch.throw", scope="automation", target="two", reason="tests")
    bench.settle()
    service.do("automations.stop", automation="two")
    bench.settle()

    events = root.get("/api/v1/events?limit=500").json()["events"]
    check = checker(document, "EventRow")
    for event in events:
        check.validate(event)
    kinds = {event["kind"] for event in events}
    assert kinds >= {"automation.edited", "order.fill", "order.refused", "log.warning", "tick.failed", "notice.told"}
    assert kinds >= {"kill_switch.thrown", "automation.stopped"}
    # A kind that nobody knows is taken, and a known one of another shape is not.
    check.validate(events[0] | {"kind": "moon.risen", "data": {"phase": 3}})
    wrong = next(event for event in events if event["kind"] == "order.fill")
    assert not check.is_valid(wrong | {"data": {**wrong["data"], "side": "hold"}})


def kinds_in_code() -> Iterator[str]:
    """Every kind of event that the core writes and that is written out there."""
    prefixes = {kind.partition(".")[0] for kinds in GROUPS.values() for kind in kinds}
    for path in sorted((ROOT / "octobot_node" / "engine").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"Event", "_event"}:
                for each in ast.walk(node):
                    if isinstance(each, ast.Constant) and isinstance(each.value, str):
                        group, dot, word = each.value.partition(".")
                        if dot and group in prefixes | {"clock", "database"} and re.fullmatch(r"[a-z_]+", word):
                            yield each.value


def test_every_kind_that_the_engine_writes_is_in_the_document() -> None:
    known = {kind for kinds in GROUPS.values() for kind in kinds}
    seen = set(kinds_in_code())
    assert len(seen) > 12
    assert seen - known == set()


@pytest.mark.slow
def test_answers_are_as_the_document_says(service: Service, document: Found) -> None:
    """Amounts as strings of digits, everything there that is required, the revision as ETag."""
    automation = service.automation("ada", USDT=Decimal("250.50"))
    ada = service.as_("ada")
    query = "?include=state&include=orders&include=events&include=report"
    asked = {
        f"/api/v1/automations/{automation}{query}": "AutomationDetail",
        f"/api/v1/automations/{automation}": "AutomationDetail",
        f"/api/v1/automations/{automation}/configs": "ConfigPage",
        "/api/v1/automations": "AutomationPage",
        "/api/v1/types": "TypePage",
        "/api/v1/types/dca": "TypeDetail",
        "/api/v1/accounts": "AccountPage",
        "/api/v1/events": "EventPage",
    }
    for path, name in asked.items():
        answer = ada.get(path)
        assert answer.status_code == 200, answer.text
        checker(document, name).validate(answer.json())
    planned = ada.post(
        "/api/v1/types/scripted/plan", json={"account": "main", "budget": {"USDT": "1"}, "config": {"who": "waits"}}
    )
    checker(document, "PlannedTick").validate(planned.json())
    refused = ada.post("/api/v1/automations", json={})
    checker(document, "Problem").validate(refused.json())


def test_what_declares_an_etag_has_one(service: Service, document: Found) -> None:
    automation, account = service.automation("ada"), service.account("ada")
    ada = service.as_("ada")
    for path, found in (("automations/{automation}", automation), ("accounts/{account}", account)):
        declared = document["paths"][f"/api/v1/{path}"]["get"]["responses"]["200"]["headers"]
        assert "ETag" in declared
        assert re.fullmatch(r'"\d+"', ada.get(f"/api/v1/{path.partition('/')[0]}/{found}").headers["etag"])


def test_a_stream_says_what_its_events_are(document: Found) -> None:
    stream = document["paths"]["/api/v1/events"]["get"]["responses"]["200"]["content"]["text/event-stream"]
    assert set(stream["schema"]["x-events"]) == {"message", "gap"}
    checker(document, "EventGap").validate({"reason": "pruned", "detail": "read again"})
