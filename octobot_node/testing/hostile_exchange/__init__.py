"""The hostile exchange: market data and trading against an exchange that misbehaves as told.

Load it with ``extra_plugins=("octobot_node.testing.hostile_exchange",)``; start the exchange with
``HostileExchange.start`` or ``python -m octobot_node.testing.hostile_exchange``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from octobot_node import hookimpl
from octobot_node.contracts.exchanges import ConnectorContext, MarketData, MarketDataFactory, Trading, TradingFactory
from octobot_node.testing.hostile_exchange.settings import HostileMarketSettings, HostileTradingSettings

if TYPE_CHECKING:
    from pydantic import BaseModel


@hookimpl
def register_market_data(register: Callable[[MarketDataFactory], None]) -> None:
    """Offer the hostile exchange's prices."""
    register(MarketDataFactory("hostile", HostileMarketSettings, _open_market_data))


@hookimpl
def register_trading(register: Callable[[TradingFactory], None]) -> None:
    """Offer accounts on the hostile exchange."""
    register(TradingFactory("hostile", HostileTradingSettings, _open_trading))


def _open_market_data(settings: BaseModel, context: ConnectorContext) -> MarketData:
    from octobot_node.testing.hostile_exchange.connector import HostileMarketData

    return HostileMarketData(HostileMarketSettings.model_validate(settings), context.session)


def _open_trading(settings: BaseModel, account: str, context: ConnectorContext) -> Trading:
    from octobot_node.testing.hostile_exchange.connector import HostileTrading

    return HostileTrading(HostileTradingSettings.model_validate(settings), account, context.session)
