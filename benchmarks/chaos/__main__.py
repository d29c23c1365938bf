"""``python -m benchmarks.chaos --kills 1000``: a storm; ``--masters 50``: two masters at once; ``--rolling``.

``--exchange binance|okx``: on the protocol of a real one, with its troubles, and with dca, grid and smart_trade.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.chaos.cluster import Cluster
from benchmarks.chaos.storm import KINDS, Result, Storm, plan, write_down

#: What is asked of a killed node's work: to run elsewhere within so many seconds.
RECOVERY_S = 15.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--kills", type=int, default=40, help="how often something happens")
    parser.add_argument("--exchange", choices=("hostile", "binance", "okx"), default="hostile")
    parser.add_argument("--automations", type=int, help="traders; 2,000, or 40 where a real exchange is emulated")
    parser.add_argument("--every", type=float, default=20.0, help="seconds between an automation's planned ticks")
    parser.add_argument("--lease", type=float, default=9.0, help="OCTOBOT_LEASE_TTL of the nodes")
    parser.add_argument("--pause", type=float, default=8.0, help="seconds between two events at most; a fifth at least")
    parser.add_argument("--longest", type=float, default=20.0, help="seconds of a freeze or a cut at most")
    parser.add_argument("--minutes", type=float, default=0, help="stop after so many, and verify; 0: when all is done")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--masters", type=int, default=0, help="instead: start two masters at once so many times")
    parser.add_argument("--rolling", action="store_true", help="instead: restart all four nodes one after another")
    parser.add_argument("--keep", type=Path, help="work in this folder and keep it")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    options.automations = options.automations or (2_000 if options.exchange == "hostile" else 40)
    folder = options.keep or Path(tempfile.mkdtemp(prefix="octobot-chaos-"))
    clean = False
    try:
        if options.masters:
            figures, clean = _masters(folder, options)
        elif options.rolling:
            figures, clean = _rolling(folder, options)
        else:
            figures, clean = _storm(folder, options)
        print(json.dumps(figures, indent=2, default=str) if options.json else _text(figures))
    finally:
        if clean and options.keep is None:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print(f"logs, journal and database: {folder}", file=sys.stderr)
    return 0 if clean else 1


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _storm(folder: Path, options: argparse.Namespace) -> tuple[Mapping[str, object], bool]:
    kinds = tuple(options.kinds.split(","))
    happenings = plan(
        options.kills, kinds, options.seed, options.lease, (options.pause / 5, options.pause), options.longest
    )
    with _cluster(folder, options) as cluster:
        try:
            result = Storm(cluster, _tell).run(happenings, minutes=options.minutes)
        except BaseException:
            cluster.keep()
            raise
        if not result.clean or options.keep:
            write_down(result, folder)
            cluster.keep()
    return _figures(result, options), result.clean


def _cluster(folder: Path, options: argparse.Namespace) -> Cluster:
    return Cluster(
        folder,
        automations=options.automations,
        every=options.every,
        lease=options.lease,
        exchange=options.exchange,
    )


def _figures(result: Result, options: argparse.Namespace) -> dict[str, object]:
    verdict, delays = result.verdict, result.delays
    return {
        "automations": options.automations,
        "kills": sum(result.happened.values()),
        "by_kind": result.happened,
        "of_the_master": result.master_struck,
        "orders": verdict.orders,
        "executions": verdict.trades,
        "ticks": verdict.ticks,
        "duplicates": verdict.duplicates,
        "losses": verdict.losses,
        "unknown": verdict.unknown,
        "sent_after_the_fence": len(result.unfenced),
        "dead_requests_refused": result.expired_requests,
        "work_taken_over": len(result.taken_over),
        "recovery_median_s": _median(result.taken_over),
        "recovery_worst_s": round(max(result.taken_over), 2) if result.taken_over else None,
        "recovered_within_15_s": sum(seconds < RECOVERY_S for seconds in result.taken_over),
        "tick_delay_median_s": round(delays.median, 2),
        "tick_delay_p99_s": round(delays.p99, 2),
        "tick_delay_worst_s": round(delays.worst, 2),
        "tick_delay_worst_after": {
            kind: f"{_median(found)} s median, {max(found):.1f} s worst" for kind, found in delays.after.items()
        },
        "nodes_rejoined": result.rejoined,
        "ended_by_themselves": result.restarts_by_themselves,
        "errors_logged": result.errors_logged,
        "broken_off": result.broken_off or None,
        "problems": [*verdict.problems[:20], *result.unfenced[:20]],
    }


def _median(found: Sequence[float]) -> float | None:
    return round(statistics.median(found), 2) if found else None


def _masters(folder: Path, options: argparse.Namespace) -> tuple[Mapping[str, object], bool]:
    from benchmarks.chaos.masters import rounds_of_two
    from tests.support.postgres import Server

    with Server() as server:
        problems = rounds_of_two(folder, server, options.masters, _tell)
    return {"rounds": options.masters, "problems": problems}, not problems


def _rolling(folder: Path, options: argparse.Namespace) -> tuple[Mapping[str, object], bool]:
    from benchmarks.chaos.rolling import MOST_S, rolling_restart

    with _cluster(folder, options) as cluster:
        result = rolling_restart(cluster, _tell)
        if not result.clean or options.keep:
            cluster.keep()
    delays = result.delays
    figures = {
        "automations": options.automations,
        "ticks_during_it": delays.ticks,
        "tick_delay_median_s": round(delays.median, 2),
        "tick_delay_p99_s": round(delays.p99, 2),
        "tick_delay_worst_s": round(delays.worst, 2),
        "tick_delay_worst_after": {kind: round(max(found), 2) for kind, found in delays.after.items()},
        "orders": result.verdict.orders,
        "errors_logged": result.errors_logged,
        "problems": result.verdict.problems,
    }
    return figures, result.clean and delays.worst <= MOST_S


def _text(figures: Mapping[str, object]) -> str:
    width = max(map(len, figures))
    lines = []
    for name, value in figures.items():
        shown = ", ".join(f"{key} {count}" for key, count in value.items()) if isinstance(value, dict) else value
        lines.append(f"{name.replace('_', ' '):>{width}}: {shown}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
