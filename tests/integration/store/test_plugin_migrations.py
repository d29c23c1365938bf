"""A third party whose tables cannot be brought up to date is left out with the cure; the node's own must be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from octobot_node import hookimpl
from octobot_node.contracts.plugins import PluginInfo
from octobot_node.contracts.storage import Storage
from octobot_node.contracts.tables import PluginTables
from octobot_node.engine.base import open_base
from octobot_node.errors import DatabaseTooNew, MigrationFailed
from octobot_node.plugin_system.discovery import load_plugins
from octobot_node.plugin_system.plugin_migrations import migrate_with_plugins
from octobot_node.plugin_system.registry import Registry
from octobot_node.settings import Settings
from octobot_node.store.migrate import migrate
from tests.integration.plugin_releases import BREAKS, COLOUR, FIRST, RENAMED, SIZE, Telex

WORKS = "octobot_plugins.paper"


def with_telex(tables: PluginTables) -> Registry:
    """Return the built-in plugins and one with these tables and a veto."""
    registry = load_plugins(discover=False)
    registry.manager.register(SimpleNamespace(check_order=hookimpl(lambda order, context: "no")), name="telex")
    info = PluginInfo(
        "telex",
        "2.0",
        "installed by octobot-telex",
        "telex",
        hooks=("check_order", "register_tables"),
        registers={"register_tables": ("telex",), "register_trading": ("telex",)},
    )
    return replace(
        registry,
        tables=(*registry.tables, tables),
        trading={**registry.trading, "telex": registry.trading["paper"]},
        plugins=(*registry.plugins, info),
    )


def test_a_migration_that_raises_leaves_out_its_plugin_and_nothing_is_done(any_storage: Storage, telex: Telex) -> None:
    migrate(any_storage, [telex.release(FIRST)])
    telex.tell(any_storage, 1)
    loaded = with_telex(telex.release(FIRST, SIZE, BREAKS))
    registry = migrate_with_plugins(any_storage, loaded)
    (broken,) = registry.broken
    assert broken.name == "telex"
    assert broken.error == (
        "the migration of the tables 'telex' failed (RuntimeError: the power went): its tables are as they were;"
        " install a release of octobot-telex that can, or tell its author"
    )
    assert {*(owner.name for owner in loaded.tables)} - {*(owner.name for owner in registry.tables)} == {"telex"}
    assert ("telex" in registry.trading, WORKS in registry.modules) == (False, True)
    assert registry.manager.get_plugin("telex") is None
    assert telex.rows(any_storage) == [{"id": 1}]
    # The release that can is taken up from there.
    assert migrate_with_plugins(any_storage, with_telex(telex.release(FIRST, SIZE, COLOUR))).broken == ()


def test_tables_of_a_newer_release_leave_out_their_plugin_with_the_release_that_is_wanted(
    any_storage: Storage, telex: Telex
) -> None:
    migrate(any_storage, [telex.release(FIRST, RENAMED)])
    (broken,) = migrate_with_plugins(any_storage, with_telex(telex.release(FIRST))).broken
    assert broken.error == (
        "its tables were written by a newer release of it (telex revision '0002'; newest known here: '0001'): install"
        " that release of octobot-telex again"
    )


def test_migrations_that_cannot_even_be_read_leave_out_their_plugin(any_storage: Storage, telex: Telex) -> None:
    gone = replace(telex.release(FIRST), migrations="nothing_of_this_name")
    (broken,) = migrate_with_plugins(any_storage, with_telex(gone)).broken
    assert broken.error.startswith("the migration of the tables 'telex' failed (ModuleNotFoundError: No module named")


def test_without_a_plugin_to_leave_out_each_raises_with_its_tables(any_storage: Storage, telex: Telex) -> None:
    with pytest.raises(MigrationFailed, match="the migration of the tables 'telex' failed") as failed:
        migrate(any_storage, [telex.release(FIRST, BREAKS)])
    assert failed.value.tables == "telex"
    migrate(any_storage, [telex.release(FIRST, RENAMED)])
    with pytest.raises(DatabaseTooNew) as newer:
        migrate(any_storage, [telex.release(FIRST)])
    assert newer.value.tables == "telex"


def test_a_node_opens_without_the_plugin(tmp_path: Path, telex: Telex) -> None:
    base = open_base(Settings(data_dir=tmp_path, disk_reserve_mb=0), with_telex(telex.release(FIRST, BREAKS)), 0)
    try:
        assert [plugin.name for plugin in base.registry.broken] == ["telex"]
    finally:
        base.close()
