"""Another image under load, one that does not start, and a backup that is restored into an empty stack."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from tests.deploy.conftest import Make
from tests.deploy.stacks import Stack, docker, more_than, until

LATEST_S = 10.0


@pytest.fixture(scope="module")
def stack(make_stack: Make) -> Stack:
    stack = make_stack("update", COMPOSE_PROFILES="backup")
    stack.up()
    stack.sign_in()
    stack.trade(5)
    until(lambda: len(stack.fills()) >= 10, what="trading")
    return stack


def derived(image: str, tag: str, *lines: str) -> str:
    """Make an image of the node's that differs in what ``lines`` say."""
    subprocess.run(
        ["docker", "build", "--quiet", "--tag", tag, "-"],
        input="\n".join([f"FROM {image}", *lines]), text=True, check=True, capture_output=True,
    )  # fmt: skip
    return tag


def update(stack: Stack, image: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "update", image],
        cwd=stack.folder, capture_output=True, text=True, check=False, timeout=300,
        env={**os.environ, **environment},
    )  # fmt: skip


def test_a_newer_image_takes_over_under_load_and_no_tick_is_late_or_twice(stack: Stack, node_image: str) -> None:
    newer = derived(node_image, "octobot-test-newer:local", "LABEL org.opencontainers.image.version=1.2.4")
    # How long a node takes to end and to be well again, whatever else this machine does.
    began = time.monotonic()
    stack.compose("restart", "octobot")
    stack.healthy("octobot")
    usual, since = time.monotonic() - began, time.time()
    before = stack.fills()
    done = update(stack, newer)
    assert done.returncode == 0, done.stderr
    assert stack.inspect("octobot")["Config"]["Image"] == newer
    assert f"OCTOBOT_IMAGE={newer}" in (stack.folder / ".env").read_text()
    after = more_than(stack, len(before) + 40)
    assert after[: len(before)] == before
    assert len(set(after)) == len(after)
    latest = max(stack.lateness(since))
    print(f"the latest tick was {latest:.1f} s late; a restart took {usual:.1f} s")
    assert latest < max(LATEST_S, 2 * usual)


def test_an_image_that_does_not_start_is_gone_back_from(stack: Stack, node_image: str) -> None:
    before = stack.inspect("octobot")["Image"]
    broken = derived(node_image, "octobot-test-broken:local", 'ENTRYPOINT ["/bin/false"]')
    done = update(stack, broken, PATIENCE="20")
    assert done.returncode == 1
    assert "went back to the image before" in done.stderr
    assert stack.inspect("octobot")["Image"] == before
    count = len(stack.fills())
    assert until(lambda: len(stack.fills()) > count, what="trading on")


def test_an_image_that_there_is_not_changes_nothing(stack: Stack) -> None:
    before = stack.container("octobot")
    done = update(stack, "registry.invalid/octobot-node:9")
    assert (done.returncode, stack.container("octobot")) == (1, before)
    assert "there is no image registry.invalid/octobot-node:9 here, and it cannot be fetched" in done.stderr


def test_a_backup_is_restored_into_an_empty_stack(stack: Stack, make_stack: Make, tmp_path: Path) -> None:
    known = set(stack.fills())
    stack.inside("backup", "/bin/sh", "/etc/octobot-backup/nightly.sh", "once")
    (name,) = stack.inside("backup", "sh", "-c", "ls /backups").split()
    stack.compose("stop", "octobot")
    stack.compose("cp", f"backup:/backups/{name}", str(tmp_path / "backup.zip"))
    (tmp_path / "backup.zip").chmod(0o444)
    tmp_path.chmod(0o755)

    drill = make_stack("drill")
    drill.compose(
        "run",
        "--rm",
        "--no-deps",
        "--volume",
        f"{tmp_path / 'backup.zip'}:/restore.zip:ro",
        "octobot",
        "db",
        "restore",
        "/restore.zip",
        "--yes",
    )
    drill.up()
    drill.sign_in()
    # It trades on from there: on paper nothing is there that it does not know.
    assert known <= set(drill.fills())
    names = {each["name"] for each in drill.ask("GET", "/api/v1/automations").json["automations"]}
    assert names == {f"trader-{number}" for number in range(5)}
    stack.compose("start", "octobot")
    stack.healthy("octobot")


def test_backups_are_kept_up_to_a_number_and_a_failure_deletes_none(stack: Stack) -> None:
    stack.healthy("octobot")
    once = "/bin/sh /etc/octobot-backup/nightly.sh once"
    script = f"for i in 1 2 3; do BACKUP_KEEP=2 {once} >/dev/null && sleep 1.1; done; ls /backups | wc -l"
    assert stack.inside("backup", "sh", "-c", script).split()[-1] == "2"
    failing = f"PATH=/usr/bin:/bin BACKUP_KEEP=1 {once}; ls /backups | wc -l"
    assert stack.inside("backup", "sh", "-c", failing).split()[-1] == "2"
    listed = json.loads(docker("inspect", stack.container("backup")))[0]["State"]["Health"]["Status"]
    assert listed in {"healthy", "starting"}
