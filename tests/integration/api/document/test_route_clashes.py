"""No plugin answers in another's place, nor takes its name in the document: the one route is left out and said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from octobot_node.api import ApiRouter, public
from octobot_node.api.app import create_app
from octobot_node.contracts.api_routes import ApiRoutes
from octobot_node.contracts.plugins import PluginInfo
from octobot_node.errors import PluginError
from tests.integration.api.conftest import Service, service

__all__ = ["service"]

Routes = Callable[[ApiRouter], None]


def app_with(
    service: Service, *plugins: tuple[str, Routes], origin: str = "installed by x", outside: bool = False
) -> FastAPI:
    """Return the API of a node that has these plugins, too."""
    context = service.office.context()
    registry = context.registry
    routes, infos = list(registry.api_routes), list(registry.plugins)
    for name, add in plugins:
        router = ApiRouter()
        add(router)
        routes.append(ApiRoutes(name, lambda router=router: router, outside=outside))  # type: ignore[misc]
        infos.append(PluginInfo(name, "1", origin, name, registers={"register_api_routers": (name,)}))
    object.__setattr__(context.core, "registry", replace(registry, api_routes=tuple(routes), plugins=tuple(infos)))
    return create_app(context)


def troubles(service: Service) -> list[tuple[str, str, str]]:
    found = service.office.context().core.plugin_failures.all()
    return [(each.plugin, each.what, each.error) for each in found]


def get(path: str, name: str, function_name: str = "") -> Routes:
    def add(router: ApiRouter) -> None:
        async def answer() -> str:
            return name

        answer.__name__ = function_name or f"answer_{name}"
        router.get(path, dependencies=[public()])(answer)

    return add


@pytest.mark.parametrize("path", ["/automations", "/automations/mine", "/automations/{mine}", "/openapi.json"])
def test_a_route_that_the_node_answers_already_is_left_out(service: Service, path: str) -> None:
    app_with(service, ("telex", get(path, "telex")))
    ((plugin, what, error),) = troubles(service)
    assert (plugin, what) == ("telex", f"the route GET /api/v1{path}")
    assert error.startswith("it is left out: ")
    assert error.endswith(", which answers for it: give it a path of its own")


def test_the_rest_of_a_plugin_s_routes_answer(service: Service) -> None:
    def both(router: ApiRouter) -> None:
        get("/automations", "shadowed")(router)
        get("/telex", "telex")(router)

    app = app_with(service, ("telex", both))
    assert len(troubles(service)) == 1
    assert TestClient(app).get("/api/v1/telex").json() == "telex"


def test_a_route_that_takes_every_path_takes_none_of_the_node_s(service: Service) -> None:
    app = app_with(service, ("telex", get("/{path:path}", "telex")), outside=True)
    client = TestClient(app)
    assert client.get("/health/live").json() != "telex"
    assert client.get("/api/v1/automations").status_code == 401
    assert client.get("/something").json() == "telex"


def test_of_two_plugins_routes_with_one_operation_id_the_later_is_left_out(service: Service) -> None:
    one, other = get("/one", "one", "list_items"), get("/other", "other", "list_items")
    app = app_with(service, ("one", one), ("other", other))
    ((plugin, what, error),) = troubles(service)
    assert (plugin, what) == ("other", "the route GET /api/v1/other")
    assert error == (
        "it is left out: one has the operationId 'list_items', for GET /api/v1/one: rename the function, or give the"
        " route a `name` of its own"
    )
    assert TestClient(app).get("/api/v1/one").json() == "one"


def test_a_built_in_s_clash_is_a_mistake_of_ours(service: Service) -> None:
    with pytest.raises(PluginError, match="the route GET /api/v1/automations of telex cannot be: octobot_"):
        app_with(service, ("telex", get("/automations", "telex")), origin="built-in")


def test_every_operation_of_the_node_has_an_id_of_its_own(service: Service) -> None:
    document: dict[str, Any] = service.client.get("/api/v1/openapi.json").json()
    ids = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    assert sorted(ids) == sorted(set(ids))
