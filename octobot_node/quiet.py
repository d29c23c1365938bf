"""A data folder on which no node runs, opened for a command: the engine without its loops, which sends nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from octobot_node.assembly import assemble, open_base
from octobot_node.clock import SystemClock
from octobot_node.configuration import Configuration
from octobot_node.engine.commands import Commands
from octobot_node.engine.evaluator import InlineEvaluator
from octobot_node.engine.io import InlineIo
from octobot_node.ids import new_id
from octobot_node.operations.desk import Desk
from octobot_node.plugins import Registry
from octobot_node.settings import Settings

__all__ = ["quiet_desk"]


@contextmanager
def quiet_desk(
    configuration: Configuration, registry: Registry, *, by: str, settings: Settings | None = None
) -> Iterator[Desk]:
    """Yield a desk over the data folder of the configuration, or of other ``settings``; it is locked meanwhile.

    What a command plans to be sent is given to a carrier that does not exist; the next node's sweeper finds it.
    Raises NodeError when the data folder or the database cannot be used.
    """
    clock, settings = SystemClock(), settings or configuration.settings
    base = open_base(settings, registry, clock.now(), visiting=True)
    try:
        io = InlineIo()
        try:
            core = assemble(
                base,
                clock=clock,
                io=io,
                evaluator=InlineEvaluator(registry.automations, settings.evaluate_timeout),
                deliver=lambda _connection, _queue, _argument: new_id(),
                kick=lambda _queue: None,
                owns=lambda _connection, _workflow: True,
                carried=lambda _connection, _ids: set(),
                configuration=configuration,
            )
            try:
                yield Desk(core, Commands(core), configuration, core.context, lambda: None, live=False, by=by)
            finally:
                io.call(core.accounts.close())
        finally:
            io.close()
    finally:
        base.close()
