"""The power-loss simulator: that it drops what was not synced, all of it, and nothing else."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.powerloss import PowerCut, PowerLoss, cut_power
from tests.support.preload import LibraryUnavailable

# Commits one row after the other for ever, and says so after each commit.
COMMITTER = """
import sqlite3, sys
database, synchronous = sys.argv[1:]
connection = sqlite3.connect(database, isolation_level=None)
connection.execute("PRAGMA journal_mode = WAL")
connection.execute("PRAGMA synchronous = FULL")
connection.execute("CREATE TABLE IF NOT EXISTS row (n INTEGER PRIMARY KEY, text TEXT)")
connection.execute(f"PRAGMA synchronous = {synchronous}")
start = connection.execute("SELECT coalesce(max(n) + 1, 0) FROM row").fetchone()[0]
for n in range(start, 1_000_000):
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO row VALUES (?, ?)", (n, "x" * (n * 37 % 5000)))
    connection.execute("COMMIT")
    print(n, flush=True)
"""


def commit_until_killed(power: PowerLoss, data_dir: Path, synchronous: str, *, commits: int) -> list[int]:
    """Return the commits that were reported before the kill, which comes whenever ``commits`` were seen."""
    command = [sys.executable, "-c", COMMITTER, str(data_dir / "rows.db"), synchronous]
    with subprocess.Popen(command, env=power.environment(data_dir), stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        reported = [int(child.stdout.readline()) for _ in range(commits)]
        child.kill()
        # The last line may be torn by the kill.
        reported += [int(line) for line in child.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    return reported


def rows(data_dir: Path) -> list[int]:
    with closing(sqlite3.connect(data_dir / "rows.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [n for (n,) in connection.execute("SELECT n FROM row ORDER BY n")]


def run_python(power: PowerLoss, data_dir: Path, code: str) -> None:
    subprocess.run([sys.executable, "-c", code], env=power.environment(data_dir), cwd=data_dir, check=True)


@pytest.mark.parametrize("seed", range(6))
def test_a_synced_commit_outlives_every_power_cut(tmp_path: Path, seed: int) -> None:
    power, data_dir, dice = PowerLoss(tmp_path / "power"), tmp_path / "data", random.Random(seed)
    known: list[int] = []
    # Past the thousand pages at which SQLite folds the log into the database, and again over what is left.
    for commits in (dice.randint(1, 40), dice.randint(900, 1500), dice.randint(1, 40)):
        known += commit_until_killed(power, data_dir, "FULL", commits=commits)
        power.cut(keep=random.Random(seed) if seed % 2 else None)
        found = rows(data_dir)
        # The commit that the kill interrupted may have been synced without being reported.
        assert found in (known, [*known, len(known)])
        known = found


def test_an_unsynced_commit_is_lost(tmp_path: Path) -> None:
    power, data_dir = PowerLoss(tmp_path / "power"), tmp_path / "data"
    reported = commit_until_killed(power, data_dir, "NORMAL", commits=100)
    assert reported == list(range(len(reported)))
    cut = power.cut()
    assert rows(data_dir) == []
    assert cut.kept == 0
    assert cut.lost >= len(reported)


def test_without_a_power_cut_a_killed_process_loses_nothing(tmp_path: Path) -> None:
    power, data_dir = PowerLoss(tmp_path / "power"), tmp_path / "data"
    reported = commit_until_killed(power, data_dir, "NORMAL", commits=100)
    assert rows(data_dir)[: len(reported)] == reported


def test_a_disk_may_have_kept_the_oldest_unsynced_writes(tmp_path: Path) -> None:
    kept = set()
    for seed in range(5):
        power, data_dir = PowerLoss(tmp_path / "power"), tmp_path / f"data{seed}"
        reported = commit_until_killed(power, data_dir, "NORMAL", commits=60)
        power.cut(keep=random.Random(seed))
        found = rows(data_dir)
        assert found == list(range(len(found)))
        kept.add(len(found) / len(reported))
    assert len(kept) > 2, "every cut kept the same share"


def test_whatever_was_written_since_the_last_sync_is_undone_exactly(tmp_path: Path) -> None:
    power, data_dir = PowerLoss(tmp_path / "power"), tmp_path / "data"
    synced = bytes(range(256)) * 64
    changes = """
