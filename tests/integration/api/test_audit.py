"""Every write has its entry, and nobody changes one."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from octobot_node import Decision, Wake
from octobot_node.operations.node import audit as operations
from octobot_node.store.tables import audit
from tests.integration.api.conftest import PASSWORD, Service


def test_a_write_leaves_who_did_what_from_where_with_before_and_after(service: Service) -> None:
    place = f"/api/v1/automations/{service.automation('ada')}"
    answer = service.as_("ada").post(f"{place}/pause")

    (entry,) = service.as_("root").get("/api/v1/audit?action=automations.pause").json()["entries"]

    assert (entry["actor"], entry["via"], entry["address"]) == ("ada", "key tests", "192.0.2.7")
    assert (entry["outcome"], entry["owner"], entry["target"]) == ("done", "ada", "one")
    assert entry["request_id"] == answer.headers["x-request-id"]
    assert (entry["data"]["before"]["status"], entry["data"]["after"]["status"]) == ("active", "paused")


def test_what_was_created_is_what_the_entry_is_about_and_its_first_config_is_its_makers(service: Service) -> None:
    service.account("ada")
    service.office.bench.type.scripts["waits"] = lambda _tick: Decision(wake=Wake(every=timedelta(days=1)))
    spec = {"name": "mine", "type": "scripted", "account": "main", "budget": {"USDT": "10"}}
    made = service.as_("ada").post("/api/v1/automations", json={**spec, "config": {"who": "waits"}}).json()
    account = {"name": "play", "market_data": {"use": "simulated"}, "trading": {"use": "paper"}}
    played = service.as_("ada").post("/api/v1/accounts", json=account).json()

    entries = service.as_("root").get("/api/v1/audit").json()["entries"]
    about = {entry["action"]: (entry["owner"], entry["target"], entry["target_id"]) for entry in entries}
    assert about["automations.create"] == ("ada", "mine", made["id"])
    assert about["accounts.create"] == ("ada", "play", played["id"])
    # And is found by it, by whoever owns it, too.
    (own,) = service.as_("ada").get(f"/api/v1/audit/own?target_id={made['id']}").json()["entries"]
    assert own["action"] == "automations.create"

    place = f"/api/v1/automations/{made['id']}"
    assert [row["by"] for row in service.as_("ada").get(f"{place}/configs").json()["configs"]] == ["ada"]
    changes = {"changes": {"candles": 1}}
    assert service.as_("root").patch(place, json=changes, headers={"if-match": "*"}).status_code == 200
    assert [row["by"] for row in service.as_("ada").get(f"{place}/configs").json()["configs"]] == ["root", "ada"]


def test_what_was_refused_is_there_with_the_reason(service: Service) -> None:
    place = f"/api/v1/automations/{service.automation('ada')}"
    service.as_("ada").post(f"{place}/resume")

    (entry,) = service.as_("root").get("/api/v1/audit?action=automations.resume").json()["entries"]

    assert entry["outcome"] == "refused"
    assert "is active" in entry["data"]["error"]


def test_an_entry_that_a_dead_process_left_alone_says_that_the_outcome_is_unknown(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = f"/api/v1/automations/{service.automation('ada')}"

    class Died(BaseException):
        pass

    def die(*_args: object, **_given: object) -> None:
        raise Died

    monkeypatch.setattr(type(service.office.bench.commands), "pause", die)
    with pytest.raises(Died):
        service.do("automations.pause", automation=place.rpartition("/")[2])

    (entry,) = service.as_("root").get("/api/v1/audit?action=automations.pause").json()["entries"]
    assert (entry["outcome"], entry["data"]["before"]["status"]) == ("unknown", "active")


def test_log_ins_failed_log_ins_and_a_keys_first_use_from_an_address_are_there(service: Service) -> None:
    for password in ("wrong horse battery", PASSWORD):
        service.client.post("/api/v1/session", json={"user": "ada", "password": password})
    service.as_("bob").get("/api/v1/session")
    service.as_("bob").get("/api/v1/session")

    entries = service.as_("root").get("/api/v1/audit").json()["entries"]

    told = [(each["actor"], each["action"], each["outcome"]) for each in entries if each["actor"] in {"ada", "bob"}]
    assert told == [
        ("bob", "keys.new_address", "done"),
        ("ada", "session.create", "done"),
        ("ada", "session.create", "refused"),
    ]


def test_no_secret_is_in_the_audit_nor_in_the_tables(service: Service) -> None:
    root, secret = service.as_("root"), "tremendously secret phrase"
    root.post("/api/v1/users", json={"name": "eve", "password": secret})
    key = {"idempotency-key": "once"}
    token = root.post("/api/v1/keys", json={"name": "k", "scopes": ["self:read"]}, headers=key).json()["token"]
    again = root.post("/api/v1/keys", json={"name": "k", "scopes": ["self:read"]}, headers=key)
    automation = service.automation("ada")
    hook = service.as_("ada").post("/api/v1/hooks", json={"automation": automation, "name": "tv"}).json()["token"]

    hidden = "a passphrase under an odd name"
    spec = {"market_data": {"use": "fake"}, "trading": {"use": "fake", "pin": hidden}}
    root.post("/api/v1/accounts", json={"name": "x", **spec})
    root.post("/api/v1/automations/import", json={"accounts": {"y": spec}, "automations": []})
    kept = "\n".join(service.office.database())
    with service.office.bench.core.storage.read() as connection:
        audited = "\n".join(str(row) for row in connection.execute(sa.select(audit)))

    assert again.status_code == 409
    assert len(token) > 40
    assert len(hook) > 40
    assert [each for each in (secret, token, hook, PASSWORD) if each in kept + audited] == []
    assert audited.count("accounts.create") == 2
    assert hidden not in audited


def _four_entries(service: Service) -> None:
    for user in ("vera", "ada", "bob", "root"):
        service.do("keys.create", user=user, name="audited", scopes=["node:read"])


@pytest.mark.parametrize("change", ["UPDATE audit SET actor = 'somebody else'", "DELETE FROM audit"])
def test_the_database_itself_refuses_to_change_an_entry(service: Service, change: str) -> None:
    storage = service.office.bench.core.storage
    _four_entries(service)

    with pytest.raises(sa.exc.DBAPIError, match="append-only"), storage.write() as connection:
        connection.execute(sa.text(change))


def test_an_export_has_every_entry_as_a_line(service: Service) -> None:
    root = service.as_("root")
    everything = root.get("/api/v1/audit?limit=500").json()["entries"]

    exported = root.get("/api/v1/audit/export?limit=1")

    assert exported.headers["content-type"].startswith("application/x-ndjson")
    assert [json.loads(line) for line in exported.text.splitlines()] == everything


def test_pages_of_the_audit_follow_each_other(service: Service) -> None:
    root = service.as_("root")
    everything = root.get("/api/v1/audit?limit=500").json()["entries"]
    cursor: str | None = ""
    found = []
    while True:
        page = root.get(f"/api/v1/audit?limit=2{cursor}").json()
        found += page["entries"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"

    assert found == everything


def test_whether_the_audit_is_what_was_written_is_told_piece_by_piece_and_from_an_anchor_on(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, where = service.as_("root"), "/api/v1/audit/verify"
    _four_entries(service)
    root.get("/api/v1/session")
    whole = root.get(where).json()
    monkeypatch.setattr(operations, "_VERIFIED_MAX", 2)
    first = root.get(where).json()
    rest = root.get(where, params={"since": first["anchor"]}).json()
    wrong = root.get(where, params={"since": f"2:{'0' * 64}"}).json()
    beyond = root.get(where, params={"since": f"99999:{'0' * 64}"}).json()

    assert (whole["holds"], whole["broken"], whole["verified"]) == (True, None, whole["entries"])
    assert whole["remembered"] == "the data folder remembers nothing yet"
    assert (first["holds"], first["verified"], first["more"]) == (True, 2, True)
    assert (rest["holds"], rest["verified"], int(rest["anchor"].partition(":")[0])) == (True, 2, 4)
    assert wrong["broken"] == {"id": 2, "why": "entry 2 is not the one that there was"}
    assert beyond["broken"]["why"].endswith("99999 are not there any more")
    assert root.get(where, params={"since": "2:nothing"}).status_code == 422


def test_a_beginning_s_arguments_are_kept_once_and_told_with_its_end(service: Service) -> None:
    place = f"/api/v1/automations/{service.automation('ada')}"
    service.as_("ada").post(f"{place}/pause")

    (entry,) = service.as_("root").get("/api/v1/audit?action=automations.pause").json()["entries"]
    with service.office.bench.core.storage.read() as connection:
        kept = connection.scalars(sa.select(audit.c.data).where(audit.c.action == "automations.pause")).all()

    assert sorted(entry["data"]) == ["after", "arguments", "before"]
    assert [sorted(json.loads(each)) for each in kept] == [["arguments", "before"], ["after"]]


def test_a_trader_reads_who_did_what_with_their_own_and_nothing_else(service: Service) -> None:
    place = f"/api/v1/automations/{service.automation('ada')}"
    service.as_("ada").post(f"{place}/pause")
    service.as_("root").post(f"{place}/resume")
    other = f"/api/v1/automations/{service.automation('bob', 'two')}"
    service.as_("bob").post(f"{other}/pause")
    service.client.post("/api/v1/session", json={"user": "ada", "password": "wrong"})
    service.as_("root").put("/api/v1/session/password", json={"current": "wrong", "new": "correct horse battery"})

    def own(who: str, query: str = "") -> list[tuple[str, str, str]]:
        entries = service.as_(who).get(f"/api/v1/audit/own{query}").json()["entries"]
        return [(entry["action"], entry["actor"], entry["address"]) for entry in entries]

    assert own("ada")[:3] == [
        ("session.create", "ada", "192.0.2.7"),
        # From where others did it is theirs.
        ("automations.resume", "root", ""),
        ("automations.pause", "ada", "192.0.2.7"),
    ]
    assert own("ada", "?action=automations.") == [entry for entry in own("ada") if entry[0].startswith("automations.")]
    assert own("bob", "?action=automations.pause") == [("automations.pause", "bob", "192.0.2.7")]
    cursor: str | None = ""
    found = []
    while cursor is not None:
        page = service.as_("ada").get(f"/api/v1/audit/own?limit=1{cursor}").json()
        found += [(entry["action"], entry["actor"], entry["address"]) for entry in page["entries"]]
        cursor = None if page["next_cursor"] is None else f"&cursor={page['next_cursor']}"
    assert found == own("ada")
    assert service.as_("vera").get("/api/v1/audit/own").status_code == 403
    assert service.as_("ada").get("/api/v1/audit").status_code == 403
