"""Shadows over HTTP and by command."""

from __future__ import annotations

from tests.integration.api.conftest import Service


def test_a_shadow_is_given_looked_at_and_taken_away(service: Service) -> None:
    service.automation("ada")
    ada = service.as_("ada")
    path = "/api/v1/automations/one/shadow"
    assert ada.get(path).json()["shadow"] is False
    made = ada.post(path)
    assert (made.status_code, made.json()["shadow"]) == (200, True)
    again = ada.post(path)
    assert (again.status_code, "has a shadow already" in again.json()["detail"]) == (409, True)
    assert ada.get(path).json()["status"] == "active"
    assert ada.get("/api/v1/automations/one").json()["shadow"] is True
    gone = ada.delete(path)
    assert (gone.status_code, gone.json()["shadow"]) == (200, False)
    assert [row.action for row in service.do("audit.list", limit=10).entries][:2] == ["shadows.remove", "shadows.add"]