import os, random
dice = random.Random(7)
fd = os.open("file", os.O_RDWR | os.O_CREAT)
os.write(fd, bytes(range(256)) * 64)
os.fsync(fd)
for _ in range(300):
    offset, length = dice.randrange(30_000), dice.randrange(1, 3_000)
    match dice.randrange(5):
        case 0: os.pwrite(fd, dice.randbytes(length), offset)
        case 1: os.lseek(fd, offset, os.SEEK_SET); os.write(fd, dice.randbytes(length))
        case 2: os.ftruncate(fd, offset)
        case 3: os.pwritev(fd, [dice.randbytes(length), b"tail"], offset)
        case 4: os.lseek(fd, offset, os.SEEK_SET); os.writev(fd, [b"head", dice.randbytes(length)])
appender = os.open("file", os.O_WRONLY | os.O_APPEND)
os.write(appender, b"more")
"""
    run_python(power, data_dir, changes)
    assert (data_dir / "file").read_bytes() != synced
    assert power.cut() == PowerCut(lost=301, kept=0)
    assert (data_dir / "file").read_bytes() == synced


def test_a_file_never_synced_comes_back_empty_and_a_truncated_one_whole(tmp_path: Path) -> None:
    power, data_dir = PowerLoss(tmp_path / "power"), tmp_path / "data"
    data_dir.mkdir()
    (data_dir / "old").write_text("there before the process began")
    run_python(power, data_dir, "open('new', 'w').write('x' * 100_000); open('old', 'w').write('short')")
    assert power.cut().lost > 2
    assert (data_dir / "new").read_bytes() == b""
    assert (data_dir / "old").read_text() == "there before the process began"


def test_a_renamed_file_keeps_its_undo_log_and_a_replaced_one_takes_it_along(tmp_path: Path) -> None:
    power, data_dir = PowerLoss(tmp_path / "power"), tmp_path / "data"
    code = """
import os
def put(name, text, sync):
    with open(name, "w") as file:
        file.write(text); file.flush()
        if sync: os.fsync(file.fileno())
put("target", "unsynced, then replaced", False)
put("safe", "synced", True); os.rename("safe", "target")
put("hasty", "not synced", False); os.rename("hasty", "renamed")
put("removed", "not synced", False); os.unlink("removed")
put("heir", "may get the inode of the removed one", True)
"""
    run_python(power, data_dir, code)
    assert power.cut() == PowerCut(lost=1, kept=0)
    found = {path.name: path.read_text() for path in data_dir.iterdir()}
    assert found == {"target": "synced", "renamed": "", "heir": "may get the inode of the removed one"}


def test_files_of_other_folders_and_shared_memory_are_left_alone(tmp_path: Path) -> None:
    power, data_dir = PowerLoss(tmp_path / "power"), tmp_path / "data"
    run_python(power, data_dir, "open('../data-too', 'w').write('x'); open('a.db-shm', 'w').write('x')")
    assert power.cut() == PowerCut(lost=0, kept=0)
    assert (tmp_path / "data-too").read_text() == "x"
    assert list(data_dir.iterdir()) == []


def test_threads_and_forked_processes_are_recorded_too(tmp_path: Path) -> None:
    power, data_dir = PowerLoss(tmp_path / "power"), tmp_path / "data"
    code = """
import os, threading
def write(name):
    with open(name, "wb", buffering=0) as file:
        for n in range(200): file.write(b"%d\\n" % n)
threads = [threading.Thread(target=write, args=(f"thread{n}",)) for n in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
if os.fork() == 0:
    write("child"); os._exit(0)
os.wait()
"""
    run_python(power, data_dir, code)
    assert power.cut() == PowerCut(lost=1_000, kept=0)
    assert {path.name: path.stat().st_size for path in data_dir.iterdir()} == dict.fromkeys(
        ("thread0", "thread1", "thread2", "thread3", "child"), 0
    )


def test_a_record_torn_by_the_kill_is_skipped_since_its_write_never_began(tmp_path: Path) -> None:
    power, data_dir = PowerLoss(tmp_path / "power"), tmp_path / "data"
    data_dir.mkdir()
    (data_dir / "file").write_bytes(b"a" * 100)
    run_python(power, data_dir, "import os; os.pwrite(os.open('file', os.O_RDWR), b'b' * 50, 0)")
    (log,) = (tmp_path / "power" / "undo").glob("*.undo")
    whole = log.read_bytes()
    log.write_bytes(whole + whole[: len(whole) // 2])
    assert cut_power(data_dir, log.parent) == PowerCut(lost=1, kept=0)
    assert (data_dir / "file").read_bytes() == b"a" * 100


def test_without_gcc_the_error_names_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LibraryUnavailable, match="apt install gcc"):
        PowerLoss(tmp_path / "power").environment(tmp_path / "data")
