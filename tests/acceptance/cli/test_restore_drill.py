"""What docs/moving.md has people type, typed."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sqlite3
from contextlib import closing

import pytest

from tests.integration.cli.conftest import LIVE, ROOT, Folder


@pytest.fixture
def had(folder: Folder) -> Folder:
    """A folder that has an automation."""
    folder.prepare("automations", "create", folder.write("run.yaml", LIVE), "--data-dir", "state")
    return folder


def drill() -> list[list[str]]:
    """Return the commands of the page's part on testing a restore."""
    page = (ROOT / "docs" / "moving.md").read_text()
    part = page.partition("## Testing a restore\n")[2].partition("\n## ")[0]
    return [shlex.split(line) for line in re.findall(r"^ {4}(\S.*)$", part, re.MULTILINE)]


def test_the_drill_of_the_page_shows_what_is_in_the_backup(had: Folder) -> None:
    commands = drill()
    place = {"/backups/octobot-2026-11-24.zip": "backup.zip", "/tmp/restored": "restored"}
    assert had.run("db", "backup", "backup.zip", "--data-dir", "state").returncode == 0

    assert [words[:3] for words in commands] == [
        ["octobot-node", "db", "restore"],
        ["octobot-node", "automations", "list"],
        ["rm", "-r", "/tmp/restored"],
    ]
    restored, listed = (had.run(*(place.get(word, word) for word in words[1:])) for words in commands[:2])

    assert (restored.returncode, restored.stderr) == (0, "")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "dca" in listed.stdout
    for command in (["status"], ["orders", "list"]):
        shown = had.run(*command, "--data-dir", "restored")
        assert (shown.returncode, shown.stderr) == (0, "")


def test_a_database_copied_into_a_new_folder_is_all_that_there_is(had: Folder) -> None:
    (had.path / "new").mkdir(mode=0o700)
    shutil.copy(had.state / "octobot.db", had.path / "new")

    listed = had.run("automations", "list", "--json", "--data-dir", "new")

    assert listed.returncode == 0, listed.stderr
    assert [each["name"] for each in json.loads(listed.stdout)["automations"]] == ["dca"]


def test_a_used_folder_without_its_database_is_refused_with_what_to_do(had: Folder) -> None:
    for file in had.state.glob("octobot.db*"):
        file.unlink()

    for command in (["start"], ["automations", "list"]):
        refused = had.run(*command, "--data-dir", "state", OCTOBOT_API="false")
        assert refused.returncode == 1
        assert "octobot.db is not there, though a node used" in refused.stderr
        assert "`octobot-node db restore FILE`" in refused.stderr
    assert not (had.state / "octobot.db").exists()


def test_vacuum_gives_back_what_was_deleted(had: Folder) -> None:
    database = had.state / "octobot.db"
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE much AS SELECT hex(randomblob(500000)) AS x")
        connection.execute("DROP TABLE much")
    large = database.stat().st_size

    done = had.run("db", "vacuum", "--json", "--data-dir", "state")

    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["before"] >= large, said["size"]) == (True, database.stat().st_size)
    assert said["size"] < large - 900_000
    none = had.run("db", "vacuum", "--data-dir", "nowhere")
    assert (none.returncode, "there is no database" in none.stderr) == (2, True)
