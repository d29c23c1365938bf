"""How late healthy automations tick beside poison: ``python -m benchmarks.poison``.

N automations on one live node, each ticking every few seconds; every fifth hangs, sleeps, swallows its interruption,
ends its process, kills it, eats memory or raises, all of one type, as a bad release of one tentacle would. Told is how
late the healthy ones were, tick by tick, from their first on, beside the same run without any poison.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks._baseline import create_in_chunks
from benchmarks._common import empty_folder, in_fresh_process, parse_options, write_numbers
from octobot_node.engine.commands.commands import NewAccount, NewAutomation
from octobot_node.live.node import Node
from octobot_node.settings import Settings
from octobot_node.store.tables import automations, schedule

__all__ = ["lateness"]

ACCOUNT = NewAccount("bench", "simulated", "paper", {}, {"balances": {"USD": "1000000"}})
DEEDS = ("hang", "sleep", "swallow", "exit", "kill", "allocate", "raise", "unpicklable_error")


def main() -> None:
    """Run both and print."""
    options = parse_options(__doc__, automations=1_000, poison=20, every=5, seconds=60)
    with empty_folder(options.keep) as folder:
        run = (options.automations, options.every, options.seconds)
        clean = in_fresh_process(lateness, folder / "clean", *run, 0)
        poisoned = in_fresh_process(lateness, folder / "poisoned", *run, options.poison)
    figures: dict[str, Any] = {"automations": options.automations, "poison, %": options.poison}
    for name, found in (("without poison", clean), ("with poison", poisoned)):
        figures |= {f"{what}, {name}": value for what, value in found.items()}
    write_numbers(options, figures, max(poisoned["late p95, s"], 0.01) / max(clean["late p95, s"], 0.01))


def lateness(folder: Path, count: int, every: float, seconds: float, poison: int) -> Mapping[str, float]:
    """Return how late (s) the healthy ones of ``count`` automations ticked, ``poison`` percent of all being poison."""
    # The disk of the machine that runs this is not the point.
    settings = Settings(data_dir=folder, extra_plugins=("benchmarks._poison",), disk_reserve_mb=0)
    deeds = itertools.cycle(DEEDS)
    new = []
    for number in range(count):
        bad = number % 100 < poison
        config = {"every": every, **({"deed": next(deeds)} if bad else {})}
        kind = "benchmarks.poison" if bad else "benchmarks.beat"
        new.append(NewAutomation(f"{'poison' if bad else 'beat'}-{number}", kind, "", {"USD": Decimal(1)}, config))
    with Node(settings) as node:
        create_in_chunks(node.commands, ACCOUNT, new)
        node.hurry()
        time.sleep(seconds)
        found = _read(node)
        now = node.core.clock.now()
    late = sorted(late / 1_000 for state, _ in found for late in state["late"])
    waiting = [(now - due) / 1_000 for _, due in found if due is not None and due < now]
    return {
        "healthy ticks": len(late),
        "planned ticks missed": sum(state["missed"] for state, _ in found),
        "late p50, s": late[len(late) // 2],
        "late p95, s": late[len(late) * 95 // 100],
        "late at worst, s": max([*late, *waiting]),
    }


def _read(node: Node) -> list[tuple[Any, int | None]]:
    """Return the state of each healthy automation and when it is due."""
    a, s = automations.c, schedule.c
    statement = sa.select(a.state, s.next_run_at).join_from(automations, schedule, a.id == s.automation_id)
    with node.core.storage.read() as connection:
        rows = connection.execute(statement.where(a.type == "benchmarks.beat")).all()
    empty = {"late": [], "missed": 0}
    return [(json.loads(row.state) if row.state else empty, row.next_run_at) for row in rows]


if __name__ == "__main__":
    main()
