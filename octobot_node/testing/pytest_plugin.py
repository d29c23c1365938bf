"""Fixtures for whoever has octobot-node installed: nothing of it is imported before a test asks for one.

``market``, ``automation_test``, ``replay``, ``fake_exchange``, ``hostile_exchange``: docs/testing.md shows each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from octobot_node.testing import AutomationTest, FakeExchange, HostileExchange, MarketBuilder
    from octobot_node.testing.past import PastReplay

__all__ = ["automation_test", "fake_exchange", "hostile_exchange", "market", "replay"]


@pytest.fixture
def market() -> MarketBuilder:
    """Return a builder of a hand-made market."""
    from octobot_node.testing import MarketBuilder

    return MarketBuilder()


@pytest.fixture
def automation_test() -> Callable[..., AutomationTest]:
    """Return ``AutomationTest``: ``trade = automation_test(Momentum, {…}, budget={"USD": 1000})``."""
    from octobot_node.testing import AutomationTest

    return AutomationTest


@pytest.fixture
def replay(tmp_path: Path) -> Callable[..., PastReplay]:
    """Return ``replay``, whose runs keep their files in the test's own folder."""
    from octobot_node.testing.past import PastReplay

    count = iter(range(1_000_000))

    class Kept(PastReplay):
        """A replay in the test's own folder."""

        def run(self, folder: Path | str | None = None) -> Any:
            """Replay to the end of the candles."""
            return super().run(tmp_path / f"replay-{next(count)}" if folder is None else folder)

    return Kept


@pytest.fixture
def fake_exchange() -> FakeExchange:
    """Return an exchange in memory."""
    from octobot_node.testing import FakeExchange

    return FakeExchange()


@pytest.fixture
def hostile_exchange(tmp_path: Path) -> Iterator[HostileExchange]:
    """Start the hostile exchange as a process of its own; it behaves until told otherwise with ``set``."""
    from octobot_node.testing import HostileExchange

    with HostileExchange.start(tmp_path / "hostile") as exchange:
        yield exchange
