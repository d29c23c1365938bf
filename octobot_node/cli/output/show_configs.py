"""What an automation's config was, for a person."""

from __future__ import annotations

import json
from typing import TextIO

from octobot_node.cli.output import tables
from octobot_node.cli.output.markup import escape
from octobot_node.operations.automations.models.revisions import ConfigPage, ConfigRevision

__all__ = ["print_config", "print_configs"]


def print_configs(page: ConfigPage, out: TextIO) -> None:
    """Print a page of an automation's configs."""
    shown = tables.console(out)
    made = tables.table("config", "since", "by", "changed", right=("config",))
    for row in page.configs:
        number = f"{row.number} *" if row.current else f"{row.number}"
        made.add_row(number, tables.when(row.at), escape(row.by), escape(", ".join(row.changed)))
    shown.print(made)
    shown.print("* in force", style="dim")
    tables.more(shown, page.next_cursor)


def print_config(found: ConfigRevision, out: TextIO) -> None:
    """Print a config, and how it differs from another."""
    shown = tables.console(out)
    force = ", in force" if found.current else ""
    shown.print(f"[bold]config {found.number}[/] since {tables.when(found.at)}{force}", soft_wrap=True)
    shown.print(escape(json.dumps(found.config)), soft_wrap=True)
    if found.against is not None:
        made = tables.table("field", f"config {found.against}", f"config {found.number}")
        for each in found.differences:
            made.add_row(escape(each.field), escape(json.dumps(each.before)), escape(json.dumps(each.after)))
        shown.print(made if found.differences else f"the same as config {found.against}")
