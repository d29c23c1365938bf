"""Real candles of BTC in USD, whole and cut to days."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

A_DAY = 1_440


@pytest.fixture(scope="session")
def candles(real_candles: Path) -> Path:
    return real_candles / "BTC-USD-1m-2022-01.csv.gz"


@pytest.fixture(scope="session")
def cut(candles: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[int, int], Path]:
    """Return a function that writes so many hours of the candles, from so many days in, to a file of their own."""
    with gzip.open(candles, "rt", newline="") as file:
        rows = list(csv.reader(file))[1:]
    folder = tmp_path_factory.mktemp("candles")

    def written(day: int, hours: int) -> Path:
        path = folder / f"{day}-{hours}.csv"
        if not path.exists():
            _write(path, rows[day * A_DAY :][: hours * 60])
        return path

    return written


def _write(path: Path, rows: Sequence[Sequence[str]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["timestamp", "open", "high", "low", "close", "volume"], *rows])
