"""Automations over HTTP."""

from __future__ import annotations

import json
from decimal import Decimal

from tests.integration.api.conftest import Service

NEW = {"name": "mine", "type": "scripted", "account": "main", "budget": {"USDT": "250.50"}, "config": {"who": "waits"}}

DCA = """\
accounts:
  paper:
    market_data: {use: simulated, seed: 7, taker_fee: 0.001}
    trading: {use: paper}
    balances: {USD: 100}
automations:
  - {name: saver, type: dca, account: paper, budget: {USD: 100}, config: {symbol: BTC/USD, amount: 10, every: 1h}}
"""


def test_an_automation_is_created_read_edited_paused_and_deleted(service: Service) -> None:
    service.automation("ada", "other")
    ada = service.as_("ada")

    made = ada.post("/api/v1/automations", json=NEW)
    place = made.headers["location"]
    read = ada.get(place)
    edited = ada.patch(place, json={"name": "renamed"}, headers={"if-match": read.headers["etag"]})
    paused = ada.post(f"{place}/pause")
    stopped = ada.post(f"{place}/stop", json={"close": False})
    service.office.bench.settle()
    deleted = ada.delete(place)

    assert (made.status_code, made.json()["owner"], made.json()["status"]) == (201, "ada", "active")
    assert read.json()["budget"] == {"USDT": "250.50"}
    assert (edited.status_code, edited.json()["name"]) == (200, "renamed")
    assert (paused.json()["status"], stopped.json()["status"]) == ("paused", "stopping")
    assert (deleted.status_code, deleted.json()["status"]) == (200, "deleted")
    assert ada.get(place).status_code == 404


def test_an_amount_written_as_a_number_keeps_every_digit(service: Service) -> None:
    service.account("ada")
    digits = "0.12345678901234567890123"
    body = json.dumps({**NEW, "budget": {"BTC": "DIGITS"}}).replace('"DIGITS"', digits)

    made = service.as_("ada", **{"content-type": "application/json"}).post("/api/v1/automations", content=body)
    budget = service.do("automations.show", automation=made.json()["id"]).budget

    assert budget == {"BTC": Decimal(digits)}


def test_an_edit_without_the_revision_that_was_read_is_refused_and_one_of_an_old_revision_too(service: Service) -> None:
    place = f"/api/v1/automations/{service.automation('ada')}"
    ada = service.as_("ada")
    old = ada.get(place).headers["etag"]
    ada.post(f"{place}/pause")

    blind = ada.patch(place, json={"name": "new"})
    late = ada.patch(place, json={"name": "new"}, headers={"if-match": old})
    late_command = ada.post(f"{place}/resume", headers={"if-match": old})
    odd = ada.patch(place, json={"name": "new"}, headers={"if-match": "W/nonsense"})

    assert (blind.status_code, late.status_code, late_command.status_code, odd.status_code) == (428, 412, 412, 422)
    assert ada.get(place).json()["name"] == "one"


def test_what_is_not_ones_own_is_not_there(service: Service) -> None:
    place = f"/api/v1/automations/{service.automation('ada')}"
    bob, vera, root = service.as_("bob"), service.as_("vera"), service.as_("root")

    assert bob.get(place).status_code == 404
    assert bob.post(f"{place}/pause").status_code == 404
    assert bob.get("/api/v1/automations").json()["automations"] == []
    assert (vera.get(place).status_code, vera.post(f"{place}/pause").status_code) == (200, 403)
    assert (root.get(place).status_code, root.post(f"{place}/pause").status_code) == (200, 200)


def test_what_is_wrong_is_said_with_its_field(service: Service) -> None:
    service.account("ada")
    ada = service.as_("ada")

    def fields(body: object) -> list[str]:
        answer = ada.post("/api/v1/automations", json=body)
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        return [each["field"] for each in answer.json()["errors"]]

    assert fields({**NEW, "nmae": 1}) == ["body.nmae"]
    assert fields({**NEW, "budget": {"USDT": "NaN"}}) == ["body.budget.USDT"]
    assert fields({**NEW, "account": "nowhere"}) == ["body.account"]
    assert fields({**NEW, "type": "nothing"}) == ["body.type"]
    assert fields({**NEW, "config": {}}) == ["body.config.who"]
    assert fields({**NEW, "config": {"who": "x", "candles": "many"}}) == ["body.config.candles"]


