"""``octobot-node start``: the node as a service."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog

from octobot_node import __version__
from octobot_node.cli.log_file import logging_to_stderr
from octobot_node.configuration import Configuration
from octobot_node.engine.data_folder import refuse_in_use
from octobot_node.errors import DatabaseChanged, NodeError, StartInterrupted, StorageUnavailable
from octobot_node.live.control_client import socket_path
from octobot_node.live.masters_tentacles import follow_master, refuse_without
from octobot_node.live.node import Node
from octobot_node.live.open_files import raise_open_files
from octobot_node.live.stopping import asked_to_stop
from octobot_node.operations.models import EmptyRequest
from octobot_node.operations.node.status import status
from octobot_node.plugin_system.discovery import plugins_for

__all__ = ["serve"]

log = structlog.get_logger(__name__)
_LOOK_S = 0.5


def serve(data_dir: Path | None, style: str, given: Mapping[str, Any], log_file: Path | None = None) -> None:
    """Run a node on the data folder until SIGTERM or Ctrl-C; a second one does not wait for what is under way.

    ``given`` are settings of the command line; raises NodeError when the node may go on no more.
    """
    with logging_to_stderr(style, log_file), asked_to_stop() as asked:
        configuration = Configuration.load(data_dir=data_dir, **given)
        settings = configuration.settings
        # Before anything is said or done of a start: it is none where a node runs there.
        refuse_in_use(settings.data_dir)
        follow_master(settings)
        refuse_without(settings)
        registry = plugins_for(settings)
        for left_out in configuration.check(registry.settings_models):
            log.warning("section_left_out", why=left_out)
        for variable in configuration.unknown_variables(registry.settings_models):
            log.warning("unknown_variable", variable=variable, cure="`octobot-node settings` lists those that are read")
        for path in configuration.exposed_secrets(registry.settings_models):
            log.warning(
                "secret_can_be_read_by_others", path=str(path), cure="mount it with `mode: 0400` and your `uid`"
            )
        log.info(
            "node_starting",
            version=__version__,
            role=settings.role,
            data_dir=str(settings.data_dir),
            process=os.getpid(),
        )
        raise_open_files()
        begun = False
        while True:
            node = Node(
                settings, registry=registry, configuration=configuration, serve_api=settings.api, asked_to_end=asked
            )
            if not _start(node, asked, again=begun):
                break
            begun = True
            with _stopping(node):
                _serve(node, asked)
            if not node.begins_anew or asked():
                break
        log.info("node_stopped")
        if node.failure:
            raise NodeError(node.failure)


@contextmanager
def _stopping(node: Node) -> Iterator[None]:
    try:
        yield
    finally:
        node.stop()


def _start(node: Node, asked: Callable[[], bool], *, again: bool) -> bool:
    """Start a node; one that had its database once waits for it, and for nothing once it is asked to end."""
    while not asked():
        try:
            node.start()
        except StorageUnavailable as error:
            if asked():
                break
            if not (again or isinstance(error, DatabaseChanged | StartInterrupted)):
                raise
            if isinstance(error, StartInterrupted):
                again = True
                log.warning("start_interrupted", why=str(error), cure="it is begun again by itself")
            time.sleep(_LOOK_S)
        else:
            return True
    return False


def _serve(node: Node, asked: Callable[[], bool]) -> None:
    """Serve until somebody wants the node to end."""
    counts = status(node.context, EmptyRequest()).automations
    log.info("node_started", automations=counts, socket=str(socket_path(node.settings.data_dir)), stop="Ctrl-C")
    while not (asked() or node.leaving.wait(_LOOK_S)):
        pass
    why = node.failure or ("" if asked() else "it begins anew" if node.begins_anew else "told to leave")
    log.info("node_stopping", why=why)
