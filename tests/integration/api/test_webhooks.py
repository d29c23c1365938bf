"""Addresses that alerts are sent to."""

from __future__ import annotations

import base64
import hashlib
import hmac
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest
import sqlalchemy as sa

from octobot_node.errors import UnknownName
from octobot_node.store import schedules
from octobot_node.store.database import refusable
from octobot_node.store.tables import audit
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


@pytest.mark.parametrize("make_bench", ["sqlite"], indirect=True)
def test_a_sender_is_told_to_come_back_before_it_gives_up(
    service: Service, automation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusable, "_WITHIN_S", 0.05)
    path = make(service, automation)["path"]
    with service.office.bench.core.storage.write(), ThreadPoolExecutor(1) as sender:
        answer = sender.submit(service.anonymous().post, path, json={"side": "buy"}).result(20)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert inbox(service, automation) == []
    assert service.anonymous().post(path, json={"side": "buy"}).json() == {"accepted": True}


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


def signed(service: Service, secret: str, body: bytes, message_id: str = "m-1", away: int = 0) -> dict[str, str]:
    """Return the headers of a message that its sender signs, whose clock is some seconds away."""
    timestamp = service.office.bench.clock.now() // 1000 + away
    key = base64.b64decode(secret.removeprefix("whsec_"))
    made = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(made).decode()}",
    }


def test_an_address_that_asks_for_signatures_takes_nothing_else(service: Service, automation: str) -> None:
    made, body = make(service, automation, signed=True), b'{"side": "buy"}'
    good = signed(service, made["secret"], body)

    def send(changed: dict[str, str | None], content: bytes = body) -> int:
        headers = {name: value for name, value in {**good, **changed}.items() if value is not None}
        found: int = service.client.post(made["path"], content=content, headers=headers).status_code
        return found

    assert [send({name: None}) for name in good] == [401] * 3
    assert send({}, b'{"side": "sell"}') == 401
    assert send({}, b'{"side":"buy"}') == 401
    assert send({"webhook-id": "m-2"}) == 401
    assert send({"webhook-timestamp": str(int(good["webhook-timestamp"]) + 1)}) == 401
    assert send({"webhook-timestamp": "soon"}) == 401
    assert send({"webhook-id": "a.b"}) == 401
    assert send({"webhook-signature": "v1,"}) == 401
    assert send({"webhook-signature": good["webhook-signature"].replace("v1,", "v1a,")}) == 401
    assert inbox(service, automation) == []
    # Of several, as a sender gives them who rotates, one fits.
    assert send({"webhook-signature": f"v1,AAAA v1a,x {good['webhook-signature']}"}) == 202
    assert [row[0] for row in inbox(service, automation)] == [{"side": "buy"}]


def test_a_signed_message_is_taken_once_whatever_nobody_signed_says(service: Service, automation: str) -> None:
    made, body = make(service, automation, signed=True, same_within=0), b"buy"
    headers = signed(service, made["secret"], body)

    def taken(**more: str) -> bool:
        answer = service.client.post(made["path"], content=body, headers={**headers, **more})
        assert answer.status_code == 202, answer.text
        found: bool = answer.json()["accepted"]
        return found

    assert taken() is True
    # Caught on its way and sent again, with another key that no signature covers.
    assert taken(**{"idempotency-key": "another"}) is False
    later = signed(service, made["secret"], body, "m-2")
    assert service.client.post(made["path"], content=body, headers=later).json() == {"accepted": True}


@pytest.mark.parametrize(("away", "status"), [(-301, 401), (-300, 202), (300, 202), (302, 401)])
def test_a_signature_of_another_time_is_refused(service: Service, automation: str, away: int, status: int) -> None:
    made = make(service, automation, signed=True)
    headers = signed(service, made["secret"], b"buy", away=away)

    answer = service.client.post(made["path"], content=b"buy", headers=headers)

    assert answer.status_code == status
    if status == 401:
        assert "away from the node's clock" in answer.json()["detail"]


def test_a_secret_is_replaced_while_the_old_one_still_does_for_a_while(service: Service, automation: str) -> None:
    made, ada, clock = make(service, automation), service.as_("ada"), service.office.bench.clock
    place = f"/api/v1/hooks/{made['id']}/secret"
    assert (made["signed"], made["secret"]) == (False, None)
    assert service.client.post(made["path"], content=b"unsigned").status_code == 202

    def sent(secret: str, name: str) -> int:
        headers = signed(service, secret, b"x", name)
        found: int = service.client.post(made["path"], content=b"x", headers=headers).status_code
        return found

    first = ada.post(place, json={}).json()["secret"]
    assert service.client.post(made["path"], content=b"unsigned 2").status_code == 401
    second = ada.post(place, json={"overlap": 60}).json()
    assert [sent(first, "a"), sent(second["secret"], "b")] == [202, 202]
    clock.advance_to(clock.now() + 61_000)
    assert [sent(first, "c"), sent(second["secret"], "d")] == [401, 202]
    third = ada.post(place, json={"overlap": 0}).json()["secret"]
    assert [sent(second["secret"], "e"), sent(third, "f")] == [401, 202]
    assert ada.get(f"/api/v1/hooks/{made['id']}").json()["signed"] is True

    assert ada.delete(place).status_code == 200
    assert service.client.post(made["path"], content=b"unsigned 3").status_code == 202
    assert ada.delete(place).status_code == 409
    # Neither secret is told again, nor kept where it is read.
    with service.office.bench.core.storage.read() as connection:
        audited = "\n".join(str(row) for row in connection.execute(sa.select(audit)))
    shown = ada.get("/api/v1/hooks").text
    assert [each for each in (first, second["secret"], third) if each in audited + shown] == []


def test_bad_signatures_use_up_nothing_of_the_sender_s_and_are_slowed_down(service: Service, automation: str) -> None:
    made = make(service, automation, signed=True, per_minute=1)
    bad = {**signed(service, made["secret"], b"buy"), "webhook-signature": "v1,AAAA"}

    guesses = [service.client.post(made["path"], content=b"buy", headers=bad).status_code for _ in range(61)]
    good = service.client.post(made["path"], content=b"buy", headers=signed(service, made["secret"], b"buy"))

    assert (guesses[:60], guesses[60]) == ([401] * 60, 429)
    assert good.status_code == 202


def test_an_address_is_named_by_its_id_or_by_a_name_that_no_other_has(service: Service, automation: str) -> None:
    first, second = make(service, automation)["id"], make(service, automation)["id"]
    other = make(service, automation, name=first)["id"]
    # An id comes first, whatever others are called.
    assert service.do("hooks.show", hook=first).id == first
    assert service.do("hooks.delete", hook=second).id == second
    assert service.do("hooks.show", hook="tv").id == first
    make(service, automation)
    with pytest.raises(UnknownName, match="there is no hook 'tv', or more than one is called so"):
        service.do("hooks.show", hook="tv")
    assert service.do("hooks.delete", hook=first).id == first
    assert service.do("hooks.show", hook=first).id == other
