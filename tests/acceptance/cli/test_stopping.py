"""One SIGTERM stops a node, whichever of its threads the kernel gives it to."""

from __future__ import annotations

import ctypes
import signal
from pathlib import Path

from tests.integration.cli.conftest import Folder


def test_a_signal_that_another_thread_is_given_stops_the_service(folder: Folder) -> None:
    with folder.start("start", "--log", "json") as node:
        assert node.stderr is not None
        # The kernel chooses so now and then, after SIGCONT for one.
        next(line for line in node.stderr if "node_started" in line)
        others = {int(task.name) for task in Path(f"/proc/{node.pid}/task").iterdir()} - {node.pid}
        assert ctypes.CDLL(None).tgkill(node.pid, min(others), signal.SIGTERM) == 0
        _, errors = node.communicate(timeout=60)
    assert (node.returncode, "node_stopped" in errors) == (0, True)
