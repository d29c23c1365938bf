"""Accounts over HTTP."""

from __future__ import annotations

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
