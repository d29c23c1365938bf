"""``octobot-node start`` as a process, asked over HTTP, with its log in a file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2

__all__ = ["RealNode", "until"]

EXECUTABLE = Path(sys.executable).with_name("octobot-node")


class RealNode:
    """A node on a data folder; ``ask`` brings a key, ``None`` brings nothing."""

    def __init__(self, folder: Path, *options: str, **environment: str) -> None:
        self.state = folder / "state"
        self.log_file = folder / "log"
        self.environment = {**os.environ, "OCTOBOT_DISK_RESERVE_MB": "0", "OCTOBOT_API_PORT": "0", **environment}
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(
                [EXECUTABLE, "start", "--data-dir", self.state, "--log", "json", *options],
                env=self.environment, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self.url = until(self._url, 60)
        until(lambda: '"node_started"' in self.log())

    def _url(self) -> str:
        if self.process.poll() is not None:
            raise AssertionError(self.log())
        started = [line for line in self.lines(whole=True) if line["event"] == "api_started"]
        return str(started[0]["url"]).removesuffix("/api/v1") if started else ""

    def log(self) -> str:
        return self.log_file.read_text()

    def lines(self, *, whole: bool = False) -> list[dict[str, Any]]:
        """Return the log's lines; ``whole`` leaves out one that is being written."""
        text = self.log()
        text = text[: text.rfind("\n") + 1] if whole else text
        return [json.loads(line) for line in text.splitlines()]

    def command(self, *arguments: str, given: str = "") -> str:
        done = subprocess.run(
            [EXECUTABLE, *arguments, "--data-dir", self.state],
            env=self.environment, input=given, capture_output=True, text=True, timeout=90, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def key(self, name: str, *scopes: str) -> str:
        """Make a key of the admin's and return its token."""
        wanted = [part for scope in scopes for part in ("--scope", scope)]
        token: str = json.loads(self.command("keys", "add", "admin", name, *wanted, "--json"))["token"]
        return token

    def client(self, token: str = "", **headers: str) -> httpx2.Client:
        bearer = {"authorization": f"Bearer {token}"} if token else {}
        return httpx2.Client(base_url=self.url, headers={**bearer, **headers}, timeout=30)

    def end(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def until(condition: Callable[[], Any], seconds: float = 40) -> Any:
    """Return what ``condition`` returns once that is true; another process needs its time."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)
    return found
