"""Paper trading: an exchange's order book kept in tables of its own, filled at the prices of any market data."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from octobot_node import hookimpl
from octobot_node.contracts.exchanges import ConnectorContext, TradingFactory
from octobot_plugins.paper.capabilities import CAPABILITIES
from octobot_plugins.paper.settings import PaperSettings

if TYPE_CHECKING:
    from octobot_node.contracts.tables import PluginTables
    from octobot_plugins.paper.trading import PaperTrading


@hookimpl
def register_tables(register: Callable[[PluginTables], None]) -> None:
    """Offer the paper book's tables."""
    from octobot_plugins.paper.tables import PAPER_TABLES

    register(PAPER_TABLES)


@hookimpl
def register_trading(register: Callable[[TradingFactory], None]) -> None:
    """Offer ``paper``."""
    register(TradingFactory("paper", PaperSettings, _open, simulated=True, capabilities=CAPABILITIES))


def _open(settings: PaperSettings, account_id: str, context: ConnectorContext) -> PaperTrading:
    from octobot_plugins.paper.trading import PaperTrading

    return PaperTrading(settings, account_id, context)
