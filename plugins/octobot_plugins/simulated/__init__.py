"""Simulated market data: a seeded market that needs no network and is the same in every process and run."""

from __future__ import annotations

from collections.abc import Callable

from octobot_node import hookimpl
from octobot_node.contracts.deferred import deferred
from octobot_node.contracts.exchanges import MarketDataFactory
from octobot_plugins.simulated.settings import SimulatedSettings


@hookimpl
def register_market_data(register: Callable[[MarketDataFactory], None]) -> None:
    """Offer ``simulated``."""
    register(
        MarketDataFactory("simulated", SimulatedSettings, deferred("octobot_plugins.simulated.market_data:open_market"))
    )
