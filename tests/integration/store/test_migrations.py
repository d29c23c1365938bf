"""The tables as written down and the tables as migrated are the same; releases go on from those of before."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from octobot_node.contracts.storage import Storage
from octobot_node.contracts.tables import PluginTables
from octobot_node.errors import DatabaseInUse, DatabaseTooNew, DatabaseTooOld, MigrationFailed
from octobot_node.plugin_system.registry import Registry
from octobot_node.settings import Settings
from octobot_node.store.migrate import BEFORE_RELEASE, CORE, known_revisions, migrate
from tests.integration.plugin_releases import BREAKS, COLOUR, FIRST, RENAMED, SIZE, Telex

#: Indexes by the numbers of transactions, which SQLite has not.
_OF_POSTGRES = {"ix_events_follow", "ix_standing_changes_follow"}


def differences(storage: Storage, owner: PluginTables) -> list[object]:
    mine = set(owner.metadata.tables)

    def ours(name: str | None, kind: str, _parents: object) -> bool:
        return kind != "table" or name in mine

    def here(_object: object, name: str | None, *_about: object) -> bool:
        return name not in _OF_POSTGRES or storage.engine.dialect.name == "postgresql"

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
    assert sorted(owner.name for owner in registry.tables) == [
        *("actions", "auth", "notify", "paper", "replay", "replica", "webhooks"),
    ]
    assert [differences(any_storage, owner) for owner in registry.tables] == [[]] * 7


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


def test_queues_of_this_release_are_left_alone_and_any_others_given_to_dbos(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[str] = []
    monkeypatch.setattr("dbos.DBOS.migrate", lambda url, **_more: called.append(url))
    storage.migrate_dbos()
    assert called == []
    for other in (-1, 2):
        with storage.write() as connection:
            connection.execute(sa.text("UPDATE dbos_migrations SET version = version + :other"), {"other": other})
        storage.migrate_dbos()
    assert len(called) == 2


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


@pytest.mark.parametrize("revision", ["0001", "0002", "0011"])
def test_a_database_of_before_the_first_release_is_refused_before_anything_changes(
    any_storage: Storage, registry: Registry, revision: str
) -> None:
    with any_storage.write() as connection:
        connection.exec_driver_sql(f"UPDATE octobot_schema SET version_num = '{revision}'")
        if revision == "0011":
            connection.exec_driver_sql("UPDATE schema_floors SET revision = '0002' WHERE owner = 'octobot'")
        else:
            # The third revision made it.
            connection.exec_driver_sql("DROP TABLE schema_floors")
        connection.exec_driver_sql("DROP TABLE equity")
    with pytest.raises(DatabaseTooOld) as refused:
        migrate(any_storage, registry.tables)
    assert str(refused.value) == (
        f"{any_storage.shown} was made by a development version before the first release (octobot revision"
        f" '{revision}'), whose tables are not brought up to date: `octobot-node db backup` it and `octobot-node db"
        " restore` that into another data folder or database, or start with an empty one"
    )
    with any_storage.read() as connection:
        assert not sa.inspect(connection).has_table("equity")
        assert connection.exec_driver_sql("SELECT version_num FROM octobot_schema").scalars().all() == [revision]


def test_no_revision_has_the_name_of_one_of_before_the_first_release() -> None:
    assert sorted(BEFORE_RELEASE) == [
        *("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010", "0011")
    ]
    assert known_revisions(CORE).isdisjoint(BEFORE_RELEASE)


def test_a_further_revision_keeps_the_rows_and_one_that_only_adds_leaves_the_floor(
    any_storage: Storage, telex: Telex
) -> None:
    migrate(any_storage, [telex.release(FIRST)])
    telex.tell(any_storage, 1)
    assert telex.stands_at(any_storage) == ("0001", "0001")
    migrate(any_storage, [telex.release(FIRST, COLOUR)])
    assert telex.rows(any_storage) == [{"id": 1, "colour": "none"}]
    assert telex.stands_at(any_storage) == ("0002", "0001")


def test_a_release_runs_on_tables_to_which_a_newer_one_only_added(any_storage: Storage, telex: Telex) -> None:
    older = telex.release(FIRST)
    migrate(any_storage, [older])
    migrate(any_storage, [telex.release(FIRST, COLOUR)])
    migrate(any_storage, [older])
    telex.tell(any_storage, 1)
    assert telex.rows(any_storage) == [{"id": 1, "colour": "none"}]
    # It leaves what the newer one wrote down as it is.
    assert telex.stands_at(any_storage) == ("0002", "0001")


def test_a_release_is_refused_on_tables_to_which_a_newer_one_did_more(any_storage: Storage, telex: Telex) -> None:
    older = telex.release(FIRST)
    migrate(any_storage, [older])
    migrate(any_storage, [telex.release(FIRST, RENAMED)])
    with pytest.raises(DatabaseTooNew, match=r"telex revision '0002'; newest known here: '0001'"):
        migrate(any_storage, [older])
    assert telex.stands_at(any_storage) == ("0002", "0002")


def test_the_floor_is_the_newest_revision_that_does_more_than_add(any_storage: Storage, telex: Telex) -> None:
    first, renamed = telex.release(FIRST), telex.release(FIRST, RENAMED)
    migrate(any_storage, [first])
    telex.tell(any_storage, 1)
    # Three at once, in order.
    migrate(any_storage, [telex.release(FIRST, RENAMED, COLOUR, SIZE)])
    assert telex.rows(any_storage) == [{"number": 1, "colour": "none", "size": "none"}]
    assert telex.stands_at(any_storage) == ("0004", "0002")
    migrate(any_storage, [renamed])
    with pytest.raises(DatabaseTooNew, match=r"telex revision '0004'; newest known here: '0001'"):
        migrate(any_storage, [first])


def test_a_revision_that_breaks_off_leaves_nothing_and_the_next_start_does_it(
    any_storage: Storage, telex: Telex
) -> None:
    migrate(any_storage, [telex.release(FIRST)])
    telex.tell(any_storage, 1)
    with pytest.raises(MigrationFailed, match="the power went"):
        migrate(any_storage, [telex.release(FIRST, SIZE, BREAKS)])
    # Nor is anything left of the one before it: what an owner lacks comes in one transaction.
    assert telex.rows(any_storage) == [{"id": 1}]
    assert telex.stands_at(any_storage) == ("0001", "0001")
    migrate(any_storage, [telex.release(FIRST, SIZE, COLOUR)])
    assert telex.rows(any_storage) == [{"id": 1, "size": "none", "colour": "none"}]
    assert telex.stands_at(any_storage) == ("0003", "0001")


def test_a_revision_that_does_more_than_add_is_refused_while_nodes_of_before_share_the_database(
    any_storage: Storage, telex: Telex
) -> None:
    def at_work(_connection: sa.Connection, _now: int) -> list[str]:
        return ["moon on the far side"]

    migrate(any_storage, [telex.release(FIRST, in_use=at_work)])
    migrate(any_storage, [telex.release(FIRST, COLOUR, in_use=at_work)])
    refused = pytest.raises(
        DatabaseInUse, match=r"\(telex revision '0003'\), and they are at work: moon on the far side"
    )
    # A database that nodes cannot share has nobody else at work on it: the data folder's lock sees to that.
    with refused if any_storage.shared else nullcontext():
        migrate(any_storage, [telex.release(FIRST, COLOUR, RENAMED, in_use=at_work)])
    assert telex.stands_at(any_storage) == (("0002", "0001") if any_storage.shared else ("0003", "0003"))


def test_a_file_that_is_no_database_is_refused_with_a_cure(tmp_path: Path, registry: Registry) -> None:
    from octobot_node.errors import StorageUnavailable

    (tmp_path / "octobot.db").write_text("not a database, but long enough to be looked at as one " * 20)
    with pytest.raises(StorageUnavailable, match="cannot be used as a database"):
        registry.hook.open_storage(settings=Settings(data_dir=tmp_path))
