"""Tables and lines for a person, as every command prints them."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from io import StringIO
from typing import TextIO

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from octobot_node.cli.output import figure_text
from octobot_node.cli.output.markup import escape
from octobot_node.cli.output.run_display import STATUS_STYLE

__all__ = ["STYLE", "amounts", "console", "more", "pairs", "status", "table", "when"]

STYLE = {**STATUS_STYLE, "ok": "green", "warning": "yellow", "unknown": "bold white on magenta", "refused": "red"}
STYLE |= {"broken": "bold red", "off": "dim", "loaded": "green"}


class _Trimmed(StringIO):
    """Passes lines on without the blanks that fill a table's last column."""

    def __init__(self, out: TextIO) -> None:
        super().__init__()
        self._out = out

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """What ``out`` takes: rich draws with ASCII where that is no UTF."""
        return getattr(self._out, "encoding", None) or "utf-8"

    def write(self, text: str) -> int:
        """Write what rich prints, whole lines at a time."""
        self._out.write("\n".join(line.rstrip() for line in text.split("\n")))
        return len(text)


def console(out: TextIO) -> Console:
    """Return what prints to ``out``, in colours where that is a terminal."""
    if out.isatty():
        return Console(file=out, highlight=False, emoji=False)
    # What is not a terminal has no width: nothing is cut off there.
    return Console(file=_Trimmed(out), highlight=False, emoji=False, width=200)


def table(*titles: str, right: Iterable[str] = ()) -> Table:
    """Return an empty table; the columns ``right`` are aligned there."""
    made = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for title in titles:
        made.add_column(title, justify="right" if title in set(right) else "left", overflow="fold")
    return made


def pairs(rows: Iterable[tuple[str, str]]) -> Table:
    """Return a table of labels and values."""
    made = Table(box=None, show_header=False, pad_edge=False)
    made.add_column(style="dim")
    made.add_column(overflow="fold")
    for label, value in rows:
        made.add_row(escape(label), value)
    return made


def status(word: str, reason: str = "") -> str:
    """Return a status as markup, with its reason."""
    style = STYLE.get(word)
    shown = f"[{style}]{word}[/]" if style else word
    return f"{shown}: {escape(reason)}" if reason else shown


def when(moment: datetime | None) -> str:
    """Return a time for a person."""
    return figure_text.moment(moment)


def more(out: Console, cursor: str | None) -> None:
    """Say how to go on after a page, if there is more."""
    if cursor is not None:
        # As a shell takes it, and never folded.
        out.print(f"[dim]there are more: --cursor {escape(shlex.quote(cursor))}[/]", soft_wrap=True)


def amounts(found: Mapping[str, Decimal]) -> str:
    """Return amounts by asset as one line."""
    return ", ".join(figure_text.amount(value, asset) for asset, value in sorted(found.items()))
