"""The node over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from octobot_node.api import Api, ApiRouter, allow
from octobot_node.operations.models import EmptyRequest
from octobot_node.operations.node.catalogue import (
    CHECK_NODE,
    DRAIN_NODE,
    LIST_NODES,
    LIST_PLUGINS,
    LIST_SETTINGS,
    SHOW_NODE_STATUS,
)
from octobot_node.operations.node.models.node import Checkup, DrainNode, NodePage, NodeStatus, SettingPage
from octobot_node.operations.node.models.plugins import PluginPage

__all__ = ["router"]

Reads = Annotated[Api, allow("node:read")]
Drains = Annotated[Api, allow("nodes:write")]
ReadsSettings = Annotated[Api, allow("settings:read")]

router = ApiRouter(tags=["node"])


@router.get("/node", summary="How the node is")
def read_node(api: Reads) -> NodeStatus:
    """Tell how many automations there are, by status, what needs a person, and how late the node is."""
    return api.perform(SHOW_NODE_STATUS, EmptyRequest())


@router.get("/node/checks", summary="Check the node")
def check_node(api: Reads) -> Checkup:
    """Run every health check; each says what is wrong and what to do."""
    return api.perform(CHECK_NODE, EmptyRequest())


@router.get("/nodes", summary="The nodes on the database")
def list_nodes(api: Reads) -> NodePage:
    """List every node that works on the database, or did lately."""
    return api.perform(LIST_NODES, EmptyRequest())


@router.post("/nodes/{node}/drain", summary="Let a node leave", status_code=202)
def drain_node(
    node: Annotated[str, Path(min_length=1, max_length=64, description="A node's id, or how it begins.")], api: Drains
) -> NodePage:
    """Let a node finish what it does, hand the rest to the others, and end."""
    return api.perform(DRAIN_NODE, DrainNode(node=node))


@router.get("/plugins", summary="Plugins")
def list_plugins(api: Reads) -> PluginPage:
    """List every plugin that was found, with what it registers and what is wrong with it."""
    return api.perform(LIST_PLUGINS, EmptyRequest())


@router.get("/settings", summary="Settings")
def list_settings(api: ReadsSettings) -> SettingPage:
    """List every setting in force and where it came from; secrets are masked."""
    return api.perform(LIST_SETTINGS, EmptyRequest())
