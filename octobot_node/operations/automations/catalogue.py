"""What can be done with automations, their types and signals."""

from __future__ import annotations

from typing import Any

from octobot_node.contracts.operation import Operation
from octobot_node.operations.automations.models.automations import (
    AutomationChanged,
    AutomationCreated,
    AutomationDetail,
    AutomationEdited,
    AutomationPage,
    AutomationsCreated,
    AutomationsExported,
    ChangeAutomation,
    CreateAutomation,
    EditAutomation,
    ExportAutomations,
    ImportAutomations,
    ListAutomations,
    ShowAutomation,
    StopAutomation,
)
from octobot_node.operations.automations.models.budgets import BudgetChanged, ChangeBudget, PlanBudget
from octobot_node.operations.automations.models.bulk import BulkAutomations, BulkResult
from octobot_node.operations.automations.models.cloning import CloneAutomation
from octobot_node.operations.automations.models.plans import PlanAutomation, PlannedTick, PlanType
from octobot_node.operations.automations.models.revisions import (
    ConfigPage,
    ConfigRevision,
    ListConfigs,
    RestoreConfig,
    ShowConfig,
)
from octobot_node.operations.automations.models.shadows import (
    AddShadow,
    RemoveShadow,
    ShadowChanged,
    ShadowReport,
    ShowShadow,
)
from octobot_node.operations.automations.models.signals import ListSignals, SendSignal, SignalPage, SignalSent
from octobot_node.operations.automations.models.ticks import ListTicks, TickPage
from octobot_node.operations.automations.models.types import OneType, TypeDetail, TypePage
from octobot_node.operations.models import EmptyRequest
from octobot_node.operations.node.models.events import ListLog, LogPage

__all__ = [
    "ADD_SHADOW",
    "CHANGE_BUDGET",
    "CHANGE_MANY_AUTOMATIONS",
    "CLONE_AUTOMATION",
    "CREATE_AUTOMATION",
    "DELETE_AUTOMATION",
    "EDIT_AUTOMATION",
    "EXPORT_AUTOMATIONS",
    "IMPORT_AUTOMATIONS",
    "LIST_AUTOMATIONS",
    "LIST_CONFIGS",
    "LIST_LOG",
    "LIST_SIGNALS",
    "LIST_TICKS",
    "LIST_TYPES",
    "OPERATIONS",
    "PAUSE_AUTOMATION",
    "PLAN_AUTOMATION",
    "PLAN_BUDGET",
    "PLAN_TYPE",
    "REMOVE_SHADOW",
    "RESTORE_CONFIG",
    "RESUME_AUTOMATION",
    "RUN_AUTOMATION_NOW",
    "SEND_SIGNAL",
    "SHOW_AUTOMATION",
    "SHOW_CONFIG",
    "SHOW_SHADOW",
    "SHOW_TYPE",
    "STOP_AUTOMATION",
]

_HERE = "octobot_node.operations.automations"
_AUTOMATION = "octobot_node.operations.audit_subjects:automation"

