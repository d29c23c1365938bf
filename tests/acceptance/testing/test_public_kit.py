"""What a test may import, pinned: taking a name away breaks somebody's tests."""

from __future__ import annotations

import subprocess
import sys

import pytest

import octobot_node.testing


def test_the_kit_is_this_and_nothing_else() -> None:
    assert octobot_node.testing.__all__ == [
        "AutomationTest",
        "Behaviour",
        "FakeExchange",
        "HostileExchange",
        "MarketBuilder",
        "PastOrder",
        "PluginTest",
        "Replayed",
        "check_automation",
        "check_market_data",
        "check_trading",
        "make_market",
        "replay",
    ]
    assert dir(octobot_node.testing) == octobot_node.testing.__all__


def test_every_name_of_the_kit_is_there_and_documented() -> None:
    for name in octobot_node.testing.__all__:
        assert getattr(octobot_node.testing, name).__doc__, name
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        octobot_node.testing.Nothing  # noqa: B018


def test_importing_the_kit_imports_no_test_tool() -> None:
    script = (
        "import sys, octobot_node.testing as t; [getattr(t, name) for name in t.__all__];"
        "print([m for m in ('pytest', 'hypothesis') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
