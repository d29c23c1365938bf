"""A replay of other code, or under other settings, is another one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from octobot_node.run_files.run_file import RunFile
from octobot_node.runs.options import RunOptions
from octobot_node.runs.runner import run
from tests.support.views import SilentView

TYPE = """
from decimal import Decimal
from pydantic import BaseModel
from octobot_node import Automation, Decision, MarketOrder, hookimpl

class Once(Automation):
    name = "once"
    class Config(BaseModel):
        symbol: str
    def evaluate(self, tick):
        return Decision(orders=[MarketOrder("BTC/USD", "buy", spend=Decimal({spend}))] if tick.number == 0 else [])

@hookimpl
def register_automations(register): register(Once)
"""


@pytest.fixture
def candles(tmp_path: Path) -> Path:
    lines = ["timestamp,open,high,low,close,volume"]
    lines += [f"{1_640_995_200_000 + n * 60_000},100,101,99,100,1" for n in range(10)]
    path = tmp_path / "candles.csv"
    path.write_text("\n".join(lines))
    return path


def test_another_code_or_another_setting_is_replayed_anew(
    tmp_path: Path, candles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCTOBOT_DATA_DIR", str(tmp_path / "state"))
    plugins = tmp_path / "state" / "plugins"
    plugins.mkdir(parents=True)
    run_file = RunFile.model_validate(
        {
            "accounts": {
                "paper": {"market_data": {"use": "replay"}, "trading": {"use": "paper"}, "balances": {"USD": 1000}}
            },
            "automations": [
                {
                    "name": "a",
                    "type": "once",
                    "account": "paper",
                    "budget": {"USD": 1000},
                    "config": {"symbol": "BTC/USD"},
                }
            ],
        }
    )

    def invested(spend: int) -> int:
        (plugins / "replayed_once.py").write_text(TYPE.format(spend=spend))
        sys.modules.pop("replayed_once", None)
        # What was compiled within the same second would pass for the new text.
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
        report = run(run_file, RunOptions(data={"BTC/USD": candles}), SilentView())
        return int(report.automations[0].invested)

    assert (invested(50), invested(70)) == (50, 70)
    monkeypatch.setenv("OCTOBOT_ORDER_RULES_MAX_ORDER_QUOTE", '{"USD": 60}')
    assert (invested(70), invested(50)) == (0, 50)
    assert len(list((tmp_path / "state" / "replays").iterdir())) == 4