# Their names are a protocol between versions: never change one, add another.
LIST_AUTOMATIONS = Operation(
    "automations.list",
    ListAutomations,
    AutomationPage,
    f"{_HERE}.listing:list_automations",
    description="List automations, oldest first.",
)
SHOW_AUTOMATION = Operation(
    "automations.show",
    ShowAutomation,
    AutomationDetail,
    f"{_HERE}.one.show:show",
    description=(
        "Tell how an automation stands: config, money, figures, what it does next; with `include` also its state,"
        " orders that can change, newest events and report."
    ),
)
CREATE_AUTOMATION = Operation(
    "automations.create",
    CreateAutomation,
    AutomationCreated,
    f"{_HERE}.creating.create:create",
    writes=True,
    besides=f"{_HERE}.creating.drafts:mistakes_besides",
    description="Create an automation on an account that exists.",
)
IMPORT_AUTOMATIONS = Operation(
    "automations.import",
    ImportAutomations,
    AutomationsCreated,
    f"{_HERE}.creating.import_run_files:import_run_files",
    writes=True,
    begins=True,
    hidden=frozenset({"files"}),
)
EDIT_AUTOMATION = Operation(
    "automations.edit", EditAutomation, AutomationEdited, f"{_HERE}.commands:edit", writes=True, subject=_AUTOMATION
)
LIST_CONFIGS = Operation(
    "configs.list",
    ListConfigs,
    ConfigPage,
    f"{_HERE}.one.revisions:list_configs",
    description="List the configs that an automation had, newest first: since when, by whom, and what each changed.",
)
SHOW_CONFIG = Operation(
    "configs.show",
    ShowConfig,
    ConfigRevision,
    f"{_HERE}.one.revisions:show_config",
    description="Tell one of an automation's configs, and field by field how it differs from another.",
)
RESTORE_CONFIG = Operation(
    "configs.restore",
    RestoreConfig,
    AutomationEdited,
    f"{_HERE}.one.revisions:restore_config",
    writes=True,
    subject=_AUTOMATION,
    description="Give an automation a config that it had, as a new one: validated and evaluated as any edit.",
)
PLAN_BUDGET = Operation(
    "budgets.plan",
    PlanBudget,
    BudgetChanged,
    f"{_HERE}.budgets:plan_budget",
    description=(
        "Tell how an automation's budget stands, and what a change of it would come to: what becomes free, what stays"
        " reserved, what its account has left. Nothing is written."
    ),
)
CHANGE_BUDGET = Operation(
    "budgets.change",
    ChangeBudget,
    BudgetChanged,
    f"{_HERE}.budgets:change_budget",
    writes=True,
    subject=_AUTOMATION,
    description="Give an automation money of its account, or take what it has free; it decides at once with that.",
)
SHOW_SHADOW = Operation(
    "shadows.show",
    ShowShadow,
    ShadowReport,
    f"{_HERE}.shadows:show_shadow",
    description="Tell how a live automation differs from its shadow on paper: slippage, missed fills, fees, PnL.",
)
ADD_SHADOW = Operation(
    "shadows.add",
    AddShadow,
    ShadowChanged,
    f"{_HERE}.shadows:add_shadow",
    writes=True,
    subject=_AUTOMATION,
    description="Give a live automation a shadow: a twin on paper that decides at the same looks and sends nothing.",
)
REMOVE_SHADOW = Operation(
    "shadows.remove",
    RemoveShadow,
    ShadowChanged,
    f"{_HERE}.shadows:remove_shadow",
    writes=True,
    subject=_AUTOMATION,
    description="Take an automation's shadow away, with all that is known of it.",
)
PAUSE_AUTOMATION = Operation(
    "automations.pause",
    ChangeAutomation,
    AutomationChanged,
    f"{_HERE}.commands:pause",
    writes=True,
    subject=_AUTOMATION,
    description="Make no more decisions; resting orders stay, and their fills settle.",
)
RESUME_AUTOMATION = Operation(
    "automations.resume",
    ChangeAutomation,
    AutomationChanged,
    f"{_HERE}.commands:resume",
    writes=True,
    subject=_AUTOMATION,
    description="Decide again, at once; also for one that failed or is held.",
)
STOP_AUTOMATION = Operation(
    "automations.stop",
    StopAutomation,
    AutomationChanged,
    f"{_HERE}.commands:stop",
    writes=True,
    subject=_AUTOMATION,
    description="Cancel its orders, settle, then end it; with `close` also sell what it holds.",
)
RUN_AUTOMATION_NOW = Operation(
    "automations.run_now",
    ChangeAutomation,
    AutomationChanged,
    f"{_HERE}.commands:run_now",
    writes=True,
    subject=_AUTOMATION,
    description="Evaluate as soon as possible.",
)
DELETE_AUTOMATION = Operation(
    "automations.delete",
    ChangeAutomation,
    AutomationChanged,
    f"{_HERE}.commands:delete",
    writes=True,
    subject=_AUTOMATION,
    description="Remove an automation that has ended, with its orders, fills and money; its events stay.",
)
CLONE_AUTOMATION = Operation(
    "automations.clone", CloneAutomation, AutomationsCreated, f"{_HERE}.creating.clone:clone", writes=True
)
CHANGE_MANY_AUTOMATIONS = Operation(
    "automations.bulk",
    BulkAutomations,
    BulkResult,
    f"{_HERE}.bulk:bulk",
    writes=True,
    description=(
        "Pause, resume, run, stop or delete every automation that fits; read on with the cursor until it is null."
    ),
)
EXPORT_AUTOMATIONS = Operation(
    "automations.export", ExportAutomations, AutomationsExported, f"{_HERE}.creating.export:export"
)
PLAN_AUTOMATION = Operation(
    "automations.plan",
    PlanAutomation,
    PlannedTick,
    f"{_HERE}.creating.plan:plan",
    description="Evaluate the next tick on live data with actions disabled: nothing of it is written, sent or told.",
)
PLAN_TYPE = Operation(
    "types.plan",
    PlanType,
    PlannedTick,
    f"{_HERE}.creating.plan:plan_type",
    besides=f"{_HERE}.creating.drafts:mistakes_besides",
    description=(
        "Evaluate the first tick of an automation that is not created: nothing of it is written, sent or told. All that"
        " is wrong with it is told at once."
    ),
)
LIST_LOG = Operation("automations.log", ListLog, LogPage, f"{_HERE}.log:log")
LIST_TICKS = Operation(
    "automations.ticks",
    ListTicks,
    TickPage,
    f"{_HERE}.ticks:list_ticks",
    description="List an automation's ticks that did something, newest first: orders, cancels, notes, failures.",
)
SEND_SIGNAL = Operation(
    "signals.send",
    SendSignal,
    SignalSent,
    f"{_HERE}.commands:send_signal",
    writes=True,
    subject=_AUTOMATION,
    description="Put a message into an automation's inbox, and wake it.",
)
LIST_SIGNALS = Operation(
    "signals.list",
    ListSignals,
    SignalPage,
    f"{_HERE}.signals:list_signals",
    description="List what is in an automation's inbox, or was, newest first.",
)
LIST_TYPES = Operation(
    "types.list", EmptyRequest, TypePage, f"{_HERE}.types:list_types", description="List what an automation can be."
)
SHOW_TYPE = Operation(
    "types.show",
    OneType,
    TypeDetail,
    f"{_HERE}.types:show",
    description="Tell a type's documentation and the JSON schema, defaults and examples of its config.",
)

OPERATIONS: tuple[Operation[Any, Any], ...] = (
    LIST_AUTOMATIONS,
    SHOW_AUTOMATION,
    CREATE_AUTOMATION,
    IMPORT_AUTOMATIONS,
    EDIT_AUTOMATION,
    LIST_CONFIGS,
    SHOW_CONFIG,
    RESTORE_CONFIG,
    PLAN_BUDGET,
    CHANGE_BUDGET,
    SHOW_SHADOW,
    ADD_SHADOW,
    REMOVE_SHADOW,
    PAUSE_AUTOMATION,
    RESUME_AUTOMATION,
    STOP_AUTOMATION,
    RUN_AUTOMATION_NOW,
    DELETE_AUTOMATION,
    CLONE_AUTOMATION,
    CHANGE_MANY_AUTOMATIONS,
    EXPORT_AUTOMATIONS,
    PLAN_AUTOMATION,
    LIST_LOG,
    LIST_TICKS,
    SEND_SIGNAL,
    LIST_SIGNALS,
    LIST_TYPES,
    SHOW_TYPE,
    PLAN_TYPE,
)
