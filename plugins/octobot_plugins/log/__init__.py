"""Log notifier: every notice as a line in the node's own log."""

from __future__ import annotations

from collections.abc import Callable

from octobot_node import hookimpl
from octobot_node.contracts.notifiers import NotifierFactory


@hookimpl
def register_notifiers(register: Callable[[NotifierFactory], None]) -> None:
    """Offer ``log``."""
    from octobot_plugins.log.notifier import LogNotifier

    register(NotifierFactory("log", lambda _context: [LogNotifier()]))
