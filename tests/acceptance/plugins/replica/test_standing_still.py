"""A node whose I/O loop something blocks does not look alive: the others take over, and nothing is done twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from octobot_node.testing.hostile_exchange.process import HostileExchange
from tests.acceptance.plugins.replica.blocking import FLAG
from tests.support.nodes import GUARANTEES, Nodes, claimed_by, create, orders, settle, until, verify
from tests.support.postgres import Server


@pytest.fixture
def nodes(tmp_path: Path, postgres: Server) -> Iterator[Nodes]:
    made = Nodes(tmp_path, postgres.create_database())
    made.environment["OCTOBOT_EXTRA_PLUGINS"] += ",tests.acceptance.plugins.replica.blocking"
    yield made
    made.close()


@pytest.mark.timeout(600)
def test_a_node_whose_connector_blocks_is_dead_to_the_others_until_it_goes_on(nodes: Nodes, tmp_path: Path) -> None:
    block = tmp_path / "block"
    with HostileExchange.start(nodes.folder / "exchange", **GUARANTEES) as exchange:
        nodes.start("master", "--role", "master", "--no-work")
        nodes.ready("master")
        create(nodes, exchange, 40, connector="blocking")
        nodes.start("one", "--role", "consumer", environment={FLAG: str(block)})
        nodes.ready("one")
        until(lambda: orders(nodes) > 40)

        block.touch()
        until(lambda: '"engine_stands_still"' in nodes.log("one"))
        until(lambda: nodes.rows()[nodes.id("one")]["state"] == "dead")
        nodes.start("two", "--role", "consumer")
        nodes.ready("two")
        before = orders(nodes)
        until(lambda: orders(nodes) > before + 40)
        assert not claimed_by(nodes, nodes.id("one"))

        block.unlink()
        until(lambda: '"node_rejoined"' in nodes.log("one"))
        until(lambda: nodes.rows()[nodes.id("one")]["state"] == "live")
        before = orders(nodes)
        until(lambda: orders(nodes) > before + 40)
        settle(nodes)
        verify(nodes, exchange)
    assert nodes.log("one").count('"engine_stands_still"') == 1
