"""Accounts over HTTP."""

from __future__ import annotations

from decimal import Decimal

from tests.integration.api.conftest import Service


def test_an_edit_of_an_account_says_what_it_is_about(service: Service) -> None:
    service.account("ada")
    ada = service.as_("ada")
    (row,) = ada.get("/api/v1/accounts").json()["accounts"]
    place = f"/api/v1/accounts/{row['id']}"
    old = ada.get(place).headers["etag"]

    first = ada.patch(place, json={"limits": {"max_open_orders": 5}}, headers={"if-match": old})
    late = ada.patch(place, json={"limits": {}}, headers={"if-match": old})
    blind = ada.patch(place, json={"limits": {}})

    assert (first.status_code, late.status_code, blind.status_code) == (200, 412, 428)
    assert late.json()["type"] == "urn:octobot-node:problem:changed-meanwhile"
    read = ada.get(place)
    assert (read.json()["limits"], read.headers["etag"]) == ({"max_open_orders": 5}, first.headers["etag"])
    again = ada.patch(place, json={"limits": {}}, headers={"if-match": read.headers["etag"]})
    assert (again.status_code, again.json()["limits"], again.json()["revision"]) == (200, {}, 3)
    assert ada.patch(place, json={"name": "whatever it is"}, headers={"if-match": "*"}).status_code == 200


def test_an_account_is_looked_into_tested_and_given_other_keys(service: Service) -> None:
    place = f"/api/v1/accounts/{service.account('ada')}"
    service.office.bench.trading.held = {"USDT": Decimal("7.5")}
    ada = service.as_("ada")
    money = ada.get(f"{place}/money", params={"currency": "USDT"}).json()
    assert (money["assets"][0]["unallocated"], money["value"], money["problem"]) == ("7.5", "7.50000000", "")
    checked = ada.post(f"{place}/check").json()
    assert (checked["ok"], [step["what"] for step in checked["steps"]]) == (
        True,
        ["market_data", "balances", "open_orders"],
    )
    keys = ada.post(f"{place}/rotate-keys", json={"trading": {"key": "s3cret-key"}})
    assert (keys.status_code, keys.json()["detail"]) == (
        409,
        "'main' trades with fake, which has no secrets: there is none to replace",
    )
    # Nor does the audit keep what was sent.
    audit = service.as_("root").get("/api/v1/audit").text
    assert "accounts.rotate_keys" in audit
    assert "s3cret-key" not in audit


def test_an_account_observes_and_goes_live_again_as_nobody_else_can_have_it(service: Service) -> None:
    place = f"/api/v1/accounts/{service.account('ada')}"
    ada = service.as_("ada")
    told = ada.post(f"{place}/observe")
    assert (told.status_code, told.json()["mode"], told.json()["changed"]) == (200, "observe", True)
    read = ada.get(place)
    assert read.json()["mode"] == "observe"
    plan = ada.get(f"{place}/go-live", params={"max_first_day": "100"}).json()
    assert (plan["changed"], len(plan["will"]) > 1, ada.get(place).json()["mode"]) == (False, True, "observe")
    late = ada.post(f"{place}/go-live", json={}, headers={"if-match": '"1"'})
    assert late.status_code == 412
    live = ada.post(f"{place}/go-live", json={"max_first_day": "100"}, headers={"if-match": read.headers["etag"]})
    assert (live.status_code, live.json()["changed"]) == (200, True)
    assert ada.get(place).json()["limits"] == {"max_first_day": "100"}
