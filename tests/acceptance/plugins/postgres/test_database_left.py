"""Nodes whose database is taken from under them, and what they do about it by themselves."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from octobot_node.testing import HostileExchange
from tests.support.nodes import GUARANTEES, Nodes, create, orders, settle, until, verify
from tests.support.postgres import Server
from tests.support.standby import Standby

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def primary() -> Iterator[Server]:
    with Server(fsync=False) as server:
        yield server


@pytest.fixture
def standby(primary: Server) -> Iterator[Standby]:
    primary.create_database("octobot")
    with Standby(primary) as server:
        yield server


@pytest.fixture
def nodes(tmp_path: Path, primary: Server, standby: Standby) -> Iterator[Nodes]:
    """Nodes that know both servers."""
    hosts = f"127.0.0.1:{primary.port},127.0.0.1:{standby.port}"
    made = Nodes(tmp_path, f"postgresql://octobot:{primary.password}@{hosts}/octobot")
    yield made
    made.close()


def asked_of(nodes: Nodes, server: Server) -> Nodes:
    """Return the nodes, with the tests' own questions put to one server."""
    nodes.url = server.url("octobot")
    return nodes


def trade(nodes: Nodes, exchange: HostileExchange) -> None:
    nodes.start("master", "--role", "master")
    nodes.ready("master")
    nodes.start("one", "--role", "consumer")
    nodes.ready("one")
    create(nodes, exchange, 10)
    until(lambda: orders(nodes) > 60)


def statuses(nodes: Nodes) -> dict[str, int]:
    return dict(nodes.query("SELECT status, count(*) FROM automations GROUP BY status"))


def changes(nodes: Nodes) -> list[dict[str, Any]]:
    return [json.loads(data) for (data,) in nodes.query("SELECT data FROM events WHERE kind = 'database.changed'")]


def began_anew(nodes: Nodes, *names: str) -> None:
    for name in names:
        nodes.ready(name, 2)
        assert nodes.log(name).count('"database_changed"') == 1, nodes.log(name)[-2_000:]
        assert "Traceback" not in nodes.log(name)


def test_a_standby_that_was_behind_takes_over_and_nothing_goes_on_that_the_exchange_knows_otherwise(
    nodes: Nodes, primary: Server, standby: Standby
) -> None:
    with HostileExchange.start(nodes.folder / "exchange", **GUARANTEES) as exchange:
        asked_of(nodes, primary)
        trade(nodes, exchange)
        standby.catch_up()
        standby.cut_off()
        # What these are is on the primary, and at the exchange.
        lost = orders(nodes) + 30
        until(lambda: orders(nodes) > lost)
        known = {client for (client,) in nodes.query("SELECT client_order_id FROM intents")}
        primary.stop("immediate")
        standby.promote()
        asked_of(nodes, standby)

        began_anew(nodes, "master", "one")
        (change,) = changes(nodes)
        assert change["why"].startswith("a standby of its server was promoted")
        assert (change["generation"], change["held"]) == (1, 10)
        assert nodes.query("SELECT generation FROM installation") == [(1,)]
        # Nothing was decided anew: the account has orders that no row knows, and a person is told which.
        until(lambda: nodes.query("SELECT count(*) FROM events WHERE kind = 'account.differs'") == [(1,)])
        assert statuses(nodes) == {"held": 10}
        ((reason,),) = nodes.query("SELECT DISTINCT reason FROM automations")
        assert "UTC, and 'crash' has what it does not know: " in reason
        report = exchange.report("crash")
        assert (report.duplicates, report.duplicated_intents) == (0, {})
        time.sleep(3)
        after = {client for (client,) in nodes.query("SELECT client_order_id FROM intents")}
        assert after <= known
        assert exchange.report("crash").orders == report.orders
        notices = nodes.query("SELECT message FROM notices WHERE level = 'error'")
        assert any("is not as it was left" in message for (message,) in notices)
        doctor = nodes.command("doctor", at="master")
        assert "10 automations are held until their accounts were compared" in doctor.stdout, doctor.stdout

        # Somebody has looked, and lets them go on.
        resumed = nodes.command("automations", "resume", "--all", "--yes", at="master")
        assert resumed.returncode == 0, resumed.stderr
        before = orders(nodes)
        until(lambda: orders(nodes) > before + 20)
        assert exchange.report("crash").duplicated_intents == {}


