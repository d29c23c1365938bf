"""Log in, log out, and what a browser must bring."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import pytest
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST
from fastapi.testclient import TestClient

from octobot_plugins.auth.sign_in import passwords
from tests.integration.api.conftest import PASSWORD, Service


def log_in(service: Service, user: str = "ada", password: str = PASSWORD, **headers: str) -> Any:
    client = service.anonymous(**headers)
    return client, client.post("/api/v1/session", json={"user": user, "password": password})


def test_whoever_logs_in_gets_a_cookie_that_scripts_cannot_read_and_a_token_for_writes(service: Service) -> None:
    client, answer = log_in(service)

    told = answer.json()
    assert answer.status_code == 200
    assert (told["user"], told["role"], told["owner"]) == ("ada", "trader", "ada")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Path=/" in cookie
    assert client.get("/api/v1/session").json()["csrf_token"] == told["csrf_token"]


def test_a_write_with_a_cookie_alone_is_refused_and_with_its_token_carried_out(service: Service) -> None:
    client, answer = log_in(service)
    key = {"name": "mine", "scopes": ["self:read"]}

    refused = client.post("/api/v1/keys", json=key)
    made = client.post("/api/v1/keys", json=key, headers={"x-csrf-token": answer.json()["csrf_token"]})

    assert (refused.status_code, refused.json()["type"]) == (403, "urn:octobot-node:problem:csrf")
    assert made.status_code == 201


def test_after_logging_out_the_cookie_is_worth_nothing(service: Service) -> None:
    client, answer = log_in(service)
    ((name, stolen),) = client.cookies.items()

    out = client.delete("/api/v1/session", headers={"x-csrf-token": answer.json()["csrf_token"]})
    again = service.anonymous(cookie=f"{name}={stolen}").get("/api/v1/session")

    assert (out.status_code, again.status_code) == (204, 401)


def test_two_nodes_of_one_machine_have_cookies_of_their_own(service: Service) -> None:
    client, _ = log_in(service)
    ((name, _),) = client.cookies.items()
    core = service.office.bench.core

    assert name.startswith("octobot_session_")
    core.installation = replace(core.installation, id="another-installation")
    other, answer = log_in(service)
    assert (answer.status_code, set(other.cookies) & {name}) == (200, set())
    # Both are sent to both, since cookies know no ports: each takes its own.
    assert service.anonymous(cookie=f"{name}=of-the-other; {_sent(other)}").get("/api/v1/session").status_code == 200


def _sent(client: TestClient) -> str:
    return "; ".join(f"{name}={value}" for name, value in client.cookies.items())


def test_a_wrong_password_and_an_unknown_user_are_answered_alike(service: Service) -> None:
    _, wrong = log_in(service, password="wrong horse battery")
    _, nobody = log_in(service, user="nobody")

    assert (wrong.status_code, nobody.status_code) == (401, 401)
    assert wrong.json()["detail"] == nobody.json()["detail"]


def test_a_password_is_looked_at_as_long_for_nobody_as_for_somebody(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[str] = []

    class Watched(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 - argon2's name
            looked_at.append(_cost(str(hash)))
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "_HASHER", Watched.from_parameters(CHEAPEST))
    for user in ("ada", "nobody"):
        assert log_in(service, user, password="wrong horse battery")[1].status_code == 401

    assert looked_at == [_cost(passwords.Passwords(12).hash("a horse without a battery", "eve"))] * 2


def _cost(hashed: str) -> str:
    """Return the part of a hash that says what it costs: the algorithm, its version, memory, passes and lanes."""
    return hashed.rpartition("$")[0].rpartition("$")[0]


def test_guessing_is_slowed_down_for_the_account_and_the_right_password_waits_as_well(service: Service) -> None:
    statuses = [log_in(service, password=f"wrong {number}")[1].status_code for number in range(6)]
    _, right = log_in(service)
    service.office.bench.clock.advance_to(service.office.bench.clock.now() + 3_000)
    _, later = log_in(service)

    assert statuses == [401] * 5 + [429]
    assert right.status_code == 429
    assert int(right.headers["retry-after"]) >= 1
    assert later.status_code == 200


def test_a_session_that_nobody_uses_ends(service: Service) -> None:
    client, _ = log_in(service)
    clock = service.office.bench.clock

    clock.advance_to(clock.now() + 11 * 3_600_000)
    used = client.get("/api/v1/session").status_code
    clock.advance_to(clock.now() + 11 * 3_600_000)
    used_again = client.get("/api/v1/session").status_code
    clock.advance_to(clock.now() + 13 * 3_600_000)
    idle = client.get("/api/v1/session").status_code

    assert (used, used_again, idle) == (200, 200, 401)


def test_the_list_of_sessions_says_which_one_asks(service: Service) -> None:
    log_in(service)
    client, _ = log_in(service)
    told = client.get("/api/v1/sessions").json()["sessions"]
    assert [each["this"] for each in told] == [False, True]
    # A key is no session.
    assert [each["this"] for each in service.as_("ada").get("/api/v1/sessions").json()["sessions"]] == [False, False]


def test_a_new_password_ends_the_other_sessions_and_needs_the_old_one(service: Service) -> None:
    here, answer = log_in(service)
    there, _ = log_in(service)
    csrf = {"x-csrf-token": answer.json()["csrf_token"]}
    new = "staple staple battery"

    refused = here.put("/api/v1/session/password", json={"current": "no idea at all", "new": new}, headers=csrf)
    changed = here.put("/api/v1/session/password", json={"current": PASSWORD, "new": new}, headers=csrf)

    assert (refused.status_code, changed.status_code) == (401, 200)
    assert (here.get("/api/v1/session").status_code, there.get("/api/v1/session").status_code) == (200, 401)
    assert log_in(service, password=new)[1].status_code == 200


def test_a_disabled_user_is_out_at_once_with_every_session_and_key(service: Service) -> None:
    client, _ = log_in(service)
    revision = service.as_("root").get("/api/v1/users/ada").headers["etag"]

    done = service.as_("root").patch("/api/v1/users/ada", json={"disabled": True}, headers={"if-match": revision})

    assert done.status_code == 200
    assert client.get("/api/v1/session").status_code == 401
    assert service.as_("ada").get("/api/v1/session").status_code == 401
    assert log_in(service)[1].status_code == 401


def key_of(service: Service, user: str = "ada", **more: Any) -> Any:
    wanted = {"name": "k", "scopes": ["self:read", "self:write"], **more}
    return service.as_(user).post("/api/v1/keys", json=wanted)


def test_a_key_may_do_what_it_was_made_for_until_it_ends_or_is_revoked(service: Service) -> None:
    made, clock = key_of(service, expires_in=60).json(), service.office.bench.clock
    client = service.anonymous(authorization=f"Bearer {made['token']}")

    assert client.get("/api/v1/session").json()["scopes"] == ["self:read", "self:write"]
    assert client.get("/api/v1/automations").status_code == 403
    clock.advance_to(clock.now() + 61_000)
    assert client.get("/api/v1/session").status_code == 401

    other = key_of(service).json()
    revoked = service.as_("ada").delete(f"/api/v1/keys/{other['id']}")
    assert revoked.status_code == 200
    assert service.anonymous(authorization=f"Bearer {other['token']}").get("/api/v1/session").status_code == 401


def test_a_scope_that_there_is_not_is_told_with_the_one_that_may_be_meant(service: Service) -> None:
    answer = key_of(service, scopes=["automation:read"])
    assert answer.status_code == 422
    said = "there is no scope 'automation:read': did you mean 'automations:read'?"
    assert answer.json()["detail"] == f"scopes: {said}"


def test_a_key_makes_none_that_may_do_more_or_lives_longer(service: Service) -> None:
    made = key_of(service, expires_in=60, scopes=["self:read", "self:write", "sensitive:write"]).json()
    client = service.anonymous(authorization=f"Bearer {made['token']}")

    def status(**more: Any) -> int:
        wanted = {"name": "child", "scopes": ["self:read"], "expires_in": 30, **more}
        found: int = client.post("/api/v1/keys", json=wanted).status_code
        return found

    assert status() == 201
    assert status(scopes=["automations:write"]) == 403
    assert status(expires_in=None) == 403
    assert status(expires_in=3_600) == 403


def test_a_token_that_is_no_good_is_refused_even_beside_a_good_cookie(service: Service) -> None:
    client, _ = log_in(service)

    assert client.get("/api/v1/session", headers={"authorization": "Bearer ock_nonsense"}).status_code == 401
    assert client.get("/api/v1/session").status_code == 200
