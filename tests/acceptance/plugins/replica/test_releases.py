"""Two releases on one database: side by side where the newer one only adds, one after the other where it does not."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import octobot_node
from octobot_node.store.migrate import CORE, known_revisions
from octobot_node.testing.hostile_exchange.process import HostileExchange
from tests.support.nodes import GUARANTEES, ROOT, Nodes, create, orders, settle, until, verify
from tests.support.postgres import Server

pytestmark = pytest.mark.timeout(600)

NEWER = "99.0.0"
MIGRATION = """
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = {before!r}
branch_labels = None
depends_on = None
expands = {expands}


def upgrade() -> None:
    op.add_column("automations", sa.Column("colour", sa.String(length=16), server_default="none", nullable=False))
"""
COLUMN = '    sa.Column("close_on_stop", sa.Boolean, nullable=False, server_default=sa.false()),\n'
ADDED = '    sa.Column("colour", sa.String(16), nullable=False, server_default="none"),\n'


@pytest.fixture
def nodes(tmp_path: Path, postgres: Server) -> Iterator[Nodes]:
    made = Nodes(tmp_path, postgres.create_database())
    yield made
    made.close()


def release(folder: Path, *, expands: bool) -> Path:
    """Make the next release in a folder: another version, a further migration, and the column that it adds."""
    package = folder / "octobot_node"
    shutil.copytree(ROOT / "octobot_node", package, ignore=shutil.ignore_patterns("__pycache__"))
    _replace(package / "__init__.py", f'__version__ = "{octobot_node.__version__}"', f'__version__ = "{NEWER}"')
    _replace(package / "store" / "tables" / "automation.py", COLUMN, COLUMN + ADDED)
    before = max(known_revisions(CORE))
    file = package / "store" / "migrations" / "versions" / "9999_colour.py"
    file.write_text(MIGRATION.format(before=before, expands=expands))
    return folder


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert text.count(old) == 1
    file.write_text(text.replace(old, new))


def live(nodes: Nodes) -> dict[str, tuple[str, bool]]:
    """Return the live nodes: id -> (version, whether it leads)."""
    return {id_: (row["version"], row["leads"]) for id_, row in nodes.rows().items() if row["state"] == "live"}


def goes_on(nodes: Nodes) -> None:
    before = orders(nodes)
    until(lambda: orders(nodes) > before + 40)


def colours(nodes: Nodes) -> list[tuple[Any, ...]]:
    return nodes.query("SELECT colour, count(*) FROM automations GROUP BY colour")


def test_a_release_that_only_adds_takes_over_from_one_at_work(nodes: Nodes, tmp_path: Path) -> None:
    older, newer = octobot_node.__version__, release(tmp_path / "newer", expands=True)
    with HostileExchange.start(nodes.folder / "exchange", **GUARANTEES) as exchange:
        nodes.start("master", "--role", "master")
        nodes.ready("master")
        create(nodes, exchange, 40)
        nodes.start("one", "--role", "consumer")
        nodes.ready("one")
        until(lambda: orders(nodes) > 40)

        # The newer one adds its column while the older ones work; they go on, and make rows without knowing it.
        nodes.start("heir", "--role", "master", "--standby", release=newer)
        until(lambda: '"standing_by"' in nodes.log("heir"))
        assert nodes.query("SELECT version_num FROM octobot_schema") == [("9999",)]
        until(lambda: live(nodes) == {nodes.id("master"): (older, True), nodes.id("one"): (older, False)})
        goes_on(nodes)
        create(nodes, exchange, 10, first=40)
        assert colours(nodes) == [("none", 50)]

        # The older master is drained; its release's consumer works on for the newer one, also when started anew.
        nodes.signal("master", signal.SIGTERM)
        assert nodes.wait("master") == 0
        nodes.ready("heir")
        goes_on(nodes)
        nodes.signal("one", signal.SIGTERM)
        assert nodes.wait("one") == 0
        nodes.start("one", "--role", "consumer")
        nodes.ready("one", 2)
        until(lambda: live(nodes) == {nodes.id("heir"): (NEWER, True), nodes.id("one"): (older, False)})
        assert _works(nodes, "one")

        nodes.start("two", "--role", "consumer", release=newer)
        nodes.ready("two")
        nodes.signal("one", signal.SIGTERM)
        assert nodes.wait("one") == 0
        goes_on(nodes)
        until(lambda: live(nodes) == {nodes.id("heir"): (NEWER, True), nodes.id("two"): (NEWER, False)})

        settle(nodes)
        verify(nodes, exchange)
    assert '"plugins_differ"' not in "".join(nodes.log(name) for name in nodes.running)


def _works(nodes: Nodes, name: str) -> bool:
    """Wait until a node has finished a piece of work."""
    done = (
        f"SELECT 1 FROM octobot_dbos.workflow_status WHERE status = 'SUCCESS' AND executor_id LIKE '{nodes.id(name)}.%'"
    )
    before = len(nodes.query(done))
    until(lambda: len(nodes.query(done)) > before)
    return True


def test_a_release_that_does_more_than_add_waits_for_the_older_nodes_to_go(nodes: Nodes, tmp_path: Path) -> None:
    newer, known = release(tmp_path / "newer", expands=False), max(known_revisions(CORE))
    nodes.start("master", "--role", "master")
    nodes.ready("master")
    nodes.start("heir", "--role", "master", "--standby", release=newer)
    assert nodes.wait("heir") == 1
    said = nodes.log("heir")
    assert "must change in a way that nodes of the release before cannot live with (octobot revision '9999')" in said
    assert f"{nodes.id('master')} on " in said
    assert "`octobot-node nodes drain ID` of their release" in said
    assert nodes.query("SELECT version_num FROM octobot_schema") == [(known,)]
    until(lambda: list(live(nodes)) == [nodes.id("master")])

    nodes.signal("master", signal.SIGTERM)
    assert nodes.wait("master") == 0
    nodes.start("heir", "--role", "master", "--standby", release=newer)
    nodes.ready("heir")
    assert nodes.query("SELECT version_num FROM octobot_schema") == [("9999",)]

    # And the older release is refused from then on.
    nodes.start("master", "--role", "consumer")
    assert nodes.wait("master") == 1
    assert "was written by a newer version" in nodes.log("master")


def test_a_node_that_was_killed_holds_up_no_release_for_long(nodes: Nodes, tmp_path: Path) -> None:
    newer = release(tmp_path / "newer", expands=False)
    nodes.start("master", "--role", "master")
    nodes.ready("master")
    nodes.signal("master", signal.SIGKILL)
    nodes.wait("master")
    nodes.start("heir", "--role", "master", "--standby", release=newer)
    assert nodes.wait("heir") == 1
    # As after half a minute.
    nodes.change("UPDATE replica_nodes SET beat_at = beat_at - 30000")
    nodes.start("heir", "--role", "master", "--standby", release=newer)
    nodes.ready("heir")
