"""What every benchmark shares: a fresh process per figure, automations in bulk, the cost of a process, the printed
result.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import structlog

from octobot_node.settings import Settings

__all__ = [
    "Options",
    "Usage",
    "children",
    "databases",
    "empty_folder",
    "in_fresh_process",
    "parse_options",
    "quantile",
    "server_cpu",
    "settings_for",
    "show",
    "usage",
    "wait_until",
    "write_numbers",
]

PLUGINS = ("octobot_node.testing.hostile_exchange", "benchmarks._automations")

Options = argparse.Namespace


def parse_options(doc: str | None, *, either: bool = False, **defaults: int) -> Options:
    """Return the options of a benchmark: a whole number for each default, ``--json``, ``--keep``.

    ``--database`` is one of them for those that run on either.
    """
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    for name, default in defaults.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=default, metavar="N", help=" ")
    if either:
        parser.add_argument(
            "--database", choices=("sqlite", "postgresql"), default="sqlite", help="PostgreSQL is a server of its own"
        )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    parser.add_argument("--keep", type=Path, help="work in this folder and keep it")
    return parser.parse_args()


class empty_folder:  # noqa: N801 - used like a function
    """A folder to work in: a temporary one, or the one to keep."""

    def __init__(self, keep: Path | None) -> None:
        self._keep = keep
        self._temporary = None if keep else tempfile.TemporaryDirectory(prefix="octobot-benchmark-")

    def __enter__(self) -> Path:
        if self._temporary is not None:
            return Path(self._temporary.name)
        assert self._keep is not None
        self._keep.mkdir(parents=True, exist_ok=True)
        return self._keep

    def __exit__(self, *_error: object) -> None:
        if self._temporary is not None:
            self._temporary.cleanup()


@contextmanager
def databases(options: Options) -> Iterator[Callable[[], str]]:
    """Yield what gives the URL of a new database at each call: one on PostgreSQL, or "" for the data folder's own."""
    if options.database == "sqlite":
        yield lambda: ""
        return
    from tests.support.postgres import Server

    with Server() as server:
        yield server.create_database


def settings_for(folder: Path, database: str = "", **changes: Any) -> Settings:
    """Return the default settings on a data folder and a database, with the benchmarks' own plugins."""
    return Settings(data_dir=folder, database_url=database, extra_plugins=PLUGINS, **changes)


def in_fresh_process(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a module's function returns when a new Python process runs it; DBOS allows one node in each."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_answer, args=(theirs, function, arguments))
    process.start()
    theirs.close()
    try:
        answer = ours.recv()
    except EOFError:
        process.join()
        raise RuntimeError(f"{function.__name__} ended its process with exit code {process.exitcode}") from None
    process.join()
    return answer


def _answer(pipe: Connection, function: Callable[..., Any], arguments: Sequence[Any]) -> None:
    # As a node's own process has it: files are its user's alone, and what is logged is not what is printed.
    os.umask(0o077)
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    pipe.send(function(*arguments))
    # What DBOS or a driver leaves running must not hold the process up.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def wait_until(condition: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Wait for a condition; raise TimeoutError naming ``what`` did not happen."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(0.005)


@dataclass(frozen=True, slots=True)
class Usage:
    """What some processes cost so far: memory of their own and resident, in bytes, and CPU seconds."""

    own: int
    resident: int
    cpu: float


def children(pid: int) -> list[int]:
    """Return the processes that a process started and that still run."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def server_cpu(database: str) -> float:
    """Return the CPU seconds so far of the PostgreSQL at a URL, on this machine; 0 for ""."""
    if not database:
        return 0.0
    import psycopg

    with psycopg.connect(database) as connection:
        status = Path(f"/proc/{connection.info.backend_pid}/status").read_text()
    master = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("PPid:"))
    # With what its ended processes took.
    return _cpu(master, ended=True) + sum(_cpu(each) for each in children(master))


def _cpu(pid: int, *, ended: bool = False) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return sum(int(each) for each in fields[11 : 15 if ended else 13]) / os.sysconf("SC_CLK_TCK")


def usage(pids: Iterable[int]) -> Usage:
    """Return the sum over processes, as Linux tells it in /proc."""
    own = resident = 0
    cpu = 0.0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
            name, _, value = line.partition(":")
            kilobytes = int(value.split()[0])
            own += kilobytes * 1024 * (name in ("Private_Clean", "Private_Dirty"))
            resident += kilobytes * 1024 * (name == "Rss")
        cpu += _cpu(pid)
    return Usage(own, resident, cpu)


def quantile(ordered: Sequence[float], part: float) -> float:
    """Return what ``part`` of the ordered values do not exceed: 0.5 is the median."""
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]


def write_numbers(options: Options, figures: Mapping[str, object], ratio: float) -> None:
    """Print the figures and, as the last line, ``ratio: N``."""
    if options.json:
        print(json.dumps({**figures, "ratio": round(ratio, 2)}, default=float))
        return
    width = max(len(name) for name in figures)
    for name, value in figures.items():
        print(f"{name:>{width}}: {show(value)}")
    print(f"ratio: {ratio:.1f}")


def show(value: object) -> str:
    """Return a figure as a person reads it."""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
