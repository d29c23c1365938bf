"""The live stream: what changed, prices and replays on one connection, bounded for each user."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.integration.plugins.api_events.conftest import STREAM, Live, happen


def named(live: Live, user: str = "ada", **query: Any) -> Any:
    return live.client(user).get("/live", params=query, headers={"accept": STREAM})


def test_what_happens_at_once_is_told_as_the_ids_of_what_changed(live: Live) -> None:
    with live.stream(path="/live?every=0.25") as stream:
        happen(live.storage, *["order.fill"] * 50, "order.open", automation="one")
        happen(live.storage, "account.edited", automation="")
        happen(live.storage, "order.fill", owner="bob", automation="bobs")
        automations: set[str] = set()
        kinds: set[str] = set()
        messages = 0
        while "account.edited" not in kinds:
            name, told = stream.next()
            assert (name, told["everything"], told["accounts"]) == ("changed", False, ["account"])
            automations |= set(told["automations"])
            kinds |= set(told["kinds"])
            messages += 1
        cursor = told["cursor"]
    assert (automations, kinds) == ({"one"}, {"order.fill", "order.open", "account.edited"})
    assert messages <= 3
    # And whoever comes again goes on there.
    happen(live.storage, "order.fill", automation="two")
    with live.stream(path="/live", after=cursor) as stream:
        assert stream.next()[1]["automations"] == ["two"]


def test_more_than_can_be_told_is_everything(live: Live) -> None:
    with live.stream(path="/live") as stream:
        happen_many(live, range(2_500))
        told: dict[str, Any] = {}
        while not told.get("everything"):
            told = stream.next()[1]
    assert (told["automations"], told["accounts"], told["kinds"]) == ([], [], ["order.fill"])


def happen_many(live: Live, numbers: range) -> None:
    from octobot_node.store import events
    from octobot_node.store.events import Event

    with live.storage.write() as connection:
        some = [Event("ada", "account", f"n{number}", "order.fill", {}) for number in numbers]
        events.append(connection, some, 1_767_225_600_000)


def test_several_kinds_and_automations_are_told_one_by_one(live: Live) -> None:
    happen(live.storage, "order.open", automation="one")
    happen(live.storage, "order.open", automation="two")
    path = "/live?mode=events&kind=order.&kind=tick.failed&automation=one&automation=two"
    with live.stream(path=path) as stream:
        happen(live.storage, "order.fill", "tick.missed", "tick.failed", automation="one")
        happen(live.storage, "order.fill", automation="three")
        happen(live.storage, "order.fill", automation="two")
        told = [stream.next() for _ in range(3)]
    assert [(name, row["kind"], row["automation_id"], row["account_id"]) for name, row in told] == [
        ("message", "order.fill", "one", "account"),
        ("message", "tick.failed", "one", "account"),
        ("message", "order.fill", "two", "account"),
    ]


def test_prices_are_told_when_they_are_others_than_before(live: Live) -> None:
    service = live.service
    account, market = service.account("ada"), service.office.bench.market
    market.prices |= {"BTC/USDT": Decimal(100), "ETH/USDT": Decimal(5)}
    with live.stream(path="/live?mode=none&price=main,BTC/USDT&price=main,ETH/USDT&price=main,GONE/USDT") as stream:
        first = {
            told["symbol"]: (name, told["account"], told["last"]) for name, told in (stream.next() for _ in range(3))
        }
        market.prices["ETH/USDT"] = Decimal("5.5")
        service.office.bench.clock.advance_to(service.office.bench.clock.now() + 5_000)
        _, second = stream.next()
        # No event is told, nor is a price that is the same.
        happen(live.storage, "order.fill")
    assert first == {
        "BTC/USDT": ("price", account, "100"),
        "ETH/USDT": ("price", account, "5"),
        "GONE/USDT": ("price", account, None),
    }
    assert (second["symbol"], second["last"]) == ("ETH/USDT", "5.5")


def test_what_is_not_there_is_refused_before_anything_is_streamed(live: Live) -> None:
    live.service.account("bob", "bobs")
    for query, status, said in (
        ({"price": "bobs,BTC/USDT"}, 422, "there is no account 'bobs'"),
        ({"price": "main"}, 422, "write paper,BTC/USD"),
        ({"replay": "nothing"}, 422, "there is no replay"),
        ({"automation": "nothing"}, 422, "there is no automation"),
        ({"kind": "automaton."}, 422, "did you mean 'automation.'?"),
        ({"kind": "order.fil"}, 422, "did you mean 'order.fill'"),
        ({"kind": "order"}, 422, "did you mean 'order.'"),
        ({"every": 0.1}, 422, "every"),
    ):
        answer = named(live, **query)
        assert (answer.status_code, said in answer.text) == (status, True), answer.text


def test_prices_and_replays_take_their_own_scopes(live: Live) -> None:
    made = live.service.do("keys.create", user="ada", name="events", scopes=["events:read"])
    live.service.keys["narrow"] = made.token
    for query, scope in (({"price": "main,BTC/USDT"}, "markets:read"), ({"replay": "x"}, "replays:read")):
        answer = named(live, "narrow", **query)
        assert (answer.status_code, scope in answer.json()["detail"]) == (403, True)


def test_what_one_user_follows_is_bounded(make_live: Callable[..., Live], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOBOT_EVENTS_PRICES_PER_USER", "2")
    live = make_live()
    live.service.account("ada")
    live.service.account("bob")
    with live.stream(path="/live?price=main,BTC/USDT&price=main,ETH/USDT") as stream:
        refused = named(live, price="main,BTC/USDT")
        with live.stream("bob", path="/live?price=main,BTC/USDT") as bobs:
            assert bobs.next()[0] == "price"
        assert stream.next()[0] == "price"
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "5")
    assert "ada would follow more than 2 prices at once" in refused.json()["detail"]
    # Whoever left has given it back.
    with live.stream(path="/live?price=main,BTC/USDT") as stream:
        assert stream.next()[0] == "price"


def test_the_document_says_what_is_on_the_stream(live: Live) -> None:
    document = live.client("ada").get("/openapi.json").json()
    answers = {
        path: item["get"]["responses"]["200"]["content"] for path, item in document["paths"].items() if "get" in item
    }
    told = answers["/api/v1/live"]["text/event-stream"]["schema"]["x-events"]
    assert {name: each["$ref"].rpartition("/")[2] for name, each in told.items()} == {
        "message": "EventRow",
        "changed": "LiveChanged",
        "gap": "EventGap",
        "price": "LivePrice",
        "replay": "LiveReplay",
    }
    assert all(each["$ref"].rpartition("/")[2] in document["components"]["schemas"] for each in told.values())
    progress = answers["/api/v1/replays/{replay}/progress"]["text/event-stream"]["schema"]["x-events"]
    assert progress == {"message": {"$ref": "#/components/schemas/Progress"}}
    assert "LiveTold" not in json.dumps(document)
