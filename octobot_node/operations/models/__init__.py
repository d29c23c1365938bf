"""What operations take and return: pydantic models whose JSON has amounts as plain digits and times in ISO 8601, UTC.

Importing this loads neither the database nor the engine, so that whoever only asks a running node stays quick.

One file a subject; all of them are here, too.
"""

from __future__ import annotations

from octobot_node.operations.models.accounts import (
    AccountPage,
    AccountRow,
)
from octobot_node.operations.models.automations import (
    AutomationDetail,
    AutomationPage,
    AutomationRow,
    AutomationStatus,
    ChangeAutomation,
    Changed,
    CreateAutomations,
    Created,
    EditAutomation,
    ExportAutomations,
    Exported,
    Funds,
    ListAutomations,
    OneAutomation,
    PositionRow,
    RunFileText,
    StopAutomation,
)
from octobot_node.operations.models.base import (
    Asked,
    Limit,
    Nothing,
    Page,
    Told,
    Wanted,
)
from octobot_node.operations.models.events import (
    EventPage,
    EventRow,
    ListEvents,
    ListLog,
    LogLine,
    LogPage,
)
from octobot_node.operations.models.node import (
    Check,
    Checkup,
    DrainNode,
    NodePage,
    NodeRow,
    NodeStatus,
    SettingPage,
    SettingView,
)
from octobot_node.operations.models.orders import (
    AdoptOrder,
    DeclareNotSent,
    ListOrders,
    OrderPage,
    OrderRow,
    OrderStatus,
    Resolved,
)
from octobot_node.operations.models.plans import (
    CandlesSeen,
    PlanAutomation,
    PlannedNotice,
    PlannedOrder,
    PlannedRequest,
    PlannedTick,
    TickerSeen,
)
from octobot_node.operations.models.plugins import (
    PluginPage,
    PluginRow,
    ServiceRow,
    TroubleRow,
)
from octobot_node.operations.models.signals import (
    SendSignal,
    SignalSent,
)

__all__ = [
    "AccountPage",
    "AccountRow",
    "AdoptOrder",
    "Asked",
    "AutomationDetail",
    "AutomationPage",
    "AutomationRow",
    "AutomationStatus",
    "CandlesSeen",
    "ChangeAutomation",
    "Changed",
    "Check",
    "Checkup",
    "CreateAutomations",
    "Created",
    "DeclareNotSent",
    "DrainNode",
    "EditAutomation",
    "EventPage",
    "EventRow",
    "ExportAutomations",
    "Exported",
    "Funds",
    "Limit",
    "ListAutomations",
    "ListEvents",
    "ListLog",
    "ListOrders",
    "LogLine",
    "LogPage",
    "NodePage",
    "NodeRow",
    "NodeStatus",
    "Nothing",
    "OneAutomation",
    "OrderPage",
    "OrderRow",
    "OrderStatus",
    "Page",
    "PlanAutomation",
    "PlannedNotice",
    "PlannedOrder",
    "PlannedRequest",
    "PlannedTick",
    "PluginPage",
    "PluginRow",
    "PositionRow",
    "Resolved",
    "RunFileText",
    "SendSignal",
    "ServiceRow",
    "SettingPage",
    "SettingView",
    "SignalSent",
    "StopAutomation",
    "TickerSeen",
    "Told",
    "TroubleRow",
    "Wanted",
]
