"""New automations over HTTP: planned, created paused, and all their mistakes at once."""

from __future__ import annotations

from typing import Any

from tests.integration.api.conftest import Service

DRAFT: dict[str, Any] = {"account": "main", "budget": {"USDT": "250.50"}, "config": {"who": "waits"}}


def test_a_type_is_planned_for_ones_own_account_alone(service: Service) -> None:
    service.automation("ada", "other")
    for user in ("ada", "bob"):
        service.as_(user).get("/api/v1/types")  # a key's first use is written down
    before = service.office.database()

    planned = service.as_("ada").post("/api/v1/types/scripted/plan", json=DRAFT)
    elsewhere = service.as_("bob").post("/api/v1/types/scripted/plan", json=DRAFT)
    unknown = service.as_("ada").post("/api/v1/types/nothing/plan", json=DRAFT)

    assert (planned.status_code, planned.json()["outcome"], planned.json()["id"]) == (200, "decides", "")
    assert planned.json()["free_funds"] == {"USDT": "250.50"}
    assert (elsewhere.status_code, [each["field"] for each in elsewhere.json()["errors"]]) == (422, ["body.account"])
    assert (unknown.status_code, [each["field"] for each in unknown.json()["errors"]]) == (422, ["body.type"])
    assert service.office.database() == before


def test_mistakes_of_the_body_and_of_the_config_come_together(service: Service) -> None:
    service.account("ada")
    body = {"type": "scripted", "name": " ", "account": "nowhere", "budget": {"USDT": "NaN"}, "config": {}}

    answer = service.as_("ada").post("/api/v1/automations", json=body)
    planned = service.as_("ada").post("/api/v1/types/scripted/plan", json={**DRAFT, "config": {}, "limits": 7})

    fields = {each["field"] for each in answer.json()["errors"]}
    assert (answer.status_code, fields) == (
        422,
        {"body.name", "body.account", "body.budget.USDT", "body.config.who"},
    )
    assert {each["field"] for each in planned.json()["errors"]} == {"body.limits", "body.config.who"}
    # What is no object at all has no fields to look at.
    assert service.as_("ada").post("/api/v1/automations", json=[1]).status_code == 422


def test_one_that_is_created_paused_says_so(service: Service) -> None:
    service.automation("ada", "other")
    ada = service.as_("ada")
    made = ada.post("/api/v1/automations", json={**DRAFT, "type": "scripted", "name": "later", "start": False})
    text = "automations: [{name: more, type: scripted, account: main, config: {who: waits}}]"
    kind = {"content-type": "application/yaml"}
    imported = ada.post("/api/v1/automations/import?start=false", content=text, headers=kind)

    assert (made.status_code, made.json()["status"], made.json()["next_run"]) == (201, "paused", None)
    assert [row["status"] for row in imported.json()["automations"]] == ["paused"]


def test_an_edit_that_comes_too_late_is_told_what_holds_now(service: Service) -> None:
    place = f"/api/v1/automations/{service.automation('ada')}"
    ada = service.as_("ada")
    old = ada.get(place).headers["etag"]
    ada.patch(place, json={"changes": {"candles": 3}}, headers={"if-match": old})

    late = ada.patch(place, json={"changes": {"candles": 4}}, headers={"if-match": old})
    command = ada.post(f"{place}/pause", headers={"if-match": old})

    now = ada.get(place)
    assert (late.status_code, late.headers["etag"]) == (412, now.headers["etag"])
    assert late.json()["current"] == {
        "revision": now.json()["revision"],
        **{name: now.json()[name] for name in ("name", "config", "limits")},
    }
    assert (command.status_code, command.headers["etag"]) == (412, now.headers["etag"])
    again = ada.patch(place, json={"changes": {"candles": 4}}, headers={"if-match": late.headers["etag"]})
    assert (again.status_code, again.json()["config"]["candles"]) == (200, 4)


def test_whatever_is_edited_too_late_is_answered_with_the_revision_that_holds(service: Service) -> None:
    root = service.as_("root")
    things = {
        f"automations/{service.automation('ada')}": {"name": "other"},
        f"accounts/{service.account('ada')}": {"name": "other"},
        "users/bob": {"disabled": True},
    }
    for path, change in things.items():
        place = f"/api/v1/{path}"
        old = root.get(place).headers["etag"]
        assert root.patch(place, json=change, headers={"if-match": old}).status_code == 200, path
        late = root.patch(place, json=change, headers={"if-match": old})
        assert (late.status_code, late.headers["etag"]) == (412, root.get(place).headers["etag"]), path
        assert f'"{late.json()["current"]["revision"]}"' == late.headers["etag"]
