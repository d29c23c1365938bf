"""How late a node is under a steady load: ``python -m benchmarks.latency``.

Ticks: automations that share one ticker come due evenly, so many a second. Late is from the planned moment to the
tick's commit. Orders: others each order at market at every tick, on the hostile exchange at zero latency. Late is from
the planned moment of the tick to the decision's commit, to the order's passing the send fence, to the exchange's own
time of the execution, and to its settlement. Both on a node that is warm, in a process of its own.

The baseline is one DBOS workflow for each tick and each order, enqueued by whoever looks for what is due every 0.1 s.
It could not keep up with as many a second, and runs at rates of its own.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks import orders, ticks
from benchmarks._baseline import create_in_chunks, launch_dbos, open_core, run_steadily
from benchmarks._common import (
    databases,
    empty_folder,
    in_fresh_process,
    parse_options,
    quantile,
    settings_for,
    wait_until,
    write_numbers,
)
from octobot_node.engine.commands.commands import Commands, NewAccount, NewAutomation
from octobot_node.engine.core import Core
from octobot_node.live.node import Node
from octobot_node.store.tables import fills, intents, schedule
from octobot_node.testing.hostile_exchange.process import HostileExchange

#: Each automation ticks so often, in seconds: more a second are more automations.
EVERY_S = 10
#: How often it is looked which automations ticked: not more than once between two looks.
_LOOK_S = 2.0
Late = Mapping[str, list[float]]


def main() -> None:
    """Run all and print."""
    options = parse_options(
        __doc__, either=True, ticks=1_000, orders=100, seconds=30, baseline_ticks=100, baseline_orders=20
    )
    with empty_folder(options.keep) as folder, databases(options) as new:
        seconds = options.seconds
        of_ticks = in_fresh_process(ticks_late, folder / "ticks", options.ticks, seconds, new())
        of_orders = in_fresh_process(orders_late, folder / "orders", options.orders, seconds, new())
        slow_ticks = in_fresh_process(baseline_ticks, folder / "b-ticks", options.baseline_ticks, seconds, new())
        slow_orders = in_fresh_process(baseline_orders, folder / "b-orders", options.baseline_orders, seconds, new())
    figures: dict[str, object] = {"database": options.database, "seconds": seconds}
    figures |= _shown(of_ticks, seconds) | _shown(of_orders, seconds)
    figures |= _shown(slow_ticks, seconds, "baseline, ") | _shown(slow_orders, seconds, "baseline, ")
    ratios = [_p95(slow_ticks, "evaluated") / _p95(of_ticks, "evaluated")]
    ratios += [_p95(slow_orders, "sent") / _p95(of_orders, "sent")]
    figures["the ratio"] = f"p95, the baseline's by ours; ticks {ratios[0]:.2f}, orders {ratios[1]:.2f}"
    write_numbers(options, figures, min(ratios))


def _shown(late: Late, seconds: int, whose: str = "") -> dict[str, object]:
    found: dict[str, object] = {f"{whose}{next(iter(late))} a second": len(next(iter(late.values()))) / seconds}
    for what, values in late.items():
        at = (("p50", quantile(values, 0.5)), ("p95", _p95(late, what)), ("worst", values[-1]))
        found |= {f"{whose}due to {what}, {name}, s": value for name, value in at}
    return found


def _p95(late: Late, what: str) -> float:
    return quantile(late[what], 0.95)


def _ordered(milliseconds: Sequence[int]) -> list[float]:
    return sorted(max(each, 1) / 1_000 for each in milliseconds)


def _steady(count: int, amount: Decimal) -> list[NewAutomation]:
    config = {"every": EVERY_S, "amount": str(amount)}
    return [NewAutomation(f"steady-{i}", "bench_steady", "", {"USD": orders.BUDGET}, config) for i in range(count)]


def _warm(node: Node, account: NewAccount, count: int, amount: Decimal = Decimal(0)) -> None:
    """Create automations and let them settle: all are due once at their creation, and from then on one by one."""
    create_in_chunks(node.commands, account, _steady(count, amount))
    node.hurry()
    wait_until(lambda: node.core.counters.ticks >= count, seconds=300, what=f"the first {count} ticks")
    time.sleep(EVERY_S / 2)


def ticks_late(folder: Path, rate: int, seconds: int, database: str = "") -> Late:
    """Return how late (s) each tick of some seconds was committed, at so many a second."""
    with Node(settings_for(folder, database)) as node:
        _warm(node, ticks.ACCOUNT, rate * EVERY_S)
        late: list[int] = []
        before, until = _planned(node.core), time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(min(_LOOK_S, max(until - time.monotonic(), 0)))
            now = _planned(node.core)
            late += [ticked - before[id_][1] for id_, (tick, _, ticked) in now.items() if tick == before[id_][0] + 1]
            _check(
                sum(tick > before[id_][0] + 1 for id_, (tick, _, _) in now.items()), "ticked twice between two looks"
            )
            before, waiting = now, node.core.clock.now()
        # What never came counts, too, for as long as it has been late.
        late += [waiting - due for _, due, _ in before.values() if due < waiting - 1_000]
    return {"evaluated": _ordered(late)}


def _planned(core: Core) -> dict[str, tuple[int, int, int]]:
    """Return automation -> (ticks so far, when the next one is due, when the last one was committed)."""
    s = schedule.c
    with core.storage.read() as connection:
        rows = connection.execute(sa.select(s.automation_id, s.tick, s.due_at, s.ticked_at)).all()
    return {row.automation_id: (row.tick, row.due_at, row.ticked_at) for row in rows}


def _check(wrong: int, what: str) -> None:
    if wrong:
        raise RuntimeError(f"{wrong} automations {what}: these figures would be wrong")


def orders_late(folder: Path, rate: int, seconds: int, database: str = "") -> Late:
    """Return how late (s) each order of some seconds was decided, sent, executed and settled, at so many a second."""
    with (
        HostileExchange.start(folder / "exchange", request_expiry=True) as exchange,
        Node(settings_for(folder / "node", database)) as node,
    ):
        _warm(node, orders.account_at(exchange), rate * EVERY_S, orders.AMOUNT)
        time.sleep(EVERY_S / 2)
        since = node.core.clock.now()
        time.sleep(seconds)
        until = since + seconds * 1_000
        wait_until(lambda: not _unsettled(node.core), seconds=60, what="what was due being settled")
        _check(exchange.report().duplicates, "ordered twice")
        return _stages(node.core, lambda tag: int(tag) if since <= int(tag) < until else None)


def _unsettled(core: Core) -> int:
    """Return how many orders are not settled, but those of the last second: there are always some."""
    old = intents.c.created_at < core.clock.now() - 1_000
    statement = sa.select(sa.func.count()).where(intents.c.status.in_(("planned", "sent", "open", "unknown")), old)
    time.sleep(0.2)
    with core.storage.read() as connection:
        return connection.scalar(statement) or 0


def _stages(core: Core, due_of: Any, key: str = "tag") -> dict[str, list[float]]:
    """Return how late each stage of orders was; ``due_of`` says when one was due, None for one that is not meant."""
    i, f = intents.c, fills.c
    statement = (
        sa.select(
            i[key].label("key"),
            i.created_at,
            i.sent_at,
            sa.func.max(f.at).label("at"),
            sa.func.max(f.settled_at).label("settled_at"),
        )
        .join_from(intents, fills, f.intent_id == i.id)
        .group_by(i.id)
    )
    with core.storage.read() as connection:
        found = [(row, due) for row in connection.execute(statement) if (due := due_of(row.key)) is not None]
    return {
        what: _ordered([getattr(row, column) - due for row, due in found])
        for what, column in (
            ("decided", "created_at"), ("sent", "sent_at"), ("executed", "at"), ("settled", "settled_at"),
        )
    }  # fmt: skip


def baseline_ticks(folder: Path, rate: int, seconds: int, database: str = "") -> Late:
    """Return the same of one workflow for each tick."""
    core = open_core(folder, database)
    budget = {"USD": Decimal(1_000)}
    new = [NewAutomation(f"averager-{i}", "bench_averager", "", budget, {}) for i in range(rate * seconds + 1)]
    ids = create_in_chunks(Commands(core), ticks.ACCOUNT, new)
    launch_dbos(core)
    due = run_steadily(core, ticks.tick_workflow(core), ids, rate)
    now = _planned(core)
    return {"evaluated": _ordered([now[id_][2] - at for id_, at in due.items()])}


def baseline_orders(folder: Path, rate: int, seconds: int, database: str = "") -> Late:
    """Return the same of one workflow for each order."""
    with HostileExchange.start(folder / "exchange", request_expiry=True) as exchange:
        core = open_core(folder / "node", database)
        account = orders.account_at(exchange)
        ids = create_in_chunks(Commands(core), account, _steady(rate * seconds + 1, orders.AMOUNT))
        launch_dbos(core)
        due = run_steadily(core, orders.order_workflow(core, account), ids, rate)
        late = _stages(core, due.get, "automation_id")
        core.event_loop.call(core.accounts.close())
    return {"sent": late["sent"]}


if __name__ == "__main__":
    main()
