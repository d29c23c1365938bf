"""A few rounds of ``python -m benchmarks.chaos --masters 50``: real nodes that both want to be the master."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.chaos.masters import rounds_of_two
from tests.support.postgres import Server

pytestmark = pytest.mark.timeout(240)


def test_of_two_masters_started_at_once_one_wins_and_the_other_says_who(tmp_path: Path, postgres: Server) -> None:
    # The first round also races for who makes the tables.
    assert rounds_of_two(tmp_path, postgres, 3) == []
