"""Names and reasons take no character that nobody sees, by any route that makes one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.api.conftest import Service

ODD = [
    "\x1b[2J",
    "\x07",
    "\n",
    "\x9b2J",
    "\u202e",
    "\u200b",
    "\u2028",
    "\u00ad",
    "\U000e0041",
    "\u3164",
    "\u2800",
    "\u034f",
    "\xa0",
    "\u3000",
]
ROUTES: list[tuple[str, dict[str, Any], str]] = [
    ("/api/v1/keys", {"scopes": ["self:read"]}, "name"),
    ("/api/v1/hooks", {"automation": "one"}, "name"),
    ("/api/v1/hooks", {"automation": "one", "name": "n"}, "channel"),
    ("/api/v1/automations/one/signals", {"payload": 1}, "channel"),
    ("/api/v1/automations/one/signals", {"payload": 1}, "key"),
    ("/api/v1/kill-switches", {"scope": "automation", "target": "one"}, "reason"),
    ("/api/v1/automations/one/clone", {}, "name"),
    ("/api/v1/accounts", {"market_data": {"use": "simulated"}, "trading": {"use": "paper"}}, "name"),
    ("/api/v1/users", {"name": "u"}, "owner"),
    ("/api/v1/session", {"password": "x"}, "user"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("path", "body", "field"), ROUTES, ids=[f"{path}-{field}" for path, _, field in ROUTES])
def test_a_character_that_nobody_sees_is_refused(service: Service, path: str, body: dict[str, Any], field: str) -> None:
    service.automation("root")
    # Whose things are there is an owner, a user of the node or not.
    service.automation("für alle 🚀", "theirs")
    client = service.as_("root")

    answers = [client.post(path, json=body | {field: f"a{odd}b"}) for odd in ODD]
    fine = client.post(path, json=body | {field: "für alle 🚀"})

    assert {each.status_code for each in answers} == {422}
    assert all(each.json()["errors"][0]["field"] == f"body.{field}" for each in answers)
    assert fine.status_code in ({401} if path.endswith("session") else {200, 201, 202}), fine.text


def test_a_header_tells_names_of_any_script_in_ascii(service: Service) -> None:
    made = {"name": "Großmutter", "market_data": {"use": "simulated"}, "trading": {"use": "paper"}}
    assert service.as_("ada").post("/api/v1/accounts", json=made | {"balances": {"USD": 10}}).status_code == 201
    new = {"name": "d", "type": "dca", "account": "Großmutter", "budget": {"USD": 5}}
    config = {"symbol": "BTC/USD", "amount": 1, "every": "1d"}
    assert service.as_("ada").post("/api/v1/automations", json=new | {"config": config}).status_code == 201
    key = service.as_("ada").post("/api/v1/keys", json={"name": "k", "scopes": ["automations:read"]}).json()["token"]

    answer = service.anonymous(authorization=f"Bearer {key}").get("/api/v1/automations/export")

    assert (answer.status_code, answer.headers["x-left-out"]) == (200, "accounts.Gro\\xdfmutter")
