"""The tables as written down and the tables as migrated are the same."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from octobot_node.contracts.storage import Storage
from octobot_node.contracts.tables import PluginTables
from octobot_node.errors import DatabaseTooNew
from octobot_node.plugin_system.registry import Registry
from octobot_node.settings import Settings
from octobot_node.store.migrate import CORE, migrate


def differences(storage: Storage, owner: PluginTables) -> list[object]:
    mine = set(owner.metadata.tables)

    def ours(name: str | None, kind: str, _parents: object) -> bool:
        return kind != "table" or name in mine

    def here(_object: object, name: str | None, *_about: object) -> bool:
        return name != "ix_events_follow" or storage.engine.dialect.name == "postgresql"

    with storage.read() as connection:
        options = {"include_name": ours, "include_object": here, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, owner.metadata))


def written_down(storage: sa.Engine, tables: list[str]) -> dict[str, object]:
    """Return what Alembic's comparison does not look at: defaults, key order, the conditions of indexes."""
    with storage.connect() as connection:
        columns = {
            table: connection.exec_driver_sql(
                f"SELECT name, type, \"notnull\", dflt_value, pk FROM pragma_table_info('{table}')"
            ).all()
            for table in tables
        }
        rows = connection.exec_driver_sql(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        )
        conditions = {name: " ".join(sql.replace('"', "").split()) for name, sql in rows}
    return {**{name: sorted(found) for name, found in columns.items()}, **conditions}


def test_the_core_s_metadata_is_what_its_migrations_make(any_storage: Storage) -> None:
    assert differences(any_storage, CORE) == []


def test_a_plugin_s_metadata_is_what_its_migrations_make(any_storage: Storage, registry: Registry) -> None:
    assert sorted(owner.name for owner in registry.tables) == ["auth", "paper", "replica", "webhooks"]
    assert [differences(any_storage, owner) for owner in registry.tables] == [[], [], [], []]


def test_defaults_keys_and_index_conditions_are_those_of_the_metadata(
    storage: Storage, tmp_path: Path, registry: Registry
) -> None:
    made = sa.create_engine(f"sqlite:///{tmp_path / 'metadata.db'}")
    owners = (CORE, *registry.tables)
    for owner in owners:
        owner.metadata.create_all(made)
    names = [name for owner in owners for name in owner.metadata.tables]
    wanted, migrated = written_down(made, names), written_down(storage.engine, names)
    made.dispose()
    assert {name: migrated.get(name) for name in wanted} == wanted


def test_migrating_again_changes_nothing(storage: Storage, registry: Registry) -> None:
    with storage.read() as connection:
        before = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master ORDER BY name").all()
    migrate(storage, registry.tables)
    with storage.read() as connection:
        assert connection.exec_driver_sql("SELECT name, sql FROM sqlite_master ORDER BY name").all() == before


def test_migrating_what_is_current_begins_no_transaction_that_writes(
    any_storage: Storage, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_options: object) -> None:
        raise AssertionError("it began to write")

    monkeypatch.setattr(any_storage, "write", refuse)
    migrate(any_storage, registry.tables)


def test_a_database_of_a_newer_version_is_refused_before_anything_changes(storage: Storage, registry: Registry) -> None:
    with storage.write() as connection:
        connection.exec_driver_sql("UPDATE octobot_schema SET version_num = '9999'")
        connection.exec_driver_sql("UPDATE schema_floors SET revision = '9998' WHERE owner = 'octobot'")
        connection.exec_driver_sql("DROP TABLE equity")
    with pytest.raises(DatabaseTooNew, match=r"was written by a newer version .octobot revision '9999'"):
        migrate(storage, registry.tables)
    with storage.read() as connection:
        assert not sa.inspect(connection).has_table("equity")


def test_a_file_that_is_no_database_is_refused_with_a_cure(tmp_path: Path, registry: Registry) -> None:
    from octobot_node.errors import StorageUnavailable

    (tmp_path / "octobot.db").write_text("not a database, but long enough to be looked at as one " * 20)
    with pytest.raises(StorageUnavailable, match="cannot be used as a database"):
        registry.hook.open_storage(settings=Settings(data_dir=tmp_path))
