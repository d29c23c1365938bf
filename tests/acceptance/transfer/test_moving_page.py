"""What docs/moving.md has an operator type to move a node to PostgreSQL, typed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.cli.conftest import LIVE
from tests.support.operator import Operator, typed
from tests.support.postgres import Server

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    # A server of its own: the page makes a role and a database of its names.
    with Server(fsync=False, administrator="postgres") as server, Operator(tmp_path, server) as found:
        (tmp_path / "run.yaml").write_text(LIVE)
        yield found


def names(operator: Operator, folder: str) -> list[str]:
    page = json.loads(operator.type(f"octobot-node automations list --json --data-dir /var/lib/octobot/{folder}"))
    return [each["name"] for each in page["automations"]]


def test_a_node_moves_to_postgresql_as_the_page_says_and_is_backed_up_there(operator: Operator) -> None:
    operator.type("octobot-node automations create run.yaml --data-dir /var/lib/octobot/master")
    operator.psql(typed("replica.md", "The database", "sql"))
    lines = typed("moving.md", "To PostgreSQL")
    assert [line.split()[:3] for line in lines if not line.startswith("export")] == [
        ["octobot-node", "db", "copy"],
        ["octobot-node", "start", "--data-dir"],
    ]
    for line in lines:
        operator.type(line)
    assert names(operator, "elsewhere") == ["dca"]

    (backup,) = typed("moving.md", "Backups")
    operator.type(backup)
    (made,) = operator.folder.glob("octobot-*.zip")
    # The page's own example is of another day, and into a folder of its own.
    (restore,) = typed("moving.md", "Restoring")
    operator.environment.pop("OCTOBOT_DATABASE_URL")
    operator.places |= {"octobot-2026-11-24.zip": made.name, "/srv/octobot-new": str(operator.folder / "data" / "new")}
    operator.type(f"{restore} --yes")
    assert names(operator, "new") == ["dca"]
