"""Every hook has a built-in plugin that uses it, and a test here that shows what it does."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from octobot_node import Market, MarketOrder, hookspecs
from octobot_node.contracts.order_checks import OrderContext
from octobot_node.engine.base import open_base
from octobot_node.operations.catalogue import OPERATIONS
from octobot_node.plugin_system.discovery import DEFAULT_PLUGINS, load_plugins
from octobot_node.plugin_system.plugin_commands import plugin_commands
from octobot_node.plugin_system.registry import Registry
from octobot_node.settings import Settings
from octobot_plugins.order_rules.settings import OrderRulesSettings

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
    assert users(registry, "open_storage") == ["octobot_plugins.postgres", "octobot_plugins.sqlite"]
    storage = registry.hook.open_storage(settings=Settings(data_dir=tmp_path))
    assert storage.shown == f"sqlite:///{tmp_path / 'octobot.db'}"
    storage.close()
    assert registry.hook.open_storage(settings=Settings(data_dir=tmp_path, database_url="mystery://x")) is None


def test_hook_register_tables(registry: Registry) -> None:
    assert users(registry, "register_tables") == [
        "octobot_plugins.actions",
        "octobot_plugins.auth",
        "octobot_plugins.notify",
        "octobot_plugins.paper",
        "octobot_plugins.replay",
        "octobot_plugins.replica",
        "octobot_plugins.webhooks",
    ]
    assert sorted(owner.name for owner in registry.tables) == [
        *("actions", "auth", "notify", "paper", "replay", "replica", "webhooks"),
    ]
    for owner in registry.tables:
        assert owner.metadata.tables
        assert all(name.startswith(f"{owner.name}_") for name in owner.metadata.tables)


def test_hook_open_coordinator(registry: Registry, tmp_path: Path) -> None:
    assert users(registry, "open_coordinator") == ["octobot_plugins.replica", "octobot_plugins.standalone"]
    epochs = []
    for _ in range(2):
        base = open_base(Settings(data_dir=tmp_path, disk_reserve_mb=0), registry, now=0)
        with base.storage.write() as connection:
            assert base.coordinator.holds(connection)
        assert base.coordinator.may_dispatch()
        epochs.append(base.coordinator.epoch)
        base.close()
    assert epochs == [1, 2]


def test_hook_register_proxies(registry: Registry) -> None:
    assert users(registry, "register_proxies") == ["octobot_plugins.proxies"]
    assert {name: (kind.schemes, kind.alone) for name, kind in sorted(registry.proxies.items())} == {
        "direct": ((), True),
        "http": (("http", "https"), False),
        "socks5": (("socks5", "socks5h"), False),
        "tor": (("tor",), True),
    }


def test_hook_register_secrets(registry: Registry) -> None:
    assert users(registry, "register_secrets") == ["octobot_plugins.secrets"]
    assert {name: (place.keeper is not None, place.store is not None) for name, place in registry.secrets.items()} == {
        "file": (True, False),
        "vault": (True, True),
    }


def test_hook_register_market_data(registry: Registry) -> None:
    assert users(registry, "register_market_data") == [
        "octobot_plugins.ccxt",
        "octobot_plugins.replay",
        "octobot_plugins.simulated",
    ]
    assert {name: factory.replay for name, factory in sorted(registry.market_data.items())} == {
        "ccxt": False,
        "replay": True,
        "simulated": False,
    }


def test_hook_register_trading(registry: Registry) -> None:
    assert users(registry, "register_trading") == ["octobot_plugins.ccxt", "octobot_plugins.paper"]
    assert {name: factory.simulated for name, factory in registry.trading.items()} == {"ccxt": False, "paper": True}


def test_hook_register_automations(registry: Registry) -> None:
    tentacles = sorted(plugin for plugin in DEFAULT_PLUGINS if plugin.startswith("octobot_tentacles."))
    assert users(registry, "register_automations") == tentacles
    assert sorted(registry.automations) == tentacles


def test_hook_register_notifiers(registry: Registry) -> None:
    assert users(registry, "register_notifiers") == ["octobot_plugins.log", "octobot_plugins.notify"]
    assert [notifier.name for notifier in registry.notifiers] == ["log", "notify"]


def test_hook_register_settings(registry: Registry) -> None:
    assert users(registry, "register_settings") == [
        "octobot_plugins.actions",
        "octobot_plugins.api_events",
        "octobot_plugins.auth",
        "octobot_plugins.dashboard",
        "octobot_plugins.notify",
        "octobot_plugins.order_rules",
        "octobot_plugins.proxies",
        "octobot_plugins.replay",
        "octobot_plugins.secrets",
        "octobot_plugins.webhooks",
    ]
    assert sorted(owned.section for owned in registry.settings_models) == [
        *(
            "actions",
            "admin",
            "auth",
            "dashboard",
            "events",
            "hooks",
            "notify",
            "order_rules",
            "proxies",
            "replays",
            "vault",
        )
    ]


def test_hook_check_order(registry: Registry) -> None:
    assert users(registry, "check_order") == ["octobot_plugins.order_rules"]
    settings = OrderRulesSettings(deny=("*/EUR",))
    node: Any = SimpleNamespace(plugin_settings=lambda _model: settings)
    market = Market(as_of=datetime.now(UTC))
    context = OrderContext("local", "main", "id", "name", "type", market.as_of, market, node)
    refused = MarketOrder("BTC/EUR", "buy", spend=Decimal(1))
    allowed = MarketOrder("BTC/USDT", "buy", spend=Decimal(1))
    assert [registry.hook.check_order(order=order, context=context) for order in (refused, allowed)] == [
        ["BTC/EUR may not be traded: '*/EUR' is denied by order_rules"],
        [],
    ]


def test_hook_register_services(registry: Registry) -> None:
    assert users(registry, "register_services") == [
        *("octobot_plugins.actions", "octobot_plugins.notify", "octobot_plugins.proxies", "octobot_plugins.replay"),
    ]
    assert sorted((service.name, service.per) for service in registry.services) == [
        ("actions", "cluster"),
        ("egress", "node"),
        ("notify-people", "cluster"),
        ("notify-rules", "cluster"),
        ("replays", "node"),
    ]


def test_hook_register_actions(registry: Registry) -> None:
    assert users(registry, "register_actions") == ["octobot_plugins.actions"]
    assert sorted(registry.actions) == ["http"]


def test_hook_register_panels(registry: Registry) -> None:
    assert users(registry, "register_panels") == ["octobot_tentacles.rebalance"]
    assert [(panel.name, panel.place, panel.types) for panel in registry.panels.values()] == [
        ("basket", "automation", ("octobot_tentacles.rebalance",))
    ]


def test_hook_register_health_checks(registry: Registry) -> None:
    assert users(registry, "register_health_checks") == [
        "octobot_plugins.actions",
        "octobot_plugins.health",
        "octobot_plugins.notify",
        "octobot_plugins.postgres",
        "octobot_plugins.proxies",
        "octobot_plugins.secrets",
        "octobot_plugins.sqlite",
    ]
    assert {check.name for check in registry.health_checks} == {
        "actions",
        "announcements",
        "audit",
        "clock",
        "database",
        "disk",
        "egress",
        "folder",
        "horizon",
        "notifications",
        "plugins",
        "postgres",
        "providers",
        "reconciliation",
        "secrets",
        "sqlite",
        "tables",
    }
    # What no node can work without; what takes long is for `doctor` alone.
    assert {check.name for check in registry.health_checks if check.needed} == {
        *("database", "disk", "folder", "postgres", "sqlite"),
    }
    assert {check.name for check in registry.health_checks if check.every is None} == {"audit", "database", "tables"}


def test_hook_register_commands(registry: Registry) -> None:
    assert users(registry, "register_commands") == [
        "octobot_plugins.auth",
        "octobot_plugins.notify",
        "octobot_plugins.replay",
    ]
    # Those of dashboard and webhooks are made of their operations.
    assert {added.plugin: sorted(added.names) for added in plugin_commands(registry)} == {
        "octobot_plugins.auth": ["keys", "users"],
        "octobot_plugins.dashboard": ["panels"],
        "octobot_plugins.notify": ["notify"],
        "octobot_plugins.replay": ["candles", "replays"],
        "octobot_plugins.webhooks": ["hooks"],
    }


#: Of what they make there is nothing before, and what they answer may be in the audit.
MAKE_WITHOUT_SECRET = {"candles.import", "candles.take", "notifications.test", "replays.start", "targets.create"}


def test_hook_register_operations(registry: Registry) -> None:
    plugins = ["auth", "dashboard", "notify", "replay", "webhooks"]
    expected = ["octobot_node.operations", *(f"octobot_plugins.{name}" for name in plugins)]
    assert users(registry, "register_operations") == expected
    assert set(registry.operations) > set(OPERATIONS)
    assert [name for name, operation in registry.operations.items() if operation.name != name] == []
    for name in set(registry.operations) - set(OPERATIONS):
        operation = registry.operations[name]
        module, _, function = operation.subject.partition(":")
        assert callable(operation.load())
        # What writes and tells a secret must not have its answer in the audit.
        if operation.writes and name not in MAKE_WITHOUT_SECRET:
            assert callable(getattr(import_module(module), function))
        else:
            assert not operation.subject


def test_hook_register_api_routers(registry: Registry) -> None:
    named = {routes.name for routes in registry.api_routes}

    assert users(registry, "register_api_routers") == sorted(
        plugin.name for plugin in registry.plugins if "register_api_routers" in plugin.registers
    )
    assert {"auth", "webhooks-inbound", "api_automations", "api_audit", "health", "metrics"} <= named
    for routes in registry.api_routes:
        assert routes.router().routes or routes.site


def test_hook_authenticate(registry: Registry) -> None:
    assert users(registry, "authenticate") == ["octobot_plugins.auth"]
    nobody: Any = SimpleNamespace(headers={}, cookies={}, url=SimpleNamespace(scheme="http"))

    assert registry.hook.authenticate(request=nobody, context=SimpleNamespace()) is None
