"""Replay: candles of the past on a virtual clock, sets of them that a node keeps, and replays as jobs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from octobot_node import hookimpl
from octobot_node.contracts.api_routes import ApiRoutes
from octobot_node.contracts.commands import CommandRegistrar
from octobot_node.contracts.deferred import deferred, deferred_value
from octobot_node.contracts.exchanges import MarketDataFactory
from octobot_node.contracts.plugin_settings import PluginSettings
from octobot_node.contracts.services import Service
from octobot_plugins.replay.settings import ReplaySettings

if TYPE_CHECKING:
    from octobot_node.contracts.operation import Operation
    from octobot_node.contracts.tables import PluginTables


@hookimpl
def register_settings(register: Callable[[PluginSettings], None]) -> None:
    """Offer the section ``replays``."""
    from octobot_plugins.replay.job_settings import ReplaysSettings

    register(PluginSettings("replays", ReplaysSettings))


@hookimpl
def register_tables(register: Callable[[PluginTables], None]) -> None:
    """Offer the tables of candle sets and replays."""
    from octobot_plugins.replay.tables import REPLAY_TABLES

    register(REPLAY_TABLES)


@hookimpl
def register_market_data(register: Callable[[MarketDataFactory], None]) -> None:
    """Offer ``replay``."""
    register(
        MarketDataFactory(
            "replay", ReplaySettings, deferred("octobot_plugins.replay.market_data:open_market"), replay=True
        )
    )


@hookimpl
def register_services(register: Callable[[Service], None]) -> None:
    """Offer what carries out the replays of this node."""
    register(Service("replays", deferred("octobot_plugins.replay.jobs.running.service:run")))


@hookimpl
def register_operations(register: Callable[[Operation[Any, Any]], None]) -> None:
    """Offer what can be done with candle sets and replays."""
    from octobot_plugins.replay.candle_sets import catalogue as candle_sets
    from octobot_plugins.replay.jobs import catalogue as jobs

    for operation in (*candle_sets.OPERATIONS, *jobs.OPERATIONS):
        register(operation)


@hookimpl
def register_api_routers(register: Callable[[ApiRoutes], None]) -> None:
    """Offer what no operation is: a file that is sent, and progress as a stream."""
    register(ApiRoutes("replays", deferred_value("octobot_plugins.replay.routes:router")))


@hookimpl
def register_commands(register: CommandRegistrar) -> None:
    """Offer ``candles preview``, ``candles import`` and ``replays start``."""
    from octobot_plugins.replay.commands import commands
    from octobot_plugins.replay.jobs.commands import replays

    register(commands(), "candles")
    register(replays(), "replays")
