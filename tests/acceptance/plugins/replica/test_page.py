"""What docs/replica.md has an operator type, typed: the SQL into psql, the commands into a shell."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from octobot_node.settings import Settings
from octobot_node.store import events
from octobot_node.store.events import Event
from octobot_node.store.queries.event_cursor import Position, follow
from octobot_plugins.postgres.storage import PostgresStorage
from tests.integration.cli.conftest import LIVE
from tests.support.nodes import PATIENCE_S, until
from tests.support.postgres import Server

PAGE = Path(__file__).parents[4] / "docs" / "replica.md"
PASSWORD = "a-long-random-password"
pytestmark = pytest.mark.timeout(600)


def typed(language: str, heading: str) -> list[str]:
    """Return what is to be typed in a part of the page, line by line."""
    part = PAGE.read_text().partition(f"### {heading}\n")[2]
    part = re.split(r"^##", part, maxsplit=1, flags=re.MULTILINE)[0]
    blocks = re.findall(rf"^```{language}\n(.*?)^```", part, flags=re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


class Operator:
    """Types what the page says, with this test's places for those that it names."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder, self.server = folder, server
        self.places = {
            "db.example:5432": f"127.0.0.1:{server.port}",
            "/var/lib/octobot": str(folder / "data"),
            "/run/secrets/octobot-db": str(folder / "password"),
        }
        (folder / "data").mkdir(mode=0o700)
        secret = folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o600)
        (folder / "run.yaml").write_text(LIVE)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("OCTOBOT_")},
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            # A full disk, a port that is taken and a lease of nine seconds are not what is asked about.
            "OCTOBOT_DISK_RESERVE_MB": "0",
            "OCTOBOT_API_PORT": "0",
            "OCTOBOT_LEASE_TTL": "3",
        }
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def psql(self, lines: list[str]) -> None:
        """Type into psql as the server's administrator."""
        done = subprocess.run(
            [self.server.program("psql"), "--no-psqlrc", "--set", "ON_ERROR_STOP=1", self.server.url()],
            input="\n".join(lines), capture_output=True, text=True, check=False, timeout=PATIENCE_S,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")

    def type(self, line: str) -> str:
        """Type a line into a shell; return what it printed on stdout. A node is started and goes on."""
        for given, ours in self.places.items():
            line = line.replace(given, ours)
        if line.startswith("export "):
            name, _, value = line.removeprefix("export ").partition("=")
            self.environment[name] = value
            return ""
        if " start " in line:
            self._start(line)
            return ""
        done = subprocess.run(
            ["bash", "-c", line], cwd=self.folder, env=self.environment,
            capture_output=True, text=True, check=False, timeout=PATIENCE_S,
        )  # fmt: skip
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def _start(self, line: str) -> None:
        name = line.rpartition("/")[2]
        log = self.folder / f"{name}.log"
        before = log.read_text().count("node_started") if log.exists() else 0
        with log.open("ab") as out:
            # In place of the shell: what is signalled is the node.
            command = f"env {line}"
            self.running[name] = subprocess.Popen(
                ["bash", "-c", f"exec {command}"], cwd=self.folder, env=self.environment, stderr=out
            )

        def started() -> bool:
            assert self.running[name].poll() is None, log.read_text()
            return log.read_text().count("node_started") > before

        until(started)

    def close(self) -> None:
        for process in self.running.values():
            if process.poll() is None:
                process.kill()
            process.wait(30)


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    # A server of its own: the page makes a role and a database of its names.
    with Server(fsync=False, administrator="postgres") as server:
        found = Operator(tmp_path, server)
        yield found
        found.close()


def test_what_the_page_says_is_all_that_there_is_to_type(operator: Operator) -> None:
    operator.psql(typed("sql", "The database"))
    said = {line: operator.type(line) for line in typed("sh", "The nodes")}

    nodes, status, created, doctor = (said[line] for line in typed("sh", "The nodes")[-4:])
    assert [line.split()[1] for line in typed("sh", "The nodes")[-4:]] == ["nodes", "status", "automations", "doctor"]
    assert (nodes.count(" live "), "consumer" in nodes) == (2, True), nodes
    assert "none on this data folder; 2 elsewhere work on its database" in status, status
    assert "they run when one does" not in created, created
    assert " 0 failed" in doctor, doctor
    # They run at once, on nodes that have no more rights than the page gives.
    ticks = "SELECT tick FROM schedule WHERE tick > 0"
    with psycopg.connect(operator.server.url("octobot"), autocommit=True) as connection:
        until(lambda: connection.execute(ticks).fetchone() is not None)
        rights = connection.execute(
            "SELECT rolsuper, rolcreatedb, rolcreaterole, has_database_privilege('octobot', 'octobot', 'CREATE'),"
            " (SELECT array_agg(DISTINCT rolname::text) FROM pg_auth_members JOIN pg_roles AS r ON r.oid = roleid"
            "   WHERE member = 'octobot'::regrole)"
            " FROM pg_roles WHERE rolname = 'octobot'"
        ).fetchone()
    assert rights == (False, False, False, False, None)

    operator.running["master"].kill()
    operator.running["master"].wait(30)
    operator.running["consumer"].terminate()
    assert operator.running["consumer"].wait(PATIENCE_S) == 0
    for line in typed("sh", "When the master's machine is gone"):
        operator.type(line)
    page = json.loads(operator.type("octobot-node nodes --json --data-dir /var/lib/octobot/admin"))
    assert [(row["role"], row["leads"]) for row in page["nodes"] if row["state"] == "live"] == [("master", True)]
    # What happens is told, whoever else works on the server, though the role sees little of others' sessions.
    url = f"postgresql://octobot:{PASSWORD}@127.0.0.1:{operator.server.port}/octobot"
    storage = PostgresStorage(Settings(data_dir=operator.folder, database_url=url))
    with psycopg.connect(operator.server.url()) as elsewhere:
        elsewhere.execute("SELECT pg_current_xact_id()")
        with storage.write() as writer:
            events.append(writer, [Event("o", "a", "one", "told", {})], 1)
        with storage.read() as reader:
            assert [row.kind for row in follow(reader, Position(0, 0), ["told"], 10)[0]] == ["told"]
    storage.close()
