"""Look at the node itself: how it is, its accounts, plugins, settings and health."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence

import octobot_node
from octobot_node.configuration import Configuration
from octobot_node.contracts.context import PluginContext
from octobot_node.contracts.plugins import PluginInfo
from octobot_node.market import from_ms
from octobot_node.operations.context import OperationContext
from octobot_node.operations.models import EmptyRequest
from octobot_node.operations.node.exchange_checks import account_checks, stream_check
from octobot_node.operations.node.models.node import Check, CheckNode, Checkup, NodeStatus, SettingPage, SettingView
from octobot_node.operations.node.models.plugins import PluginPage, PluginRow, ServiceRow, TroubleRow
from octobot_node.plugin_system.health_runner import run_checks
from octobot_node.plugin_system.plugin_commands import PluginCommands, plugin_commands
from octobot_node.plugin_system.plugin_failures import PluginFailure
from octobot_node.plugin_system.registry import Registry
from octobot_node.plugin_system.service_supervisor import ServiceState
from octobot_node.store.queries import lists

__all__ = [
    "check_settings",
    "checkup_of",
    "doctor",
    "list_plugins",
    "list_settings",
    "plugins_of",
    "settings_of",
    "status",
]

_WORST = {"ok": 0, "warning": 1, "failed": 2}


def status(context: OperationContext, request: EmptyRequest) -> NodeStatus:
    """Return how many automations there are, by status, and what needs a person."""
    del request
    now = context.core.clock.now()
    with context.core.storage.read() as connection:
        counts = lists.automations_by_status(connection, context.owner)
        due = lists.longest_due(connection, context.owner)
        open_orders, unknown = lists.orders_in_flight(connection, context.owner)
        sending = lists.sending(connection)
    return NodeStatus(
        version=octobot_node.__version__,
        data_dir=str(context.configuration.settings.data_dir),
        running=context.live,
        process=os.getpid() if context.live else None,
        nodes_elsewhere=context.nodes_elsewhere,
        sending=sending,
        automations=counts,
        open_orders=open_orders,
        unknown_orders=unknown,
        lag=0.0 if due is None else max(now - due, 0) / 1000,
        broken_plugins=[plugin.name for plugin in context.registry.broken],
        egress_down=context.core.accounts.routes.down(),
        as_of=from_ms(now),
    )


def list_plugins(context: OperationContext, request: EmptyRequest) -> PluginPage:
    """Return every plugin that was found, with what it registers and what is wrong with it."""
    del request
    return plugins_of(context.registry, context.core.plugin_failures.all(), context.core.services())


def plugins_of(
    registry: Registry, plugin_failures: Sequence[PluginFailure] = (), services: Sequence[ServiceState] = ()
) -> PluginPage:
    """Return a registry's plugins, with their troubles and services if they run; needs no data folder."""
    added = {each.plugin: each for each in plugin_commands(registry)}
    rows = []
    for info in registry.plugins:
        own_troubles = [_trouble(each) for each in plugin_failures if each.plugin == info.name]
        own_services = [_service(each) for each in services if each.plugin == info.name]
        plugin = _plugin(info, added.get(info.name))
        rows.append(plugin.model_copy(update={"troubles": own_troubles, "services": own_services}))
    return PluginPage(plugins=rows)


def _trouble(trouble: PluginFailure) -> TroubleRow:
    return TroubleRow(what=trouble.what, count=trouble.count, error=trouble.error, at=from_ms(trouble.at))


def _service(state: ServiceState) -> ServiceRow:
    return ServiceRow(
        name=state.name,
        status=state.status,
        since=from_ms(state.since),
        restarts=state.restarts,
        error=state.error,
    )


def _plugin(info: PluginInfo, added: PluginCommands | None) -> PluginRow:
    return PluginRow(
        name=info.name,
        version=info.version,
        origin=info.origin,
        module=info.module,
        status=info.status,
        hooks=list(info.hooks),
        registers={hook: list(names) for hook, names in info.registers.items()},
        commands=[] if added is None else sorted(added.names),
        error=info.error or ("" if added is None else added.error),
        left_out=[*info.left_out, *(() if added is None else added.left_out)],
    )


def list_settings(context: OperationContext, request: EmptyRequest) -> SettingPage:
    """Return every setting in force with where it came from; secrets are masked."""
    del request
    return settings_of(context.configuration, context.registry)


def settings_of(configuration: Configuration, registry: Registry) -> SettingPage:
    """Return the settings in force; needs no data folder."""
    models = registry.settings_models
    return SettingPage(
        file=None if configuration.path is None else str(configuration.path),
        settings=[SettingView(**dataclasses.asdict(row)) for row in configuration.rows(models)],
        unknown=[
            *configuration.unknown_variables(models),
            *(f"[{section}]" for section in configuration.unknown_sections(models)),
        ],
    )


def doctor(context: OperationContext, request: CheckNode) -> Checkup:
    """Run every health check, and look at what accounts need of their exchanges."""
    first = [check_settings(context.configuration, context.registry)]
    # Of somebody else's accounts nothing is told, nor their names.
    last = stream_check(context.core) if context.owner is None else []
    if request.exchanges and context.may("accounts:read"):
        last += account_checks(context)
    return checkup_of(context.registry, context.plugin_context, first, last)


def check_settings(configuration: Configuration, registry: Registry) -> Check:
    """Say whether all that is set is read."""
    page = settings_of(configuration, registry)
    if not page.unknown:
        where = page.file or "no octobot-node.toml"
        return Check(name="settings", plugin="", status="ok", detail=f"all are read; {where}", cure="", seconds=0)
    detail = f"nothing reads {', '.join(page.unknown)}"
    cure = "correct the name, install the plugin that it is for, or take it out"
    return Check(name="settings", plugin="", status="warning", detail=detail, cure=cure, seconds=0)


def checkup_of(
    registry: Registry, context: PluginContext, first: Sequence[Check] = (), last: Sequence[Check] = ()
) -> Checkup:
    """Run a registry's health checks; ``first`` and ``last`` are answers that are known already."""
    owners = {
        name: plugin.name for plugin in registry.plugins for name in plugin.registers.get("register_health_checks", ())
    }
    checks = [
        Check(
            name=answer.check.name,
            plugin=owners.get(answer.check.name, ""),
            status=answer.health.status,
            detail=answer.health.detail,
            cure=answer.health.cure,
            seconds=round(answer.seconds, 3),
        )
        for answer in run_checks(registry.health_checks, context)
    ]
    found = [*first, *checks, *last]
    worst = max((check.status for check in found), key=_WORST.__getitem__, default="ok")
    return Checkup(status=worst, checks=found)