def test_an_edit_answers_with_what_its_owner_should_know(service: Service) -> None:
    ada = service.as_("ada")
    made = ada.post("/api/v1/automations/import", content=DCA, headers={"content-type": "application/yaml"})
    assert made.status_code == 201, made.text
    edit = {"changes": {"take_profit": "0.05"}}
    edited = ada.patch("/api/v1/automations/saver", json=edit, headers={"if-match": "*"}).json()
    assert [(each["field"], each["severity"]) for each in edited["findings"]] == [("take_profit", "warning")]
    assert edited["config"]["take_profit"] == "0.05"


def test_a_filter_that_takes_several_is_repeated(service: Service) -> None:
    for name in ("one", "two", "three"):
        service.automation("root", name)
    client = service.as_("root")
    for name, what in (("two", "pause"), ("three", "stop")):
        assert client.post(f"/api/v1/automations/{name}/{what}", json={}, headers={"if-match": "*"}).is_success
    found = client.get("/api/v1/automations?status=active&status=paused").json()["automations"]
    assert sorted(each["name"] for each in found) == ["one", "two"]


def test_a_misspelt_filter_is_refused_rather_than_giving_everything(service: Service) -> None:
    answer = service.as_("ada").get("/api/v1/automations?statsu=active")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "query.statsu"
    assert service.as_("ada").get("/api/v1/node?x=1").status_code == 422
    assert service.as_("ada").get("/api/v1/automations?search=a&search=b").status_code == 422
    several = service.as_("ada").get("/api/v1/automations/export?automation=a&automation=b")
    assert several.json()["detail"].startswith("there is no automation 'a'")


def test_pages_follow_each_other_without_a_gap(service: Service) -> None:
    ids = [service.automation("ada", f"a{number}") for number in range(5)]
    ada, found, cursor = service.as_("ada"), [], ""
    while True:
        page = ada.get(f"/api/v1/automations?limit=2{cursor}").json()
        found += [row["id"] for row in page["automations"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"

    assert found == ids


def test_a_plan_shows_the_next_tick_and_writes_nothing(service: Service) -> None:
    place = f"/api/v1/automations/{service.automation('ada')}"
    service.as_("ada").get(place)  # the key's first use is written down
    before = service.office.database()

    planned = service.as_("ada").post(f"{place}/plan", json={"at_once": True})

    assert (planned.status_code, planned.json()["outcome"]) == (200, "decides")
    assert service.office.database() == before


def test_a_request_sent_again_with_its_key_is_carried_out_once(service: Service) -> None:
    service.account("ada")
    ada = service.as_("ada")
    key = {"idempotency-key": "4711"}

    first = ada.post("/api/v1/automations", json=NEW, headers=key)
    again = ada.post("/api/v1/automations", json=NEW, headers=key)
    other = ada.post("/api/v1/automations", json={**NEW, "name": "else"}, headers=key)

    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.json(), again.headers["etag"]) == (first.json(), first.headers["etag"])
    assert again.headers["idempotency-replayed"] == "true"
    assert (other.status_code, other.json()["type"].rpartition(":")[2]) == (422, "idempotency-key-reused")
    assert len(ada.get("/api/v1/automations").json()["automations"]) == 1


def test_a_mistake_may_be_mended_under_the_same_key_and_another_user_may_use_it(service: Service) -> None:
    service.account("ada")
    service.account("bob")
    key = {"idempotency-key": "4711"}

    wrong = service.as_("ada").post("/api/v1/automations", json={**NEW, "type": "nothing"}, headers=key)
    mended = service.as_("ada").post("/api/v1/automations", json=NEW, headers=key)
    bobs = service.as_("bob").post("/api/v1/automations", json=NEW, headers=key)

    assert (wrong.status_code, mended.status_code, bobs.status_code) == (422, 201, 201)
    assert bobs.json()["owner"] == "bob"
