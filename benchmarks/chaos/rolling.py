"""A rolling restart of all four nodes under load: what docs/replica.md tells people to do, measured tick by tick."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.chaos.cluster import CONSUMERS, MASTER, Cluster, wait_for
from benchmarks.chaos.observe import Delays, Observer, tick_delays
from benchmarks.crash.verify import Verdict, verify_books

__all__ = ["MOST_S", "RollingResult", "rolling_restart"]

#: No tick may be later than this, in seconds.
MOST_S = 3.0


@dataclass
class RollingResult:
    """What a rolling restart came to."""

    delays: Delays = field(default_factory=Delays)
    verdict: Verdict = field(default_factory=Verdict)
    errors_logged: dict[str, int] = field(default_factory=dict)

    @property
    def clean(self) -> bool:
        return self.verdict.clean


def rolling_restart(
    cluster: Cluster, told: Callable[[str], None] = lambda _text: None, *, quiet_first: float = 0.0
) -> RollingResult:
    """Replace the master by one that stands by, restart each consumer, then settle and verify.

    ``quiet_first`` is how long the nodes work before; by default until every trader has had its first ticks.
    """
    observer, moments = Observer(cluster.url), []
    successor = cluster.add("successor", "--role", "master", "--standby")
    cluster.nodes.pop(successor.name)
    cluster.start()
    cluster.nodes[successor.name] = successor
    # What is created is due at once, two thousand at a time: that is not the load that is measured.
    time.sleep(quiet_first or cluster.every + 2)
    since = observer.now()
    problems = []

    def restarted(name: str, code: int) -> None:
        if code:
            problems.append(f"{name} was told to end and ended with {code}")
        told(f"{name} replaced" if name == MASTER else f"{name} restarted")

    moments.append((MASTER, observer.now()))
    successor.start()
    wait_for(lambda: successor.said("standing_by"), 60, "the new master did not stand by")
    code = cluster.nodes[MASTER].stop()
    successor.wait_started()
    restarted(MASTER, code)
    for name in CONSUMERS:
        moments.append((name, observer.now()))
        code = cluster.nodes[name].stop()
        cluster.nodes[name].start()
        cluster.nodes[name].wait_started()
        restarted(name, code)
    time.sleep(2)
    until = observer.now()
    observer.close()
    problems += cluster.settle()
    exchange = cluster.exchange_books()
    with cluster.books() as connection:
        verdict = verify_books(connection, exchange, all_known=True, order_each_tick=False)
        delays = tick_delays(connection, since, until, moments)
    verdict.problems += problems
    return RollingResult(delays, verdict, cluster.errors())
