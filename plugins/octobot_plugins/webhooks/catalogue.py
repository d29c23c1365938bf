"""What can be done with addresses for signals."""

from __future__ import annotations

from typing import Any

from octobot_node.contracts.operation import Operation
from octobot_plugins.webhooks.models import CreateHook, HookCreated, HookDeleted, HookPage, HookRow, ListHooks, OneHook

__all__ = ["CREATE_HOOK", "DELETE_HOOK", "LIST_HOOKS", "OPERATIONS", "ROTATE_HOOK", "SHOW_HOOK"]

_HERE = "octobot_plugins.webhooks.addresses"
_HOOK = f"{_HERE}:subject"
#: Not what is returned: its token is told once, and kept nowhere.
_AUTOMATION = "octobot_node.operations.audit_subjects:automation"

LIST_HOOKS = Operation("hooks.list", ListHooks, HookPage, f"{_HERE}:list_hooks")
SHOW_HOOK = Operation("hooks.show", OneHook, HookRow, f"{_HERE}:show")
CREATE_HOOK = Operation("hooks.create", CreateHook, HookCreated, f"{_HERE}:create", writes=True, subject=_AUTOMATION)
ROTATE_HOOK = Operation("hooks.rotate", OneHook, HookCreated, f"{_HERE}:rotate", writes=True, subject=_HOOK)
DELETE_HOOK = Operation("hooks.delete", OneHook, HookDeleted, f"{_HERE}:delete", writes=True, subject=_HOOK)

OPERATIONS: tuple[Operation[Any, Any], ...] = (LIST_HOOKS, SHOW_HOOK, CREATE_HOOK, ROTATE_HOOK, DELETE_HOOK)
