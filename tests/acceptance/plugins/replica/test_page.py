"""What docs/replica.md has an operator type, typed: the SQL into psql, the commands into a shell."""

from __future__ import annotations

import json
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
from tests.support.operator import PASSWORD, Operator, typed
from tests.support.postgres import Server

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    # A server of its own: the page makes a role and a database of its names.
    with Server(fsync=False, administrator="postgres") as server, Operator(tmp_path, server) as found:
        (tmp_path / "run.yaml").write_text(LIVE)
        yield found


def test_what_the_page_says_is_all_that_there_is_to_type(operator: Operator) -> None:
    operator.psql(typed("replica.md", "The database", "sql"))
    lines = typed("replica.md", "The nodes", "sh")
    said = {line: operator.type(line) for line in lines}

    nodes, status, created, doctor = (said[line] for line in lines[-4:])
    assert [line.split()[1] for line in lines[-4:]] == ["nodes", "status", "automations", "doctor"]
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
    for line in typed("replica.md", "When the master's machine is gone", "sh"):
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
