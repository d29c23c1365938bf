"""Every operation by its name: what a control socket, and whoever else is not Python, may ask for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from importlib import import_module
from typing import Any

from pydantic import BaseModel, ValidationError

from octobot_node.contracts.operation import Operation
from octobot_node.errors import UsageError
from octobot_node.operations import models

__all__ = ["OPERATIONS", "Operation", "carry_out", "perform"]


_HERE = "octobot_node.operations"


def _look(module: str, function: str, takes: type[BaseModel], returns: type[BaseModel]) -> Operation:
    return Operation(f"{_HERE}.{module}", function, takes, returns)


def _change(
    module: str,
    function: str,
    takes: type[BaseModel],
    returns: type[BaseModel],
    about: str = "",
    hidden: Collection[str] = (),
) -> Operation:
    subject = f"{_HERE}.audit_subjects:{about}" if about else ""
    return Operation(
        f"{_HERE}.{module}", function, takes, returns, writes=True, subject=subject, hidden=frozenset(hidden)
    )


#: The names are a protocol between versions: never rename one, add another.
_CORE: Mapping[str, Operation] = {
    "automations.list": _look("automations.listing", "list_automations", models.ListAutomations, models.AutomationPage),
    "automations.show": _look("automations.listing", "show", models.OneAutomation, models.AutomationDetail),
    "automations.create": _change(
        "automations.create", "create", models.CreateAutomations, models.Created, hidden=("files", "run_file")
    ),
    "automations.edit": _change("automations.commands", "edit", models.EditAutomation, models.Changed, "automation"),
    "automations.pause": _change(
        "automations.commands", "pause", models.ChangeAutomation, models.Changed, "automation"
    ),
    "automations.resume": _change(
        "automations.commands", "resume", models.ChangeAutomation, models.Changed, "automation"
    ),
    "automations.stop": _change("automations.commands", "stop", models.StopAutomation, models.Changed, "automation"),
    "automations.run_now": _change(
        "automations.commands", "run_now", models.ChangeAutomation, models.Changed, "automation"
    ),
    "automations.delete": _change(
        "automations.commands", "delete", models.ChangeAutomation, models.Changed, "automation"
    ),
    "automations.clone": _change("automations.clone", "clone", models.CloneAutomation, models.Created),
    "automations.bulk": _change("automations.bulk", "bulk", models.BulkAutomations, models.BulkDone),
    "automations.export": _look("automations.export", "export", models.ExportAutomations, models.Exported),
    "automations.plan": _look("automations.plan", "plan", models.PlanAutomation, models.PlannedTick),
    "automations.log": _look("automations.log", "log", models.ListLog, models.LogPage),
    "events.list": _look("node.events", "list_events", models.ListEvents, models.EventPage),
    "orders.list": _look("trading.orders", "list_orders", models.ListOrders, models.OrderPage),
    "orders.show": _look("trading.orders", "show", models.OneOrder, models.OrderDetail),
    "orders.adopt": _change("trading.orders", "adopt", models.AdoptOrder, models.Resolved, "order"),
    "orders.declare_not_sent": _change(
        "trading.orders", "declare_not_sent", models.DeclareNotSent, models.Resolved, "order"
    ),
    "kill_switch.throw": _change("trading.kill_switch", "throw", models.ThrowKillSwitch, models.Thrown),
    "kill_switch.show": _look("trading.kill_switch", "show", models.ShowKillSwitch, models.Checklist),
    "kill_switch.list": _look("trading.kill_switch", "list_switches", models.ListKillSwitches, models.KillSwitchPage),
    "kill_switch.release": _change("trading.kill_switch", "release", models.ReleaseKillSwitch, models.KillSwitchRow),
    "signals.send": _change("automations.commands", "send_signal", models.SendSignal, models.SignalSent, "automation"),
    "signals.list": _look("automations.signals", "list_signals", models.ListSignals, models.SignalPage),
    "fills.list": _look("trading.money", "list_fills", models.ListFills, models.FillPage),
    "ledger.list": _look("trading.money", "list_postings", models.ListPostings, models.PostingPage),
    "ledger.balances": _look("trading.money", "list_balances", models.ListBalances, models.BalancePage),
    "equity.series": _look("trading.money", "equity", models.ShowEquity, models.EquitySeries),
    "accounts.list": _look("trading.accounts", "list_accounts", models.PageRequest, models.AccountPage),
    "accounts.show": _look("trading.accounts", "show", models.OneAccount, models.AccountDetail),
    "accounts.create": _change(
        "trading.accounts", "create", models.CreateAccount, models.AccountDetail, hidden=("market_data", "trading")
    ),
    "accounts.edit": _change("trading.accounts", "edit", models.EditAccount, models.AccountDetail, "account"),
    "accounts.delete": _change("trading.accounts", "delete", models.OneAccount, models.AccountGone, "account"),
    "exchanges.list": _look("trading.accounts", "list_exchanges", models.EmptyRequest, models.ExchangePage),
    "markets.sources": _look("trading.markets", "list_sources", models.EmptyRequest, models.SourcePage),
    "markets.symbols": _look("trading.markets", "list_symbols", models.ListSymbols, models.SymbolPage),
    "markets.ticker": _look("trading.markets", "ticker", models.ShowTicker, models.TickerNow),
    "markets.candles": _look("trading.markets", "candles", models.ShowCandles, models.CandleSeries),
    "types.list": _look("automations.types", "list_types", models.EmptyRequest, models.TypePage),
    "types.show": _look("automations.types", "show", models.OneType, models.TypeDetail),
    "plugins.list": _look("node.status", "list_plugins", models.EmptyRequest, models.PluginPage),
    "settings.list": _look("node.status", "list_settings", models.EmptyRequest, models.SettingPage),
    "nodes.list": _look("node.nodes", "list_nodes", models.EmptyRequest, models.NodePage),
    "nodes.drain": _change("node.nodes", "drain", models.DrainNode, models.NodePage),
    "audit.list": _look("node.audit", "list_audit", models.ListAudit, models.AuditPage),
    "node.status": _look("node.status", "status", models.EmptyRequest, models.NodeStatus),
    "node.doctor": _look("node.status", "doctor", models.EmptyRequest, models.Checkup),
}
OPERATIONS: Mapping[str, Operation] = {name: replace(operation, name=name) for name, operation in _CORE.items()}


def perform(context: Any, name: str, arguments: Mapping[str, Any]) -> BaseModel:
    """Carry out the operation called ``name`` at a ``OperationContext`` and return its result.

    Raises UsageError for an unknown operation or arguments that it does not take, and whatever the operation raises.
    """
    operation = _find(context, name)
    try:
        request = operation.takes.model_validate(dict(arguments))
    except ValidationError as error:
        where, text = _mistake(error)
        raise UsageError(f"{where}: {text}", field=where, reason=text) from None
    return carry_out(context, name, request)


def carry_out(context: Any, name: str, request: BaseModel) -> BaseModel:
    """Carry out an operation whose arguments are a model already; one that changes something is audited."""
    operation = _find(context, name)
    function: Callable[[Any, BaseModel], BaseModel] = getattr(import_module(operation.module), operation.function)
    if not operation.writes:
        return function(context, request)
    from octobot_node.operations.audited import audited

    return audited(context, name, operation, request, function)


def _find(context: Any, name: str) -> Operation:
    found: Operation | None = context.registry.operations.get(name)
    if found is None:
        import octobot_node

        raise UsageError(f"this node (version {octobot_node.__version__}) knows no operation {name!r}: upgrade it")
    return found


def _mistake(error: ValidationError) -> tuple[str, str]:
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    text = first["msg"].replace("Input should", "must").removeprefix("Value error, ")
    given = repr(first["input"])
    return where, f"{text}, not {given if len(given) <= 80 else f'{given[:77]}...'}"
