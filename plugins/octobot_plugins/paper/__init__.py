"""Paper trading: an exchange's order book kept in tables of its own, filled at the prices of any market data."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from octobot_node import hookimpl
from octobot_node.contracts.deferred import deferred
from octobot_node.contracts.exchanges import TradingFactory
from octobot_plugins.paper.capabilities import CAPABILITIES
from octobot_plugins.paper.settings import PaperSettings

if TYPE_CHECKING:
    from octobot_node.contracts.tables import PluginTables


@hookimpl
def register_tables(register: Callable[[PluginTables], None]) -> None:
    """Offer the paper book's tables."""
    from octobot_plugins.paper.tables import PAPER_TABLES

    register(PAPER_TABLES)


@hookimpl
def register_trading(register: Callable[[TradingFactory], None]) -> None:
    """Offer ``paper``."""
    place = "octobot_plugins.paper.trading:PaperTrading"
    register(TradingFactory("paper", PaperSettings, deferred(place), simulated=True, capabilities=CAPABILITIES))
