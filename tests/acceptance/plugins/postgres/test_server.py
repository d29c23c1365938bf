"""The test kit's own server."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psutil

from tests.support.postgres import Server

KILLED = """
import os, signal
from tests.support.postgres import Server
server = Server(fsync=False)
print(server.folder, (server.data / "postmaster.pid").read_text().split()[0], flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def wait_for_the_end(folder: Path, pid: int) -> None:
    deadline = time.monotonic() + 20
    while folder.exists() or psutil.pid_exists(pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_test_run_that_is_killed_leaves_neither_server_nor_folder() -> None:
    ran = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True, check=False, timeout=60)
    folder, pid = ran.stdout.split()
    wait_for_the_end(Path(folder), int(pid))


def test_a_server_that_is_closed_leaves_nothing_and_closes_twice() -> None:
    with Server(fsync=False) as server:
        pid = int((server.data / "postmaster.pid").read_text().split()[0])
    # Its pid file goes a moment before it does.
    wait_for_the_end(server.folder, pid)
    server.close()
