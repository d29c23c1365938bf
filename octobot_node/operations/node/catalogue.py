"""What can be done with the node: its state, plugins, settings and events, the nodes beside it, the audit."""

from __future__ import annotations

from typing import Any

from octobot_node.contracts.operation import Operation
from octobot_node.operations.models import EmptyRequest
from octobot_node.operations.node.models.audit import AuditPage, AuditVerified, ListAudit, ListOwnAudit, VerifyAudit
from octobot_node.operations.node.models.events import EventPage, ListEvents
from octobot_node.operations.node.models.node import (
    CheckNode,
    Checkup,
    DrainNode,
    ListRoutes,
    NodePage,
    NodeStatus,
    RoutePage,
    SettingPage,
)
from octobot_node.operations.node.models.plugins import PackagePage, PluginPage

__all__ = [
    "CHECK_NODE",
    "DRAIN_NODE",
    "LIST_AUDIT",
    "LIST_EVENTS",
    "LIST_NODES",
    "LIST_OWN_AUDIT",
    "LIST_PACKAGES",
    "LIST_PLUGINS",
    "LIST_ROUTES",
    "LIST_SETTINGS",
    "OPERATIONS",
    "SHOW_NODE_STATUS",
    "VERIFY_AUDIT",
]

_HERE = "octobot_node.operations.node"

# Their names are a protocol between versions: never change one, add another.
LIST_EVENTS = Operation("events.list", ListEvents, EventPage, f"{_HERE}.events:list_events")
LIST_PLUGINS = Operation(
    "plugins.list",
    EmptyRequest,
    PluginPage,
    f"{_HERE}.status:list_plugins",
    description="List every plugin that was found, with what it registers and what is wrong with it.",
)
LIST_PACKAGES = Operation(
    "packages.list",
    EmptyRequest,
    PackagePage,
    f"{_HERE}.packages:list_packages",
    description="List the Python packages that are installed beside the node, with their licences.",
)
LIST_SETTINGS = Operation(
    "settings.list",
    EmptyRequest,
    SettingPage,
    f"{_HERE}.status:list_settings",
    description="List every setting in force and where it came from; secrets are masked.",
)
LIST_ROUTES = Operation(
    "egress.list",
    ListRoutes,
    RoutePage,
    f"{_HERE}.routes:list_routes",
    description="List the ways out of this machine that accounts may name, and how each stands.",
)
LIST_NODES = Operation(
    "nodes.list",
    EmptyRequest,
    NodePage,
    f"{_HERE}.nodes:list_nodes",
    description="List every node that works on the database, or did lately.",
)
DRAIN_NODE = Operation(
    "nodes.drain",
    DrainNode,
    NodePage,
    f"{_HERE}.nodes:drain",
    writes=True,
    description="Let a node finish what it does, hand the rest to the others, and end.",
)
LIST_AUDIT = Operation(
    "audit.list",
    ListAudit,
    AuditPage,
    f"{_HERE}.audit:list_audit",
    description="List what was done or tried, newest first.",
)
LIST_OWN_AUDIT = Operation(
    "audit.own",
    ListOwnAudit,
    AuditPage,
    f"{_HERE}.audit:list_own",
    description="List what was done or tried with an owner's things, and with a user, newest first.",
)
VERIFY_AUDIT = Operation(
    "audit.verify",
    VerifyAudit,
    AuditVerified,
    f"{_HERE}.audit:verify",
    description="Tell whether the audit is still what was written, and the first entry that is not.",
)
SHOW_NODE_STATUS = Operation(
    "node.status",
    EmptyRequest,
    NodeStatus,
    f"{_HERE}.status:status",
    description="Tell how many automations there are, by status, what needs a person, and how late the node is.",
)
CHECK_NODE = Operation(
    "node.doctor",
    CheckNode,
    Checkup,
    f"{_HERE}.status:doctor",
    description="Run every health check; each says what is wrong and what to do. Exchanges are asked where that is"
    " wanted.",
)

OPERATIONS: tuple[Operation[Any, Any], ...] = (
    LIST_EVENTS,
    LIST_PLUGINS,
    LIST_PACKAGES,
    LIST_SETTINGS,
    LIST_ROUTES,
    LIST_NODES,
    DRAIN_NODE,
    LIST_AUDIT,
    LIST_OWN_AUDIT,
    VERIFY_AUDIT,
    SHOW_NODE_STATUS,
    CHECK_NODE,
)
