"""``octobot-node run``: read the run files, run them, print the report."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, redirect_stdout
from pathlib import Path
from typing import TextIO

from octobot_node.cli.log_file import logging_to_file
from octobot_node.cli.output.report import print_report
from octobot_node.cli.output.run_display import open_view
from octobot_node.errors import UsageError
from octobot_node.reports.models import RunReport, report_json
from octobot_node.reports.run_view import RunView
from octobot_node.run_files.run_file import RunFile, load_run_files
from octobot_node.runs.options import Gaps, RunOptions
from octobot_node.text.durations import parse_duration
from octobot_node.text.symbols import check_symbol

__all__ = ["Runner", "read_options", "run"]

#: What carries out a run: ``octobot_node.runs.runner.run``.
Runner = Callable[[RunFile, RunOptions, RunView], RunReport]


def read_options(
    data: Sequence[str], *, duration: str | None, data_dir: Path | None, gaps: Gaps, fresh: bool, serve: bool = False
) -> RunOptions:
    """Return the options as the runner takes them; raise UsageError for one that cannot be read."""
    seconds = _seconds(duration)
    return RunOptions(data=_data(data), duration=seconds, data_dir=data_dir, gaps=gaps, fresh=fresh, serve=serve)


def run(
    files: Sequence[Path],
    options: RunOptions,
    *,
    as_json: bool,
    quiet: bool,
    runner: Runner | None = None,
    out: TextIO | None = None,
) -> None:
    """Run the files and print the report to ``out`` (stdout); what happens meanwhile goes to stderr."""
    out = out or sys.stdout
    with _sigterm_as_ctrl_c():
        run_file = load_run_files(files)
        with logging_to_file(options.data_dir), open_view(sys.stderr, quiet=quiet) as view, _prints_to_stderr():
            report = (runner or _the_runner())(run_file, options, view)
    if as_json:
        out.write(f"{report_json(report)}\n")
    else:
        print_report(report, out)
    out.flush()
    if report.clock == "virtual" and not report.finished:
        # A live run may be stopped at any time; a replay that was stopped has not done what it was asked for.
        raise KeyboardInterrupt


def _prints_to_stderr() -> AbstractContextManager[object]:
    # What a plugin's author prints does not belong between the lines of a JSON report.
    return redirect_stdout(sys.stderr)


@contextmanager
def _sigterm_as_ctrl_c() -> Iterator[None]:
    # What stops a service; without this its children and the screen would be left as they are.
    def interrupt(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _the_runner() -> Runner:
    from octobot_node.runs.runner import run as carry_out

    return carry_out


def _data(pairs: Sequence[str]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for pair in pairs:
        symbol, equals, file = pair.partition("=")
        if not (symbol and equals and file):
            raise UsageError(f"--data {pair!r} is not SYMBOL=PATH: write --data BTC/USD=candles.csv.gz")
        if symbol in found:
            raise UsageError(f"--data names {symbol} twice: give one file for it")
        found[symbol] = Path(file)
    for symbol, path in found.items():
        try:
            check_symbol(symbol)
        except ValueError as error:
            raise UsageError(f"--data {symbol}={path}: {error}") from None
    return found


def _seconds(duration: str | None) -> float | None:
    if duration is None:
        return None
    try:
        return parse_duration(duration).total_seconds()
    except ValueError as error:
        raise UsageError(f"--for {error}") from None