def test_a_standby_that_has_everything_takes_over_and_they_go_on_by_themselves(
    nodes: Nodes, primary: Server, standby: Standby
) -> None:
    with psycopg.connect(primary.url(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
        connection.execute("SELECT pg_reload_conf()")
    with HostileExchange.start(nodes.folder / "exchange", **GUARANTEES) as exchange:
        asked_of(nodes, primary)
        trade(nodes, exchange)
        primary.stop("immediate")
        standby.promote()
        with psycopg.connect(standby.url(), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = ''")
            connection.execute("SELECT pg_reload_conf()")
        asked_of(nodes, standby)
        began = time.monotonic()
        began_anew(nodes, "master", "one")
        until(lambda: statuses(nodes) == {"active": 10})
        print(f"all active again {time.monotonic() - began:.1f} s after the promotion")  # noqa: T201
        assert len(changes(nodes)) == 1
        before = orders(nodes)
        until(lambda: orders(nodes) > before + 80)
        settle(nodes)
        verify(nodes, exchange)


def test_a_snapshot_of_the_server_s_disk_that_is_brought_back_is_seen(tmp_path: Path, primary: Server) -> None:
    nodes = Nodes(tmp_path, primary.create_database("octobot"))
    try:
        with HostileExchange.start(nodes.folder / "exchange", **GUARANTEES) as exchange:
            trade(nodes, exchange)
            primary.stop("immediate")
            snapshot = primary.folder / "snapshot"
            shutil.copytree(primary.data, snapshot)
            _own(primary, snapshot)
            primary.start()
            before = orders(nodes)
            until(lambda: orders(nodes) > before + 40)
            time.sleep(5)
            primary.stop("immediate")
            # The same server, and the same course of it: only who worked on it can tell.
            shutil.rmtree(primary.data)
            snapshot.rename(primary.data)
            primary.start()
            began_anew(nodes, "master", "one")
            (change,) = changes(nodes)
            assert change["why"] == "it is older than this node left it: a copy or a snapshot of it was brought back"
            until(lambda: nodes.query("SELECT count(*) FROM events WHERE kind = 'account.differs'") == [(1,)])
            assert statuses(nodes) == {"held": 10}
            assert exchange.report("crash").duplicated_intents == {}
    finally:
        nodes.close()


def _own(server: Server, folder: Path) -> None:
    if server._user is not None:
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, server._user)


def test_a_dump_restored_on_another_server_is_gone_on_with_and_followers_miss_nothing(
    tmp_path: Path, primary: Server
) -> None:
    nodes = Nodes(tmp_path, primary.create_database("octobot"))
    try:
        with HostileExchange.start(nodes.folder / "exchange", **GUARANTEES) as exchange, Server(fsync=False) as other:
            trade(nodes, exchange)
            # A server that has seen more transactions than a new one.
            with psycopg.connect(nodes.url, autocommit=True) as connection:
                burn = "DO $$ BEGIN FOR n IN 1..20000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$"
                connection.execute(burn.encode())
            more = orders(nodes)
            until(lambda: orders(nodes) > more + 10)
            for name in ("one", "master"):
                nodes.running[name].terminate()
                assert nodes.wait(name) == 0
            settled = orders(nodes)
            nodes.url = nodes.environment["OCTOBOT_DATABASE_URL"] = _dumped(primary, other)
            for name in ("master", "one"):
                nodes.start(name, "--role", "master" if name == "master" else "consumer")
                nodes.ready(name, 2)
            (change,) = changes(nodes)
            assert change["why"] == "it is on another server than before"
            until(lambda: statuses(nodes) == {"active": 10})
            until(lambda: orders(nodes) > settled + 60)
            # Who follows events reads on: the cursor of what is told moves, and what is new comes after it.
            newest = "SELECT max(id) FROM events"
            told = "SELECT position FROM cursors WHERE name = 'notify.rules'"
            reached = nodes.query(newest)[0][0]
            until(lambda: nodes.query(told)[0][0] >= reached)
            settle(nodes)
            verify(nodes, exchange)
    finally:
        nodes.close()


def test_an_older_copy_of_a_node_s_file_is_seen(tmp_path: Path) -> None:
    nodes = Nodes(tmp_path, "")
    file = tmp_path / "node" / "octobot.db"

    def ask(statement: str) -> list[Any]:
        with closing(sqlite3.connect(file)) as connection:
            return connection.execute(statement).fetchall()

    def run(times: int, more: int) -> None:
        nodes.start("node")
        nodes.ready("node", times)
        if times == 1:
            create(nodes, exchange, 5, at="node")
        filled = "SELECT count(*) FROM intents WHERE status = 'filled'"
        before = ask(filled)[0][0]
        until(lambda: ask(filled)[0][0] > before + more)
        nodes.running["node"].terminate()
        assert nodes.wait("node") == 0

    try:
        with HostileExchange.start(nodes.folder / "exchange", **GUARANTEES) as exchange:
            run(1, 20)
            shutil.copy(file, tmp_path / "copy.db")
            run(2, 20)
            assert "database_not_as_left" not in nodes.log("node")
            for each in file.parent.glob("octobot.db*"):
                each.unlink()
            shutil.copy(tmp_path / "copy.db", file)
            nodes.start("node")
            nodes.ready("node", 3)
            assert nodes.log("node").count('"database_not_as_left"') == 1
            until(lambda: ask("SELECT count(*) FROM events WHERE kind = 'account.differs'") == [(1,)])
            assert ask("SELECT DISTINCT status FROM automations") == [("held",)]
            assert ask("SELECT generation FROM installation") == [(1,)]
    finally:
        nodes.close()


def _dumped(server: Server, other: Server) -> str:
    """Dump the database and restore it on another server; return its URL there."""
    url = other.create_database("octobot")
    programs = server._bin
    dump = subprocess.run(
        [str(programs / "pg_dump"), "--no-owner", server.url("octobot")], capture_output=True, check=True
    ).stdout
    subprocess.run(
        [str(programs / "psql"), "--quiet", "-v", "ON_ERROR_STOP=1", url], input=dump, capture_output=True, check=True
    )
    return url
