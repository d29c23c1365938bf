"""Every operation, every kind of caller: made from the OpenAPI document, so that a new route without a rule fails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient

from octobot_node import hookimpl
from octobot_node.api.app import create_app
from octobot_node.api.scopes import SCOPES, SENSITIVE, scopes_of
from octobot_node.contracts.api_routes import ApiRoutes
from octobot_node.errors import PluginError
from tests.integration.api.conftest import ROLES, Service

#: Everything else in a request may be wrong, but not who makes it: such an answer is no refusal.
REFUSALS = {401, 403}
METHODS = ("get", "post", "put", "patch", "delete")
#: Whoever asks for them is nobody yet, or says who they are by the address alone.
PUBLIC = {"create_session", "give_session_code", "send_signal_to_hook", "live", "ready"}


@dataclass(frozen=True)
class Route:
    id: str
    method: str
    path: str
    scope: str | None
    role: str | None
    step_up: bool

    @property
    def body(self) -> dict[str, Any] | None:
        return {} if self.method in {"post", "put", "patch"} else None

    def ask(self, client: TestClient) -> Any:
        path = re.sub(r"{(\w+)}", "nothing", self.path)
        return client.request(self.method, path, headers={"accept": "application/json"}, json=self.body)


def routes(service: Service) -> Iterator[Route]:
    document = service.client.get("/api/v1/openapi.json").json()
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                found = item[method]
                about = (found.get("x-scope"), found.get("x-role"), found.get("x-step-up", False))
                yield Route(found["operationId"], method, path, *about)


@pytest.mark.slow
def test_every_operation_lets_in_whom_its_scope_names_and_nobody_else(service: Service) -> None:
    """No one, viewer, trader, another trader, admin, a key with just the scope, and one with every other scope."""
    everything = frozenset(scope.name for scope in SCOPES)
    keys: dict[str, TestClient] = {}

    def key_of_root(name: str, scopes: frozenset[str]) -> TestClient:
        if name not in keys:
            made = service.do("keys.create", user="root", name=name[:64], scopes=sorted(scopes))
            keys[name] = service.anonymous(authorization=f"Bearer {made.token}")
        return keys[name]

    wrong = []
    for route in routes(service):
        if route.scope is None:
            assert route.id in PUBLIC, f"{route.id} is for everybody: is it meant to be?"
            continue
        answers = {"no one": (route.ask(service.anonymous()).status_code, False)}
        for user, role in ROLES.items():
            may = route.scope in scopes_of(role, SCOPES)  # type: ignore[arg-type]
            answers[user] = (route.ask(service.as_(user)).status_code, may)
        needed = {route.scope, SENSITIVE} if route.step_up else {route.scope}
        with_it = key_of_root(f"only {' '.join(sorted(needed))}", frozenset(needed))
        if route.step_up:
            unproved = key_of_root(f"all but {SENSITIVE}", everything - {SENSITIVE})
            answers["a key for what is not dangerous"] = (route.ask(unproved).status_code, False)
        without = key_of_root(f"all but {route.scope}", everything - {route.scope})
        answers["a key with the scope"] = (route.ask(with_it).status_code, True)
        answers["a key without it"] = (route.ask(without).status_code, False)
        wrong += [
            f"{route.id}: {who} got {status}"
            for who, (status, may) in answers.items()
            if (status not in REFUSALS) != may or status >= 500
        ]

    assert wrong == []
    # Some route asks for every scope: none of the keys above was made in vain.
    assert everything <= {scope for name in keys for scope in name.split()}


@pytest.mark.slow
def test_what_is_somebody_elses_is_answered_as_what_is_not_there(service: Service) -> None:
    """Every route with an automation, an account or an order in its path."""
    theirs = {"automation": service.automation("ada"), "account": service.account("ada")}
    seen = []
    for route in routes(service):
        name = next((name for name in theirs if f"{{{name}}}" in route.path), None)
        if name is None:
            continue
        path = re.sub(r"{(\w+)}", lambda match: theirs.get(match[1], "nothing"), route.path)
        status = service.as_("bob").request(route.method, path, headers={"if-match": "*"}, json=route.body).status_code
        seen.append((route.id, status))

    assert len(seen) > 8
    # 422: the empty body is refused before anybody looks for what it is about.
    assert [each for each in seen if each[1] not in {404, 422}] == []


class Ruleless:
    """A plugin whose route says of nobody that they may use it."""

    @hookimpl
    def register_api_routers(self, register: Any) -> None:
        router = APIRouter()

        @router.get("/telex")
        def list_telex() -> str:
            return ""

        register(ApiRoutes("telex", lambda: router))


def test_a_route_without_a_rule_is_refused(service: Service) -> None:
    from dataclasses import replace

    office = service.office
    context = office.context()
    registered: list[ApiRoutes] = []
    Ruleless().register_api_routers(registered.append)
    owner = next(plugin for plugin in context.registry.plugins if plugin.name == "octobot_plugins.auth")
    built_in = replace(owner, registers={"register_api_routers": ("telex",)})
    registry = replace(context.registry, api_routes=tuple(registered), plugins=(built_in,))
    object.__setattr__(context.core, "registry", registry)

    with pytest.raises(PluginError, match=r"/telex names no scope: give it allow\(scope\) or public\(\)"):
        create_app(context)
    third = replace(built_in, origin="installed by telex")
    object.__setattr__(context.core, "registry", replace(registry, plugins=(third,)))
    app = create_app(context)

    assert TestClient(app).get("/api/v1/telex").status_code == 404
    assert [trouble.what for trouble in context.core.plugin_failures.all()] == ["the API routes telex"]
