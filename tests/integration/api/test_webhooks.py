"""Addresses that alerts are sent to."""

from __future__ import annotations

from typing import Any

import pytest

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


def test_the_same_body_at_once_is_one_signal_and_later_another(service: Service, automation: str) -> None:
    path, clock = make(service, automation, same_within=10)["path"], service.office.bench.clock

    answers = [service.client.post(path, json={"side": "buy"}).json()["accepted"] for _ in range(2)]
    clock.advance_to(clock.now() + 9_000)
    answers.append(service.client.post(path, json={"side": "buy"}).json()["accepted"])
    clock.advance_to(clock.now() + 11_000)
    answers.append(service.client.post(path, json={"side": "buy"}).json()["accepted"])

    assert answers == [True, False, False, True]


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
