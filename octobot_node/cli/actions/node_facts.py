"""``plugins``, ``settings`` and ``doctor``: they work on a folder in use, on one at rest, and on none yet."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, cast

import typer

from octobot_node.cli.ask_node import NodeClient
from octobot_node.cli.log_file import logging_to_file
from octobot_node.cli.output.show_node import print_checkup, print_plugins, print_settings
from octobot_node.configuration import Configuration
from octobot_node.errors import NodeError
from octobot_node.live.control_client import NoNode
from octobot_node.operations.node.catalogue import CHECK_NODE, LIST_PLUGINS, LIST_SETTINGS
from octobot_node.operations.node.models.node import Check, CheckNode, Checkup
from octobot_node.plugin_system.registry import Registry

if TYPE_CHECKING:
    from octobot_node.contracts.context import PluginContext
    from octobot_node.contracts.storage import Storage

__all__ = ["examine", "list_plugins", "list_settings"]

#: Exchanges that do not answer are waited for.
_ANSWER_S = 90.0


def list_plugins(context: typer.Context, data_dir: Path | None, *, as_json: bool) -> None:
    """Print the plugins of the running node, or those that one would have."""
    client = NodeClient(context, data_dir, as_json=as_json)
    try:
        page = client.ask_running(LIST_PLUGINS, {})
    except NoNode:
        from octobot_node.operations.node.status import plugins_of

        with logging_to_file(client.folder), redirect_stdout(sys.stderr):
            page = plugins_of(_registry(client.configuration))
    client.show(page, print_plugins)


def list_settings(context: typer.Context, data_dir: Path | None, *, as_json: bool) -> None:
    """Print the settings of the running node, or those that one would have."""
    client = NodeClient(context, data_dir, as_json=as_json)
    try:
        page = client.ask_running(LIST_SETTINGS, {})
    except NoNode:
        from octobot_node.operations.node.status import settings_of

        with logging_to_file(client.folder), redirect_stdout(sys.stderr):
            registry = _registry(client.configuration)
            client.configuration.check(registry.settings_models)
            page = settings_of(client.configuration, registry)
    client.show(page, print_settings)


def examine(context: typer.Context, data_dir: Path | None, *, as_json: bool) -> None:
    """Print what the health checks answer; exit code 1 if one failed."""
    client = NodeClient(context, data_dir, as_json=as_json)
    try:
        found = client.ask_running(CHECK_NODE, {"exchanges": True}, timeout=_ANSWER_S)
    except NoNode:
        with logging_to_file(client.folder), redirect_stdout(sys.stderr):
            found = _examined(client.configuration)
    client.show(found, print_checkup)
    if found.status == "failed":
        raise typer.Exit(1)


def _registry(configuration: Configuration) -> Registry:
    from octobot_node.plugin_system.discovery import plugins_for

    return plugins_for(configuration.settings)


def _examined(configuration: Configuration) -> Checkup:
    from octobot_node.live.idle_folder import open_idle_folder
    from octobot_node.operations.node.status import check_settings, checkup_of, doctor

    registry = _registry(configuration)
    try:
        with open_idle_folder(configuration, registry, by="doctor") as context:
            return doctor(context, CheckNode(exchanges=True))
    except NodeError as error:
        # What needs no database is checked all the same.
        known = [_not_opened(error), check_settings(configuration, registry)]
        return checkup_of(registry, _without_storage(configuration, registry, error), known)


def _not_opened(error: NodeError) -> Check:
    what, _, cure = str(error).partition(": ")
    return Check(name="data folder", plugin="", status="failed", detail=what, cure=cure, seconds=0)


class _NoStorage:
    """Stands for a database that could not be opened: whoever asks it for anything is told why."""

    def __init__(self, error: NodeError) -> None:
        self._error = error

    def __getattr__(self, name: str) -> NoReturn:
        raise self._error


def _without_storage(configuration: Configuration, registry: Registry, error: NodeError) -> PluginContext:
    from octobot_node.clock import SystemClock
    from octobot_node.plugin_system.node_context import NodePluginContext

    storage = cast("Storage", _NoStorage(error))
    return NodePluginContext(configuration, configuration.settings, storage, SystemClock(), registry, "")
