"""`db backup` and `db restore`: one moment of a database, and nothing of a file that is not whole."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import stat
import threading
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from octobot_node.configuration import Configuration
from octobot_node.engine.base import open_base
from octobot_node.errors import CommandRefused, UnusableBackup, UsageError
from octobot_node.plugin_system.registry import Registry
from octobot_node.settings import Settings
from octobot_node.store import tables
from octobot_node.store.audit import audit_chain, audit_log
from octobot_node.store.audit.audit_chain import Anchor, Walk
from octobot_node.store.audit.audit_log import Actor, Entry
from octobot_node.store.migrate import migrate
from octobot_node.transfer.archive import open_archive
from octobot_node.transfer.backing_up import back_up
from octobot_node.transfer.content import contents
from octobot_node.transfer.copying import copy_database
from octobot_node.transfer.restoring import describe, restore, seal_of
from tests.integration.plugin_releases import COLOUR, FIRST, Telex
from tests.integration.transfer.conftest import column, dump, worked
from tests.support.bench import START, Bench
from tests.support.tampering import behind_its_back
from tests.support.transitions import allow_any_transition

#: What restoring changes on purpose.
CHANGED = {"installation", "accounts", "automations", "schedule", "intents", "events"}


def silent(_done: int, _total: int) -> None:
    pass


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    url = "" if request.param == "sqlite" else request.getfixturevalue("database")
    return Settings(data_dir=tmp_path / "restored", database_url=url, disk_reserve_mb=0)


@pytest.fixture
def bench(make_bench: Callable[..., Bench]) -> Bench:
    bench = make_bench()
    worked(bench)
    return bench


@pytest.fixture
def backup(bench: Bench, registry: Registry, tmp_path: Path) -> Path:
    path = tmp_path / "backup.zip"
    # The bench holds its folder, as a running node does.
    back_up(bench.settings, registry, path, silent)
    return path


def rewritten(path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """Write a changed copy of an archive."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    changed = path.with_name("changed.zip")
    with zipfile.ZipFile(changed, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return changed


def manifest_with(**values: Any) -> Callable[[dict[str, bytes]], None]:
    def change(members: dict[str, bytes]) -> None:
        members["manifest.json"] = json.dumps(json.loads(members["manifest.json"]) | values).encode()

    return change


def test_a_restored_database_is_the_one_that_was_backed_up(
    bench: Bench, backup: Path, empty: Settings, registry: Registry
) -> None:
    before = dump(bench.settings, registry)
    restored = restore(empty, registry, backup, silent)
    after = dump(empty, registry)
    assert {name: rows for name, rows in after.items() if name not in CHANGED} == {
        name: rows for name, rows in before.items() if name not in CHANGED
    }
    assert {table.table: table.rows for table in restored.tables} == {name: len(rows) for name, rows in before.items()}
    assert after["events"][: len(before["events"])] == before["events"]
    base = open_base(empty, registry, START)
    assert (base.installation.id, base.installation.generation) == (bench.base.installation.id, 1)
    base.close()


def test_what_is_sealed_comes_along_and_the_key_travels_apart(
    bench: Bench, registry: Registry, tmp_path: Path, empty: Settings
) -> None:
    kept = bench.core.sealing.seal("local", "p", "a secret")
    key = bench.settings.data_dir / "secret-key"
    path = tmp_path / "sealed.zip"
    back_up(bench.settings, registry, path, silent)
    with zipfile.ZipFile(path) as archive:
        members = [archive.read(name) for name in archive.namelist()]
    assert key.read_bytes().strip() not in b"".join(
        gzip.decompress(each) if each[:2] == b"\x1f\x8b" else each for each in members
    )
    restored = restore(empty, registry, path, silent)
    assert restored.secrets.startswith("the master key is not there: ")
    assert not (empty.data_dir / "secret-key").exists()
    shutil.copy(key, empty.data_dir / "secret-key")
    base = open_base(empty, registry, START)
    assert (base.sealing.problem(), base.sealing.unseal(kept, "local", "p")) == ("", "a secret")
    base.close()


def test_nothing_decides_before_its_account_was_compared(backup: Path, empty: Settings, registry: Registry) -> None:
    restored = restore(empty, registry, backup, silent)
    assert restored.held == 1
    assert column(empty, registry, tables.automations.c.status) == ["held"]
    (reason,) = column(empty, registry, tables.automations.c.reason)
    assert reason.startswith("restored from a backup of 20")
    assert column(empty, registry, tables.schedule.c.runnable) == [False]
    assert column(empty, registry, tables.schedule.c.next_run_at) == [None]
    assert column(empty, registry, tables.schedule.c.claim) == [None]
    assert column(empty, registry, tables.accounts.c.reconcile_since) == [int(restored.backup_from.timestamp() * 1000)]
    assert column(empty, registry, tables.events.c.kind)[-1] == "automation.held"


def test_an_order_that_was_about_to_be_sent_is_asked_about_not_sent(
    bench: Bench, registry: Registry, tmp_path: Path, empty: Settings
) -> None:
    with bench.core.storage.write() as connection:
        allow_any_transition(connection)
        connection.execute(
            tables.intents.update()
            .where(tables.intents.c.status == "open")
            .values(status="planned", carrier="gone", sent_at=None, send_by=None, exchange_order_id=None)
        )
    path = tmp_path / "planned.zip"
    back_up(bench.settings, registry, path, silent)
    assert restore(empty, registry, path, silent).asked_about == 1
    assert sorted(column(empty, registry, tables.intents.c.status)) == ["filled", "sent"]
    assert column(empty, registry, tables.intents.c.carrier) == [None, None]


def test_a_backup_of_postgresql_goes_into_sqlite(
    bench: Bench, database: str, registry: Registry, tmp_path: Path
) -> None:
    bench.release_folder()
    copy_database(bench.settings, registry, database, silent)
    shared = Settings(data_dir=tmp_path / "shared", database_url=database, disk_reserve_mb=0)
    path = tmp_path / "shared.zip"
    written = back_up(shared, registry, path, silent)
    restore(Settings(data_dir=tmp_path / "alone"), registry, path, silent)
    before, after = dump(shared, registry), dump(Settings(data_dir=tmp_path / "alone"), registry)
    assert {name: rows for name, rows in after.items() if name not in CHANGED} == {
        name: rows for name, rows in before.items() if name not in CHANGED
    }
    assert database.split(":")[2].partition("@")[0] not in written.model_dump_json()


def test_it_is_private_and_has_nothing_but_tables(bench: Bench, registry: Registry, tmp_path: Path) -> None:
    (bench.settings.data_dir / "secrets.key").write_text("most secret")
    path = tmp_path / "private.zip"
    back_up(bench.settings, registry, path, silent)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        whole = b"".join(gzip.decompress(archive.read(n)) if n.endswith(".gz") else archive.read(n) for n in names)
    tables_there = {f"tables/{name}.jsonl.gz" for name in dump(bench.settings, registry)}
    assert set(names) == tables_there | {"manifest.json"}
    assert b"most secret" not in whole
    assert [p.name for p in tmp_path.iterdir() if p.name.endswith(".draft")] == []
    with pytest.raises(UsageError, match="there already"):
        back_up(bench.settings, registry, path, silent)


def test_it_is_one_moment_though_a_node_writes_meanwhile(bench: Bench, registry: Registry, tmp_path: Path) -> None:
    wrote = threading.Event()

    def write_once(done: int, _total: int) -> None:
        if done and not wrote.is_set():
            wrote.set()
            with bench.core.storage.write() as connection:
                connection.execute(tables.fills.delete())
                connection.execute(tables.positions.delete())

    path = tmp_path / "moment.zip"
    written = back_up(bench.settings, registry, path, write_once)
    rows = {table.table: table.rows for table in written.tables}
    assert wrote.is_set()
    assert (rows["fills"], rows["positions"]) == (1, 1)
    assert bench.rows(tables.fills) == []


def test_a_database_with_an_installation_is_refused(bench: Bench, backup: Path, registry: Registry) -> None:
    bench.release_folder()
    with pytest.raises(CommandRefused, match="has an installation already"):
        restore(bench.settings, registry, backup, silent)


def test_a_truncated_file_leaves_nothing(backup: Path, empty: Settings, registry: Registry) -> None:
    whole = backup.read_bytes()
    for size in (0, 10, len(whole) // 2, len(whole) - 5):
        backup.write_bytes(whole[:size])
        with pytest.raises(UnusableBackup, match="use another backup"):
            restore(empty, registry, backup, silent)
    assert not empty.data_dir.exists()


def test_a_manifest_that_unpacks_to_far_more_than_any_has_is_refused_and_not_read(tmp_path: Path) -> None:
    import tracemalloc

    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("manifest.json", "w") as member:
        for _ in range(64):
            member.write(b" " * (1 << 20))
    assert bomb.stat().st_size < 100_000
    tracemalloc.start()
    try:
        with pytest.raises(UnusableBackup, match=r"manifest\.json.*use another backup"):
            describe(bomb)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # 64 MB were it read whole, and the limit is one; a few buffers of it are made.
    assert peak < 8_000_000


@pytest.mark.slow
def test_one_changed_byte_anywhere_is_found_or_changes_nothing(
    backup: Path, registry: Registry, tmp_path: Path
) -> None:
    whole = backup.read_bytes()
    right, refused = read(backup, registry), 0
    for at in range(0, len(whole), 29):
        changed = bytearray(whole)
        changed[at] ^= 0x41
        backup.write_bytes(changed)
        try:
            describe(backup)
        except UnusableBackup:
            refused += 1
        else:
            # Only what the zip itself says of its members: when they were made, by what system.
            assert read(backup, registry) == right, at
    assert refused > len(whole) / 29 * 0.6


def read(path: Path, registry: Registry) -> dict[str, list[Any]]:
    ours = {content.name: content.table for content in contents(registry.tables)}
    with open_archive(path) as archive:
        return {each.name: list(archive.rows(each, ours[each.name])) for each in archive.manifest.tables}


def test_a_backup_that_somebody_changed_with_care_is_found_out_by_its_seal(
    bench: Bench, registry: Registry, tmp_path: Path, empty: Settings
) -> None:
    bench.core.sealing.make_first_key()
    backup = tmp_path / "sealed.zip"
    back_up(bench.settings, registry, backup, silent)
    empty.data_dir.mkdir()
    key = empty.data_dir / "secret-key"
    shutil.copy(bench.settings.data_dir / "secret-key", key)

    def richer(members: dict[str, bytes]) -> None:
        """All sums and digests add up."""
        member = "tables/automations.jsonl.gz"
        members[member] = gzip.compress(gzip.decompress(members[member]).replace(b'"local"', b'"mallo"'))
        manifest = json.loads(members["manifest.json"])
        table = next(each for each in manifest["tables"] if each["name"] == "automations")
        table["sha256"] = hashlib.sha256(members[member]).hexdigest()
        members["manifest.json"] = json.dumps(manifest).encode()

    def unsealed(members: dict[str, bytes]) -> None:
        manifest_with(seal=None)(members)

    with pytest.raises(UnusableBackup, match="was changed after it was sealed"):
        restore(empty, registry, rewritten(backup, richer), silent)
    with pytest.raises(UnusableBackup, match="was changed after it was sealed"):
        restore(empty, registry, rewritten(backup, manifest_with(generation=7)), silent)
    for path, kept, said in (
        (rewritten(backup, unsealed), True, "it has no seal"),
        (backup, False, "which is not here"),
        (backup, True, "it is as it was sealed"),
    ):
        away = empty.data_dir / "away"
        if not kept:
            key.rename(away)
        assert said in seal_of(path, registry, Configuration(empty))
        if not kept:
            away.rename(key)
    assert restore(empty, registry, backup, silent).seal.startswith("it is as it was sealed")


def test_rows_that_do_not_add_up_leave_nothing(backup: Path, empty: Settings, registry: Registry) -> None:
    import hashlib

    def change(members: dict[str, bytes]) -> None:
        name = "tables/balances.jsonl.gz"
        rows = [json.loads(line) for line in gzip.decompress(members[name]).splitlines()]
        written = json.loads(members["manifest.json"])
        (table,) = [each for each in written["tables"] if each["name"] == "balances"]
        rows[0][table["columns"].index("free")] += "1"
        members[name] = gzip.compress("".join(f"{json.dumps(row)}\n" for row in rows).encode())
        table["sha256"] = hashlib.sha256(members[name]).hexdigest()
        members["manifest.json"] = json.dumps(written).encode()

    with pytest.raises(UnusableBackup, match="'balances' does not add up"):
        restore(empty, registry, rewritten(backup, change), silent)
    assert not any(dump(empty, registry).values())
    restore(empty, registry, backup, silent)


def test_newer_backups_are_refused_and_say_what_to_do(backup: Path, empty: Settings, registry: Registry) -> None:
    for change, message in (
        (manifest_with(format=2), "in a newer format: upgrade"),
        (manifest_with(revisions={"octobot": "9999"}), "whose tables are newer .octobot revision '9999'.: upgrade"),
        (manifest_with(revisions={"auth": "0011"}), "whose tables are newer .auth revision '0011'.: upgrade"),
        (manifest_with(revisions={"octobot": "0001", "moon": "0001"}), "of the plugin 'moon': install it"),
    ):
        with pytest.raises(UnusableBackup, match=message):
            restore(empty, registry, rewritten(backup, change), silent)
    assert not empty.data_dir.exists()


def test_an_older_backup_gets_the_defaults_of_what_it_lacks(
    bench: Bench, empty: Settings, registry: Registry, tmp_path: Path, telex: Telex
) -> None:
    older = replace(registry, tables=(*registry.tables, telex.release(FIRST)))
    newer = replace(registry, tables=(*registry.tables, telex.release(FIRST, COLOUR)))
    migrate(bench.core.storage, older.tables)
    telex.tell(bench.core.storage, 7)
    path = tmp_path / "older.zip"
    # By the newer release: it does not bring up to date what it backs up.
    back_up(bench.settings, newer, path, silent)
    assert describe(path).revisions["telex"] == "0001"
    restore(empty, newer, path, silent)
    storage = newer.hook.open_storage(settings=empty)
    assert telex.rows(storage) == [{"id": 7, "colour": "none"}]
    assert telex.stands_at(storage) == ("0002", "0001")
    storage.close()


def test_a_database_of_before_the_first_release_moves_by_a_backup(
    bench: Bench, empty: Settings, registry: Registry, tmp_path: Path
) -> None:
    # As it was at the second of the revisions that became one.
    with bench.core.storage.write() as connection:
        for table, name in (("installation", "moved_to"), ("accounts", "reconcile_since"), ("events", "txid")):
            connection.exec_driver_sql(f"ALTER TABLE {table} DROP COLUMN {name}")
        connection.exec_driver_sql("UPDATE octobot_schema SET version_num = '0002'")
    path = tmp_path / "older.zip"
    back_up(bench.settings, registry, path, silent)
    assert describe(path).revisions["octobot"] == "0002"
    restored = restore(empty, registry, path, silent)
    assert restored.held == 1
    assert column(empty, registry, tables.installation.c.moved_to) == [""]
    assert column(empty, registry, tables.installation.c.generation) == [1]
    base = open_base(empty, registry, START)
    base.close()


def test_the_commands_say_what_they_did(
    bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from octobot_node.cli import main

    path, folder = str(tmp_path / "said.zip"), str(tmp_path / "new")
    assert main(["db", "backup", path, "--json", "--data-dir", str(bench.settings.data_dir)]) == 0
    written = json.loads(capsys.readouterr().out)
    assert written["file"] == path
    assert main(["db", "restore", path, "--data-dir", folder]) == 2
    assert "give --yes if you are" in capsys.readouterr().err
    assert main(["db", "restore", path, "--yes", "--data-dir", folder]) == 0
    assert "1 automations are held" in capsys.readouterr().out
    assert main(["db", "restore", str(tmp_path / "none.zip"), "--yes", "--data-dir", folder]) == 2
    assert main(["db", "backup", "--data-dir", str(tmp_path / "empty")]) == 2
    assert not (tmp_path / "empty" / "octobot.db").exists()


def audited(bench: Bench) -> None:
    for number in range(3):
        with bench.core.storage.write() as connection:
            audit_log.append(connection, Actor("ada"), Entry("automations.pause", target=str(number)), START)


def test_the_audit_goes_along_and_its_chain_is_looked_at(
    bench: Bench, empty: Settings, registry: Registry, tmp_path: Path
) -> None:
    audited(bench)

    written = back_up(bench.settings, registry, tmp_path / "b.zip", silent)
    restored = restore(empty, registry, tmp_path / "b.zip", silent)

    (chain,) = bench.rows(tables.audit_chain)
    assert describe(tmp_path / "b.zip").audit == f"3:{chain.last_hash}"
    assert (written.audit, restored.audit) == ("the audit's 3 entries hold",) * 2
    base = open_base(empty, registry, START, visiting=True)
    try:
        with base.storage.write() as connection:
            # It goes on from there.
            assert audit_log.append(connection, Actor("bob"), Entry("automations.stop"), START).id == 4
    finally:
        base.close()


def test_entries_of_a_release_that_had_no_chain_are_made_one(
    bench: Bench, empty: Settings, registry: Registry, tmp_path: Path
) -> None:
    audited(bench)
    with bench.core.storage.write() as connection:
        for name in ("audit_no_update", "audit_no_delete"):
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        connection.exec_driver_sql("DELETE FROM audit WHERE id = 2")
        connection.exec_driver_sql("UPDATE audit SET begun_id = 1 WHERE id = 3")
        connection.exec_driver_sql("ALTER TABLE audit DROP COLUMN hash")
        connection.exec_driver_sql("DROP TABLE audit_chain")
    back_up(bench.settings, registry, tmp_path / "b.zip", silent)

    restore(empty, registry, tmp_path / "b.zip", silent)

    base = open_base(empty, registry, START, visiting=True)
    try:
        with base.storage.write() as connection:
            assert audit_log.append(connection, Actor("bob"), Entry("automations.stop"), START).id == 3
        with base.storage.read() as connection:
            chain, walk = audit_chain.chain(connection), Walk(Anchor())
            walk.go(audit_chain.rows(connection, 0, 10))
            assert [row.begun_id for row in connection.execute(tables.audit.select().order_by(tables.audit.c.id))] == [
                *(None, 1, None)
            ]
    finally:
        base.close()
    assert chain is not None
    assert (walk.broken, walk.reached, chain.entries) == (None, Anchor(3, chain.last_hash), 3)


def test_an_audit_that_was_changed_is_named_in_the_backup_and_where_it_is_restored(
    bench: Bench, empty: Settings, registry: Registry, tmp_path: Path
) -> None:
    audited(bench)
    behind_its_back(bench.core.storage, "UPDATE audit SET actor = 'nobody' WHERE id = 2")

    written = back_up(bench.settings, registry, tmp_path / "b.zip", silent)
    restored = restore(empty, registry, tmp_path / "b.zip", silent)

    # What trades is worth more than the audit: it is restored, and said.
    assert restored.held == 1
    wanted = "the audit is not as it was written, from entry 2 on: its hash is not that of what it says and of the"
    assert [each.startswith(wanted) for each in (written.audit, restored.audit)] == [True, True]
