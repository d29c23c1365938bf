"""A real node whose PostgreSQL is stopped and started again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.plugins.metrics.real_node import RealNode, until
from tests.integration.plugins.metrics.conftest import read
from tests.support.postgres import Server


@pytest.fixture
def server() -> Iterator[Server]:
    # Its own: every other test's would be stopped with it.
    with Server(fsync=False) as found:
        yield found


@pytest.fixture
def node(server: Server, tmp_path: Path) -> Iterator[RealNode]:
    node = RealNode(tmp_path, "--role", "master", OCTOBOT_DATABASE_URL=server.create_database(), OCTOBOT_LEASE_TTL="4")
    try:
        yield node
    finally:
        node.close()


def test_a_node_that_lost_its_database_lives_is_not_ready_and_is_again_by_itself(
    server: Server, node: RealNode
) -> None:
    prometheus, other = node.key("prometheus", "metrics:read"), node.key("other", "metrics:read")
    strangers, scraper, late = node.client(), node.client(prometheus), node.client(other)
    wrong = node.client("ock_nonsense")

    def ready() -> tuple[int, set[str]]:
        answer = strangers.get("/health/ready")
        return answer.status_code, {each["name"] for each in answer.json()["checks"] if each["status"] == "failed"}

    with strangers, scraper, late, wrong:
        assert ready() == (200, set())
        up = read(scraper.get("/metrics").text)
        assert (up("octobot_database_up"), up("octobot_node_leads"), up("octobot_automations_in_batch")) == (1, 1, 0)

        server.stop("immediate")
        # Its check's answer is repeated for two seconds; the coordinator knows at once.
        status, failed = until(lambda: found if {"postgres", "coordinator"} <= (found := ready())[1] else None)
        assert failed.isdisjoint({"disk", "folder", "engine", "draining"})
        live = strangers.get("/health/live")
        assert (status, live.status_code, live.json()) == (503, 200, {"status": "ok"})
        # A key that was known is known on; one that was not cannot be, and is not told that it is wrong.
        down = scraper.get("/metrics")
        assert (down.status_code, read(down.text)("octobot_database_up")) == (200, 0)
        assert "octobot_automations" not in down.text
        assert late.get("/metrics").status_code == 503
        assert wrong.get("/metrics").status_code == 503

        server.start()
        until(lambda: ready()[0] == 200, 90)
        assert read(scraper.get("/metrics").text)("octobot_database_up") == 1
        assert (late.get("/metrics").status_code, wrong.get("/metrics").status_code) == (200, 401)
    assert node.end() == 0
