"""Built-in plugins must work; a third party's that breaks is recorded, and the rest is loaded."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from octobot_node import plugins
from octobot_node.errors import DuplicateName, PluginError, UnknownType
from octobot_node.plugins import DEFAULT_PLUGINS, BrokenPlugin, load_named, load_plugins

Write = Callable[[str, str], str]

GOOD = """
from pydantic import BaseModel
from octobot_node import Automation, Decision, hookimpl

class Good(Automation):
    name = "good"
    class Config(BaseModel): ...
    def evaluate(self, tick): return Decision()

@hookimpl
def register_automations(register): register(Good)
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write a module that can be imported by name, and forget it after the test."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(name: str, text: str) -> str:
        (tmp_path / f"{name}.py").write_text(text)
        monkeypatch.delitem(sys.modules, name, raising=False)
        return name

    return write


def test_the_built_in_plugins_load_in_order() -> None:
    registry = load_plugins(discover=False)
    assert (registry.modules, registry.broken) == (DEFAULT_PLUGINS, ())
    assert [name for name, _ in registry.manager.list_name_plugin()] == list(DEFAULT_PLUGINS)


def test_an_extra_module_is_loaded_by_its_dotted_name(write: Write) -> None:
    registry = load_plugins([write("extra_good", GOOD)], discover=False)
    assert registry.modules == (*DEFAULT_PLUGINS, "extra_good")
    assert "extra_good.good" in registry.automations
    assert registry.automation("good")[0] == "extra_good.good"


def test_the_same_modules_load_again_by_name_in_another_process(write: Write) -> None:
    first = load_plugins([write("extra_good", GOOD)], discover=False)
    again = load_named(first.modules)
    assert (again.modules, set(again.automations)) == (first.modules, set(first.automations))


BROKEN = {
    "an import error": ("import nothing_of_this_name", "ModuleNotFoundError: No module named 'nothing_of_this_name'"),
    "an error of its own": ("raise RuntimeError('not today')", "RuntimeError: not today"),
    "a syntax error": ("def", "SyntaxError: "),
    "a wrong signature": (
        "from octobot_node import hookimpl\n@hookimpl\ndef register_automations(registry): ...",
        "PluginValidationError: ",
    ),
    "a misspelt hook": (
        "from octobot_node import hookimpl\n@hookimpl\ndef register_automation(register): ...",
        "PluginValidationError: unknown hook 'register_automation'",
    ),
    "a hook that raises": (
        "from octobot_node import hookimpl\n@hookimpl\ndef register_automations(register): raise RuntimeError('no')",
        "RuntimeError: no",
    ),
    "no automation at all": (
        "from octobot_node import hookimpl\n@hookimpl\ndef register_automations(register): register(int)",
        "PluginError: register_automations takes subclasses of Automation, not <class 'int'>",
    ),
    "an automation that cannot be made": (
        GOOD.replace("class Config", "def __init__(self): raise RuntimeError('unmakeable')\n    class Config"),
        "RuntimeError: unmakeable",
    ),
    "market data without a name": (
        "from octobot_node import hookimpl\n@hookimpl\ndef register_market_data(register): register(1)",
        "AttributeError: 'int' object has no attribute 'name'",
    ),
    "an automation without a name": (
        GOOD.replace('    name = "good"\n', ""),
        "PluginError: Good lacks name",
    ),
}


@pytest.mark.parametrize("what", sorted(BROKEN))
def test_a_third_party_s_broken_plugin_is_recorded_and_the_rest_is_loaded(write: Write, what: str) -> None:
    text, error = BROKEN[what]
    broken, good = write("extra_broken", text), write("extra_good", GOOD)
    registry = load_plugins([broken, good], discover=False)
    (found,) = registry.broken
    assert (found.name, error in found.error) == ("extra_broken", True), found
    assert registry.modules == (*DEFAULT_PLUGINS, "extra_good")
    assert "extra_good.good" in registry.automations
    assert registry.manager.get_plugin("extra_broken") is None


def test_a_broken_built_in_raises(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "DEFAULT_PLUGINS", (*DEFAULT_PLUGINS, write("broken_built_in", "1 / 0")))
    with pytest.raises(ZeroDivisionError):
        load_plugins(discover=False)


def test_two_built_ins_of_one_name_are_refused_naming_both(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    names = (write("one_a", _market("twice")), write("one_b", _market("twice")))
    monkeypatch.setattr(plugins, "DEFAULT_PLUGINS", (*DEFAULT_PLUGINS, *names))
    with pytest.raises(DuplicateName, match=r"market data 'twice' is registered twice: by .* and by ") as refused:
        load_plugins(discover=False)
    assert isinstance(refused.value, PluginError)


def test_a_third_party_cannot_take_a_built_in_s_name(write: Write) -> None:
    with pytest.raises(DuplicateName, match="market data 'simulated' is registered twice"):
        load_plugins([write("impostor", _market("simulated"))], discover=False)


def _market(name: str) -> str:
    return (
        "from pydantic import BaseModel\nfrom octobot_node import hookimpl\n"
        "from octobot_node.exchanges import MarketDataFactory\n@hookimpl\ndef register_market_data(register):\n"
        f"    register(MarketDataFactory({name!r}, BaseModel, print))\n"
    )


class _Entry:
    """An installed entry point, as importlib.metadata gives it."""

    def __init__(self, name: str, load: Callable[[], Any]) -> None:
        self.name, self.group, self.module, self.load = name, "octobot_node", f"module_of_{name}", load


def test_an_installed_plugin_that_breaks_neither_stops_the_rest_nor_the_node(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib_metadata

    def explode() -> Any:
        raise ImportError("half installed")

    class _Distribution:
        metadata: dict[str, str] = {"Name": "third-party"}  # noqa: RUF012
        version = "1"
        entry_points = (_Entry("bad", explode), _Entry("fine", lambda: ModuleType("fine")))

    entries = _Distribution.entry_points
    monkeypatch.setattr(importlib_metadata, "entry_points", lambda **_: entries)
    monkeypatch.setattr("importlib.metadata.distributions", lambda: [_Distribution()])
    registry = load_plugins()
    assert registry.broken == (BrokenPlugin("bad", "ImportError: half installed"),)
    assert registry.modules == (*DEFAULT_PLUGINS, "module_of_fine")


def test_what_is_not_registered_is_named_with_what_there_is() -> None:
    registry = load_plugins(discover=False)
    with pytest.raises(
        UnknownType, match="no plugin registers the automation type 'nope'; there are: octobot_tentacles"
    ):
        registry.automation("nope")
    with pytest.raises(UnknownType, match="no plugin registers the market data 'nope'; there are: "):
        registry.market_data_factory("nope")
    with pytest.raises(UnknownType, match="no plugin registers the trading connector 'nope'; there are: paper"):
        registry.trading_factory("nope")


def test_a_short_name_that_two_packages_use_is_ambiguous(write: Write) -> None:
    registry = load_plugins([write("extra_good", GOOD), write("extra_better", GOOD)], discover=False)
    with pytest.raises(UnknownType, match=r"'good' is ambiguous: write one of extra_better\.good, extra_good\.good"):
        registry.automation("good")
    assert registry.automation("extra_good.good")[0] == "extra_good.good"
