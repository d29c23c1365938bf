"""The example plugin that takes a reverse proxy's word for who somebody is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from octobot_node.plugin_system.discovery import load_plugins
from octobot_node.settings import Settings
from tests.integration.api.conftest import Service

EXAMPLES = Path(__file__).parents[4] / "examples"


@pytest.fixture
def proxied(make_service: Callable[..., Service], monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    from dataclasses import replace

    monkeypatch.syspath_prepend(EXAMPLES)
    monkeypatch.setenv("OCTOBOT_PROXY_LOGIN_PROXIES", "192.0.2.0/28")
    monkeypatch.setenv("OCTOBOT_PROXY_LOGIN_SECRET", "of the proxy")
    service = make_service()
    core = service.office.bench.core
    loaded = load_plugins(["proxy_login"], discover=False, trusted=["proxy_login"])
    registry = replace(core.registry, manager=loaded.manager, settings_models=loaded.settings_models)
    core.registry = registry
    service.app.state.api.context = service.office.context()
    yield service
    sys.modules.pop("proxy_login", None)


def test_whoever_the_proxy_names_is_in_with_their_own_role(proxied: Service) -> None:
    ada = proxied.anonymous(**{"x-forwarded-user": "ada"}).get("/api/v1/session")
    nobody = proxied.anonymous(**{"x-forwarded-user": "mallory"}).get("/api/v1/session")

    assert (ada.status_code, ada.json()["user"], ada.json()["via"]) == (200, "ada", "proxy")
    assert nobody.status_code == 401
    assert proxied.as_("bob").get("/api/v1/session").json()["user"] == "bob"


def test_a_change_needs_the_token_since_the_browser_brings_the_rest_by_itself(proxied: Service) -> None:
    client = proxied.anonymous(**{"x-forwarded-user": "ada"})
    token = client.get("/api/v1/session").json()["csrf_token"]
    key = {"name": "k", "scopes": ["self:read"]}

    assert client.post("/api/v1/keys", json=key).status_code == 403
    assert client.post("/api/v1/keys", json=key, headers={"x-csrf-token": token}).status_code == 201


def test_the_header_of_anybody_else_is_worth_nothing(proxied: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    context = proxied.app.state.api.context.plugin_context
    context._read.clear()
    monkeypatch.setenv("OCTOBOT_PROXY_LOGIN_PROXIES", "203.0.113.9")

    assert proxied.anonymous(**{"x-forwarded-user": "root"}).get("/api/v1/session").status_code == 401


def test_it_is_left_out_unless_it_is_trusted_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(EXAMPLES)
    registry = load_plugins(["proxy_login"], discover=False)

    (broken,) = registry.broken
    assert "it implements authenticate, which only a trusted plugin may" in broken.error
    assert Settings(data_dir=tmp_path).trusted_plugins == ()
    sys.modules.pop("proxy_login", None)
