"""What can be done with addresses, by name."""

from __future__ import annotations

from octobot_node.contracts.operation import Operation
from octobot_plugins.webhooks import models

__all__ = ["OPERATIONS"]

_HERE = "octobot_plugins.webhooks.addresses"
_SUBJECT = f"{_HERE}:subject"
#: Not what is returned: its token is told once, and kept nowhere.
_AUTOMATION = "octobot_node.operations.audit_subjects:automation"

OPERATIONS = (
    Operation(_HERE, "list_hooks", models.ListHooks, models.HookPage, name="hooks.list"),
    Operation(_HERE, "show", models.OneHook, models.HookRow, name="hooks.show"),
    Operation(
        _HERE, "create", models.CreateHook, models.HookCreated, writes=True, subject=_AUTOMATION, name="hooks.create"
    ),
    Operation(_HERE, "rotate", models.OneHook, models.HookCreated, writes=True, subject=_SUBJECT, name="hooks.rotate"),
    Operation(_HERE, "delete", models.OneHook, models.HookDeleted, writes=True, subject=_SUBJECT, name="hooks.delete"),
)
