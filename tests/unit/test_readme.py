"""The README's code does what the README says."""

from __future__ import annotations

import re
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from octobot_node.clock import VirtualClock
from octobot_node.engine.evaluating.evaluation import TickInput, evaluate
from octobot_node.market import Market, MarketRules, Ticker, from_ms
from octobot_node.plugin_system.discovery import load_plugins
from octobot_node.run_files.run_file import load_run_files

README = Path(__file__).parents[2] / "README.md"


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README.read_text(), flags=re.DOTALL)


def test_the_automation_of_the_readme_waits_below_its_level_and_is_done_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "readme_plugin.py").write_text("\n".join(_blocks("python")))
    monkeypatch.syspath_prepend(tmp_path)
    registry = load_plugins(("readme_plugin",), discover=False)
    assert registry.broken == ()
    sys.modules.pop("readme_plugin")

    def at(price: int) -> tuple[bool, str | None, int]:
        now = VirtualClock(0).now()
        given = TickInput(
            "a", "readme_plugin.my_alert", '{"symbol": "BTC/USD", "above": 100}', None, None, 1, 0, now, None, 0
        )
        ticker = Ticker("BTC/USD", Decimal(price), Decimal(price), Decimal(price), from_ms(now))
        market = Market(from_ms(now), {"BTC/USD": ticker}, {}, {"BTC/USD": MarketRules("BTC/USD", "BTC", "USD")})
        decision = evaluate(registry.automations, given, market, None).decision
        assert decision is not None
        return decision.done, decision.levels, len(decision.notices)

    assert at(99) == (False, '{"above":{"BTC/USD":"100"},"below":{}}', 0)
    assert at(101) == (True, None, 1)


def test_the_run_file_of_the_readme_is_valid(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(_blocks("yaml")[0])
    assert [automation.name for automation in load_run_files([path]).automations] == ["dca-btc"]


def test_the_links_of_the_documentation_lead_somewhere() -> None:
    root = README.parent
    pages = [README, root / "CONTRIBUTING.md", *root.glob("docs/**/*.md")]
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())]
    broken = [
        f"{page.relative_to(root)}: {link}"
        for page, link in links
        if "://" not in link and not (page.parent / link).exists()
    ]
    assert broken == []
