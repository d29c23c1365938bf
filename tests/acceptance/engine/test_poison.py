"""Automations that do their worst on a live node: the others tick on time, and the node stops when it is told to."""

from __future__ import annotations

import multiprocessing
from collections.abc import Mapping
from pathlib import Path

import pytest

from benchmarks.poison import lateness

pytestmark = pytest.mark.long


def test_with_a_fifth_of_a_thousand_poisoned_the_others_tick_on_time(tmp_path: Path) -> None:
    # In a process of its own: DBOS allows one node in each.
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        found: Mapping[str, float] = pool.apply(lateness, (tmp_path / "node", 1_000, 5.0, 15.0, 20))
    # Each of the 800 ticks at once, and then every 5 s; not one planned tick was skipped for another's sake.
    assert found["healthy ticks"] >= 800 * 3
    assert found["planned ticks missed"] == 0
    assert found["late p95, s"] < 5
