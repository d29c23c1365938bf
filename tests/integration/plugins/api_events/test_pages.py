"""Pages of events, and an automation's log."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from octobot_node import Decision, MarketOrder, Notify, Tick
from octobot_node.store import retention
from octobot_plugins.api_events.accepting import prefers
from tests.integration.api.conftest import Service
from tests.integration.plugins.api_events.conftest import happen


def kinds(page: Any) -> list[str]:
    return [each["kind"] for each in page["events"]]


@pytest.mark.slow
def test_pages_lead_back_to_the_first_event_and_on_to_the_newest(service: Service) -> None:
    storage = service.office.bench.core.storage
    happen(storage, "a", "b", "c", "d", "e")
    client = service.as_("ada")
    newest = client.get("/api/v1/events?limit=2").json()
    before = client.get(f"/api/v1/events?limit=2&before={newest['first']}").json()
    oldest = client.get(f"/api/v1/events?limit=2&before={before['first']}").json()
    happen(storage, "f", "g", "h")
    after = client.get(f"/api/v1/events?limit=2&after={newest['newer']}").json()
    rest = client.get(f"/api/v1/events?limit=2&after={after['newer']}").json()

    assert [kinds(each) for each in (newest, before, oldest, after, rest)] == [
        ["d", "e"],
        ["b", "c"],
        ["a"],
        ["f", "g"],
        ["h"],
    ]
    assert oldest["first"] is None
    assert client.get(f"/api/v1/events?after={rest['newer']}").json()["events"] == []


def test_a_page_has_what_is_one_s_own_and_admins_choose(service: Service) -> None:
    storage = service.office.bench.core.storage
    happen(storage, "adas")
    happen(storage, "bobs", owner="bob")
    happen(storage, "roots", owner="root")
    pages = [
        service.as_(user).get("/api/v1/events", params=query).json()
        for user, query in (("ada", {}), ("vera", {}), ("bob", {"own": True}), ("root", {}), ("root", {"own": True}))
    ]
    assert [kinds(page) for page in pages] == [["adas"], ["adas"], ["bobs"], ["adas", "bobs", "roots"], ["roots"]]


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("after=x", "the cursor is none that was given here"),
        ("after=0-0-1&before=5", "give one of them"),
        ("limit=0", "query.limit: "),
        ("before=0", "query.before: "),
        ("kind=", "query.kind"),
        ("own=perhaps", "query.own: "),
    ],
)
def test_what_no_page_can_be_is_refused(service: Service, query: str, why: str) -> None:
    answer = service.as_("ada").get(f"/api/v1/events?{query}")
    assert (answer.status_code, why in answer.json()["detail"]) == (422, True), answer.json()


def trade(tick: Tick[Any, Any]) -> Decision:
    tick.log(f"tick\n{tick.number}")
    if tick.number == 0:
        buy = MarketOrder("BTC/USDT", "buy", amount=Decimal("0.5"))
        return Decision(orders=[buy], actions=[Notify("here we go\nnow", level="warning")])
    raise ValueError("no\nidea")


def test_a_log_tells_in_words_what_happened_and_what_was_told_newest_first(service: Service) -> None:
    bench = service.office.bench
    who = bench.automation("mine", trade, budget={"USDT": "100000"})
    bench.settle()
    bench.trading.fill("x1")
    bench.advance(1_000)
    service.do("automations.run_now", automation="mine")
    bench.settle()
    service.do("automations.pause", automation="mine")
    client = service.as_("root")
    page = client.get("/api/v1/automations/mine/logs").json()
    text = client.get(f"/api/v1/automations/{who}/logs", headers={"accept": "text/plain"})

    told = [(line["level"], line["event"], line["message"]) for line in reversed(page["lines"])]
    assert told[0] == ("info", "automation.created", "was created")
    assert ("warning", "notice.told", "here we go now") in told
    assert any(event == "order.fill" and message.startswith("bought 0.5 BTC at ") for _, event, message in told), told
    failed = [message for level, event, message in told if (level, event) == ("warning", "tick.failed")]
    assert len(failed) == 1
    assert failed[0].startswith("a tick failed and will be tried again: ValueError: no idea")
    assert [message for _, event, message in told if event == "log.info"] == ["tick 0", "tick 1"]
    assert told[-1] == ("info", "automation.paused", "was paused")
    assert page["next_cursor"] is None
    lines = text.text.splitlines()
    assert text.headers["content-type"].startswith("text/plain")
    assert len(lines) == len(page["lines"])
    assert lines[0].endswith("Z info automation.paused: was paused")
    assert any(line.endswith("warning notice.told: here we go now") for line in lines)


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_a_log_s_pages_together_are_the_whole_log(service: Service, limit: int) -> None:
    bench = service.office.bench
    bench.automation("mine", lambda tick: Decision(actions=[Notify(f"{tick.number}")]))
    for _ in range(4):
        bench.settle()
        service.do("automations.pause", automation="mine")
        bench.advance(1_000)
        service.do("automations.resume", automation="mine")
    client, path = service.as_("root"), "/api/v1/automations/mine/logs"
    whole = client.get(path, params={"limit": 500}).json()["lines"]
    pages: list[Any] = []
    cursor: str | None = None
    while pages == [] or cursor is not None:
        page = client.get(path, params={"limit": limit} | ({} if cursor is None else {"cursor": cursor})).json()
        pages.append(page["lines"])
        cursor = page["next_cursor"]
    assert [line for page in pages for line in page] == whole
    assert {len(page) for page in pages[:-1]} <= {limit}
    assert {line["event"] for line in whole} >= {"notice.told", "automation.paused", "automation.active"}


def test_the_text_of_a_log_leads_to_its_next_page(service: Service) -> None:
    happen(service.office.bench.core.storage, "a", "b", automation="gone")
    client = service.as_("ada")
    first = client.get("/api/v1/automations/gone/logs?limit=1", headers={"accept": "text/plain"})
    second = client.get(first.links["next"]["url"], headers={"accept": "text/plain"})
    assert (first.text.endswith(" info b: b\n"), second.text.endswith(" info a: a\n")) == (True, True)
    assert second.links == {}


def test_a_log_of_another_s_automation_and_a_cursor_that_never_was_are_refused(service: Service) -> None:
    happen(service.office.bench.core.storage, "a", automation="gone")
    path = "/api/v1/automations/gone/logs"
    assert service.as_("bob").get(path).status_code == 404
    assert service.as_("ada").get(path, params={"cursor": "x"}).status_code == 422


def test_a_page_by_id_says_as_well_that_events_were_deleted(service: Service) -> None:
    storage = service.office.bench.core.storage
    happen(storage, "a", "b", "c")
    with storage.write() as connection:
        retention.prune(connection, 1_767_225_600_001, 2)
    page = service.do("events.list", after=1)
    assert (["keep_days" in page.gap], [each.kind for each in page.events]) == ([True], ["c"])


@pytest.mark.parametrize(
    ("accept", "stream"),
    [
        ("text/event-stream", True),
        ("Text/Event-Stream", True),
        ("application/json, text/event-stream", False),
        ("application/json;q=0.5, text/event-stream", True),
        ("text/event-stream;q=0", False),
        ("text/event-stream;q=much", False),
        ("*/*", False),
        ("text/*", False),
        ("", False),
    ],
)
def test_json_is_given_to_whoever_does_not_ask_for_a_stream_more(accept: str, stream: bool) -> None:
    assert prefers(accept, "text/event-stream") is stream
