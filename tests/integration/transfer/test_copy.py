"""`db copy`: whole or not at all, to the last digit, and never a node on both."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from octobot_node.engine.base import open_base
from octobot_node.engine.standings.board import Board
from octobot_node.errors import CommandRefused, DatabaseMoved, DataFolderInUse, NodeError, UsageError
from octobot_node.plugin_system.registry import Registry
from octobot_node.settings import Settings
from octobot_node.store import tables
from octobot_node.store.audit import audit_log
from octobot_node.store.audit.audit_log import Actor, Entry
from octobot_node.transfer.copying import abandon_copy, copy_database
from tests.integration.transfer.conftest import DUST, column, dump, worked
from tests.support.bench import START, Bench

COPY = """
import os, signal, sys
from pathlib import Path
from octobot_node.plugin_system.discovery import load_plugins
from octobot_node.settings import Settings
from octobot_node.transfer import copying
where, at = sys.argv[2], int(sys.argv[3])
seen = 0
def progress(done, total):
    global seen
    seen += 1
    if seen == at:
        os.kill(os.getpid(), signal.SIGKILL)
copying.copy_database(Settings(data_dir=Path(sys.argv[1])), load_plugins(discover=False), where, progress)
"""


def silent(_done: int, _total: int) -> None:
    pass


def at_rest(make_bench: Callable[..., Bench]) -> Bench:
    bench = make_bench()
    worked(bench)
    bench.release_folder()
    return bench


def on(bench: Bench, url: str) -> Settings:
    return Settings(data_dir=bench.settings.data_dir / "elsewhere", database_url=url, disk_reserve_mb=0)


def test_everything_arrives_as_it_was_but_what_was_of_the_process(
    make_bench: Callable[..., Bench], database: str, registry: Registry
) -> None:
    bench = at_rest(make_bench)
    before = dump(bench.settings, registry)
    copied = copy_database(bench.settings, registry, database, silent)
    after = dump(on(bench, database), registry)

    forgotten = {"schedule", "intents", "installation"}
    assert {name: rows for name, rows in after.items() if name not in forgotten} == {
        name: rows for name, rows in before.items() if name not in forgotten
    }
    assert {table.table: table.rows for table in copied.tables} == {name: len(rows) for name, rows in before.items()}
    assert len(before["intents"]) == 2
    assert len(before["fills"]) == 1
    target = on(bench, database)
    assert column(target, registry, tables.schedule.c.claim) == [None]
    assert column(target, registry, tables.schedule.c.claim_tries) == [0]
    assert column(target, registry, tables.installation.c.moved_to) == [""]
    assert sum(row[2] for row in after["paper_balances"]) == Decimal(DUST) * 21 + 21
    assert "octobot:" not in copied.model_dump_json().replace("octobot:@", "")


def groups(settings: Settings, registry: Registry, bench: Bench) -> Any:
    """Return the sums that a board has which reads this database."""
    storage = registry.hook.open_storage(settings=settings)
    try:
        board = Board(storage, bench.clock, bench.core.standings.prices)
        board.refresh()
        return board.groups
    finally:
        storage.close()


def test_sums_are_the_same_at_the_target(make_bench: Callable[..., Bench], database: str, registry: Registry) -> None:
    bench = at_rest(make_bench)
    before = groups(bench.settings, registry, bench)
    assert [group.count for group in before.values()] == [1]
    copy_database(bench.settings, registry, database, silent)
    assert groups(on(bench, database), registry, bench) == before


def test_the_audit_s_chain_is_looked_at_on_the_way_and_goes_on_at_the_target(
    make_bench: Callable[..., Bench], database: str, registry: Registry
) -> None:
    bench = make_bench()
    worked(bench)
    with bench.core.storage.write() as connection:
        audit_log.append(connection, Actor("ada"), Entry("automations.pause"), START)
    bench.release_folder()

    copied = copy_database(bench.settings, registry, database, silent)

    assert copied.audit == "the audit's 1 entries hold"
    base = open_base(on(bench, database), registry, START, visiting=True)
    try:
        with base.storage.write() as connection:
            assert audit_log.append(connection, Actor("bob"), Entry("automations.stop"), START).id == 2
    finally:
        base.close()


def test_numbers_of_pruned_events_are_not_given_again(
    make_bench: Callable[..., Bench], database: str, registry: Registry
) -> None:
    bench = at_rest(make_bench)
    with bench.core.storage.read() as connection:
        last = connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = 'events'").scalar_one()
        newest = connection.scalar(sa.select(sa.func.max(tables.events.c.id)))
    assert newest < last
    copy_database(bench.settings, registry, database, silent)
    storage = registry.hook.open_storage(settings=on(bench, database))
    row = {"owner": "local", "account_id": "a", "automation_id": "b", "kind": "k", "data": "{}", "at": 1}
    with storage.write() as connection:
        given = connection.scalar(tables.events.insert().values(**row).returning(tables.events.c.id))
    storage.close()
    assert given == last + 1


def test_the_source_refuses_to_start_and_names_where_it_went(
    make_bench: Callable[..., Bench], database: str, registry: Registry
) -> None:
    bench = at_rest(make_bench)
    copied = copy_database(bench.settings, registry, database, silent)
    with pytest.raises(DatabaseMoved, match="db copy --to") as refused:
        open_base(bench.settings, registry, START)
    assert copied.target in str(refused.value)
    password = database.split(":")[2].partition("@")[0]
    assert password not in str(refused.value) + copied.model_dump_json()
    again = copy_database(bench.settings, registry, database, silent)
    assert (copied.already, again.already) == (False, True)
    with pytest.raises(CommandRefused, match="cannot be taken back"):
        abandon_copy(bench.settings, registry, database)


def test_an_engine_goes_on_at_the_target(make_bench: Callable[..., Bench], database: str, registry: Registry) -> None:
    bench = at_rest(make_bench)
    copy_database(bench.settings, registry, database, silent)
    base = open_base(on(bench, database), registry, START)
    try:
        assert base.installation.id == bench.base.installation.id
        assert base.installation.generation == 0
    finally:
        base.close()


@pytest.mark.parametrize("point", [1, 2])
def test_killed_in_the_middle_it_leaves_nothing_and_finishes_when_given_again(
    point: int, make_bench: Callable[..., Bench], database: str, registry: Registry, tmp_path: Path
) -> None:
    bench = at_rest(make_bench)
    # 1: before the first row; 2: after all were counted, right before the commit.
    done = subprocess.run(
        [sys.executable, "-c", COPY, str(bench.settings.data_dir), database, str(point)],
        capture_output=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    with pytest.raises(DatabaseMoved):
        open_base(bench.settings, registry, START)
    assert not any(dump(on(bench, database), registry).values())
    assert not copy_database(bench.settings, registry, database, silent).already
    assert len(dump(on(bench, database), registry)["intents"]) == 2


def test_killed_before_it_arrived_it_can_be_taken_back(
    make_bench: Callable[..., Bench], database: str, registry: Registry
) -> None:
    bench = at_rest(make_bench)
    subprocess.run([sys.executable, "-c", COPY, str(bench.settings.data_dir), database, "2"], check=False)
    abandon_copy(bench.settings, registry, database)
    open_base(bench.settings, registry, START).close()
    with pytest.raises(CommandRefused, match="nothing to take back"):
        abandon_copy(bench.settings, registry, database)


def test_what_the_target_does_not_take_leaves_it_empty(
    make_bench: Callable[..., Bench], database: str, registry: Registry
) -> None:
    bench = at_rest(make_bench)
    with bench.core.storage.write() as connection:
        # SQLite knows no longest text.
        connection.execute(tables.equity.update().values(asset="X" * 99))
    with pytest.raises(NodeError, match=r"does not take a row of 'equity'.*too long"):
        copy_database(bench.settings, registry, database, silent)
    assert not any(dump(on(bench, database), registry).values())


def test_a_database_with_anything_in_it_is_refused(
    make_bench: Callable[..., Bench], database: str, registry: Registry
) -> None:
    bench, other = at_rest(make_bench), make_bench("other")
    other.release_folder()
    copy_database(other.settings, registry, database, silent)
    with pytest.raises(CommandRefused, match="belongs to another installation"):
        copy_database(bench.settings, registry, database, silent)
    # Refused before the source was marked.
    open_base(bench.settings, registry, START).close()


def test_a_folder_in_use_and_one_without_a_database_are_refused(
    make_bench: Callable[..., Bench], database: str, registry: Registry, tmp_path: Path
) -> None:
    bench = make_bench()
    with pytest.raises(DataFolderInUse):
        copy_database(bench.settings, registry, database, silent)
    with pytest.raises(UsageError, match="no database in"):
        copy_database(Settings(data_dir=tmp_path / "nothing"), registry, database, silent)
    bench.release_folder()
    with pytest.raises(UsageError, match="--to names a SQLite database"):
        copy_database(bench.settings, registry, f"sqlite:///{tmp_path}/x.db", silent)
    assert not (tmp_path / "x.db").exists()


def test_the_command_prints_the_tables_and_no_password(
    make_bench: Callable[..., Bench], database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from octobot_node.cli import main

    bench = at_rest(make_bench)
    folder = str(bench.settings.data_dir)
    assert main(["db", "copy", "--to", database, "--data-dir", folder]) == 0
    shown = capsys.readouterr()
    assert "intents" in shown.out
    assert "moved to postgresql://octobot@127.0.0.1" in shown.out
    assert main(["automations", "list", "--data-dir", folder]) == 1
    shown_after = capsys.readouterr()
    password = database.split(":")[2].partition("@")[0]
    assert "moved to postgresql://" in shown_after.err
    assert password not in shown.out + shown.err + shown_after.err
