"""A DCA on real candles: the run file, and where the candles are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from octobot_node.run_files.run_file import RunFile


@pytest.fixture(scope="session")
def candles(real_candles: Path) -> Path:
    return real_candles / "BTC-USD-1m-2022-01.csv.gz"


def dca_run_file(config: dict[str, Any], *, budget: str = "5000", market_data: dict[str, Any] | None = None) -> RunFile:
    return RunFile.model_validate(
        {
            "accounts": {
                "paper": {
                    "market_data": {"use": "replay", **(market_data or {})},
                    "trading": {"use": "paper"},
                    "balances": {"USD": "10000"},
                }
            },
            "automations": [
                {
                    "name": "dca",
                    "type": "dca",
                    "account": "paper",
                    "budget": {"USD": budget},
                    "config": {"symbol": "BTC/USD", **config},
                }
            ],
        }
    )
