"""What can be done with notifications over HTTP: see how people are told, and try it."""

from __future__ import annotations

from typing import Any

from octobot_node.contracts.operation import Operation, Route
from octobot_node.operations.models import EmptyRequest
from octobot_plugins.notify.models import Notifications, Tried, TryNotifications

__all__ = ["OPERATIONS"]

_HERE = "octobot_plugins.notify.trying"

OPERATIONS: tuple[Operation[Any, Any], ...] = (
    Operation(
        "notifications.show",
        EmptyRequest,
        Notifications,
        f"{_HERE}:show",
        description="Tell by which ways the node tells people, and what; nothing is sent.",
        route=Route("GET", "/notifications", "settings:read", "Notifications", name="read_notifications"),
    ),
    Operation(
        "notifications.test",
        TryNotifications,
        Tried,
        f"{_HERE}:try_all",
        writes=True,
        description="Send a test message to every URL, and tell of each whether it arrived.",
        route=Route("POST", "/notifications/test", "settings:read", "Send a test message", name="test_notifications"),
    ),
)
