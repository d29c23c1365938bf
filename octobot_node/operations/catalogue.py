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
    subject = f"{_HERE}.subjects:{about}" if about else ""
    return Operation(
        f"{_HERE}.{module}", function, takes, returns, writes=True, subject=subject, hidden=frozenset(hidden)
    )


#: The names are a protocol between versions: never rename one, add another.
_CORE: Mapping[str, Operation] = {
    "automations.list": _look("automations", "list_automations", models.ListAutomations, models.AutomationPage),
    "automations.show": _look("automations", "show", models.OneAutomation, models.AutomationDetail),
    "automations.create": _change(
        "creating", "create", models.CreateAutomations, models.Created, hidden=("files", "run_file")
    ),
    "automations.edit": _change("changes", "edit", models.EditAutomation, models.Changed, "automation"),
    "automations.pause": _change("changes", "pause", models.ChangeAutomation, models.Changed, "automation"),
    "automations.resume": _change("changes", "resume", models.ChangeAutomation, models.Changed, "automation"),
    "automations.stop": _change("changes", "stop", models.StopAutomation, models.Changed, "automation"),
    "automations.run_now": _change("changes", "run_now", models.ChangeAutomation, models.Changed, "automation"),
    "automations.delete": _change("changes", "delete", models.ChangeAutomation, models.Changed, "automation"),
    "automations.clone": _change("cloning", "clone", models.CloneAutomation, models.Created),
    "automations.bulk": _change("bulk", "bulk", models.BulkAutomations, models.BulkDone),
    "automations.export": _look("exporting", "export", models.ExportAutomations, models.Exported),
    "automations.plan": _look("plans", "plan", models.PlanAutomation, models.PlannedTick),
    "automations.log": _look("logs", "log", models.ListLog, models.LogPage),
    "events.list": _look("events", "list_events", models.ListEvents, models.EventPage),
    "orders.list": _look("orders", "list_orders", models.ListOrders, models.OrderPage),
    "orders.show": _look("orders", "show", models.OneOrder, models.OrderDetail),
    "orders.adopt": _change("orders", "adopt", models.AdoptOrder, models.Resolved, "order"),
    "orders.declare_not_sent": _change("orders", "declare_not_sent", models.DeclareNotSent, models.Resolved, "order"),
    "kill_switch.throw": _change("kill_switch", "throw", models.ThrowKillSwitch, models.Thrown),
    "kill_switch.show": _look("kill_switch", "show", models.ShowKillSwitch, models.Checklist),
    "kill_switch.list": _look("kill_switch", "list_switches", models.ListKillSwitches, models.KillSwitchPage),
    "kill_switch.release": _change("kill_switch", "release", models.ReleaseKillSwitch, models.KillSwitchRow),
    "signals.send": _change("changes", "send_signal", models.SendSignal, models.SignalSent, "automation"),
    "signals.list": _look("signals", "list_signals", models.ListSignals, models.SignalPage),
    "fills.list": _look("money", "list_fills", models.ListFills, models.FillPage),
    "ledger.list": _look("money", "list_postings", models.ListPostings, models.PostingPage),
    "ledger.balances": _look("money", "list_balances", models.ListBalances, models.BalancePage),
    "equity.series": _look("money", "equity", models.ShowEquity, models.EquitySeries),
    "accounts.list": _look("accounts", "list_accounts", models.Page, models.AccountPage),
    "accounts.show": _look("accounts", "show", models.OneAccount, models.AccountDetail),
    "accounts.create": _change(
        "accounts", "create", models.CreateAccount, models.AccountDetail, hidden=("market_data", "trading")
    ),
    "accounts.edit": _change("accounts", "edit", models.EditAccount, models.AccountDetail, "account"),
    "accounts.delete": _change("accounts", "delete", models.OneAccount, models.AccountGone, "account"),
    "exchanges.list": _look("accounts", "list_exchanges", models.Nothing, models.ExchangePage),
    "markets.sources": _look("markets", "list_sources", models.Nothing, models.SourcePage),
    "markets.symbols": _look("markets", "list_symbols", models.ListSymbols, models.SymbolPage),
    "markets.ticker": _look("markets", "ticker", models.ShowTicker, models.TickerNow),
    "markets.candles": _look("markets", "candles", models.ShowCandles, models.CandleSeries),
    "types.list": _look("types", "list_types", models.Nothing, models.TypePage),
    "types.show": _look("types", "show", models.OneType, models.TypeDetail),
    "plugins.list": _look("node", "list_plugins", models.Nothing, models.PluginPage),
    "settings.list": _look("node", "list_settings", models.Nothing, models.SettingPage),
    "nodes.list": _look("nodes", "list_nodes", models.Nothing, models.NodePage),
    "nodes.drain": _change("nodes", "drain", models.DrainNode, models.NodePage),
    "audit.list": _look("audit", "list_audit", models.ListAudit, models.AuditPage),
    "node.status": _look("node", "status", models.Nothing, models.NodeStatus),
    "node.doctor": _look("node", "doctor", models.Nothing, models.Checkup),
}
OPERATIONS: Mapping[str, Operation] = {name: replace(operation, name=name) for name, operation in _CORE.items()}


def perform(desk: Any, name: str, arguments: Mapping[str, Any]) -> BaseModel:
    """Carry out the operation called ``name`` at a ``Desk`` and return its result.

    Raises UsageError for an unknown operation or arguments that it does not take, and whatever the operation raises.
    """
    operation = _find(desk, name)
    try:
        wanted = operation.takes.model_validate(dict(arguments))
    except ValidationError as error:
        where, text = _mistake(error)
        raise UsageError(f"{where}: {text}", field=where, reason=text) from None
    return carry_out(desk, name, wanted)


def carry_out(desk: Any, name: str, wanted: BaseModel) -> BaseModel:
    """Carry out an operation whose arguments are a model already; one that changes something is audited."""
    operation = _find(desk, name)
    function: Callable[[Any, BaseModel], BaseModel] = getattr(import_module(operation.module), operation.function)
    if not operation.writes:
        return function(desk, wanted)
    from octobot_node.operations.audited import audited

    return audited(desk, name, operation, wanted, function)


def _find(desk: Any, name: str) -> Operation:
    found: Operation | None = desk.registry.operations.get(name)
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
