"""A data folder opened for a command, not for a node: the engine without its loops, which sends nothing by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from octobot_node.clock import SystemClock
from octobot_node.configuration import Configuration
from octobot_node.engine.assembly import assemble
from octobot_node.engine.base import Base, open_base, open_beside
from octobot_node.engine.commands.commands import Commands
from octobot_node.engine.evaluating.evaluator import InlineEvaluator
from octobot_node.engine.workers.event_loop import EventLoop, InlineEventLoop
from octobot_node.ids import new_id
from octobot_node.operations.context import OperationContext
from octobot_node.plugin_system.registry import Registry
from octobot_node.settings import Settings

__all__ = ["open_beside_running_node", "open_idle_folder", "operation_context_over"]


@contextmanager
def open_idle_folder(
    configuration: Configuration,
    registry: Registry,
    *,
    by: str,
    settings: Settings | None = None,
    looking: bool = False,
) -> Iterator[OperationContext]:
    """Yield a context over the data folder of the configuration, or of other ``settings``; it is locked meanwhile.

    ``looking`` is for a command that changes nothing: it is answered below the disk's reserve, too.
    What a command plans to be sent is given to a carrier that does not exist; the next node's sweeper finds it.
    Raises NodeError when the data folder or the database cannot be used.
    """
    used, now = settings or configuration.settings, SystemClock().now()
    base = open_base(used, registry, now, visiting=True, looking=looking, configuration=configuration)
    with operation_context_over(base, configuration, InlineEventLoop(), by=by) as context:
        yield context


@contextmanager
def open_beside_running_node(
    configuration: Configuration, registry: Registry, *, by: str
) -> Iterator[OperationContext]:
    """Yield a context over the database of a node that holds the folder and does not answer: for the kill switch alone.

    Nodes that share the database hear of what was done; a node that hangs finds it when it wakes.
    """
    base = open_beside(configuration.settings, registry)
    tell: Callable[[], None] = lambda: base.storage.announce("dispatch")  # noqa: E731 - a field wants a function
    with operation_context_over(base, configuration, InlineEventLoop(), by=by, hurry=tell) as context:
        yield context


@contextmanager
def operation_context_over(
    base: Base,
    configuration: Configuration,
    event_loop: EventLoop,
    *,
    by: str,
    hurry: Callable[[], None] = lambda: None,
) -> Iterator[OperationContext]:
    """Yield a context over an opened base, and close everything in the end."""
    settings, registry = base.settings, base.registry
    try:
        try:
            core = assemble(
                base,
                clock=SystemClock(),
                event_loop=event_loop,
                evaluator=InlineEvaluator(registry.automations, settings.evaluate_timeout),
                deliver=lambda _connection, _queue, _argument: new_id(),
                kick=lambda _queue: None,
                owns=lambda _connection, _workflow: True,
                carried=lambda _connection, _ids: set(),
                configuration=configuration,
            )
            try:
                yield OperationContext(core, Commands(core), configuration, core.context, hurry, live=False, by=by)
            finally:
                event_loop.call(core.accounts.close())
        finally:
            event_loop.close()
    finally:
        base.close()
