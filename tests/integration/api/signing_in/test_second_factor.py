"""A second factor: set up, asked for at log-ins and before what is dangerous, each code good once."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import pyotp
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from octobot_node.store.tables import audit
from octobot_plugins.auth.second_factor import codes
from octobot_plugins.auth.tables import recovery_codes, second_factors
from tests.integration.api.conftest import PASSWORD, Service

SESSION = "/api/v1/session"
PROOF_REQUIRED = "urn:octobot-node:problem:proof-required"


@dataclass
class Person:
    """Ada with a browser and, once it is set up, an authenticator."""

    service: Service
    client: TestClient
    csrf: str = ""
    secret: str = ""
    recovery: tuple[str, ...] = ()

    def post(self, path: str, **body: Any) -> Any:
        return self.client.post(path, json=body, headers={"x-csrf-token": self.csrf})

    def delete(self, path: str) -> Any:
        return self.client.delete(path, headers={"x-csrf-token": self.csrf})

    def code(self, steps: int = 0) -> str:
        """The code that the authenticator shows, some steps of thirty seconds from now."""
        found: str = pyotp.TOTP(self.secret).at(self.service.office.bench.clock.now() // 1000 + 30 * steps)
        return found

    def later(self, seconds: int = 30) -> None:
        clock = self.service.office.bench.clock
        clock.advance_to(clock.now() + seconds * 1000)

    def log_in(self) -> Any:
        answer = self.client.post(SESSION, json={"user": "ada", "password": PASSWORD})
        self.csrf = answer.json().get("csrf_token") or ""
        return answer

    def set_up(self) -> None:
        begun = self.post(f"{SESSION}/second-factor")
        assert begun.status_code == 201, begun.text
        self.secret = begun.json()["secret"]
        confirmed = self.post(f"{SESSION}/second-factor/confirm", code=self.code())
        assert confirmed.status_code == 200, confirmed.text
        self.recovery = tuple(confirmed.json()["codes"])
        self.later()


@pytest.fixture
def ada(service: Service) -> Person:
    person = Person(service, service.anonymous())
    assert person.log_in().status_code == 200
    return person


def second_step(person: Person, code: str, ticket: str) -> Any:
    answer = person.client.post(f"{SESSION}/code", json={"ticket": ticket, "code": code})
    person.csrf = answer.json().get("csrf_token") or person.csrf
    return answer


def test_it_is_asked_for_once_a_code_has_confirmed_it_and_then_at_every_log_in(ada: Person) -> None:
    begun = ada.post(f"{SESSION}/second-factor").json()
    assert begun["address"] == (f"otpauth://totp/OctoBot%20Node:ada?secret={begun['secret']}&issuer=OctoBot%20Node")
    # Not yet: an authenticator that did not take it keeps nobody out.
    assert Person(ada.service, ada.service.anonymous()).log_in().status_code == 200
    ada.set_up()

    other = Person(ada.service, ada.service.anonymous(), secret=ada.secret)
    first = other.log_in()
    assert (first.status_code, first.json()["second_factor"], "set-cookie" in first.headers) == (202, True, False)
    assert other.client.get(SESSION).status_code == 401
    (seen,) = ada.service.as_("root").get("/api/v1/audit?action=session.begin").json()["entries"]
    assert (seen["actor"], seen["via"], seen["address"]) == ("ada", "login", "192.0.2.7")
    wrong = second_step(other, "000000" if other.code() != "000000" else "000001", first.json()["ticket"])
    second = second_step(other, other.code(), first.json()["ticket"])
    again = second_step(other, other.code(1), first.json()["ticket"])

    assert (wrong.status_code, second.status_code, again.status_code) == (401, 200, 401)
    assert (second.json()["user"], second.json()["second_factor"]) == ("ada", True)
    assert other.client.get(SESSION).status_code == 200
    assert "the ticket" in again.json()["detail"]


def test_a_code_is_good_once_and_so_are_those_before_it(ada: Person) -> None:
    ada.set_up()
    code, before = ada.code(), ada.code(-1)
    tickets = [ada.log_in().json()["ticket"] for _ in range(3)]

    used = second_step(ada, code, tickets[0]).status_code
    replayed = second_step(ada, code, tickets[1]).status_code
    older = second_step(ada, before, tickets[1]).status_code

    assert (used, replayed, older) == (200, 401, 401)
    ada.later()
    assert second_step(ada, ada.code(), tickets[1]).status_code == 200
    # The clocks may differ by a step, and by no more.
    ada.later(60)
    assert second_step(ada, ada.code(2), tickets[2]).status_code == 401
    assert second_step(ada, ada.code(1), tickets[2]).status_code == 200


def test_guessing_codes_is_slowed_down_whatever_tickets_and_good_passwords_there_are(ada: Person) -> None:
    ada.set_up()
    wrong = next(each for each in ("000000", "111111") if each not in {ada.code(step) for step in range(-2, 3)})

    statuses = [second_step(ada, wrong, ada.log_in().json()["ticket"]).status_code for _ in range(6)]
    right = second_step(ada, ada.code(), ada.log_in().json()["ticket"])

    assert statuses == [401] * 5 + [429]
    assert (right.status_code, 0 < int(right.headers["retry-after"]) <= 2) == (429, True)
    ada.later(2)
    assert second_step(ada, ada.code(), ada.log_in().json()["ticket"]).status_code == 200


def test_a_ticket_ends_after_five_minutes_and_with_a_new_password(ada: Person) -> None:
    ada.set_up()
    old, ended = ada.log_in().json()["ticket"], ada.log_in().json()["ticket"]
    ada.service.do("users.set_password", user="ada", password="quite another phrase")
    assert second_step(ada, ada.code(), ended).status_code == 401

    ada.client.post(SESSION, json={"user": "ada", "password": "quite another phrase"})
    ada.later(301)
    assert second_step(ada, ada.code(), old).status_code == 401


def test_a_recovery_code_is_good_once_however_it_is_written(ada: Person) -> None:
    ada.set_up()
    one = ada.recovery[0]

    used = second_step(ada, one.upper().replace("-", " "), ada.log_in().json()["ticket"])
    again = second_step(ada, one, ada.log_in().json()["ticket"])

    assert (len(ada.recovery), used.status_code, again.status_code) == (10, 200, 401)
    assert ada.client.get(f"{SESSION}/second-factor").json()["recovery_codes_left"] == 9
    entries = ada.service.as_("root").get("/api/v1/audit?action=second_factor.").json()["entries"]
    told = [(each["action"], each["outcome"], each["data"]) for each in entries][:2]
    assert told == [
        ("second_factor.check", "refused", {}),
        ("second_factor.use_recovery_code", "done", {"left": 9}),
    ]


#: Method and path of everything dangerous, as the document marks it.
def dangerous(service: Service) -> list[tuple[str, str]]:
    document = service.client.get("/api/v1/openapi.json").json()
    return [
        (method, path)
        for path, item in document["paths"].items()
        for method, route in item.items()
        if isinstance(route, dict) and route.get("x-step-up")
    ]


def test_what_is_dangerous_is_listed(service: Service) -> None:
    assert sorted(f"{method} {path.removeprefix('/api/v1')}" for method, path in dangerous(service)) == [
        "delete /secrets/{name}",
        "delete /session/second-factor",
        "delete /users/{user}",
        "delete /users/{user}/second-factor",
        "patch /users/{user}",
        "post /accounts/{account}/go-live",
        "post /accounts/{account}/rotate-keys",
        "post /keys",
        "post /keys/renew",
        "post /kill-switches/{switch}/release",
        "post /orders/{order}/adopt",
        "post /orders/{order}/declare-not-sent",
        "post /secrets",
        "post /secrets/{name}/rotate",
        "post /session/second-factor",
        "post /session/second-factor/codes",
        "post /users",
        "put /session/password",
        "put /users/{user}/password",
    ]


@pytest.mark.slow
def test_a_session_of_ten_minutes_ago_must_prove_itself_for_each_of_them(service: Service) -> None:
    root = service.anonymous()
    csrf = root.post(SESSION, json={"user": "root", "password": PASSWORD}).json()["csrf_token"]
    headers = {"x-csrf-token": csrf, "if-match": '"1"'}
    clock = service.office.bench.clock
    clock.advance_to(clock.now() + 601_000)

    def ask() -> list[Any]:
        asked = [(method, re.sub(r"{\w+}", "nothing", path)) for method, path in dangerous(service)]
        return [root.request(method, path, headers=headers, json={}) for method, path in asked if method != "delete"]

    assert {(each.status_code, each.json()["type"]) for each in ask()} == {(403, PROOF_REQUIRED)}
    # What is not dangerous goes on.
    assert root.get(SESSION).status_code == 200
    wrong = root.post(f"{SESSION}/proof", json={"password": "wrong horse battery"}, headers=headers)
    proved = root.post(f"{SESSION}/proof", json={"password": PASSWORD}, headers=headers)
    assert (wrong.status_code, wrong.json()["type"], proved.status_code) == (403, PROOF_REQUIRED, 200)
    assert proved.json()["proved_until"] > root.get(SESSION).json()["proved_until"][:10]
    assert 403 not in {each.status_code for each in ask()}


def test_with_a_second_factor_the_proof_is_a_code(ada: Person) -> None:
    ada.set_up()
    ada.later(601)
    key = {"name": "k", "scopes": ["self:read"]}

    refused = ada.post("/api/v1/keys", **key)
    password = ada.post(f"{SESSION}/proof", password=PASSWORD)
    wrong = ada.post(f"{SESSION}/proof", code="12345x")
    proved = ada.post(f"{SESSION}/proof", code=ada.code())
    replayed = ada.post(f"{SESSION}/proof", code=ada.code())

    assert [each.status_code for each in (refused, password, wrong, proved, replayed)] == [403, 403, 403, 200, 403]
    assert {each.json()["type"] for each in (refused, password, wrong, replayed)} == {PROOF_REQUIRED}
    assert ada.post("/api/v1/keys", **key).status_code == 201


def test_a_key_needs_no_code_and_does_what_is_dangerous_with_a_scope_for_it_alone(ada: Person) -> None:
    ada.set_up()

    def made_with(*scopes: str) -> int:
        made = ada.service.do("keys.create", user="ada", name="k", scopes=["self:read", "self:write", *scopes])
        client = ada.service.anonymous(authorization=f"Bearer {made.token}")
        assert client.get(SESSION).status_code == 200
        answer = client.post("/api/v1/keys", json={"name": "child", "scopes": ["self:read"]})
        if answer.status_code == 403:
            assert "sensitive:write" in answer.json()["detail"]
        # Nor is it asked to prove what it cannot.
        assert client.post(f"{SESSION}/proof", json={"password": PASSWORD}).status_code == 409
        assert client.post(f"{SESSION}/second-factor/confirm", json={"code": "123456"}).status_code == 409
        found: int = answer.status_code
        return found

    assert (made_with(), made_with("sensitive:write")) == (403, 201)


def test_other_sessions_end_when_it_is_set_up_and_it_is_taken_away_by_its_user_alone_or_an_admin(ada: Person) -> None:
    other = Person(ada.service, ada.service.anonymous())
    other.log_in()
    ada.set_up()
    assert (other.client.get(SESSION).status_code, ada.client.get(SESSION).status_code) == (401, 200)
    assert ada.post(f"{SESSION}/second-factor").status_code == 409

    new = ada.post(f"{SESSION}/second-factor/codes").json()["codes"]
    assert set(new).isdisjoint(ada.recovery)
    assert second_step(ada, ada.recovery[0], ada.log_in().json()["ticket"]).status_code == 401
    assert second_step(ada, new[0], ada.log_in().json()["ticket"]).status_code == 200
    assert ada.delete(f"{SESSION}/second-factor").status_code == 200
    assert Person(ada.service, ada.service.anonymous()).log_in().status_code == 200

    ada.set_up()
    root = ada.service.as_("root")
    place = "/api/v1/users/ada/second-factor"
    assert root.get(place).json()["enabled"] is True
    assert root.get("/api/v1/users/ada").json()["second_factor"] is True
    assert ada.service.as_("bob").delete(place).status_code == 403
    assert root.delete(place).status_code == 200
    # Whoever asked for it may have been somebody else: they log in anew.
    assert ada.client.get(SESSION).status_code == 401
    assert ada.log_in().status_code == 200
    assert root.delete(place).status_code == 409


def test_a_new_password_leaves_it_and_a_user_who_is_deleted_takes_it_along(ada: Person) -> None:
    ada.set_up()
    ada.service.do("users.set_password", user="ada", password="quite another phrase")
    again = ada.client.post(SESSION, json={"user": "ada", "password": "quite another phrase"})
    assert again.status_code == 202
    # An operator on the machine helps whoever has lost both.
    made = ada.service.do("second_factor.new_codes", user="ada")
    assert second_step(ada, made.codes[0], again.json()["ticket"]).status_code == 200

    ada.service.do("users.delete", user="ada")
    with ada.service.office.bench.core.storage.read() as connection:
        left = [connection.execute(sa.select(each)).all() for each in (second_factors, recovery_codes)]
    assert left == [[], []]


def test_neither_secret_nor_codes_are_in_the_audit_the_log_or_twice_in_an_answer(
    ada: Person, capfd: pytest.CaptureFixture[str]
) -> None:
    key = {"x-csrf-token": ada.csrf, "idempotency-key": "once"}
    first = ada.client.post(f"{SESSION}/second-factor", headers=key)
    ada.secret = first.json()["secret"]
    again = ada.client.post(f"{SESSION}/second-factor", headers=key)
    code = ada.code()
    made = ada.post(f"{SESSION}/second-factor/confirm", code=code).json()["codes"]
    told = ada.service.do("second_factor.new_codes", user="ada").codes
    second_step(ada, told[0], ada.log_in().json()["ticket"])

    with ada.service.office.bench.core.storage.read() as connection:
        audited = "\n".join(str(row) for row in connection.execute(sa.select(audit)))
        kept = "\n".join(str(row) for row in connection.execute(sa.select(recovery_codes)))
    said = "".join(capfd.readouterr())
    shown = json.dumps(ada.service.as_("root").get("/api/v1/users/ada").json())
    secrets = [ada.secret, code, *made, *told]
    assert again.status_code == 409
    assert [each for each in secrets if each in audited + said + shown] == []
    assert [each for each in (*made, *told) if codes.plain(each) in kept] == []
    assert audited.count("second_factor.new_codes") == 2
