"""Addresses that alerts are sent to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest

from octobot_node.store import schedules
from octobot_plugins.webhooks.tables import hooks
from tests.integration.api.conftest import Service


@pytest.fixture
def automation(service: Service) -> str:
    return service.automation("ada")


def make(service: Service, automation: str, **more: Any) -> dict[str, Any]:
    answer = service.as_("ada").post("/api/v1/hooks", json={"automation": automation, "name": "tv", **more})
    assert answer.status_code == 201
    told: dict[str, Any] = answer.json()
    return told


def inbox(service: Service, automation: str) -> list[Any]:
    answer = service.as_("ada").get(f"/api/v1/automations/{automation}/signals")
    return [(row["payload"], row["channel"], row["source"]) for row in answer.json()["signals"]]


def test_what_is_posted_is_in_the_inbox_as_json_or_as_text(service: Service, automation: str) -> None:
    path = make(service, automation)["path"]

    json_answer = service.client.post(path, json={"side": "buy", "spend": 12.5})
    text_answer = service.client.post(path, content=b"sell 50%", headers={"content-type": "text/plain"})

    assert [(answer.status_code, answer.json()) for answer in (json_answer, text_answer)] == [
        (202, {"accepted": True})
    ] * 2
    assert inbox(service, automation) == [
        ("sell 50%", "default", "hook tv 192.0.2.7"),
        ({"side": "buy", "spend": "12.5"}, "default", "hook tv 192.0.2.7"),
    ]


def sent_after(service: Service, path: str, seconds: float, body: Any) -> bool:
    """Send ``body`` after so many seconds more, and return whether the inbox took it."""
    clock = service.office.bench.clock
    clock.advance_to(clock.now() + int(seconds * 1000))
    answer = service.client.post(path, **({"content": body} if isinstance(body, bytes) else {"json": body}))
    assert answer.status_code == 202
    taken: bool = answer.json()["accepted"]
    return taken


def test_a_senders_whole_chain_of_tries_is_one_signal_and_a_later_one_another(
    service: Service, automation: str
) -> None:
    path = make(service, automation)["path"]
    waits = (0, 5, 5, 5, 8, 8, 29.9, 30, 0)

    taken = [sent_after(service, path, wait, {"side": "buy"}) for wait in waits]

    # Each sight begins the thirty seconds anew, however long the chain is.
    assert taken == [True, False, False, False, False, False, False, True, False]
    assert len(inbox(service, automation)) == 2


def test_a_request_with_a_key_twice_is_refused(service: Service, automation: str) -> None:
    body = f'{{"automation": "{automation}", "name": "tv", "same_within": 60, "same_within": 0}}'

    answer = service.as_("ada").post("/api/v1/hooks", content=body, headers={"content-type": "application/json"})

    assert (answer.status_code, answer.json()["detail"]) == (
        400,
        "the body is not valid JSON: 'same_within' is there twice: give one value for it",
    )


@pytest.mark.parametrize("body", [b'"\\ud800"', b'{"side": "buy", "note": ["\\udc00"]}', b'{"\\ud83d": 1}'])
def test_half_a_character_is_refused_at_the_door(service: Service, automation: str, body: bytes) -> None:
    path = make(service, automation)["path"]
    json = {"content-type": "application/json"}

    answers = [
        service.client.post(path, content=body, headers=json),
        service.as_("ada").post(
            f"/api/v1/automations/{automation}/signals", content=b'{"payload": %s}' % body, headers=json
        ),
    ]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert all("has half of a surrogate pair" in answer.text for answer in answers)
    assert inbox(service, automation) == []


def test_other_words_are_another_signal_at_once(service: Service, automation: str) -> None:
    path = make(service, automation)["path"]

    assert [sent_after(service, path, 0, {"n": number}) for number in (1, 2, 1)] == [True, True, False]


def test_a_clock_that_is_set_back_does_not_make_one_alert_two(
    service: Service, automation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, clock = make(service, automation)["path"], service.office.bench.clock
    first = sent_after(service, path, 0, {"side": "buy"})
    monkeypatch.setattr(clock, "_now", clock.now() - 3_600_000)

    assert (first, sent_after(service, path, 0, {"side": "buy"})) == (True, False)


def test_what_waited_for_the_database_is_compared_with_what_was_put_meanwhile(
    service: Service, automation: str
) -> None:
    path, bench = make(service, automation)["path"], service.office.bench
    senders = ThreadPoolExecutor(2)

    with bench.core.storage.write() as connection:
        # Something else works on the automation; the sender gives up after some seconds, and tries again.
        schedules.lock(connection, [automation])
        first = senders.submit(sent_after, service, path, 0, {"side": "buy"})
        wait([first], timeout=0.3)
        second = senders.submit(sent_after, service, path, 29, {"side": "buy"})
        assert not wait([first, second], timeout=0.3).done
    taken = sorted(future.result(timeout=20) for future in (first, second))

    assert taken == [False, True]
    assert len(inbox(service, automation)) == 1


def test_an_id_in_the_message_tells_signals_apart(service: Service, automation: str) -> None:
    path = make(service, automation)["path"]

    taken = [
        sent_after(service, path, 0, {"id": "a", "side": "buy", "price": 1}),
        sent_after(service, path, 3_600, {"id": "a", "side": "buy", "price": 2}),
        sent_after(service, path, 0, {"id": "b", "side": "buy", "price": 2}),
        sent_after(service, path, 0, {"id": 7, "side": "buy"}),
        sent_after(service, path, 3_600, {"id": 7, "side": "buy"}),
        sent_after(service, path, 0, {"id": None, "side": "buy"}),
        sent_after(service, path, 60, {"id": None, "side": "buy"}),
    ]

    assert taken == [True, False, True, True, False, True, True]


def test_another_field_or_none_may_be_the_id(service: Service, automation: str) -> None:
    theirs = make(service, automation, id_field="alert", channel="a")["path"]
    none = make(service, automation, id_field="", channel="b")["path"]

    taken = [sent_after(service, path, 60, {"id": "bot", "alert": 1}) for path in (theirs, theirs, none, none)]

    assert taken == [True, False, True, True]


@pytest.mark.parametrize(
    ("body", "payload"),
    [
        pytest.param(b'\xef\xbb\xbf{"side": "buy"}', {"side": "buy"}, id="JSON"),
        pytest.param(b"\xef\xbb\xbfbuy 21 USD", "buy 21 USD", id="words"),
    ],
)
def test_a_byte_order_mark_says_nothing(service: Service, automation: str, body: bytes, payload: Any) -> None:
    assert sent_after(service, make(service, automation)["path"], 0, body)

    assert inbox(service, automation) == [(payload, "default", "hook tv 192.0.2.7")]


def test_a_key_makes_it_one_signal_however_often_it_is_sent(service: Service, automation: str) -> None:
    path, clock = make(service, automation, same_within=0)["path"], service.office.bench.clock
    answers = []
    for _ in range(2):
        sent = service.client.post(path, json={"side": "buy"}, headers={"idempotency-key": "alert-1"})
        answers.append(sent.json()["accepted"])
        clock.advance_to(clock.now() + 3_600_000)

    assert answers == [True, False]


def test_a_replaced_or_deleted_address_is_unknown(service: Service, automation: str) -> None:
    first = make(service, automation)
    second = service.as_("ada").post(f"/api/v1/hooks/{first['id']}/rotate").json()

    old = service.client.post(first["path"], json={"n": 1})
    new = service.client.post(second["path"], json={"n": 1})
    service.as_("ada").delete(f"/api/v1/hooks/{first['id']}")
    gone = service.client.post(second["path"], json={"n": 2})

    assert (old.status_code, new.status_code, gone.status_code) == (404, 202, 404)
    assert old.json()["detail"] == gone.json()["detail"]


def test_only_those_that_are_allowed_may_send(service: Service, automation: str) -> None:
    ours = make(service, automation, allow=["192.0.2.0/29"])["path"]
    others = make(service, automation, allow=["203.0.113.9"])["path"]

    assert service.client.post(ours, json=1).status_code == 202
    assert service.client.post(others, json=2).status_code == 403


def test_more_than_the_address_takes_in_a_minute_wait(service: Service, automation: str) -> None:
    path, clock = make(service, automation, per_minute=2)["path"], service.office.bench.clock

    answers = [service.client.post(path, json={"n": number}) for number in range(3)]
    clock.advance_to(clock.now() + 61_000)
    later = service.client.post(path, json={"n": 4})

    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert answers[2].headers["retry-after"] == "60"
    assert later.status_code == 202


def test_unknown_addresses_are_throttled_for_whoever_tries_them(service: Service) -> None:
    statuses = [service.client.post(f"/hooks/guess{number}", json=1).status_code for number in range(61)]

    assert statuses == [404] * 60 + [429]


def test_an_automation_that_is_over_takes_none(service: Service, automation: str) -> None:
    path = make(service, automation)["path"]
    service.as_("ada").post(f"/api/v1/automations/{automation}/stop")
    service.office.bench.settle()

    assert service.client.post(path, json=1).status_code == 409


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"", 422, id="nothing"),
        pytest.param(b"   ", 422, id="blanks"),
        pytest.param(b"\xff\xfe", 400, id="not UTF-8"),
        pytest.param(b"a\0b", 400, id="a NUL"),
        pytest.param(b"x" * 16_001, 413, id="too large"),
        pytest.param(b"x" * 3_000_000, 413, id="far too large"),
        pytest.param(b'{"side": "buy", "side": "sell"}', 422, id="a key twice"),
        pytest.param(b'{"order": {"amount": 1, "amount": 2}}', 422, id="a key twice, deep inside"),
        pytest.param(b"[" * 10_000, 202, id="JSON bomb, taken as the text that it is"),
    ],
)
def test_what_cannot_be_a_signal_is_refused(service: Service, automation: str, body: bytes, status: int) -> None:
    path = make(service, automation)["path"]

    assert service.client.post(path, content=body).status_code == status


def test_the_token_is_not_in_the_log(service: Service, automation: str, capsys: pytest.CaptureFixture[str]) -> None:
    made = make(service, automation)
    service.client.post(made["path"], json=1)
    service.client.post(f"{made['path']}x", json=1)
    logged = capsys.readouterr()

    assert "/hooks/…" in logged.out + logged.err
    assert made["token"] not in logged.out + logged.err


def test_who_sees_only_their_own_makes_none_for_others(service: Service, automation: str) -> None:
    hook = make(service, automation)
    bob = service.as_("bob")

    assert bob.post("/api/v1/hooks", json={"automation": automation, "name": "x"}).status_code in {404, 422}
    assert bob.get(f"/api/v1/hooks/{hook['id']}").status_code == 404
    assert bob.post(f"/api/v1/hooks/{hook['id']}/rotate").status_code == 404
    assert bob.get("/api/v1/hooks").json()["hooks"] == []


def test_the_addresses_of_a_deleted_automation_go_with_it_and_no_others(service: Service, automation: str) -> None:
    other = service.automation("ada", "other")
    going, staying = make(service, automation), make(service, other)
    ada = service.as_("ada")

    ada.post(f"/api/v1/automations/{automation}/stop")
    service.office.bench.settle()
    assert ada.delete(f"/api/v1/automations/{automation}").status_code == 200

    assert [row.id for row in service.office.bench.rows(hooks, hooks.c.id)] == [staying["id"]]
    assert service.client.post(going["path"], json={}).status_code == 404
    assert service.client.post(staying["path"], json={}).status_code == 202
