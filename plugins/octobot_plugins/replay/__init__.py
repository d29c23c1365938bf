"""Replay market data: candles of the past, from files, on a virtual clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from octobot_node import hookimpl
from octobot_node.contracts.exchanges import ConnectorContext, MarketDataFactory
from octobot_plugins.replay.settings import ReplaySettings

if TYPE_CHECKING:
    import typer

    from octobot_plugins.replay.market_data import ReplayMarket


@hookimpl
def register_market_data(register: Callable[[MarketDataFactory], None]) -> None:
    """Offer ``replay``."""
    register(MarketDataFactory("replay", ReplaySettings, _open, replay=True))


@hookimpl
def register_commands(cli: typer.Typer) -> None:
    """Add ``candles preview``."""
    from octobot_plugins.replay.commands import commands

    cli.add_typer(commands(), name="candles")


def _open(settings: ReplaySettings, context: ConnectorContext) -> ReplayMarket:
    from octobot_plugins.replay.market_data import ReplayMarket

    return ReplayMarket(settings, context.clock)
