"""What every stage of the engine works with, built once by the node or the replay."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import sqlalchemy as sa

from octobot_node.engine.counters import Counters
from octobot_node.engine.ledger.planning import Installation

if TYPE_CHECKING:
    from octobot_node.clock import Clock
    from octobot_node.contracts.context import PluginContext
    from octobot_node.contracts.coordinator import Coordinator
    from octobot_node.contracts.storage import Storage
    from octobot_node.engine.evaluating.evaluator import Evaluator
    from octobot_node.engine.evaluating.order_checks import OrderChecks
    from octobot_node.engine.market.hub import MarketHub
    from octobot_node.engine.market.opened_accounts import Accounts
    from octobot_node.engine.standings.standings import Standings
    from octobot_node.engine.workers.event_loop import EventLoop
    from octobot_node.plugin_system.plugin_failures import PluginFailures
    from octobot_node.plugin_system.registry import Registry
    from octobot_node.plugin_system.service_supervisor import ServiceState
    from octobot_node.sealing.sealing import Sealing
    from octobot_node.settings import Settings

__all__ = ["Core"]

#: Called at each named point of the send fence; crash tests stop the process there.
Checkpoint = Callable[[str], None]


def _pass_by(_point: str) -> None:
    """Do nothing at a checkpoint."""


def _do_nothing() -> None:
    """Hurry nobody: what there is to do is looked for in any case."""


def _never_still() -> float:
    """Go round always: a replay is what its caller makes of it."""
    return 0.0


def _never_set() -> None:
    """Trust the clock: a replay has one of its own."""


@dataclass(slots=True)
class Core:
    """The parts of one engine."""

    settings: Settings
    storage: Storage
    clock: Clock
    registry: Registry
    #: Seals and opens secrets.
    sealing: Sealing
    event_loop: EventLoop
    accounts: Accounts
    hub: MarketHub
    standings: Standings
    evaluator: Evaluator
    coordinator: Coordinator
    installation: Installation
    #: What plugins are lent, and what went wrong with them.
    context: PluginContext
    plugin_failures: PluginFailures
    order_checks: OrderChecks
    counters: Counters
    #: Hands work to a queue in the caller's transaction and returns its id.
    deliver: Callable[[sa.Connection, str, str], str]
    #: Says that a queue has work, after the commit.
    kick: Callable[[str], None]
    #: Whether the running workflow is still ours; a replay's inline stages have no other owner.
    owns: Callable[[sa.Connection, str], bool]
    #: Those of some deliveries that still wait or run.
    carried: Callable[[sa.Connection, set[str]], set[str]]
    #: Says that an account has something to watch.
    watch: Callable[[str], None] = _pass_by
    #: Says that an automation asked something of another, after the commit.
    requested: Callable[[], None] = _do_nothing
    #: How plugins' services are; none run in a replay.
    services: Callable[[], Sequence[ServiceState]] = tuple
    #: For how long, in seconds, the slowest of the loops that everything hangs on has not gone round.
    still_for: Callable[[], float] = _never_still
    #: For how many seconds the clock was set, and how many seconds ago that was noticed; None: it was not.
    clock_set: Callable[[], tuple[float, float] | None] = _never_set
    checkpoint: Checkpoint = _pass_by
    #: Set once the node is to end: it takes nothing new and finishes what it has begun.
    draining: threading.Event = field(default_factory=threading.Event)
    stopping: threading.Event = field(default_factory=threading.Event)
