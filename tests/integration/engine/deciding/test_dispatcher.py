"""What is due is handed out in batches, and a batch that never comes back is taken apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from octobot_node import Decision
from octobot_node.contracts.exchanges import MarketDataFactory
from octobot_node.engine.commands.commands import NewAccount
from octobot_node.store import tables
from tests.support.bench import Bench, NoSettings


def idle(_tick: Any) -> Decision:
    return Decision()


def batches(bench: Bench) -> list[set[str]]:
    """Return the names in each batch that was handed out and is not run yet."""
    found = []
    for _, _, batch in bench.queue:
        joined = sa.select(tables.automations.c.name).join_from(
            tables.schedule, tables.automations, tables.schedule.c.automation_id == tables.automations.c.id
        )
        with bench.core.storage.read() as connection:
            found.append(set(connection.scalars(joined.where(tables.schedule.c.claim == batch))))
    return found


def test_what_is_due_is_claimed_once(bench: Bench) -> None:
    bench.automation("a", idle)
    assert (bench.dispatcher.dispatch(), bench.dispatcher.dispatch()) == (1, 0)
    assert batches(bench) == [{"a"}]


def test_what_is_not_due_is_left_alone(bench: Bench) -> None:
    bench.automation("a", idle)
    with bench.core.storage.write() as connection:
        connection.execute(tables.schedule.update().values(next_run_at=bench.clock.now() + 1))
    assert (bench.dispatcher.dispatch(), batches(bench)) == (0, [])


def test_batches_are_of_a_size_and_of_one_source(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(batch_size=2)
    bench.registry.market_data["other"] = MarketDataFactory(  # type: ignore[index]
        "other", NoSettings, lambda *_: bench.market
    )
    other = bench.commands.create_account(NewAccount("other", "other", "fake", {}, {}))
    for name in ("a1", "a2", "a3"):
        bench.automation(name, idle)
    bench.automation("b1", idle, account=other)
    bench.dispatcher.dispatch()
    assert sorted(map(sorted, batches(bench))) == [["a1", "a2"], ["a3"], ["b1"]]


def test_suspects_are_apart_from_the_healthy(bench: Bench) -> None:
    a = bench.automation("a", idle)
    for name in ("b", "c"):
        bench.automation(name, idle)
    with bench.core.storage.write() as connection:
        connection.execute(tables.schedule.update().where(tables.schedule.c.automation_id == a).values(suspect=True))
    bench.dispatcher.dispatch()
    assert sorted(map(sorted, batches(bench))) == [["a"], ["b", "c"]]


def test_a_node_that_may_not_dispatch_claims_nothing(bench: Bench) -> None:
    class Follower:
        epoch = 1

        def may_dispatch(self) -> bool:
            return False

    bench.automation("a", idle)
    bench.core.coordinator = Follower()  # type: ignore[assignment]
    assert (bench.dispatcher.dispatch(), batches(bench)) == (0, [])


def test_an_expired_claim_is_taken_again_in_halves_until_the_last_one_is_failed(
    make_bench: Callable[..., Bench],
) -> None:
    bench = make_bench(claim_ttl=60.0)
    ids = {name: bench.automation(name, idle) for name in ("a", "b", "c", "d")}
    bench.dispatcher.dispatch()
    assert [len(batch) for batch in batches(bench)] == [4]
    assert bench.dispatcher.reclaim() == 0

    def hang_again(bad: str) -> None:
        """Run every batch but the one with ``bad`` in it, which its worker loses."""
        for item, names in list(zip(bench.queue, batches(bench), strict=True)):
            if bad not in names:
                bench.batches.run(item[1], item[2])
        bench.queue.clear()
        bench.advance(60_001)

    hang_again("c")
    assert bench.dispatcher.reclaim() == 4
    assert sorted(len(batch) for batch in batches(bench)) == [2, 2]
    hang_again("c")
    assert bench.dispatcher.reclaim() == 2
    assert sorted(map(sorted, batches(bench))) == [["c"], ["d"]]
    hang_again("c")
    assert bench.dispatcher.reclaim() == 0
    assert {name: bench.row(id_).status for name, id_ in ids.items()} == {
        "a": "active",
        "b": "active",
        "c": "failed",
        "d": "active",
    }
    failed = bench.row(ids["c"])
    assert (failed.reason, failed.runnable, failed.claim) == ("its evaluation did not end in 3 tries", False, None)
    assert bench.events(ids["c"])[-1] == "automation.failed"


def test_a_batch_that_comes_back_after_its_claim_was_taken_again_writes_nothing(bench: Bench) -> None:
    a = bench.automation("a", lambda _: Decision(state="late"))
    bench.dispatcher.dispatch()
    _, workflow_id, batch = bench.queue.popleft()
    bench.advance(61_000)
    assert bench.dispatcher.reclaim() == 1
    assert bench.batches.run(workflow_id, batch) == {"ticks": 0}
    assert bench.row(a).tick == 0
    bench.drain()
    assert bench.row(a).tick == 1


def test_a_single_automation_whose_worker_dies_is_failed_after_three_tries(bench: Bench) -> None:
    a = bench.automation("a", idle)
    bench.dispatcher.dispatch()
    taken = []
    for _ in range(3):
        bench.queue.clear()
        bench.advance(61_000)
        taken.append(bench.dispatcher.reclaim())
    assert (taken, bench.row(a).status) == ([1, 1, 0], "failed")


def test_a_slow_evaluation_is_tried_again_among_the_suspects(bench: Bench) -> None:
    from octobot_node.engine.evaluating.evaluation import Outcome

    class Impatient:
        """Finds everything slow, unless it is among the suspects."""

        def __init__(self) -> None:
            self.inner = bench.core.evaluator
            self.asked: list[bool] = []

        def evaluate(self, inputs: Any, market: Any, *, suspects: bool) -> Any:
            self.asked.append(suspects)
            if suspects:
                return self.inner.evaluate(inputs, market, suspects=True)
            return [Outcome(given.automation_id, problem="slow", reason="took longer") for given in inputs]

        def close(self) -> None:
            pass

    evaluator = Impatient()
    bench.core.evaluator = evaluator
    a = bench.automation("a", idle)
    bench.settle()
    row = bench.row(a)
    assert (evaluator.asked, row.tick, row.failures, row.suspect) == ([False, True], 1, 0, False)
