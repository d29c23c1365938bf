"""Real candles of ETH in BTC, whole and cut."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Sequence
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def candles(real_candles: Path) -> Path:
    return real_candles / "ETH-BTC-5m-2018-01.csv.gz"


@pytest.fixture(scope="session")
def rows(candles: Path) -> list[list[str]]:
    """Every line as [timestamp, open, high, low, close, volume]."""
    with gzip.open(candles, "rt", newline="") as file:
        return list(csv.reader(file))[1:]


@pytest.fixture(scope="session")
def few_hours(rows: list[list[str]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 hours."""
    return write_candles(tmp_path_factory.mktemp("candles") / "ETH-BTC.csv", rows[5 * 288 :][: 24 * 12])


@pytest.fixture(scope="session")
def other_hours(rows: list[list[str]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 other hours under these ones' dates: a second market whose prices are as real."""
    later = rows[10 * 288 :][: 24 * 12]
    moved = [[now[0], *then[1:]] for now, then in zip(rows[5 * 288 :], later, strict=False)]
    return write_candles(tmp_path_factory.mktemp("candles") / "ALT-BTC.csv", moved)


def write_candles(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["timestamp", "open", "high", "low", "close", "volume"], *rows])
    return path
