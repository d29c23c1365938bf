"""What an author may import, pinned: taking a name away breaks somebody's tentacle."""

from __future__ import annotations

import subprocess
import sys

import pytest

import octobot_node


def test_the_author_s_api_is_this_and_nothing_else() -> None:
    assert octobot_node.__all__ == [
        "About",
        "Automation",
        "AutomationStatus",
        "CancelOrder",
        "Candles",
        "Category",
        "Daily",
        "Decision",
        "Example",
        "Figure",
        "Fill",
        "Finding",
        "Icon",
        "IntentStatus",
        "LimitOrder",
        "Market",
        "MarketOrder",
        "MarketRules",
        "Need",
        "Needs",
        "Notify",
        "OpenOrder",
        "OrderResult",
        "PauseAutomation",
        "Perform",
        "Position",
        "Preset",
        "Risk",
        "Signal",
        "SignalOutcome",
        "StopAutomation",
        "StopOrder",
        "Tick",
        "Ticker",
        "Wake",
        "WatchedAutomation",
        "__version__",
        "diff_orders",
        "hookimpl",
    ]


def test_every_name_of_the_api_is_there_and_documented() -> None:
    for name in octobot_node.__all__:
        assert getattr(octobot_node, name).__doc__, name


@pytest.mark.process
def test_importing_the_api_pulls_in_neither_database_nor_delivery() -> None:
    """An author's unit test should start at once."""
    script = (
        "import sys, octobot_node; print([m for m in ('dbos', 'sqlalchemy', 'alembic', 'aiohttp') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
