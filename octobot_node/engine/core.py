"""What every stage of the engine works with, built once by the node or the replay."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import sqlalchemy as sa

from octobot_node.engine.planning import Installation

if TYPE_CHECKING:
    from octobot_node.clock import Clock
    from octobot_node.context import PluginContext
    from octobot_node.engine.accounts import Accounts
    from octobot_node.engine.coordinator import Coordinator
    from octobot_node.engine.evaluator import Evaluator
    from octobot_node.engine.hub import MarketHub
    from octobot_node.engine.io import Io
    from octobot_node.engine.order_checks import OrderChecks
    from octobot_node.plugins import Registry
    from octobot_node.settings import Settings
    from octobot_node.store.storage import Storage
    from octobot_node.supervisor import ServiceState
    from octobot_node.troubles import Troubles

__all__ = ["Core", "Counters"]

#: Called at each named point of the send fence; crash tests stop the process there.
Checkpoint = Callable[[str], None]


@dataclass(slots=True)
class Counters:
    """What this process did since it started; for tables and benchmarks, never for decisions."""

    ticks: int = 0
    sent: int = 0
    settled: int = 0


def _pass_by(_point: str) -> None:
    """Do nothing at a checkpoint."""


def _do_nothing() -> None:
    """Hurry nobody: what there is to do is looked for in any case."""


@dataclass(slots=True)
class Core:
    """The parts of one engine."""

    settings: Settings
    storage: Storage
    clock: Clock
    registry: Registry
    io: Io
    accounts: Accounts
    hub: MarketHub
    evaluator: Evaluator
    coordinator: Coordinator
    installation: Installation
    #: What plugins are lent, and what went wrong with them.
    context: PluginContext
    troubles: Troubles
    order_checks: OrderChecks
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
    checkpoint: Checkpoint = _pass_by
    counters: Counters = field(default_factory=Counters)
    stopping: threading.Event = field(default_factory=threading.Event)
