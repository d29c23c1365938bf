"""Every hook has a built-in plugin that uses it, and a test here that shows what it does."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from octobot_node import hookspecs
from octobot_node.assembly import open_base
from octobot_node.plugins import Registry, load_plugins
from octobot_node.settings import Settings

HOOKS = sorted(
    name
    for name, function in inspect.getmembers(hookspecs, inspect.isfunction)
    if hasattr(function, "octobot_node_spec")
)


@pytest.fixture
def registry() -> Registry:
    return load_plugins(discover=False)


def users(registry: Registry, hook: str) -> list[str]:
    """Return the plugins that implement a hook."""
    return sorted(found.plugin_name for found in getattr(registry.hook, hook).get_hookimpls())


def test_there_are_hooks() -> None:
    assert "register_automations" in HOOKS


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_has_a_built_in_user_and_a_test_of_its_own(registry: Registry, hook: str) -> None:
    assert users(registry, hook) != []
    assert f"test_hook_{hook}" in globals()


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_says_what_it_is_for(hook: str) -> None:
    assert inspect.getdoc(getattr(hookspecs, hook))


def test_hook_open_storage(registry: Registry, tmp_path: Path) -> None:
    assert users(registry, "open_storage") == ["octobot_plugins.sqlite"]
    storage = registry.hook.open_storage(settings=Settings(data_dir=tmp_path))
    assert storage.shown == f"sqlite:///{tmp_path / 'octobot.db'}"
    storage.close()
    assert registry.hook.open_storage(settings=Settings(data_dir=tmp_path, database_url="mystery://x")) is None


def test_hook_register_tables(registry: Registry) -> None:
    assert users(registry, "register_tables") == ["octobot_plugins.paper"]
    (paper,) = registry.tables
    assert (paper.name, all(name.startswith("paper_") for name in paper.metadata.tables)) == ("paper", True)


def test_hook_open_coordinator(registry: Registry, tmp_path: Path) -> None:
    assert users(registry, "open_coordinator") == ["octobot_plugins.standalone"]
    epochs = []
    for _ in range(2):
        base = open_base(Settings(data_dir=tmp_path, disk_reserve_mb=0), registry, now=0)
        with base.storage.write() as connection:
            assert base.coordinator.holds(connection)
        assert base.coordinator.may_dispatch()
        epochs.append(base.coordinator.epoch)
        base.close()
    assert epochs == [1, 2]


def test_hook_register_market_data(registry: Registry) -> None:
    assert users(registry, "register_market_data") == ["octobot_plugins.replay", "octobot_plugins.simulated"]
    assert {name: factory.replay for name, factory in sorted(registry.market_data.items())} == {
        "replay": True,
        "simulated": False,
    }


def test_hook_register_trading(registry: Registry) -> None:
    assert users(registry, "register_trading") == ["octobot_plugins.paper"]
    assert {name: factory.simulated for name, factory in registry.trading.items()} == {"paper": True}


def test_hook_register_automations(registry: Registry) -> None:
    assert users(registry, "register_automations") == ["octobot_tentacles.dca"]
    assert list(registry.automations) == ["octobot_tentacles.dca"]


def test_hook_register_notifiers(registry: Registry) -> None:
    assert users(registry, "register_notifiers") == ["octobot_plugins.log"]
    assert [notifier.name for notifier in registry.notifiers] == ["log"]
