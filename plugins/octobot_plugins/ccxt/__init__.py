"""Real exchanges: market data of every spot exchange that ccxt knows, and trading with guarantees of our own.

ccxt is imported when an account uses it, never before: `settings.py` and `exchanges/` are data and know it not.
"""

from __future__ import annotations

from collections.abc import Callable

from octobot_node import hookimpl
from octobot_node.contracts.deferred import deferred
from octobot_node.contracts.exchanges import MarketDataFactory, TradingFactory
from octobot_plugins.ccxt.settings import CcxtMarketSettings, CcxtTradingSettings


@hookimpl
def register_market_data(register: Callable[[MarketDataFactory], None]) -> None:
    """Offer ``ccxt``: prices of any spot exchange."""
    register(
        MarketDataFactory("ccxt", CcxtMarketSettings, deferred("octobot_plugins.ccxt.market_data:open_market_data"))
    )


@hookimpl
def register_trading(register: Callable[[TradingFactory], None]) -> None:
    """Offer ``ccxt``: accounts on real exchanges."""
    register(
        TradingFactory(
            "ccxt",
            CcxtTradingSettings,
            deferred("octobot_plugins.ccxt.trading:open_trading"),
            offers=deferred("octobot_plugins.ccxt.offers:offers"),
        )
    )
