"""Real candles of ETH in BTC."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def candles(real_candles: Path) -> Path:
    return real_candles / "ETH-BTC-5m-2018-01.csv.gz"
