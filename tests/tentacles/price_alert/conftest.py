"""Real candles of ETH in BTC."""

from __future__ import annotations

from pathlib import Path

import pytest

CANDLES = Path(__file__).parents[4] / "shared" / "data" / "ETH-BTC-5m-2018-01.csv.gz"


@pytest.fixture(scope="session")
def candles() -> Path:
    if not CANDLES.exists():
        pytest.fail(f"the replay tests need the candles at ../shared/data/{CANDLES.name}, beside the project's folder")
    return CANDLES
