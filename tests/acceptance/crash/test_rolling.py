"""A rolling restart of a master and three consumers under load, as docs/replica.md tells people to do it.

That nothing is lost or repeated is tested; how late ticks are, ``python -m benchmarks.chaos --rolling`` measures, and
fails when one is too late: beside other tests it would measure those.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.chaos.cluster import CONSUMERS, MASTER, Cluster
from benchmarks.chaos.rolling import rolling_restart

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]


def test_a_rolling_restart_loses_and_repeats_nothing(tmp_path: Path) -> None:
    with Cluster(tmp_path, automations=600, every=8.0) as cluster:
        result = rolling_restart(cluster)

    verdict = result.verdict
    assert (verdict.duplicates, verdict.losses, verdict.unknown, verdict.problems) == (0, 0, 0, [])
    assert set(result.delays.after) == {MASTER, *CONSUMERS}
    assert result.delays.ticks > 500
