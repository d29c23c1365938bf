"""The node over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from octobot_node.api import Api, ApiRouter, allow
from octobot_node.operations.models import (
    Checkup,
    DrainNode,
    EmptyRequest,
    NodePage,
    NodeStatus,
    PluginPage,
    SettingPage,
)

__all__ = ["router"]

Reads = Annotated[Api, allow("node:read")]
Drains = Annotated[Api, allow("nodes:write")]
ReadsSettings = Annotated[Api, allow("settings:read")]

router = ApiRouter(tags=["node"])


@router.get("/node", summary="How the node is")
def read_node(api: Reads) -> NodeStatus:
    """Tell how many automations there are, by status, what needs a person, and how late the node is."""
    return api.perform("node.status", NodeStatus, EmptyRequest())


@router.get("/node/checks", summary="Check the node")
def check_node(api: Reads) -> Checkup:
    """Run every health check; each says what is wrong and what to do."""
    return api.perform("node.doctor", Checkup, EmptyRequest())


@router.get("/nodes", summary="The nodes on the database")
def list_nodes(api: Reads) -> NodePage:
    """List every node that works on the database, or did lately."""
    return api.perform("nodes.list", NodePage, EmptyRequest())


@router.post("/nodes/{node}/drain", summary="Let a node leave", status_code=202)
def drain_node(
    node: Annotated[str, Path(min_length=1, max_length=64, description="A node's id, or how it begins.")], api: Drains
) -> NodePage:
    """Let a node finish what it does, hand the rest to the others, and end."""
    return api.perform("nodes.drain", NodePage, DrainNode(node=node))


@router.get("/plugins", summary="Plugins")
def list_plugins(api: Reads) -> PluginPage:
    """List every plugin that was found, with what it registers and what is wrong with it."""
    return api.perform("plugins.list", PluginPage, EmptyRequest())


@router.get("/settings", summary="Settings")
def list_settings(api: ReadsSettings) -> SettingPage:
    """List every setting in force and where it came from; secrets are masked."""
    return api.perform("settings.list", SettingPage, EmptyRequest())
