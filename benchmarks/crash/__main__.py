"""``python -m benchmarks.crash --rounds 100``."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.crash.exchanges import EMULATED
from benchmarks.crash.harness import CrashRun, Result

if TYPE_CHECKING:
    from tests.support.postgres import Server


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--automations", type=int, help="traders; 200, or 8 where a real exchange is emulated")
    parser.add_argument("--every", type=float, help="seconds between an automation's ticks; 2, or 6 on Kraken")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", default="kill,point,freeze,power")
    parser.add_argument(
        "--exchange",
        choices=("hostile", *EMULATED),
        default="hostile",
        help="hostile, or the protocol of a real one: then with dca, grid and smart_trade beside the traders",
    )
    parser.add_argument("--weak", action="store_true", help="an exchange without request expiry and look-ups")
    parser.add_argument("--keep", type=Path, help="work in this folder and keep it")
    parser.add_argument(
        "--database", choices=("sqlite", "postgresql"), default="sqlite", help="PostgreSQL is a server of its own"
    )
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="octobot-crash-") as temporary, server_for(options.database) as server:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        run = CrashRun(
            folder,
            automations=options.automations or (200 if options.exchange == "hostile" else 8),
            strong=not options.weak,
            seed=options.seed,
            # An account on Kraken's lowest tier may read fifty executions in six seconds: not more than it makes at 2.
            every=options.every or (6.0 if options.exchange == "kraken" else 2.0),
            exchange=options.exchange,
            server=server,
        )
        result = run.run(
            options.rounds, tuple(options.kinds.split(",")), lambda text: print(text, file=sys.stderr, flush=True)
        )
    print(_json(result) if options.json else _text(result))
    return 0 if result.verdict.clean else 1


@contextmanager
def server_for(database: str) -> Iterator[Server | None]:
    """Start a PostgreSQL where that is the database."""
    if database == "sqlite":
        yield None
        return
    from tests.support.postgres import Server

    with Server() as server:
        yield server


def _figures(result: Result) -> dict[str, object]:
    recoveries = sorted(result.recoveries)
    verdict = result.verdict
    return {
        "rounds": result.rounds,
        "by_kind": result.by_kind,
        "by_trouble": result.by_trouble,
        "orders": verdict.orders,
        "executions": verdict.trades,
        "ticks": verdict.ticks,
        "duplicates": verdict.duplicates,
        "losses": verdict.losses,
        "unknown": verdict.unknown,
        "recoveries": len(recoveries),
        "recovery_median_s": round(statistics.median(recoveries), 2) if recoveries else None,
        "recovery_worst_s": round(recoveries[-1], 2) if recoveries else None,
        "problems": verdict.problems,
    }


def _json(result: Result) -> str:
    return json.dumps(_figures(result), indent=2)


def _text(result: Result) -> str:
    lines = []
    for name, value in _figures(result).items():
        shown = ", ".join(f"{key} {count}" for key, count in value.items()) if isinstance(value, dict) else value
        lines.append(f"{name.replace('_', ' '):>20}: {shown}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
