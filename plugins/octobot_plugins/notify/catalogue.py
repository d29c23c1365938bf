"""What can be done with notifications over HTTP: see how people are told, and try it."""

from __future__ import annotations

from typing import Any

from octobot_node.contracts.operation import Operation, Route
from octobot_node.operations.models import EmptyRequest
from octobot_plugins.notify.models import Notifications, Tried, TryNotifications
from octobot_plugins.notify.people.models import (
    ChangeTarget,
    CreateTarget,
    OneTarget,
    TargetPage,
    TargetRemoved,
    TargetRow,
    TargetTried,
    TryTarget,
)

__all__ = ["OPERATIONS"]

_HERE = "octobot_plugins.notify.trying"
_PEOPLE = "octobot_plugins.notify.people.targets"
_URL = frozenset({"url"})

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
    Operation(
        "targets.list",
        EmptyRequest,
        TargetPage,
        f"{_PEOPLE}:list_targets",
        description="List one's own ways to be told, and how the last message to each fared.",
        route=Route(
            "GET", "/notifications/targets", "self:read", "One's own targets", name="list_targets", tag="notifications"
        ),
    ),
    Operation(
        "targets.create",
        CreateTarget,
        TargetRow,
        f"{_PEOPLE}:create",
        writes=True,
        hidden=_URL,
        description="Make a way to be told of one's own automations; its URL is kept as a secret and never told again.",
        route=Route(
            "POST",
            "/notifications/targets",
            "self:write",
            "Make a target",
            name="create_target",
            tag="notifications",
            status=201,
        ),
    ),
    Operation(
        "targets.show",
        OneTarget,
        TargetRow,
        f"{_PEOPLE}:show",
        description="Tell one of one's own targets, without its URL, and how the last message to it fared.",
        route=Route(
            "GET",
            "/notifications/targets/{target}",
            "self:read",
            "One of one's own targets",
            name="read_target",
            tag="notifications",
        ),
    ),
    Operation(
        "targets.change",
        ChangeTarget,
        TargetRow,
        f"{_PEOPLE}:change",
        writes=True,
        hidden=_URL,
        subject=f"{_PEOPLE}:subject",
        description="Change what is told at a target, its name or its URL, or let it rest.",
        route=Route(
            "PATCH",
            "/notifications/targets/{target}",
            "self:write",
            "Change a target",
            name="change_target",
            tag="notifications",
        ),
    ),
    Operation(
        "targets.delete",
        OneTarget,
        TargetRemoved,
        f"{_PEOPLE}:delete",
        writes=True,
        subject=f"{_PEOPLE}:subject",
        description="Remove a target, with what waits to be told there.",
        route=Route(
            "DELETE",
            "/notifications/targets/{target}",
            "self:write",
            "Remove a target",
            name="delete_target",
            tag="notifications",
        ),
    ),
    Operation(
        "targets.test",
        TryTarget,
        TargetTried,
        f"{_PEOPLE}:try_one",
        writes=True,
        subject=f"{_PEOPLE}:subject",
        description="Send a test message to one of one's own targets, and tell whether it arrived.",
        route=Route(
            "POST",
            "/notifications/targets/{target}/test",
            "self:write",
            "Try a target",
            name="test_target",
            tag="notifications",
        ),
    ),
)
