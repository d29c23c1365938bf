"""A month of one-minute candles, beside a plain loop over the same: ``python -m benchmarks.replay CANDLES.csv.gz``."""

from __future__ import annotations

import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks._common import settings_for
from octobot_node.assembly import open_base
from octobot_node.engine.commands import NewAccount, NewAutomation
from octobot_node.engine.replay import Replay
from octobot_node.plugins import load_plugins

LADDER = {"lowest": Decimal(40_000), "step": Decimal(100), "rungs": 70, "amount": Decimal("0.01")}
STEP = Decimal(100)


def run(folder: Path, candles: Path, type_: str, config: dict[str, Any], hours: int) -> Any:
    settings = settings_for(folder)
    registry = load_plugins(settings.extra_plugins)
    given = {"data": {"BTC/USD": str(candles)}, "fee_in": "quote"}
    account = NewAccount("paper", "replay", "paper", given, {"balances": {"USD": "1000000"}})
    start = 1640991660000
    base = open_base(settings, registry, start)
    replay = Replay(base, start, start + hours * 3_600_000)
    account_id = replay.commands.create_account(account)
    replay.commands.create_many([NewAutomation("bench", type_, account_id, {"USD": Decimal(1_000_000)}, config)])
    counts = []
    counters = replay.core.counters

    def progress(_now):
        counts.append((time.perf_counter(), counters.ticks, counters.sent, counters.settled))

    began = time.process_time()
    replay.run(progress)
    ended = time.process_time()
    with replay.core.storage.read() as c:
        fills = c.exec_driver_sql("select at, side, price from fills order by at, price").all()
        ticks = c.exec_driver_sql("select tick from schedule").scalar()
    replay.close()
    base.close()
    return ended - began, counts, counters, len(fills), ticks


if __name__ == "__main__":
    import tempfile

    hours = int(sys.argv[2])
    for type_, config in (("bench_ladder", LADDER), ("bench_stepper", {"step": STEP})):
        with tempfile.TemporaryDirectory() as folder:
            if len(sys.argv) > 3:
                import cProfile
                import pstats

                pr = cProfile.Profile()
                pr.enable()
            seconds, counts, counters, fills, ticks = run(Path(folder), Path(sys.argv[1]), type_, config, hours)
            if len(sys.argv) > 3:
                pr.disable()
                pstats.Stats(pr).dump_stats(f"/tmp/rp/{type_}.prof")
            print(
                type_,
                f"{seconds:.2f}s instants {len(counts)} fills {fills} ticks {ticks} {counters} {1000 * seconds / len(counts):.2f} ms/instant",
            )
