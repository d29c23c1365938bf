"""The node over HTTP."""

from __future__ import annotations

from octobot_node.api import ApiRouter
from octobot_node.contracts.operation import Route
from octobot_node.operations.node.catalogue import (
    CHECK_NODE,
    DRAIN_NODE,
    LIST_NODES,
    LIST_PACKAGES,
    LIST_PLUGINS,
    LIST_ROUTES,
    LIST_SETTINGS,
    SHOW_NODE_STATUS,
)

__all__ = ["router"]

router = ApiRouter(tags=["node"])
router.add_operation(SHOW_NODE_STATUS, Route("GET", "/node", "node:read", "How the node is", name="read_node"))
router.add_operation(CHECK_NODE, Route("GET", "/node/checks", "node:read", "Check the node", name="check_node"))
router.add_operation(LIST_NODES, Route("GET", "/nodes", "node:read", "The nodes on the database"))
router.add_operation(
    DRAIN_NODE, Route("POST", "/nodes/{node}/drain", "nodes:write", "Let a node leave", name="drain_node", status=202)
)
router.add_operation(LIST_ROUTES, Route("GET", "/egress", "node:read", "Ways out"))
router.add_operation(LIST_PLUGINS, Route("GET", "/plugins", "node:read", "Plugins"))
router.add_operation(LIST_PACKAGES, Route("GET", "/packages", "node:read", "Packages and licences", tag="node"))
router.add_operation(LIST_SETTINGS, Route("GET", "/settings", "settings:read", "Settings"))
