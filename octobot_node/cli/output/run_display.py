"""What a run shows while it goes: a bar or a live table on a terminal, a few plain lines anywhere else."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from octobot_node.cli.output import figure_text
from octobot_node.cli.output.markup import escape
from octobot_node.reports.models import AutomationReport
from octobot_node.reports.run_view import RunView

__all__ = ["STATUS_STYLE", "PlainView", "QuietView", "TerminalView", "live_table", "open_view"]

STATUS_STYLE = {
    "active": "green",
    "waiting": "yellow",
    "paused": "blue",
    "stopping": "yellow",
    "completing": "yellow",
    "stopped": "dim",
    "completed": "cyan",
    "failed": "bold red",
    "held": "bold magenta",
}
#: From here on every column fits.
_WIDE = 120
_UNKNOWN_STYLE = "bold white on magenta"
#: What needs a person comes first where not every automation fits on the screen.
_URGENCY = {"failed": 0, "held": 1, "waiting": 2, "stopping": 3, "completing": 3}


@contextmanager
def open_view(stream: TextIO | None, *, quiet: bool = False) -> Iterator[RunView]:
    """Open what fits ``stream``, and clear the screen of it in the end."""
    if quiet or stream is None:
        yield QuietView()
    elif stream.isatty():
        view = TerminalView(Console(file=stream))
        try:
            yield view
        finally:
            view.close()
    else:
        yield PlainView(stream)


class QuietView:
    """Shows nothing."""

    def progress(self, done: int, total: int, now: datetime) -> None:
        """Show nothing."""

    def table(self, rows: Sequence[AutomationReport], now: datetime) -> None:
        """Show nothing."""

    def message(self, text: str) -> None:
        """Show nothing."""


class PlainView:
    """One line for every tenth of a replay, and for every change of an automation's status."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._tenth = 0
        self._shown: dict[str, tuple[str, str, int]] = {}

    def progress(self, done: int, total: int, now: datetime) -> None:
        """Write a line when another tenth is done."""
        tenth = done * 10 // total if total else 10
        if tenth > self._tenth:
            self._tenth = tenth
            self.message(f"{tenth * 10} % of {total} candles, at {figure_text.moment(now)}")

    def table(self, rows: Sequence[AutomationReport], now: datetime) -> None:
        """Write a line for each automation whose status, reason or unknown orders changed."""
        for row in rows:
            state = row.status, row.reason, row.unknown_orders
            if self._shown.get(row.name) != state:
                self._shown[row.name] = state
                reason = f": {row.reason}" if row.reason else ""
                unknown = f"; {row.unknown_orders} orders unknown" if row.unknown_orders else ""
                self.message(f"{figure_text.moment(now)} {row.name} is {row.status}{reason}{unknown}")

    def message(self, text: str) -> None:
        """Write the line; nobody reads it any more where that fails, and the run goes on."""
        with suppress(OSError, ValueError):
            self._stream.write(f"{text}\n")
            self._stream.flush()


