"""Simulated market data: a seeded market that needs no network and is the same in every process and run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from octobot_node import hookimpl
from octobot_node.contracts.exchanges import ConnectorContext, MarketDataFactory
from octobot_plugins.simulated.settings import SimulatedSettings

if TYPE_CHECKING:
    from octobot_plugins.simulated.market_data import SimulatedMarket


@hookimpl
def register_market_data(register: Callable[[MarketDataFactory], None]) -> None:
    """Offer ``simulated``."""
    register(MarketDataFactory("simulated", SimulatedSettings, _open))


def _open(settings: SimulatedSettings, context: ConnectorContext) -> SimulatedMarket:
    from octobot_plugins.simulated.market_data import SimulatedMarket

    return SimulatedMarket(settings, context.clock)
