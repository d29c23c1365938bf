"""``automations plan``: what the next tick would do."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path

import typer

from octobot_node.cli.ask_node import NodeClient
from octobot_node.cli.input_files import field_changes, run_file_texts
from octobot_node.cli.log_file import logging_to_file
from octobot_node.cli.output.show_automations import print_plan
from octobot_node.configuration import Configuration
from octobot_node.errors import UsageError
from octobot_node.operations.automations.catalogue import IMPORT_AUTOMATIONS, PLAN_AUTOMATION
from octobot_node.text.printable import json_shown

__all__ = ["plan"]


def plan(
    context: typer.Context,
    automation: str | None,
    file: Path | None,
    data_dir: Path | None,
    *,
    at_once: bool,
    changes: Sequence[str],
    as_json: bool,
) -> None:
    """Plan an automation's next tick, the one that an edit would bring, or the first of a run file's automations."""
    if (automation is None) == (file is None):
        raise UsageError("name either an automation or a run file with --file: that is what is planned")
    if file is not None:
        if changes:
            raise UsageError("--set is for an automation that there is: write it into the run file")
        _plan_file(context, file, data_dir, at_once=at_once, as_json=as_json)
        return
    client = NodeClient(context, data_dir, as_json=as_json)
    asked = {"at_once": at_once, "changes": field_changes(changes)}
    client.show(client.ask(PLAN_AUTOMATION, automation=automation, **asked), print_plan)


def _plan_file(context: typer.Context, file: Path, data_dir: Path | None, *, at_once: bool, as_json: bool) -> None:
    """Create the automations in a folder that is thrown away, and plan each there; prints a list as JSON."""
    from octobot_node.live.idle_folder import open_idle_folder
    from octobot_node.operations.perform import perform, read_request
    from octobot_node.plugin_system.discovery import plugins_for

    texts = run_file_texts([file])
    context.obj.data_dir = data_dir
    configuration = Configuration.load(data_dir=data_dir)
    with tempfile.TemporaryDirectory(prefix="octobot-plan-") as folder:
        settings = configuration.settings
        with logging_to_file(settings.data_dir), redirect_stdout(sys.stderr):
            registry = plugins_for(settings)
            elsewhere = settings.alone_in(Path(folder))
            with open_idle_folder(configuration, registry, by="plan", settings=elsewhere) as idle_folder:
                created = perform(idle_folder, IMPORT_AUTOMATIONS, read_request(IMPORT_AUTOMATIONS, {"files": texts}))
                planned = [
                    perform(
                        idle_folder,
                        PLAN_AUTOMATION,
                        read_request(PLAN_AUTOMATION, {"automation": row.id, "at_once": at_once}),
                    )
                    for row in created.automations
                ]
    if as_json:
        sys.stdout.write(json_shown(f"[{', '.join(each.model_dump_json(indent=2) for each in planned)}]\n"))
    else:
        for each in planned:
            print_plan(each, sys.stdout)
    sys.stdout.flush()
