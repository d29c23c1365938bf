"""Secrets by name over HTTP; the keys that they are under are the machine's own business."""

from __future__ import annotations

from octobot_node.api import ApiRouter
from octobot_node.contracts.operation import Route
from octobot_node.operations.secrets.catalogue import LIST_SECRETS, REMOVE_SECRET, ROTATE_SECRET, SET_SECRET

__all__ = ["router"]

router = ApiRouter(tags=["secrets"])
router.add_operation(LIST_SECRETS, Route("GET", "/secrets", "accounts:read", "Secrets"))
router.add_operation(
    SET_SECRET,
    Route(
        "POST",
        "/secrets",
        "accounts:write",
        "Keep a secret",
        name="set_secret",
        status=201,
        step_up=True,
    ),
)
router.add_operation(
    ROTATE_SECRET,
    Route("POST", "/secrets/{name}/rotate", "accounts:write", "Change a secret", name="rotate_secret", step_up=True),
)
router.add_operation(
    REMOVE_SECRET,
    Route("DELETE", "/secrets/{name}", "accounts:write", "Remove a secret", name="remove_secret", step_up=True),
)