class TerminalView:
    """A progress bar for a replay, a live table for a live run."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._started = time.monotonic()
        self._live: Live | None = None
        self._bar = Progress(
            TextColumn("[bold]replay[/]"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[now]}"),
            TimeRemainingColumn(),
            console=console,
            auto_refresh=False,
        )
        self._task = self._bar.add_task("replay", total=None, now="")

    def progress(self, done: int, total: int, now: datetime) -> None:
        """Move the bar."""
        self._bar.update(self._task, completed=done, total=total, now=figure_text.moment(now))
        self._show(self._bar)

    def table(self, rows: Sequence[AutomationReport], now: datetime) -> None:
        """Redraw the table."""
        elapsed = timedelta(seconds=time.monotonic() - self._started)
        # The header, the column titles and the line about the rest need six lines.
        self._show(live_table(rows, now, elapsed, at_most=max(1, self._console.height - 6), width=self._console.width))

    def message(self, text: str) -> None:
        """Print the line above the bar or the table."""
        self._console.print(Text(text))

    def close(self) -> None:
        """Leave the last state on the screen and give the cursor back."""
        if self._live is not None:
            self._live.stop()

    def _show(self, renderable: RenderableType) -> None:
        if self._live is None:
            self._live = Live(console=self._console, auto_refresh=False)
            self._live.start()
        self._live.update(renderable, refresh=True)


def live_table(
    rows: Sequence[AutomationReport], now: datetime, elapsed: timedelta, *, at_most: int, width: int = 140
) -> RenderableType:
    """Return the automations as a table of ``at_most`` lines, those that need a person first.

    A terminal narrower than 120 columns gets fewer columns, and the reasons below the table.
    """
    wide = width >= _WIDE
    reasons = [] if wide else [row for row in _most_urgent_first(rows) if row.reason][: at_most // 3]
    shown = _most_urgent_first(rows)[: at_most - len(reasons)]
    parts: list[RenderableType] = [_header(rows, now, elapsed), _table(shown, now, wide=wide, every_row=rows)]
    if len(shown) < len(rows):
        parts.append(Text(f"and {len(rows) - len(shown)} more", style="dim"))
    parts += [_one_line(Text.assemble((f"{row.name}: ", "bold"), row.reason)) for row in reasons]
    return Group(*parts)


def _most_urgent_first(rows: Sequence[AutomationReport]) -> list[AutomationReport]:
    # An active one with a reason fails, and tries again.
    return sorted(rows, key=lambda row: (not row.unknown_orders, _URGENCY.get(row.status, 4 if row.reason else 9)))


def _table(
    shown: Sequence[AutomationReport], now: datetime, *, wide: bool, every_row: Sequence[AutomationReport]
) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("automation", no_wrap=True, max_width=None if wide else 20)
    if wide:
        table.add_column("type", no_wrap=True)
    # The one that gives way where the terminal is narrow.
    table.add_column("status", min_width=10)
    figures = ("next run", "ticks", "open", "unknown", "fills", "equity", "PnL")
    left_out = set() if wide or any(row.unknown_orders for row in every_row) else {"unknown"}
    left_out |= set() if wide else {"fills"}
    for title in figures:
        if title not in left_out:
            table.add_column(title, justify="right", no_wrap=True)
    for row in shown:
        named: list[RenderableType] = [escape(row.name), escape(row.type)] if wide else [escape(row.name)]
        cells = dict(zip(figures, _figures(row, now), strict=True))
        table.add_row(*named, _status(row, wide=wide), *(cells[title] for title in figures if title not in left_out))
    return table


def _one_line(text: Text) -> Text:
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def _header(rows: Sequence[AutomationReport], now: datetime, elapsed: timedelta) -> Text:
    counts = Counter(row.status for row in rows)
    parts = [(f"{count} {status}", STATUS_STYLE.get(status, "")) for status, count in sorted(counts.items())]
    header = Text.assemble(("OctoBot Node", "bold"), f"  {figure_text.moment(now)}  up {figure_text.duration(elapsed)}")
    for part in parts:
        header.append("  ").append(*part)
    unknown = sum(row.unknown_orders for row in rows)
    if unknown:
        header.append("  ").append(f" {unknown} orders unknown ", _UNKNOWN_STYLE)
    return header


def _status(row: AutomationReport, *, wide: bool) -> Text:
    status = Text(row.status, style=STATUS_STYLE.get(row.status, ""))
    return _one_line(Text.assemble(status, (f" {row.reason}", "dim"))) if wide and row.reason else status


def _figures(row: AutomationReport, now: datetime) -> tuple[str, ...]:
    return (
        _until(row.next_run, now),
        f"{row.ticks:,}",
        f"{row.open_orders:,}",
        f"[{_UNKNOWN_STYLE}] {row.unknown_orders} [/]" if row.unknown_orders else "0",
        f"{row.fills:,}",
        figure_text.amount(row.final_equity, row.asset),
        figure_text.gain(row.pnl, row.asset),
    )


def _until(next_run: datetime | None, now: datetime) -> str:
    if next_run is None:
        return figure_text.UNKNOWN
    return f"in {figure_text.duration(next_run - now)}" if next_run > now else "now"
