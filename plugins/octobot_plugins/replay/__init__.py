"""Replay market data: candles of the past, from files, on a virtual clock."""

from __future__ import annotations

from collections.abc import Callable

from octobot_node import hookimpl
from octobot_node.contracts.commands import CommandRegistrar
from octobot_node.contracts.deferred import deferred
from octobot_node.contracts.exchanges import MarketDataFactory
from octobot_plugins.replay.settings import ReplaySettings


@hookimpl
def register_market_data(register: Callable[[MarketDataFactory], None]) -> None:
    """Offer ``replay``."""
    register(
        MarketDataFactory(
            "replay", ReplaySettings, deferred("octobot_plugins.replay.market_data:open_market"), replay=True
        )
    )


@hookimpl
def register_commands(register: CommandRegistrar) -> None:
    """Offer ``candles preview``."""
    from octobot_plugins.replay.commands import commands

    register(commands(), "candles")
