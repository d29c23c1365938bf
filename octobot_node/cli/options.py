"""Options and arguments that several commands share. Nothing heavy is imported here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

__all__ = [
    "AccountArgument",
    "All",
    "AutomationArgument",
    "Cursor",
    "DataDir",
    "DryRun",
    "Json",
    "Limit",
    "MaybeAutomation",
    "OfStatus",
    "OfType",
    "OnAccount",
    "Paused",
    "Since",
    "Until",
    "Yes",
    "group",
]

Json = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, to stdout.")]
DataDir = Annotated[Path | None, typer.Option("--data-dir", metavar="DIR", help="The folder that holds all state.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Since = Annotated[
    str | None, typer.Option("--since", metavar="TIME", help="From then on, in ISO 8601, such as 2026-01-31T09:00Z.")
]
Until = Annotated[
    str | None, typer.Option("--until", metavar="TIME", help="Before then, in ISO 8601, such as 2026-01-31T09:00Z.")
]
Cursor = Annotated[str | None, typer.Option("--cursor", metavar="CURSOR", help="Go on after an earlier page.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=500, metavar="N", help="Rows at most.")]


def _names(context: typer.Context, incomplete: str) -> list[str]:
    """Return the automations that the node running here has, for shell completion; none when none runs."""
    from octobot_node.cli.completion import automation_names

    return automation_names(context.params.get("data_dir"), incomplete)


AutomationArgument = Annotated[
    str,
    typer.Argument(
        metavar="AUTOMATION", help="An automation's name, or its id.", autocompletion=_names, show_default=False
    ),
]


MaybeAutomation = Annotated[
    str | None,
    typer.Argument(
        metavar="[AUTOMATION]", help="An automation's name, or its id.", autocompletion=_names, show_default=False
    ),
]
AccountArgument = Annotated[str, typer.Argument(metavar="ACCOUNT", help="An account's name, or its id.")]
Paused = Annotated[bool, typer.Option("--paused", help="Do not start: paused until somebody resumes it.")]
WithShadow = Annotated[
    bool, typer.Option("--shadow", help="With a shadow: a twin on paper, whose drift is told by `drift`.")
]
# Which of many.
All = Annotated[bool, typer.Option("--all", help="All automations that it fits.")]
OfStatus = Annotated[
    str | None, typer.Option("--status", metavar="STATUS", help="Those that are active, waiting, paused, …")
]
OfType = Annotated[str | None, typer.Option("--type", metavar="TYPE", help="Those of this type.")]
OnAccount = Annotated[str | None, typer.Option("--account", metavar="ACCOUNT", help="Those on this account.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say of how many it would be done, and do nothing.")]


def group(cls: type[TyperGroup] | None = None) -> typer.Typer:
    """Return an empty group of commands; ``cls`` says how it finds them."""
    # No rich help: it would double what `--help` takes. No rich tracebacks: failures.py says what went wrong.
    return typer.Typer(
        cls=cls, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True
    )
