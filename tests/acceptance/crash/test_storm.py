"""A short ``python -m benchmarks.chaos``: four real nodes, a real PostgreSQL, real kills, freezes and cut networks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from benchmarks.chaos.cluster import Cluster
from benchmarks.chaos.observe import sent_after_the_fence
from benchmarks.chaos.storm import Happening, Result, Storm
from benchmarks.crash.verify import StoppedExchange, verify_books

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]

#: Each kind once, the longest first; the master dies, too.
STORM = (
    Happening("freeze", "one", 12.0, 0.5),
    Happening("kill", "two", 13.0, 2.0),
    Happening("cut", "three", 8.0, 4.0),
    Happening("kill", "master", 0.2, 4.0),
    Happening("postgres", "", 1.0, 2.0),
)
TAKEN_OVER_S = 15.0


@dataclass(frozen=True)
class Stormed:
    cluster: Cluster
    storm: Storm
    result: Result
    exchange: StoppedExchange


@pytest.fixture(scope="module")
def stormed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stormed]:
    folder = tmp_path_factory.mktemp("storm")
    with Cluster(folder, automations=2_000, every=20.0) as cluster:
        storm = Storm(cluster)
        result = storm.run(STORM, quiet_first=3.0)
        yield Stormed(cluster, storm, result, StoppedExchange(folder / "exchange"))


def test_nothing_is_done_twice_and_nothing_lost_whatever_is_killed_frozen_or_cut_off(stormed: Stormed) -> None:
    result, verdict = stormed.result, stormed.result.verdict

    assert (verdict.duplicates, verdict.losses, verdict.unknown, verdict.problems) == (0, 0, 0, [])
    assert result.unfenced == []
    assert result.happened == {"freeze": 1, "kill": 2, "cut": 1, "postgres": 1}
    assert verdict.orders > 2_000
    assert verdict.trades > 1_000


def test_what_a_killed_node_had_begun_goes_on_elsewhere_in_time(stormed: Stormed) -> None:
    taken_over = stormed.result.taken_over

    assert taken_over, "the killed nodes were at nothing when they were killed"
    assert max(taken_over) < TAKEN_OVER_S


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        pytest.param("DELETE FROM fills WHERE id = (SELECT min(id) FROM fills)", "never settled", id="a fill is lost"),
        pytest.param(
            "UPDATE intents SET tag = (SELECT o.tag FROM intents o WHERE o.automation_id = intents.automation_id"
            " AND o.kind = 'order' ORDER BY o.id LIMIT 1) WHERE id = (SELECT i.id FROM intents i WHERE i.kind = 'order'"
            " AND i.tick > 0 ORDER BY i.id DESC LIMIT 1)",
            "a tick was repeated",
            id="a tick is repeated",
        ),
        pytest.param(
            "UPDATE schedule SET tick = tick + 1 WHERE automation_id = (SELECT min(automation_id) FROM schedule)",
            "but its state has seen",
            id="a tick is lost",
        ),
        pytest.param(
            "UPDATE intents SET filled = filled / 2"
            " WHERE id = (SELECT min(id) FROM intents WHERE status = 'filled' AND kind = 'order')",
            "is filled of",
            id="an order's end is wrong",
        ),
    ],
)
def test_the_verification_finds_damage(stormed: Stormed, damage: str, told: str) -> None:
    with stormed.cluster.books() as connection:
        changed = connection.execute(sa.text(damage)).rowcount
        verdict = verify_books(connection, stormed.exchange, all_known=True, order_each_tick=False)
        connection.rollback()

    assert changed == 1
    assert any(told in problem for problem in verdict.problems)


def test_it_also_finds_what_was_sent_under_an_epoch_that_had_ended(stormed: Stormed) -> None:
    epochs = stormed.storm.epochs
    with stormed.cluster.books() as connection:
        sent, epoch = connection.execute(
            sa.text("SELECT min(sent_at), epoch FROM intents WHERE epoch IS NOT NULL GROUP BY epoch LIMIT 1")
        ).one()
        early = {**epochs, epoch: (epochs[epoch][0], sent - 1)}
        found = sent_after_the_fence(connection, stormed.exchange, early)

    assert any("passed the fence" in each for each in found)
