"""Ticks per second of one node, beside one DBOS workflow per tick: ``python -m benchmarks.ticks``.

N automations that share one ticker, evaluate like a DCA and write a new state at every tick are due at once on a warm
node: dispatcher, DBOS batches, the evaluating process, durable commits. Counted from the moment they are due until
all are committed. The baseline runs fewer of the same automations, each tick one DBOS workflow with one step that
loads, evaluates and commits in one transaction on the same tables with the same durability.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks._baseline import create_in_chunks, launch_dbos, open_core, run_workflows
from benchmarks._common import (
    databases,
    empty_folder,
    in_fresh_process,
    parse_options,
    settings_for,
    wait_until,
    write_numbers,
)
from octobot_node.automation import Needs
from octobot_node.engine.commands.commands import Commands, NewAccount, NewAutomation
from octobot_node.engine.core import Core
from octobot_node.engine.evaluating.decision_checks import load_needs
from octobot_node.engine.evaluating.evaluation import TickInput, evaluate
from octobot_node.engine.evaluating.schedule import dump_wake, next_run
from octobot_node.engine.market.account import source_key
from octobot_node.live.node import Node
from octobot_node.store.tables import automations, schedule

ACCOUNT = NewAccount("bench", "simulated", "hostile", {}, {"url": "http://127.0.0.1:9"})


def main() -> None:
    """Run both and print."""
    options = parse_options(__doc__, either=True, automations=20_000, rounds=2, baseline=2_000)
    with empty_folder(options.keep) as folder, databases(options) as new:
        ours = in_fresh_process(node_rate, folder / "node", options.automations, options.rounds, new())
        theirs = in_fresh_process(baseline_rate, folder / "baseline", options.baseline, new())
    figures = {
        "database": options.database,
        "automations": options.automations,
        "ticks per second": ours["rate"],
        "first round, of just created ones": ours["first"],
        "baseline automations": options.baseline,
        "baseline ticks per second": theirs,
    }
    write_numbers(options, figures, ours["rate"] / theirs)


def _new(count: int) -> list[NewAutomation]:
    budget = {"USD": Decimal(1_000)}
    return [NewAutomation(f"averager-{i}", "bench_averager", "", budget, {}) for i in range(count)]


def node_rate(folder: Path, count: int, rounds: int, database: str = "") -> Mapping[str, float]:
    """Return ticks per second: the best round of a warm node, and the first."""
    with Node(settings_for(folder, database, dispatch_interval=3600.0)) as node:
        create_in_chunks(node.commands, ACCOUNT, _new(count))
        rates = [_round(node, count) for _ in range(1 + rounds)]
    return {"first": rates[0], "rate": max(rates[1:])}


def _round(node: Node, count: int) -> float:
    with node.core.storage.write() as connection:
        now = node.core.clock.now()
        connection.execute(schedule.update().values(next_run_at=now, due_at=now))
    before, started = node.core.counters.ticks, time.monotonic()
    node.hurry()
    wait_until(lambda: node.core.counters.ticks >= before + count, seconds=300, what=f"{count} ticks")
    return count / (time.monotonic() - started)


def baseline_rate(folder: Path, count: int, database: str = "") -> float:
    """Return ticks per second of one workflow each."""
    core = open_core(folder, database)
    ids = create_in_chunks(Commands(core), ACCOUNT, _new(count))
    launch_dbos(core)
    seconds = run_workflows(core, tick_workflow(core), ids)
    _check(core, count)
    return (count - 1) / seconds


def tick_workflow(core: Core) -> Callable[[str], int]:
    """Return a workflow that ticks one automation, in one step."""
    import dbos

    @dbos.DBOS.step()
    def tick(automation_id: str) -> int:
        return _tick(core, automation_id)

    ticking: Callable[[str], int] = tick
    return ticking


_LOAD = (
    sa.select(automations, schedule.c.tick, schedule.c.revision, schedule.c.source, schedule.c.due_at)
    .join_from(schedule, automations, schedule.c.automation_id == automations.c.id)
    .where(automations.c.id == sa.bindparam("id"))
)
_FINISH = (
    schedule.update()
    .where(schedule.c.automation_id == sa.bindparam("id"), schedule.c.tick == sa.bindparam("expected"))
    .values(
        tick=sa.bindparam("tick"),
        ticked_at=sa.bindparam("ticked_at"),
        next_run_at=sa.bindparam("next_run_at"),
        due_at=sa.bindparam("due_at"),
    )
)
_STATE = (
    automations.update()
    .where(automations.c.id == sa.bindparam("b_id"))
    .values(
        state=sa.bindparam("state"),
        state_version=sa.bindparam("state_version"),
        wake=sa.bindparam("wake"),
        updated_at=sa.bindparam("updated_at"),
    )
)


def _tick(core: Core, automation_id: str) -> int:
    """Load, evaluate and commit one automation in one transaction; the statements are built once, as anybody would."""
    source = source_key(ACCOUNT.market_data, ACCOUNT.market_data_settings)
    market = core.hub.snapshot(source, Needs(tickers=("BTC/USD",)))
    with core.storage.write(durable=True) as connection:
        row = connection.execute(_LOAD, {"id": automation_id}).one()
        assert load_needs(row.needs).symbols <= market.tickers.keys()
        outcome = evaluate(core.registry.automations, _input(core, row), market, None)
        decision, now = outcome.decision, core.clock.now()
        assert decision is not None, outcome.reason
        due = next_run(decision.plan, now)
        finished: dict[str, Any] = {
            "id": row.id, "expected": row.tick, "tick": row.tick + 1, "ticked_at": now, "next_run_at": due,
            "due_at": due,
        }  # fmt: skip
        connection.execute(_FINISH, finished)
        changed: dict[str, Any] = {
            "b_id": row.id, "state": decision.state, "state_version": 1, "wake": dump_wake(decision.plan),
            "updated_at": now,
        }  # fmt: skip
        connection.execute(_STATE, changed)
    return int(row.tick)


def _input(core: Core, row: Any) -> TickInput:
    return TickInput(
        automation_id=row.id,
        type=row.type,
        config=row.config,
        previous_config=None,
        state=row.state,
        state_version=row.state_version,
        number=row.tick,
        now=core.clock.now(),
        scheduled_at=row.due_at,
        missed=0,
        balances=(("USD", Decimal(1_000)),),
    )


def _check(core: Core, count: int) -> None:
    """A baseline that did not do its work would be no baseline."""
    with core.storage.read() as connection:
        states = list(connection.scalars(sa.select(automations.c.state)))
    done = sum(state is not None and json.loads(state)["ticks"] == 1 for state in states)
    assert done == count, f"{done} of {count} ticked"


if __name__ == "__main__":
    main()
