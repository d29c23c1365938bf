"""Every operation by its name: what a control socket, and whoever else is not Python, may ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from octobot_node.errors import UsageError
from octobot_node.operations import kill_switch_models, models

__all__ = ["OPERATIONS", "Operation", "perform"]


@dataclass(frozen=True, slots=True)
class Operation:
    """Where an operation's function is, and the models that it takes and returns."""

    module: str
    function: str
    takes: type[BaseModel]
    returns: type[BaseModel]
    #: Whether it changes something.
    writes: bool = False


def _in(module: str, function: str, takes: type[BaseModel], returns: type[BaseModel], *, writes: bool) -> Operation:
    return Operation(f"octobot_node.operations.{module}", function, takes, returns, writes)


def _look(module: str, function: str, takes: type[BaseModel], returns: type[BaseModel]) -> Operation:
    return _in(module, function, takes, returns, writes=False)


def _change(module: str, function: str, takes: type[BaseModel], returns: type[BaseModel]) -> Operation:
    return _in(module, function, takes, returns, writes=True)


#: The names are a protocol between versions: never rename one, add another.
OPERATIONS: Mapping[str, Operation] = {
    "automations.list": _look("automations", "list_automations", models.ListAutomations, models.AutomationPage),
    "automations.show": _look("automations", "show", models.OneAutomation, models.AutomationDetail),
    "automations.create": _change("creating", "create", models.CreateAutomations, models.Created),
    "automations.edit": _change("changes", "edit", models.EditAutomation, models.Changed),
    "automations.pause": _change("changes", "pause", models.OneAutomation, models.Changed),
    "automations.resume": _change("changes", "resume", models.OneAutomation, models.Changed),
    "automations.stop": _change("changes", "stop", models.StopAutomation, models.Changed),
    "automations.run_now": _change("changes", "run_now", models.OneAutomation, models.Changed),
    "automations.delete": _change("changes", "delete", models.OneAutomation, models.Changed),
    "automations.export": _look("exporting", "export", models.ExportAutomations, models.Exported),
    "automations.plan": _look("plans", "plan", models.PlanAutomation, models.PlannedTick),
    "events.list": _look("automations", "events", models.ListEvents, models.EventPage),
    "orders.list": _look("orders", "list_orders", models.ListOrders, models.OrderPage),
    "orders.adopt": _change("orders", "adopt", models.AdoptOrder, models.Resolved),
    "orders.declare_not_sent": _change("orders", "declare_not_sent", models.DeclareNotSent, models.Resolved),
    "kill_switch.throw": _change("kill_switch", "throw", kill_switch_models.ThrowKillSwitch, kill_switch_models.Thrown),
    "kill_switch.show": _look("kill_switch", "show", kill_switch_models.ShowKillSwitch, kill_switch_models.Checklist),
    "kill_switch.list": _look(
        "kill_switch", "list_switches", kill_switch_models.ListKillSwitches, kill_switch_models.KillSwitchPage
    ),
    "kill_switch.release": _change(
        "kill_switch", "release", kill_switch_models.ReleaseKillSwitch, kill_switch_models.KillSwitchRow
    ),
    "signals.send": _change("changes", "send_signal", models.SendSignal, models.SignalSent),
    "accounts.list": _look("node", "list_accounts", models.Page, models.AccountPage),
    "plugins.list": _look("node", "list_plugins", models.Nothing, models.PluginPage),
    "settings.list": _look("node", "list_settings", models.Nothing, models.SettingPage),
    "nodes.list": _look("nodes", "list_nodes", models.Nothing, models.NodePage),
    "nodes.drain": _change("nodes", "drain", models.DrainNode, models.NodePage),
    "node.status": _look("node", "status", models.Nothing, models.NodeStatus),
    "node.doctor": _look("node", "doctor", models.Nothing, models.Checkup),
}


def perform(desk: Any, name: str, arguments: Mapping[str, Any]) -> BaseModel:
    """Carry out the operation called ``name`` at a ``Desk`` and return its result.

    Raises UsageError for an unknown operation or arguments that it does not take, and whatever the operation raises.
    """
    from importlib import import_module

    import octobot_node

    operation = OPERATIONS.get(name)
    if operation is None:
        raise UsageError(f"this node (version {octobot_node.__version__}) knows no operation {name!r}: upgrade it")
    try:
        wanted = operation.takes.model_validate(dict(arguments))
    except ValidationError as error:
        raise UsageError(_mistake(error)) from None
    function: Callable[[Any, BaseModel], BaseModel] = getattr(import_module(operation.module), operation.function)
    return function(desk, wanted)


def _mistake(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    text = first["msg"].replace("Input should", "must").removeprefix("Value error, ")
    given = repr(first["input"])
    return f"{where}: {text}, not {given if len(given) <= 80 else f'{given[:77]}...'}"
