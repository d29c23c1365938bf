"""Keys and names end when they should, and no scope is walked around."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from octobot_node.errors import UsageError
from tests.integration.api.conftest import PASSWORD, Service

NEW_PASSWORD = "another correct horse"
RUN_FILE = """\
accounts: {fresh: {market_data: {use: simulated}, trading: {use: paper}, balances: {USD: 100}}}
automations:
- {name: one, type: dca, account: fresh, budget: {USD: 50}, config: {symbol: BTC/USD, amount: 9, every: 1d}}
"""


def key(service: Service, by: str | TestClient, *scopes: str) -> tuple[str, TestClient]:
    maker = service.as_(by) if isinstance(by, str) else by
    made = maker.post("/api/v1/keys", json={"name": "k", "scopes": list(scopes)}).json()
    return made["id"], service.anonymous(authorization=f"Bearer {made['token']}")


def status(client: TestClient) -> int:
    found: int = client.get("/api/v1/session").status_code
    return found


def test_a_password_that_is_reset_ends_keys_and_one_that_is_changed_ends_them_where_that_is_said(
    service: Service,
) -> None:
    _, intruder = key(service, "ada", "self:read")
    reset = service.as_("root").put("/api/v1/users/ada/password", json={"password": NEW_PASSWORD})
    assert (reset.status_code, status(intruder), status(service.as_("ada"))) == (200, 401, 401)

    _, kept = key(service, "bob", "self:read")
    keeping = {"password": NEW_PASSWORD, "keep_keys": True}
    assert service.as_("root").put("/api/v1/users/bob/password", json=keeping).status_code == 200
    assert status(kept) == 200

    change = {"current": NEW_PASSWORD, "new": PASSWORD}
    assert service.as_("bob").put("/api/v1/session/password", json=change).status_code == 200
    assert status(kept) == 200
    again = {"current": PASSWORD, "new": NEW_PASSWORD, "revoke_keys": True}
    assert service.as_("bob").put("/api/v1/session/password", json=again).status_code == 200
    assert status(kept) == 401


def test_keys_that_a_key_made_end_with_it_and_it_ends_no_others(service: Service) -> None:
    parent, by_parent = key(service, "ada", "self:read", "self:write", "sensitive:write")
    child, by_child = key(service, by_parent, "self:read", "self:write", "sensitive:write")
    grandchild, by_grandchild = key(service, by_child, "self:read")
    sibling, by_sibling = key(service, "ada", "self:read", "automations:write")

    assert by_child.delete(f"/api/v1/keys/{sibling}").status_code == 404
    assert by_child.delete(f"/api/v1/keys/{parent}").status_code == 404
    assert [status(each) for each in (by_parent, by_child, by_grandchild, by_sibling)] == [200] * 4

    assert by_parent.delete(f"/api/v1/keys/{grandchild}").status_code == 200
    assert [status(each) for each in (by_parent, by_child, by_grandchild)] == [200, 200, 401]
    _, late = key(service, by_child, "self:read")
    assert by_parent.delete(f"/api/v1/keys/{parent}").status_code == 200
    assert [status(each) for each in (by_parent, by_child, late, by_sibling)] == [401, 401, 401, 200]
    assert child != parent


def test_a_key_never_may_more_than_its_user_when_it_was_made(service: Service) -> None:
    service.automation("bob", "bob-s")
    _, old = key(service, "ada", "automations:read", "self:read")
    root = service.as_("root", **{"if-match": "*"})

    assert root.patch("/api/v1/users/ada", json={"role": "admin"}).status_code == 200

    assert old.get("/api/v1/automations").json()["automations"] == []
    assert old.get("/api/v1/session").json()["role"] == "trader"
    assert root.patch("/api/v1/users/ada", json={"role": "viewer"}).status_code == 200
    assert old.get("/api/v1/session").json()["role"] == "viewer"


@pytest.mark.parametrize("name", ["local", "node"])
def test_nobody_is_called_as_the_node_calls_itself(service: Service, name: str) -> None:
    assert service.as_("root").post("/api/v1/users", json={"name": name}).status_code == 422


def test_a_name_is_its_first_user_s_for_ever(service: Service) -> None:
    root = service.as_("root")
    assert root.post("/api/v1/users", json={"name": "u9"}).status_code == 201
    assert root.delete("/api/v1/users/u9").status_code == 200

    again = root.post("/api/v1/users", json={"name": "u9"})
    on_purpose = root.post("/api/v1/users", json={"name": "u9", "owner": "ada"})

    assert (again.status_code, "choose another name" in again.json()["detail"]) == (409, True)
    assert on_purpose.status_code == 201


def test_a_misspelt_owner_is_refused(service: Service) -> None:
    root = service.as_("root")
    made = root.post("/api/v1/users", json={"name": "vee", "role": "viewer", "owner": "adaa"})
    edited = root.patch("/api/v1/users/vera", json={"owner": "nobody"}, headers={"if-match": "*"})

    assert (made.status_code, made.json()["errors"]) == (
        422,
        [{"field": "body.owner", "reason": "there is no user 'adaa', and nothing of theirs: did you mean 'ada'?"}],
    )
    assert (edited.status_code, "create that user first" in edited.json()["detail"]) == (422, True)
    # What only commands of this machine made is somebody's, too.
    assert root.post("/api/v1/users", json={"name": "vee", "role": "viewer", "owner": "local"}).status_code == 201


def test_a_name_under_which_somebody_owns_something_is_no_new_user_s(service: Service) -> None:
    service.automation("desk")

    assert service.as_("root").post("/api/v1/users", json={"name": "desk"}).status_code == 409
    made = service.as_("root").post("/api/v1/users", json={"name": "desk", "owner": "desk"})
    assert made.status_code == 201


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/v1/users", {"name": "eve", "role": "admin"}),
        ("POST", "/api/v1/users", {"name": "eve", "role": "viewer"}),
        ("PUT", "/api/v1/users/root/password", {"password": NEW_PASSWORD}),
        ("PATCH", "/api/v1/users/ada", {"role": "admin"}),
        ("PATCH", "/api/v1/users/ada", {"owner": "root"}),
    ],
)
def test_a_key_makes_nobody_who_may_more_than_it_does(
    service: Service, method: str, path: str, body: dict[str, Any]
) -> None:
    _, narrow = key(service, "root", "users:read", "users:write", "sensitive:write")

    refused = narrow.request(method, path, json=body, headers={"if-match": "*"})
    done = service.as_("root").request(method, path, json=body, headers={"if-match": "*"})

    assert (refused.status_code, done.status_code < 300) == (403, True), refused.text
    assert "which this key has not" in refused.json()["detail"]


def test_an_import_makes_accounts_for_whoever_may_and_an_export_tells_their_settings_to_whoever_may(
    service: Service,
) -> None:
    yaml = {"content-type": "application/yaml"}
    _, narrow = key(service, "ada", "automations:read", "automations:write")

    refused = narrow.post("/api/v1/automations/import", content=RUN_FILE, headers=yaml)
    made = service.as_("ada").post("/api/v1/automations/import", content=RUN_FILE, headers=yaml)
    second = RUN_FILE[RUN_FILE.index("automations:") :].replace("one", "two").replace("USD: 50", "USD: 20")
    allowed = narrow.post("/api/v1/automations/import", content=second, headers=yaml)
    exported = narrow.get("/api/v1/automations/export")
    whole = service.as_("ada").get("/api/v1/automations/export")

    assert (refused.status_code, made.status_code, allowed.status_code) == (403, 201, 201), allowed.text
    assert "accounts:write" in refused.json()["detail"]
    assert ("market_data" in exported.text, exported.headers["x-left-out"]) == (False, "accounts.fresh")
    assert "market_data" in whole.text


def ending(service: Service, days: float, name: str = "k") -> str:
    body = {"name": name, "scopes": ["self:read"], "expires_in": days * 86_400}
    made: str = service.as_("ada").post("/api/v1/keys", json=body).json()["id"]
    return made


def causes(service: Service, user: str) -> list[tuple[str, int, str]]:
    found = service.as_(user).get("/api/v1/attention").json()["causes"]
    return [(each["title"], each["count"], each["help"]["operation"]) for each in found]


def test_keys_that_end_soon_need_attention_and_are_renewed_together(service: Service) -> None:
    soon, later = ending(service, 3, "grafana"), ending(service, 30, "backup")
    assert causes(service, "ada") == [("Your API key grafana ends soon", 1, "keys.renew")]
    assert causes(service, "bob") == causes(service, "root") == []
    service.office.bench.advance(18 * 86_400_000)
    assert causes(service, "ada") == [("Your API key backup ends soon", 1, "keys.renew")]
    # A key does not let keys live longer, not even itself.
    assert service.as_("ada").post("/api/v1/keys/renew", json={}).status_code == 409
    renewed = service.do("keys.renew", user="ada")
    assert [(each.name, each.id) for each in renewed.keys] == [("backup", later)]
    assert causes(service, "ada") == []
    held = {each.id: each.expires_at for each in service.do("keys.list", user="ada").keys}
    now = service.office.bench.clock.now()
    assert int(held[later].timestamp() * 1_000) == now + 90 * 86_400_000
    assert int(held[soon].timestamp() * 1_000) < now


def test_a_key_that_ended_is_told_for_a_week(service: Service) -> None:
    ending(service, 1)
    ending(service, 2)
    service.office.bench.advance(3 * 86_400_000)
    assert causes(service, "ada") == [("2 of your API keys have ended", 2, "keys.list")]
    service.office.bench.advance(7 * 86_400_000)
    assert causes(service, "ada") == []


def test_a_key_is_revoked_by_its_name_where_that_says_which(service: Service) -> None:
    first, second = ending(service, 1, "grafana"), ending(service, 1, "backup")
    assert service.do("keys.revoke", user="ada", key="backup").id == second
    third = ending(service, 1, first)
    # Its id comes first, whatever others are called.
    assert service.do("keys.revoke", user="ada", key=first).id == first
    fourth = ending(service, 1, first)
    assert service.do("keys.revoke", user="ada", key=third).id == third
    ending(service, 1, "twice"), ending(service, 1, "twice")
    with pytest.raises(UsageError, match=r"2 keys of 'ada' are called 'twice': name one by its id, "):
        service.do("keys.revoke", user="ada", key="twice")
    assert service.do("keys.revoke", user="ada", key=fourth).id == fourth
