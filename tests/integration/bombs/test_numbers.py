"""Short texts that name numbers of millions of digits: each is refused at every door, and costs nothing.

Every operation is asked, in each of its fields: through the API where it has a route, and as the control socket does.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from octobot_node.errors import OctoBotError, UsageError
from octobot_node.live.control_server import _request as read_line
from octobot_node.operations.perform import perform_named
from tests.integration.api.conftest import Service
from tests.integration.operations.conftest import Office

#: JSON of numbers that nobody could mean, and whether they are as numbers or as text.
BOMBS = (
    "1e40000000",
    "-1e40000000",
    "1e-40000000",
    "0e40000000",
    "1e999999999999999999",
    "9" * 4_000,
    "0." + "1" * 4_000,
)
#: Of the CPU, all requests of a test together: one bomb that goes off takes longer.
_CPU_S = 5.0


@contextmanager
def cheaply() -> Iterator[None]:
    began = time.process_time()
    yield
    assert time.process_time() - began < _CPU_S


def bodies(service: Service) -> Iterator[tuple[str, str, list[str]]]:
    """Yield method, path and the body's fields of every route that takes a JSON body."""
    document: dict[str, Any] = service.client.get("/api/v1/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, route in methods.items():
            content = route.get("requestBody", {}).get("content", {})
            if "application/json" not in content:
                continue
            schema = content["application/json"]["schema"]
            for option in schema.get("anyOf", [schema]):
                name = option.get("$ref", "").rpartition("/")[2]
                found = document["components"]["schemas"].get(name, {})
                yield method, re.sub("{.*?}", "x", path), sorted(found.get("properties", {"any": {}}))


@pytest.mark.slow
@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: f"{bomb[:12]}-{len(bomb)}")
def test_a_number_bomb_in_any_field_of_any_route_is_refused_and_costs_nothing(service: Service, bomb: str) -> None:
    client = service.as_("root", **{"content-type": "application/json", "if-match": '"1"'})
    asked = [(method, path, field) for method, path, fields in bodies(service) for field in fields]
    # A text that is not valid JSON is a signal, too.
    asked = [each for each in asked if each[1] not in {"/api/v1/automations/import", "/hooks/x"}]

    with cheaply():
        answers = {
            (method, path, field): client.request(method, path, content=f'{{"{field}": {{"x": [{bomb}]}}}}').status_code
            for method, path, field in asked
        }

    assert len(asked) > 60
    assert set(answers.values()) <= {400, 422}, answers


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: f"{bomb[:12]}-{len(bomb)}")
def test_a_number_bomb_is_refused_by_the_socket_before_the_operation_is_looked_up(bomb: str) -> None:
    with cheaply(), pytest.raises(UsageError, match="digits"):
        read_line(b'{"operation": "status", "arguments": {"x": %s}}' % bomb.encode())


def test_a_number_bomb_as_text_in_any_field_of_any_operation_is_text_or_is_refused(office: Office) -> None:
    with cheaply():
        for name, operation in office.bench.registry.operations.items():
            for field in operation.request.model_fields:
                # Anything but an error of ours fails the test.
                with suppress(OctoBotError):
                    perform_named(office.context(), name, {field: "1e40000000"})


PAPER = {"name": "p", "market_data": {"use": "simulated"}, "trading": {"use": "paper"}, "balances": {"USD": "100"}}


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        {"limits": {"max_data_age": "1e100000000"}},
        {"limits": {"max_order_notional": "1e100000000"}},
        {"limits": {"price_collar": "1e-100000000"}},
        {"limits": {"max_orders_per_minute": 10**50}},
        {"balances": {"USD": "1e100000"}},
        {"trading": {"use": "paper", "slippage": "1e-100000"}},
        {"trading": {"use": "paper", "balances": {"USD": "1e100000"}}},
        {"market_data": {"use": "simulated", "amount_step": "1e-100000"}},
        {"market_data": {"use": "simulated", "min_notional": "1e100000"}},
        {"market_data": {"use": "simulated", "seed": "9" * 4_000}},
    ],
)
def test_an_account_takes_no_number_that_nobody_could_pay_and_its_owner_goes_on(
    service: Service, change: dict[str, Any]
) -> None:
    with cheaply():
        refused = service.as_("ada").post("/api/v1/accounts", json=PAPER | change)
        made = service.as_("ada").post("/api/v1/accounts", json=PAPER)

    assert (refused.status_code, made.status_code) == (422, 201)
    assert len(refused.content) < 2_000


def test_a_config_takes_no_number_of_a_million_digits(service: Service) -> None:
    service.as_("ada").post("/api/v1/accounts", json=PAPER)
    new = {
        "name": "d",
        "type": "dca",
        "account": "p",
        "budget": {"USD": "50"},
        "config": {"symbol": "BTC/USD", "amount": "1e40000000", "every": "1d"},
    }

    with cheaply():
        answer = service.as_("ada").post("/api/v1/automations", json=new)

    assert answer.status_code == 422, answer.text
    assert "config.amount" in answer.json()["detail"]
