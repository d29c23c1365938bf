"""A process of its own for what takes long or much: niced below the node, bounded, and gone when the node is.

The parent keeps the write end of the child's stdin open and sends nothing: the child ends when that closes, however the
parent ended. The child writes lines of JSON to its stdout, which nothing that a plugin prints gets into.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

__all__ = ["OUT_OF_MEMORY", "command", "settle_in"]

#: The exit code of a process that reached its limit of memory.
OUT_OF_MEMORY = 77
_MB = 1_048_576


def command(module: str, *arguments: str) -> list[str]:
    """Return the command of a module of this package; ``-P``: what lies in the working folder is not imported."""
    return [sys.executable, "-P", "-m", f"octobot_plugins.replay.{module}", *arguments]


def settle_in(memory_mb: int, niceness: int) -> Callable[[dict[str, Any]], None]:
    """Bound this process, tie it to its parent, and return what sends the parent a line."""
    # Ctrl-C on the node's terminal is for the node, which ends its children itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(niceness)
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    resource.setrlimit(resource.RLIMIT_DATA, (memory_mb * _MB, memory_mb * _MB))
    out = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)
    threading.Thread(target=_end_with_parent, daemon=True, name="parent").start()
    lock = threading.Lock()

    def send(line: dict[str, Any]) -> None:
        with lock, suppress(BrokenPipeError):
            out.write(f"{json.dumps(line)}\n")

    return send


def _end_with_parent() -> None:
    with suppress(OSError):
        while os.read(0, 1):
            pass
    # Nobody is left to tell; what is on disk is what a killed one leaves, too.
    os._exit(1)
