"""Log notifier: every notice as a line in the node's own log."""

from __future__ import annotations

from collections.abc import Callable

from octobot_node import hookimpl
from octobot_node.notifiers import Notifier


@hookimpl
def register_notifiers(register: Callable[[Notifier], None]) -> None:
    """Offer ``log``."""
    from octobot_plugins.log.notifier import LogNotifier

    register(LogNotifier())
