"""How much one user may have and ask for; others go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from octobot_node.api.problems import ApiProblem
from octobot_node.api.transport.rates import Rates
from octobot_node.settings import Settings
from octobot_node.store.audit import audit_chain
from tests.integration.api.conftest import PASSWORD, Service

IMPORT = "accounts: {p: {market_data: {use: simulated}, trading: {use: paper}, balances: {USD: 1000}}}\nautomations:\n"
ONE = "- {name: %s, type: dca, account: p, budget: {USD: 5}, config: {symbol: BTC/USD, amount: 1, every: 1d}}\n"
YAML = {"content-type": "application/yaml"}


def imported(service: Service, user: str, *names: str) -> Any:
    content = IMPORT + "".join(ONE % name for name in names)
    return service.as_(user).post("/api/v1/automations/import", content=content, headers=YAML)


def test_an_owner_has_so_many_automations_and_this_machine_as_many_as_it_likes(
    make_service: Callable[..., Service],
) -> None:
    service = make_service(user_automations=3)

    assert imported(service, "ada", "a", "b", "c", "d").status_code == 429
    assert service.as_("ada").get("/api/v1/accounts").json()["accounts"] == []
    assert imported(service, "ada", "a", "b").status_code == 201
    more = {"name": "c", "type": "dca", "account": "p", "budget": {"USD": 5}}
    config = {"symbol": "BTC/USD", "amount": 1, "every": "1d"}
    assert service.as_("ada").post("/api/v1/automations", json=more | {"config": config}).status_code == 201
    cloned = service.as_("ada").post("/api/v1/automations/a/clone", json={"name": "d"})
    again = service.as_("ada").post("/api/v1/automations", json=more | {"name": "e", "config": config})
    assert (cloned.status_code, again.status_code) == (429, 429)
    assert "OCTOBOT_USER_AUTOMATIONS" in again.json()["detail"]
    assert again.headers["retry-after"] == "60"

    assert imported(service, "bob", "a", "b", "c").status_code == 201
    text = IMPORT + "".join(ONE % name for name in "abcde")
    service.do("automations.import", files=[{"name": "f", "text": text}])


def test_an_owner_has_so_many_accounts_however_they_are_made(make_service: Callable[..., Service]) -> None:
    service = make_service(user_accounts=2)
    paper = {"market_data": {"use": "simulated"}, "trading": {"use": "paper"}, "balances": {"USD": "100"}}
    spec = "{market_data: {use: simulated}, trading: {use: paper}, balances: {USD: 9}}"
    many = f"accounts: {{{', '.join(f'{name}: {spec}' for name in 'pqr')}}}\nautomations:\n"

    refused = service.as_("ada").post("/api/v1/automations/import", content=many + ONE % "a", headers=YAML)
    nothing = service.as_("ada").get("/api/v1/accounts").json()["accounts"]
    made = [service.as_("ada").post("/api/v1/accounts", json={"name": name, **paper}) for name in "xyz"]

    assert (refused.status_code, nothing) == (429, [])
    assert [each.status_code for each in made] == [201, 201, 429]
    assert "OCTOBOT_USER_ACCOUNTS" in made[2].json()["detail"]
    assert service.as_("bob").post("/api/v1/accounts", json={"name": "x", **paper}).status_code == 201


def test_changes_and_heavy_requests_are_counted_by_user_and_kill_switches_are_not(
    make_service: Callable[..., Service],
) -> None:
    service = make_service(api_user_changes=3, api_user_heavy=2)
    service.automation("ada")
    export, pause = "/api/v1/automations/export", "/api/v1/automations/one/pause"

    exports = [service.as_("ada").get(export) for _ in range(3)]
    changes = [service.as_("ada").post(pause).status_code for _ in range(4)]
    thrown = service.as_("ada").post("/api/v1/kill-switches", json={"scope": "everything", "reason": "x"})

    assert [each.status_code for each in exports] == [200, 200, 429]
    assert exports[2].json()["type"] == "urn:octobot-node:problem:throttled"
    assert 0 < int(exports[2].headers["retry-after"]) <= 31
    assert changes[-1] == 429
    assert 429 not in changes[:3]
    assert thrown.status_code < 300
    assert service.as_("bob").get(export).status_code == 200
    assert service.as_("ada").get("/api/v1/automations").status_code == 200


def test_what_a_user_adds_to_the_audit_is_cut_and_counted_and_so_are_refused_changes(
    make_service: Callable[..., Service],
) -> None:
    service = make_service(api_user_audit_megabytes=1, api_user_megabytes=500, api_user_changes=100_000)
    service.automation("ada")
    client = service.as_("ada", **{"if-match": '"1"'})
    # Each value is short enough to be kept, and so is what they come to.
    changes = {f"k{number}": "y" * 900 for number in range(13)}

    answers = [client.patch("/api/v1/automations/one", json={"changes": changes}) for _ in range(100)]

    statuses = [each.status_code for each in answers]
    assert set(statuses) == {412, 429}
    # 12 kB each, and the reason for the refusal.
    assert 70 < statuses.count(412) < 90
    assert "bytes of the audit an hour" in answers[-1].json()["detail"]
    assert int(answers[-1].headers["retry-after"]) > 0
    with service.office.bench.core.storage.read() as connection:
        chain = audit_chain.chain(connection)
    assert chain is not None
    assert chain.bytes < 1_100_000
    # Others go on, and so does the kill switch.
    assert service.as_("bob").post("/api/v1/accounts", json={}).status_code == 422
    thrown = service.as_("ada").post("/api/v1/kill-switches", json={"scope": "everything", "reason": "x"})
    assert thrown.status_code < 300


def test_what_is_sent_and_refused_counts_too(make_service: Callable[..., Service]) -> None:
    service = make_service(api_user_megabytes=2)
    service.automation("ada")
    client = service.as_("ada", **{"if-match": '"1"'})

    answers = [client.patch("/api/v1/automations/one", json={"changes": {"x": "y" * 58_000}}) for _ in range(40)]

    refused = [each.status_code for each in answers]
    assert refused.count(429) == 40 - 2_000_000 // 58_020
    assert set(refused) == {412, 429}


def test_a_bucket_fills_up_again() -> None:
    now = [0.0]
    rates = Rates(Settings(api_user_changes=60), lambda: now[0])
    for _ in range(60):
        rates.asked("ada", "/x", changes=True)

    with pytest.raises(ApiProblem) as refused:
        rates.asked("ada", "/x", changes=True)
    assert refused.value.headers == {"Retry-After": "2"}
    rates.asked("bob", "/x", changes=True)
    now[0] += 2
    rates.asked("ada", "/x", changes=True)
    rates.asked("ada", "/x", changes=True)
    with pytest.raises(ApiProblem):
        rates.asked("ada", "/x", changes=True)


def test_keys_and_sessions_are_so_many(make_service: Callable[..., Service], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOBOT_AUTH_KEYS_PER_USER", "3")
    monkeypatch.setenv("OCTOBOT_AUTH_SESSIONS_PER_USER", "2")
    service = make_service()
    new = {"name": "k", "scopes": ["self:read"]}

    made = [service.as_("ada").post("/api/v1/keys", json=new).status_code for _ in range(3)]
    for _ in range(3):
        assert service.client.post("/api/v1/session", json={"user": "ada", "password": PASSWORD}).status_code == 200

    # The tests' own is the first.
    assert made == [201, 201, 429]
    assert len(service.as_("ada").get("/api/v1/sessions").json()["sessions"]) == 2


def test_signals_are_counted_by_the_owner_of_what_they_are_for_whoever_sends_them(
    make_service: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCTOBOT_HOOKS_PER_OWNER", "3")
    service = make_service(api_user_signals=5)
    automation, bobs = service.automation("ada"), service.automation("bob")

    def made(user: str, automation: str) -> Any:
        return service.as_(user).post("/api/v1/hooks", json={"automation": automation, "name": "h"})

    hooks = [made("ada", automation) for _ in range(4)]
    theirs = made("bob", bobs).json()["path"]
    paths = [each.json()["path"] for each in hooks[:3]]
    answers = [service.client.post(paths[number % 3], content=f"{number}".encode()) for number in range(6)]
    own = service.as_("ada").post(f"/api/v1/automations/{automation}/signals", json={"payload": 1})

    assert [each.status_code for each in hooks] == [201, 201, 201, 429]
    assert "3 addresses for signals" in hooks[3].json()["detail"]
    assert [each.status_code for each in answers] == [202] * 5 + [429]
    assert "more than 5 signals a minute" in answers[5].json()["detail"]
    assert 0 < int(answers[5].headers["retry-after"]) <= 13
    assert own.status_code == 429
    assert service.client.post(theirs, content=b"1").status_code == 202
