"""Real candles of BTC in USD, whole and cut."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def candles(real_candles: Path) -> Path:
    return real_candles / "BTC-USD-1m-2022-01.csv.gz"


@pytest.fixture(scope="session")
def cut(candles: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[int, int], Path]:
    """Return a function that writes ``count`` candles, from the one numbered ``first`` on, to a file of their own."""
    with gzip.open(candles, "rt", newline="") as file:
        header, *rows = list(csv.reader(file))

    def write(first: int, count: int) -> Path:
        path = tmp_path_factory.mktemp("candles") / "BTC-USD.csv.gz"
        with gzip.open(path, "wt", newline="") as file:
            csv.writer(file).writerows([header, *rows[first : first + count]])
        return path

    return write
