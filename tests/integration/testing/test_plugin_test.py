"""A plugin's tests have the node's own database, context, operations and API."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from octobot_node import Needs
from octobot_node.testing import PluginTest
from octobot_node.testing.plugin_test import Told

TELEX = '''
from pydantic import BaseModel

from octobot_node import hookimpl
from octobot_node.contracts.health import Health, HealthCheck
from octobot_node.contracts.operation import Route, operation


class Ask(BaseModel):
    name: str


class Answer(BaseModel):
    greeting: str


@operation("telex.greet", route=Route("GET", "/telex/{name}", "automations:read", "Greet"))
def greet(context, request: Ask) -> Answer:
    """Greet somebody."""
    context.plugin_context.tell(f"greeted {request.name}", level="warning")
    return Answer(greeting=f"hello {request.name}")


@hookimpl
def register_operations(register):
    register(greet)


@hookimpl
def register_health_checks(register):
    register(HealthCheck("telex", lambda context: Health("ok", context.node_id)))
'''


@pytest.fixture
def telex(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "telex_under_test.py").write_text(TELEX)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "telex_under_test", raising=False)
    return "telex_under_test"


def test_operations_notices_and_the_api_are_the_node_s_own(telex: str) -> None:
    with PluginTest(telex) as node:
        assert node.do("telex.greet", name="ada").model_dump() == {"greeting": "hello ada"}
        assert node.told == [Told("warning", "greeted ada", "local")]
        client = node.api()
        assert client.get("/api/v1/telex/bob").json() == {"greeting": "hello bob"}
        assert [check.name for check in node.operations.registry.health_checks][-1] == "telex"


def test_an_account_has_prices_and_a_connector_of_it_is_lent_what_a_node_lends() -> None:
    with PluginTest() as node:
        account = node.account()
        assert node.context.market("main", Needs(tickers=["BTC/USD"])).ticker("BTC/USD").last > 0
        lent = node.connector_context(account)
        assert lent.settings.data_dir == node.context.settings.data_dir


def test_a_plugin_that_is_broken_or_not_used_whole_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "half_telex.py").write_text(TELEX.replace('"telex.greet"', '"automations.pause"'))
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ValueError, match=r"half_telex: operation 'automations.pause' is registered twice"):
        PluginTest("half_telex").__enter__()
    with pytest.raises(ValueError, match="no_such_telex: ModuleNotFoundError"):
        PluginTest("no_such_telex").__enter__()
    with pytest.raises(ValueError, match="inside its with block only"):
        _ = PluginTest().told
