"""What ``octobot-node db …`` does and prints."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from octobot_node.cli.ask_node import confirm
from octobot_node.cli.log_file import logging_to_file
from octobot_node.cli.output import figure_text
from octobot_node.configuration import Configuration
from octobot_node.errors import UsageError
from octobot_node.market import from_ms
from octobot_node.plugin_system.discovery import plugins_for
from octobot_node.plugin_system.registry import Registry
from octobot_node.transfer.backing_up import back_up
from octobot_node.transfer.copying import abandon_copy, copy_database
from octobot_node.transfer.restoring import describe, seal_of
from octobot_node.transfer.restoring import restore as restore_database
from octobot_node.transfer.results import Progress as Progressing
from octobot_node.transfer.results import TableRows
from octobot_node.transfer.vacuuming import vacuum as vacuum_database

__all__ = ["backup", "copy", "restore", "vacuum"]


def copy(data_dir: Path | None, to: str, *, abandon: bool, as_json: bool) -> None:
    """Move the database, or take the move back, and say what came of it."""
    if not to and not abandon:
        raise UsageError("--to is missing: write --to postgresql://USER@HOST:PORT/DATABASE")
    with _opened(data_dir) as (configuration, registry):
        if abandon:
            taken_back = abandon_copy(configuration.settings, registry, to)
            _show(taken_back, (), [f"{taken_back.source} did not move: nodes start on it again"], as_json=as_json)
            return
        with _bar("copy", as_json=as_json) as progress:
            copied = copy_database(configuration.settings, registry, to, progress)
    lines = [
        f"{copied.source} moved to {copied.target}{', some time before' if copied.already else ''}",
        "start nodes there: OCTOBOT_DATABASE_URL; none starts on the old database any more",
        *([copied.audit] if copied.audit else []),
    ]
    _show(copied, copied.tables, [*lines, *_left_out(copied.left_out)], as_json=as_json)


def backup(data_dir: Path | None, file: Path | None, *, as_json: bool) -> None:
    """Write a backup and say what is in it."""
    with _opened(data_dir) as (configuration, registry), _bar("backup", as_json=as_json) as progress:
        written = back_up(configuration.settings, registry, file, progress, configuration)
    lines = [
        f"{written.file} has {written.database} as of {figure_text.moment(written.created_at)}, {written.size:,} bytes",
        written.audit,
    ]
    _show(written, written.tables, [*lines, *_left_out(written.left_out)], as_json=as_json)


def restore(data_dir: Path | None, file: Path, *, yes: bool, as_json: bool) -> None:
    """Restore a backup and say what is held now."""
    manifest = describe(file)
    with _opened(data_dir) as (configuration, registry):
        confirm(
            f"Restore the backup of {figure_text.moment(from_ms(manifest.created_at))}"
            f" ({seal_of(file, registry, configuration)})? The node that it was made of must never run again: both"
            " would trade with the same money.",
            yes=yes,
        )
        with _bar("restore", as_json=as_json) as progress:
            restored = restore_database(configuration.settings, registry, file, progress, configuration)
    lines = [
        f"{restored.database} is as of {figure_text.moment(restored.backup_from)}, generation {restored.generation}",
        f"the backup: {restored.seal}",
        restored.audit,
    ]
    if restored.held:
        lines.append(f"{restored.held} automations are held until a node has compared their accounts")
    if restored.asked_about:
        lines.append(f"{restored.asked_about} orders may have been sent after the backup: the exchange is asked")
    if restored.secrets:
        lines.append(f"the key is missing, which is in no backup: {restored.secrets}")
    _show(restored, restored.tables, lines, as_json=as_json)


def vacuum(data_dir: Path | None, *, as_json: bool) -> None:
    """Make the database as small as what is in it, and say how small."""
    with _opened(data_dir) as (configuration, registry):
        done = vacuum_database(configuration.settings, registry)
    _show(done, (), [f"{done.database} takes {done.size:,} bytes; it took {done.before:,}"], as_json=as_json)


@contextmanager
def _opened(data_dir: Path | None) -> Iterator[tuple[Configuration, Registry]]:
    configuration = Configuration.load(data_dir=data_dir)
    with logging_to_file(configuration.settings.data_dir):
        yield configuration, plugins_for(configuration.settings)


@contextmanager
def _bar(what: str, *, as_json: bool) -> Iterator[Progressing]:
    """Show a bar on a terminal, and nothing anywhere else."""
    console = Console(stderr=True)
    quiet = as_json or not console.is_terminal
    columns = (TextColumn(f"[bold]{what}[/]"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=quiet) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _show(result: BaseModel, tables: Sequence[TableRows], lines: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(f"{result.model_dump_json(indent=2)}\n")
        sys.stdout.flush()
        return
    console = Console(highlight=False, emoji=False, soft_wrap=True)
    if tables:
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("table")
        table.add_column("rows", justify="right")
        for each in tables:
            table.add_row(each.table, f"{each.rows:,}")
        console.print(table)
    for line in lines:
        console.print(line, markup=False)


def _left_out(plugins: Sequence[str]) -> list[str]:
    if not plugins:
        return []
    return [f"not in it, since the plugin is not installed: the tables of {', '.join(plugins)}"]
