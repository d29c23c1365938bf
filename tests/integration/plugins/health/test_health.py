"""Each check says what is, and what to do about it."""

from __future__ import annotations

import os
import re
import zoneinfo
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import pytest

from octobot_node import Decision
from octobot_node.clock import VirtualClock
from octobot_node.contracts.context import PluginContext
from octobot_node.contracts.health import Health
from octobot_node.contracts.plugins import PluginInfo
from octobot_node.engine.database_left import DatabaseWatch
from octobot_node.settings import Settings
from octobot_node.store import tables
from octobot_node.store.audit import audit_log
from octobot_node.store.audit.audit_log import Actor, Entry
from octobot_plugins.health.audit import check_audit
from octobot_plugins.health.clock import check_clock, drift, zones_are_right
from octobot_plugins.health.folder import check_disk, check_folder, file_system
from octobot_plugins.health.plugins import check_plugins
from octobot_plugins.health.tables import check_tables
from tests.integration.engine.conftest import bench, make_bench, registry, template
from tests.support.bench import START, Bench
from tests.support.tampering import behind_its_back

__all__ = ["bench", "make_bench", "registry", "template"]


class Anywhere:
    """A context of which only the settings are looked at."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.settings = Settings(data_dir=folder, **settings)


def anywhere(folder: Path, **settings: Any) -> PluginContext:
    return cast("PluginContext", Anywhere(folder, **settings))


@pytest.fixture
def private(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    return folder


def test_a_private_folder_is_well(private: Path) -> None:
    assert check_folder(anywhere(private)) == Health("ok", f"{private} is writable and private")


def test_a_folder_that_does_not_exist_will_be_made(tmp_path: Path) -> None:
    health = check_folder(anywhere(tmp_path / "a" / "b"))
    assert (health.status, (tmp_path / "a").exists()) == ("ok", False)


def test_a_folder_that_others_can_read_is_a_warning_with_its_cure(private: Path) -> None:
    private.chmod(0o750)
    assert check_folder(anywhere(private)) == Health(
        "warning", f"{private} can be read by others (mode 0750)", f"run `chmod 700 {private}`"
    )


def test_a_file_in_the_folder_s_place_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    assert check_folder(anywhere(tmp_path / "data")).status == "failed"


def test_a_folder_that_cannot_be_written_is_a_failure(private: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Root may write anywhere, so the question itself is answered here.
    monkeypatch.setattr(os, "access", lambda *_args: False)
    health = check_folder(anywhere(private))
    assert (health.status, health.detail) == ("failed", f"{private} cannot be written")


@pytest.mark.parametrize(
    ("path", "kind"), [("/data/node", "nfs4"), ("/data/local/node", "ext4"), ("/home", "ext4"), ("/with space", "cifs")]
)
def test_the_file_system_of_a_path_is_that_of_its_nearest_mount(path: str, kind: str) -> None:
    mounts = ("/dev/sda / ext4", "host:/x /data nfs4", "/dev/sdb /data/local ext4", r"//h/s /with\040space cifs")
    assert file_system(Path(path), "\n".join(f"{mount} rw 0 0" for mount in mounts)) == kind


def test_a_network_file_system_is_a_failure(private: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"host:/x {tmp_path.resolve()} nfs rw 0 0\n")
    monkeypatch.setattr("octobot_plugins.health.folder._MOUNTS", mounts)
    health = check_folder(anywhere(private))
    assert (health.status, health.detail) == ("failed", f"{private} is on a network file system (nfs)")


def test_the_disk_is_measured_against_the_reserve(private: Path) -> None:
    free = os.statvfs(private).f_bavail * os.statvfs(private).f_frsize // 1_048_576
    statuses = [check_disk(anywhere(private, disk_reserve_mb=mb)).status for mb in (0, free * 3 // 4, free * 2)]
    assert statuses == ["ok", "warning", "failed"]


def test_a_clock_that_goes_on_from_the_past_is_well(bench: Bench) -> None:
    bench.automation("dca", lambda _tick: Decision())
    bench.settle()
    health = check_clock(bench.core.context)
    assert (health.status, health.detail.partition(";")[0]) == ("ok", "2026-01-01 00:00:00 UTC")
    assert re.search(r"; UTC[+-]\d\d:\d\d here$", health.detail)


def test_a_clock_behind_what_the_node_did_is_a_failure(bench: Bench) -> None:
    bench.automation("dca", lambda _tick: Decision())
    bench.run(3_600_000, step=3_600_000)
    context = cast("Any", bench.core.context)
    context.clock = VirtualClock(START)
    with bench.core.storage.write() as connection:
        connection.execute(tables.schedule.update().values(ticked_at=START + 3_600_000))
    health = check_clock(context)
    assert (health.status, "3,600 s before what this node did last" in health.detail) == ("failed", True)


@pytest.mark.parametrize("moment", [0, 4_200_000_000_000])
def test_a_year_that_cannot_be_is_a_failure(bench: Bench, moment: int) -> None:
    context = cast("Any", bench.core.context)
    context.clock = VirtualClock(moment)
    assert check_clock(context).status == "failed"


def test_time_zones_that_cannot_be_read_are_a_failure(bench: Bench, tmp_path: Path) -> None:
    assert zones_are_right()
    wrong = tmp_path / "Europe"
    wrong.mkdir()
    (wrong / "Paris").write_bytes((files("tzdata") / "zoneinfo" / "UTC").read_bytes())
    zoneinfo.reset_tzpath([str(tmp_path)])
    zoneinfo.ZoneInfo.clear_cache()
    try:
        assert check_clock(bench.core.context).status == "failed"
    finally:
        zoneinfo.reset_tzpath()
        zoneinfo.ZoneInfo.clear_cache()


def test_a_clock_that_jumps_drifts_from_its_monotonic_seconds() -> None:
    class Jumping(VirtualClock):
        def monotonic(self) -> float:
            return 0.0

    clock = Jumping(START)
    assert drift(clock, lambda: clock.advance_to(START + 2_000)) == 2.0


def test_broken_plugins_are_named_with_their_errors(bench: Bench) -> None:
    context = cast("Any", bench.core.context)
    assert check_plugins(context).status == "ok"
    broken = PluginInfo("telex", "1", "installed", "telex", status="broken", error="ImportError: no paper")
    context.registry = replace(context.registry, plugins=(*context.registry.plugins, broken))
    health = check_plugins(context)
    assert (health.status, health.detail) == ("failed", "telex: ImportError: no paper")


def test_every_table_and_column_has_to_be_there(bench: Bench) -> None:
    assert check_tables(bench.core.context).status == "ok"
    with bench.core.storage.write() as connection:
        connection.exec_driver_sql("DROP TABLE equity")
        connection.exec_driver_sql("ALTER TABLE notices DROP COLUMN delivered")
    health = check_tables(bench.core.context)
    assert (health.status, health.detail) == ("failed", "there is no equity, notices.delivered")


def test_an_audit_whose_end_was_changed_is_a_failure_and_its_size_is_told(bench: Bench) -> None:
    context = bench.core.context
    assert check_audit(context) == Health("ok", "nothing was done yet")
    for _ in range(3):
        with bench.core.storage.write() as connection:
            audit_log.append(connection, Actor("ada"), Entry("automations.pause"), START)
    assert check_audit(context) == Health("ok", "3 entries, 0.0 MB of data, kept for 400 days")

    behind_its_back(bench.core.storage, "UPDATE audit SET actor = 'nobody' WHERE id = 2")

    found = check_audit(context)
    assert found.status == "failed"
    assert found.detail.startswith("entry 2 is not as it was written")
    assert "octobot-node audit verify" in found.cure


def test_an_audit_that_the_data_folder_remembers_longer_is_a_failure(bench: Bench) -> None:
    with bench.core.storage.write() as connection:
        first = audit_log.append(connection, Actor("ada"), Entry("automations.pause"), START)
    watch = DatabaseWatch(bench.core.storage, bench.settings.data_dir, "moon")
    watch.take_up(START, 5.0)
    watch.pulse(START)
    assert check_audit(bench.core.context).status == "ok"

    behind_its_back(
        bench.core.storage,
        "DELETE FROM audit",
        "UPDATE audit_chain SET last_id = 0, last_hash = '', entries = 0, bytes = 0",
    )

    assert first.id == 1
    found = check_audit(bench.core.context)
    assert (found.status, found.detail) == ("failed", "entries 1 to 1 are not there any more")
    # The next pulse does not forget it.
    watch.pulse(START)
    assert check_audit(bench.core.context).status == "failed"
