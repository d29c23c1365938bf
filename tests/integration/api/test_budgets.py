"""An automation's budget over HTTP: of the state that was looked at, and once however often it is sent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from octobot_node.store.tables import api_requests, postings
from tests.integration.api.conftest import Service


@pytest.fixture
def ada(service: Service) -> Any:
    service.automation("ada")
    service.office.bench.trading.held = {"USDT": Decimal(1_500)}
    return service.as_("ada")


def given(service: Service) -> list[Decimal]:
    return [row.amount for row in service.office.bench.rows(postings, postings.c.id) if row.kind == "budget"]


def test_it_is_planned_and_changed_with_the_revision_that_was_seen(service: Service, ada: Any) -> None:
    planned = ada.post("/api/v1/automations/one/budget/plan", json={"add": {"USDT": "100"}})
    assert planned.status_code == 200
    assert planned.json()["assets"] == [
        {
            "asset": "USDT", "change": "100", "budget": "1100", "free": "1100", "reserved": "0", "held": "0",
            "takeable": "1100", "addable": "400",
        }
    ]  # fmt: skip
    assert given(service) == [1_000]
    headers = {"if-match": planned.headers["etag"]}
    made = ada.post("/api/v1/automations/one/budget", json={"add": {"USDT": "100"}}, headers=headers)
    assert (made.status_code, made.json()["assets"]) == (200, planned.json()["assets"])
    assert made.headers["etag"] == f'"{made.json()["revision"]}"' != planned.headers["etag"]
    late = ada.post("/api/v1/automations/one/budget", json={"add": {"USDT": "100"}}, headers=headers)
    assert (late.status_code, late.json()["type"].rpartition(":")[2]) == (412, "changed-meanwhile")
    assert given(service) == [1_000, 100]


def test_sent_again_with_its_key_it_is_not_done_again_even_where_its_answer_was_lost(
    service: Service, ada: Any
) -> None:
    def send(key: str) -> Any:
        return ada.post("/api/v1/automations/one/budget", json={"add": {"USDT": "7"}}, headers={"idempotency-key": key})

    first, again = send("a"), send("a")
    assert (again.headers["idempotency-replayed"], again.json()) == ("true", first.json())
    with service.office.bench.core.storage.write() as connection:
        # As a node leaves it that is killed after it was done, and before it was answered.
        connection.execute(api_requests.update().values(status=None))
    assert send("a").json()["type"].rpartition(":")[2] == "outcome-unknown"
    assert given(service) == [1_000, 7]


def test_every_amount_that_is_wrong_is_told_with_its_field(service: Service, ada: Any) -> None:
    body = {"add": {"USDT": "501"}, "take": {"BTC": "1"}}
    for path in ("budget/plan", "budget"):
        answer = ada.post(f"/api/v1/automations/one/{path}", json=body)
        assert answer.status_code == 422
        assert [each["field"] for each in answer.json()["errors"]] == ["body.take.BTC", "body.add.USDT"]
    assert given(service) == [1_000]


def test_the_audit_says_what_was_before_and_after(service: Service, ada: Any) -> None:
    ada.post("/api/v1/automations/one/budget", json={"take": {"USDT": "250"}})
    (row,) = [row for row in service.do("audit.list", limit=10).entries if row.action == "budgets.change"]
    assert (row.actor, row.target, row.outcome) == ("ada", "one", "done")
    assert (row.data["before"]["budget"], row.data["after"]["budget"]) == ({"USDT": "1000"}, {"USDT": "750"})
