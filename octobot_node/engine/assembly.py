"""Build an engine's parts in the right order; shared by the live node and the replay."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from octobot_node.automation import Needs
from octobot_node.clock import Clock
from octobot_node.configuration import Configuration
from octobot_node.engine.base import Base
from octobot_node.engine.core import Core
from octobot_node.engine.counters import Counters
from octobot_node.engine.evaluating.evaluator import Evaluator
from octobot_node.engine.evaluating.order_checks import OrderChecks
from octobot_node.engine.market.hub import MarketHub
from octobot_node.engine.market.opened_accounts import Accounts
from octobot_node.engine.standings.standings import Standings
from octobot_node.engine.workers.event_loop import EventLoop, ThreadedEventLoop
from octobot_node.errors import DataUnavailable, UnknownName
from octobot_node.market import Market
from octobot_node.plugin_system.node_context import NodePluginContext
from octobot_node.plugin_system.plugin_failures import PluginFailures
from octobot_node.store import automations, schedules

__all__ = ["assemble", "load_levels"]


def assemble(
    base: Base,
    *,
    clock: Clock,
    event_loop: EventLoop,
    evaluator: Evaluator,
    deliver: Callable[[sa.Connection, str, str], str],
    kick: Callable[[str], None],
    owns: Callable[[sa.Connection, str], bool],
    carried: Callable[[sa.Connection, set[str]], set[str]],
    configuration: Configuration | None = None,
) -> Core:
    """Return an engine over an opened base; plugins read their settings from ``configuration``."""
    settings = base.settings
    context = NodePluginContext(
        configuration or Configuration(settings),
        settings,
        base.storage,
        clock,
        base.registry,
        base.node_id,
        base.sealing,
    )
    plugin_failures = PluginFailures(clock, lambda message, level: context.tell(message, level=level))
    counters = Counters(context.metrics)
    base.sealing.uses.counted = counters.secret_used
    accounts = Accounts(base.storage, clock, base.settings, base.registry, counters, context.routes, base.sealing)
    hub = MarketHub(accounts, clock, event_loop, base.settings.hub_deadline, counters)
    background = isinstance(event_loop, ThreadedEventLoop)
    core = Core(
        settings=base.settings,
        storage=base.storage,
        clock=clock,
        registry=base.registry,
        sealing=base.sealing,
        event_loop=event_loop,
        accounts=accounts,
        hub=hub,
        standings=Standings(base.storage, hub, clock, background=background),
        evaluator=evaluator,
        coordinator=base.coordinator,
        installation=base.installation,
        context=context,
        plugin_failures=plugin_failures,
        order_checks=OrderChecks(base.registry, plugin_failures, settings.evaluate_timeout),
        deliver=deliver,
        kick=kick,
        owns=owns,
        carried=carried,
        counters=counters,
    )
    context.look = lambda owner, account, needs: _look(core, owner, account, needs)
    load_levels(core)
    return core


def _look(core: Core, owner: str, account: str, needs: Needs) -> Market:
    with core.storage.read() as connection:
        account_id = automations.account_id_named(connection, owner, account)
    if account_id is None:
        raise UnknownName(f"there is no account {account!r}")
    closed = core.accounts.why_closed(account_id)
    if closed is not None:
        raise DataUnavailable(closed.reason)
    found = core.accounts.get(account_id)
    return found.charging(core.hub.snapshot(found.source, needs))


def load_levels(core: Core) -> None:
    """Watch every price level that the store has."""
    with core.storage.read() as connection:
        for automation_id, source, levels in schedules.levels(connection):
            core.hub.set_levels(automation_id, source, levels)
